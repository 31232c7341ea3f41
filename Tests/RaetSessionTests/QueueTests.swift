import Testing

@testable import RaetSession

/// First in, first out, whatever is put in front or taken out of the middle: compared with an array.
@Suite struct QueueTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>) func itHoldsWhatAnArrayWould(seed: UInt64) {
    var chance = Chance(seed: seed)
    var queue = Queue<Int>()
    var model: [Int] = []
    for step in 0..<5000 {
      switch chance.number(0...9) {
      case 0...4:
        queue.append(step)
        model.append(step)
      case 5:
        queue.prepend(step)
        model.insert(step, at: 0)
      case 6...8: #expect(queue.popFirst() == (model.isEmpty ? nil : model.removeFirst()), "seed \(seed)")
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
