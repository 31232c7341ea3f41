import Testing

@testable import RaetSimulator

@Suite struct ChanceTests {
  @Test func numbersFollowFromSeedAndPurpose() {
    func numbers(_ chance: Chance) -> [UInt64] {
      var chance = chance
      return (0..<10).map { _ in chance.next() }
    }
    #expect(numbers(Chance(seed: 1)) == numbers(Chance(seed: 1)))
    #expect(numbers(Chance(seed: 1)) != numbers(Chance(seed: 2)))
    #expect(numbers(Chance(seed: 1, purpose: 1)) != numbers(Chance(seed: 1, purpose: 2)))
  }

  @Test func numbersAreInTheirRange() {
    var chance = Chance(seed: 3)
    let drawn = (0..<1000).map { _ in chance.number(-2...2) }
    #expect(Set(drawn) == [-2, -1, 0, 1, 2])
    #expect((0..<1000).count { _ in chance.happens(20) } < 300 && chance.pick([Int]()) == nil)
  }

  @Test func randomnessFollowsFromItsSeedAndCanRunDry() {
    func drawn(_ entropy: SeededEntropy) -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: 40)
      return bytes.withUnsafeMutableBytes { entropy.fill($0) } ? bytes : nil
    }
    #expect(drawn(SeededEntropy(seed: 1)) == drawn(SeededEntropy(seed: 1)))
    #expect(drawn(SeededEntropy(seed: 1)) != drawn(SeededEntropy(seed: 2)))
    let entropy = SeededEntropy(seed: 1)
    entropy.isDry = true
    #expect(drawn(entropy) == nil)
  }

  @Test func theAgendaIsInOrder() {
    var agenda = Agenda<Int>()
    var chance = Chance(seed: 9)
    let times = (0..<500).map { _ in UInt64(chance.number(0...50)) }
    for (number, time) in times.enumerated() { agenda.add(number, at: time) }
    #expect(agenda.due == times.min() && agenda.count == 500)
    var taken: [Int] = []
    while let next = agenda.next() { taken.append(next) }
    #expect(taken == times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    #expect(agenda.due == .max)
  }

  @Test func plansFollowFromSeedsAndHaveAllFaults() {
    var met: Set<Fault> = []
    for seed in 1...200 as ClosedRange<UInt64> {
      let (one, other) = (FaultPlan(seed: seed), FaultPlan(seed: seed))
      #expect(one.text == other.text)
      met.formUnion(Fault.allCases.filter { one[$0] == .high })
    }
    #expect(met == Set(Fault.allCases))
    #expect(FaultPlan().text.isEmpty)
  }
}
