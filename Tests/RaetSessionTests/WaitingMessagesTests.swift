import Testing

@testable import RaetSession

/// Messages that wait, and when their time is over.
@Suite struct WaitingMessagesTests {
  /// A message that counts how often somebody looks at it.
  private final class Counted: WaitingMessage {
    let id: UInt64
    private let end: UInt64
    private let looks: Looks
    var limit: UInt64 {
      looks.count += 1
      return end
    }

    init(_ id: UInt64, limit: UInt64, _ looks: Looks) {
      self.id = id
      end = limit
      self.looks = looks
    }
  }

  private final class Looks {
    var count = 0
  }

  /// How many looks it takes until all of so many are over, each with a limit of its own: a tick of a millisecond each.
  private func looks(_ count: UInt64, _ limit: (UInt64) -> UInt64) -> Int {
    let looks = Looks()
    var waiting = WaitingMessages<Counted>()
    for id in 0..<count { waiting.append(Counted(id, limit: limit(id), looks)) }
    var ended = 0
    for tick in 0...count { ended += waiting.takeLate(now: tick * 1_000_000).count }
    #expect(ended == Int(count) && waiting.isEmpty)
    return looks.count
  }

  @Test func limitsInOrderCostAFewLooksEach() {
    #expect(looks(2000) { $0 * 1_000_000 } < 2000 * 12)
  }

  @Test func limitsInNoOrderAreLookedThroughOnlySoOften() {
    // One is over every 100 ns, far too often to look at all of them each time.
    let all = Looks()
    var waiting = WaitingMessages<Counted>()
    let count: UInt64 = 4000
    for id in 0..<count { waiting.append(Counted(id, limit: (id ^ 1) * 100, all)) }
    all.count = 0
    var ended: Set<UInt64> = []
    for now in stride(from: 0, to: 3 * count * 100, by: 100) as StrideTo<UInt64> {
      for message in waiting.takeLate(now: now) {
        #expect(message.limit <= now && now <= message.limit + (count + 1) * 100)
        ended.insert(message.id)
      }
    }
    #expect(ended.count == Int(count) && waiting.isEmpty)
    #expect(all.count < 20 * Int(count), "\(all.count) looks")
  }

  @Test func aPairOfMessagesIsNeverMoreThanAMomentLate() {
    let looks = Looks()
    var waiting = WaitingMessages<Counted>()
    waiting.append(Counted(1, limit: 5_000, looks))
    waiting.append(Counted(2, limit: 1_000, looks))
    waiting.append(Counted(3, limit: 1_001, looks))
    #expect(waiting.due == 1_000)
    #expect(waiting.takeLate(now: 999).isEmpty)
    #expect(waiting.takeLate(now: 1_000).map { $0.id } == [2])
    #expect(waiting.due == 1_200)
    #expect(waiting.takeLate(now: 1_200).map { $0.id } == [3])
    #expect(waiting.due == 5_000)
    #expect(waiting.takeLate(now: .max).map { $0.id } == [1])
    #expect(waiting.due == .max)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>) func nothingEndsEarlyAndNothingIsForgotten(seed: UInt64) {
    var chance = Chance(seed: seed)
    let looks = Looks()
    var waiting = WaitingMessages<Counted>()
    var model: [Counted] = []
    var now: UInt64 = 0
    for step in 0..<5000 as Range<UInt64> {
      let message = Counted(step, limit: now + (chance.happens(10) ? UInt64(chance.number(0...90)) : 100) * 1000, looks)
      switch chance.number(0...9) {
      case 0...4:
        waiting.append(message)
        model.append(message)
      case 5:
        waiting.prepend(message)
        model.insert(message, at: 0)
      case 6: #expect(waiting.popFirst()?.id == (model.isEmpty ? nil : model.removeFirst().id))
      case 7:
        let id = step - min(step, UInt64(chance.number(1...40)))
        let place = model.firstIndex { $0.id == id }
        #expect(waiting.take(id: id)?.id == place.map { model.remove(at: $0).id })
      default:
        now += UInt64(chance.number(0...40)) * 1000
        let isDue = waiting.due <= now
        let late = waiting.takeLate(now: now).map { $0.id }
        #expect(late == (isDue ? model.filter { $0.limit <= now }.map { $0.id } : []), "seed \(seed)")
        if isDue { model.removeAll { $0.limit <= now } }
      }
      var held: [UInt64] = []
      waiting.forEach { held.append($0.id) }
      guard held == model.map({ $0.id }) else { return fail("seed \(seed), step \(step)") }
      // 100 ns for each that waits is the most that a limit is late.
      guard model.allSatisfy({ $0.limit + 100 * 5000 >= now }) else { return fail("seed \(seed), step \(step): late") }
    }
    now += 1_000_000
    _ = waiting.takeLate(now: now)
    #expect(waiting.isEmpty)
  }
}
