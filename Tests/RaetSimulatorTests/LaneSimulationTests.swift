import RaetSession
import Testing

@testable import RaetSimulator

/// A run of lanes follows from its seed, and nothing else; what is promised holds in it.
@Suite struct LaneSimulationTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>) func noPromiseIsBroken(seed: UInt64) {
    let outcome = LaneSimulation(seed: seed).run()
    #expect(outcome.violation == nil, "seed \(seed): \(outcome.trace.suffix(20).joined(separator: "\n"))")
    #expect(outcome.kind == .lanes && outcome.datagrams > 0 && outcome.simulated > Times.second)
  }

  @Test(arguments: [3, 8] as [UInt64]) func aSeedRepeatsItsRun(seed: UInt64) {
    let (one, other) = (LaneSimulation(seed: seed).run(), LaneSimulation(seed: seed).run())
    #expect(one.hash == other.hash && one.datagrams == other.datagrams && one.trace == other.trace)
  }

  @Test func toWatchARunDoesNotChangeIt() {
    let (one, watched) = (LaneSimulation(seed: 5).run(), LaneSimulation(seed: 5, keepsTrace: true).run())
    #expect(one.hash == watched.hash)
    #expect(watched.trace.count > one.trace.count)
  }

  @Test func everySecondSeedHasARunOfLanes() {
    #expect(Outcome.of(7).map { $0.kind } == [.roads])
    #expect(Outcome.of(8).map { $0.kind } == [.roads, .lanes, .routes])
    #expect(Outcome.of(7, only: .lanes).map { $0.kind } == [.lanes])
  }

  /// With runs of lanes beside them, those of roads are what they were.
  @Test func runsOfRoadsDoNotFollowFromThoseOfLanes() {
    let alone = Simulation(seed: 8).run()
    #expect(Outcome.of(8).first?.hash == alone.hash)
  }
}
