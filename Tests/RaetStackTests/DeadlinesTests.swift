import Testing

@testable import RaetStack

@Suite struct DeadlinesTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>) func slotsComeOutInTheOrderTheyAreDue(seed: UInt64) {
    var deadlines = Deadlines()
    var random = Chance(seed: seed)
    var expected: [Int: UInt64] = [:]
    for _ in 0..<2000 {
      let slot = Int.random(in: 0..<200, using: &random)
      let due = Bool.random(using: &random) ? UInt64.random(in: 1...1000, using: &random) : UInt64.max
      deadlines.set(slot: slot, due: due)
      expected[slot] = due == .max ? nil : due
    }
    #expect(deadlines.earliest == expected.values.min() ?? .max, "seed \(seed)")
    var last: UInt64 = 0
    while let slot = deadlines.popDue(now: 1000) {
      let due = expected.removeValue(forKey: slot) ?? 0
      #expect(due >= last, "seed \(seed)")
      last = due
    }
    #expect(expected.isEmpty)
    #expect(deadlines.earliest == .max)
  }

  @Test func nothingComesOutBeforeItIsDue() {
    var deadlines = Deadlines()
    deadlines.set(slot: 3, due: 10)
    #expect(deadlines.popDue(now: 9) == nil)
    #expect(deadlines.popDue(now: 10) == 3)
    #expect(deadlines.popDue(now: 10) == nil)
  }
}
