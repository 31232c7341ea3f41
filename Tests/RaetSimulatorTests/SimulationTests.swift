import Glibc
import RaetSession
import RaetStack
import Testing

@testable import RaetSimulator

/// A run follows from its seed, and nothing else; what is promised holds in it.
@Suite struct SimulationTests {
  /// A few, since these tests run under sanitizers, too; `make sim` has thousands.
  static let clean: ClosedRange<UInt64> = 1...16

  @Test(arguments: clean) func noPromiseIsBroken(seed: UInt64) {
    let outcome = Simulation(seed: seed).run()
    #expect(outcome.violation == nil, "make sim SEED=\(seed): \(outcome.trace.suffix(20).joined(separator: "\n"))")
    #expect(outcome.datagrams > 0 && outcome.simulated > Times.second)
  }

  @Test(arguments: [3, 8] as [UInt64]) func aSeedRepeatsItsRun(seed: UInt64) {
    let (one, other) = (Simulation(seed: seed).run(), Simulation(seed: seed).run())
    #expect(one.hash == other.hash)
    #expect(one.simulated == other.simulated && one.datagrams == other.datagrams && one.messages == other.messages)
    #expect(one.trace == other.trace)
  }

  @Test func toWatchARunDoesNotChangeIt() {
    let (one, watched) = (Simulation(seed: 5).run(), Simulation(seed: 5, keepsTrace: true).run())
    #expect(one.hash == watched.hash)
    #expect(watched.trace.count > one.trace.count)
  }

  @Test func otherSeedsAreOtherRuns() {
    let hashes = (1...4).map { Simulation(seed: $0).run().hash }
    #expect(Set(hashes).count == hashes.count)
  }

  /// What follows from addresses in memory, or from how a process hashes, is another thing in another process.
  @Test func aSeedRepeatsItsRunInAnotherProcess() throws {
    let (first, count) = (UInt64(11), 4)
    var report = Report()
    for seed in first..<first + UInt64(count) { Outcome.of(seed).forEach { report.add($0) } }
    #expect(try Self.output(of: "raet-sim", "\(first) \(count) hash") == report.hashText)
  }

  /// What a program beside this one prints.
  private static func output(of program: String, _ arguments: String) throws -> String {
    var path = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &path, path.count - 1)
    let here = String(decoding: path.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // Tests may be run by a helper elsewhere, which names the tests' own file.
    let places = [CommandLine.arguments[0], here] + CommandLine.arguments
    let folders = places.compactMap { place in place.lastIndex(of: "/").map { String(place[..<$0]) } }
    let found = try #require(folders.first { access("\($0)/\(program)", X_OK) == 0 }, "no \(program) in \(folders)")
    let pipe = try #require(popen("'\(found)/\(program)' \(arguments)", "r"))
    var line = [CChar](repeating: 0, count: 256)
    let text = fgets(&line, Int32(line.count), pipe).map { String(cString: $0) }
    #expect(pclose(pipe) == 0)
    return (text ?? "").filter { $0 != "\n" }
  }

  @Test func withoutFaultsEverythingArrives() {
    let load = RandomLoad(messages: 30, longest: 3000, pause: Times.second / 4)
    let outcome = Simulation(seed: 1, plan: FaultPlan(), nodes: 2, application: load).run()
    #expect(outcome.violation == nil)
    #expect(outcome.messages >= 30)
    #expect(outcome.coverage.count(.loss) == 0 && outcome.coverage.count(.crash) == 0)
  }

  @Test func thePlanSaysWhichFaultsThereAre() {
    var plan = FaultPlan()
    plan[.loss] = .high
    let load = RandomLoad(messages: 30, longest: 3000, pause: Times.second / 4)
    let outcome = Simulation(seed: 2, plan: plan, nodes: 3, application: load).run()
    #expect(outcome.violation == nil)
    #expect(outcome.coverage.count(.loss) > 0)
    for fault in Fault.allCases where fault != .loss { #expect(outcome.coverage.count(fault) == 0, "\(fault)") }
  }
}
