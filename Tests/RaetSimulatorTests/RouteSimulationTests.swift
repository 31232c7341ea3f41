import RaetSession
import RaetStack
import RaetWire
import Testing

@testable import RaetSimulator

/// A run of routes follows from its seed, and nothing else; what is promised holds in it.
@Suite struct RouteSimulationTests {
  @Test(arguments: 1...10 as ClosedRange<UInt64>) func noPromiseIsBroken(seed: UInt64) {
    let outcome = RouteSimulation(seed: seed).run()
    #expect(outcome.violation == nil, "seed \(seed): \(outcome.trace.suffix(20).joined(separator: "\n"))")
    #expect(outcome.kind == .routes && outcome.datagrams > 0 && outcome.simulated > Times.second)
  }

  @Test(arguments: [3, 8] as [UInt64]) func aSeedRepeatsItsRun(seed: UInt64) {
    let (one, other) = (RouteSimulation(seed: seed).run(), RouteSimulation(seed: seed).run())
    #expect(one.hash == other.hash && one.datagrams == other.datagrams && one.trace == other.trace)
  }

  @Test func toWatchARunDoesNotChangeIt() {
    let (one, watched) = (RouteSimulation(seed: 5).run(), RouteSimulation(seed: 5, keepsTrace: true).run())
    #expect(one.hash == watched.hash)
    #expect(watched.trace.count > one.trace.count)
  }

  @Test func everyFourthSeedHasARunOfRoutes() {
    #expect(Outcome.of(4).map { $0.kind } == [.roads, .lanes, .routes])
    #expect(Outcome.of(6).map { $0.kind } == [.roads, .lanes])
    #expect(Outcome.of(7, only: .routes).map { $0.kind } == [.routes])
  }
}
