import Testing

@testable import RaetSession

/// First in, first out, whatever is put in front or taken out of the middle: compared with an array.
@Suite struct QueueTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>) func itHoldsWhatAnArrayWould(seed: UInt64) {
    var chance = Chance(seed: seed)
    var queue = Queue<Int>()
    var model: [Int] = []
    for step in 0..<5000 {
      switch chance.number(0...10) {
      case 0...4:
        queue.append(step)
        model.append(step)
      case 5:
        queue.prepend(step)
        model.insert(step, at: 0)
      case 6...8: #expect(queue.popFirst() == (model.isEmpty ? nil : model.removeFirst()), "seed \(seed)")
      case 9:
        let modulus = chance.number(2...50)
        let place = model.firstIndex { $0 % modulus == 1 }
        #expect(queue.takeFirst { $0 % modulus == 1 } == place.map { model.remove(at: $0) }, "seed \(seed)")
      default:
        let modulus = chance.number(2...5)
        #expect(queue.take { $0 % modulus == 0 } == model.filter { $0 % modulus == 0 }, "seed \(seed)")
        model.removeAll { $0 % modulus == 0 }
      }
      var held: [Int] = []
      queue.forEach { held.append($0) }
      guard held == model, queue.count == model.count, queue.isEmpty == model.isEmpty else {
        Issue.record("seed \(seed), step \(step)")
        return
      }
    }
  }

  @Test func whatIsFoundAtTheFrontCostsNoLookAtTheRest() {
    var queue = Queue<Int>()
    for number in 0..<100 { queue.append(number) }
    var looks = 0
    for number in 0..<100 {
      let taken = queue.takeFirst {
        looks += 1
        return $0 == number
      }
      #expect(taken == number)
    }
    #expect(looks == 100 && queue.isEmpty)
    #expect(queue.takeFirst { _ in true } == nil)
  }

  @Test func itKeepsNothingAliveThatWasTakenOut() {
    final class Thing {}
    var queue = Queue<Thing>()
    weak var watched: Thing?
    do {
      let thing = Thing()
      watched = thing
      queue.append(thing)
    }
    for _ in 0..<2000 { queue.append(Thing()) }
    #expect(watched != nil)
    _ = queue.popFirst()
    #expect(watched == nil)
    while queue.popFirst() != nil {}
    #expect(queue.isEmpty)
  }
}
