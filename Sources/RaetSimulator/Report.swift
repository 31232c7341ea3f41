import RaetRouter
import RaetStack

extension Outcome {
  /// The runs of a seed: one of roads, one of lanes when it is even, and one of routes when it is a fourth; or the one of
  /// this kind only.
  public static func of(_ seed: UInt64, only kind: Kind? = nil, keepsTrace: Bool = false) -> [Outcome] {
    var kinds: [Kind] = [.roads]
    if seed % 2 == 0 { kinds.append(.lanes) }
    if seed % 4 == 0 { kinds.append(.routes) }
    return (kind.map { [$0] } ?? kinds).map { kind in
      switch kind {
      case .roads: return Simulation(seed: seed, keepsTrace: keepsTrace).run()
      case .lanes: return LaneSimulation(seed: seed, keepsTrace: keepsTrace).run()
      case .routes: return RouteSimulation(seed: seed, keepsTrace: keepsTrace).run()
      }
    }
  }
}

/// The sum of many runs, in words.
public struct Report: Sendable {
  private var coverage = Coverage()
  private var runs = 0
  private var laneRuns = 0
  private var routeRuns = 0
  private var nanoseconds = 0.0
  private var datagrams = 0
  private var pages = 0
  /// Datagrams and pages of routes.
  private var packets = 0
  private var messages = 0
  /// A hash over the hashes of all runs, whatever the order in which they ended.
  private var hash: UInt64 = 0
  /// Runs that broke a promise.
  public private(set) var failures: [Outcome] = []

  /// Of no runs yet.
  public init() {}

  /// Takes in a run.
  public mutating func add(_ outcome: Outcome) {
    switch outcome.kind {
    case .roads:
      runs += 1
      datagrams += outcome.datagrams
    case .lanes:
      laneRuns += 1
      pages += outcome.datagrams
    case .routes:
      routeRuns += 1
      packets += outcome.datagrams
    }
    nanoseconds += Double(outcome.simulated)
    messages += outcome.messages
    hash ^= outcome.hash &* (outcome.seed &<< 1 | 1) &+ outcome.kind.salt
    coverage.add(outcome.coverage)
    if outcome.violation != nil { failures.append(outcome) }
  }

  /// Takes in other runs.
  public mutating func add(_ other: Report) {
    runs += other.runs
    laneRuns += other.laneRuns
    routeRuns += other.routeRuns
    pages += other.pages
    packets += other.packets
    nanoseconds += other.nanoseconds
    datagrams += other.datagrams
    messages += other.messages
    hash ^= other.hash
    coverage.add(other.coverage)
    failures += other.failures
  }

  /// The hash of all runs.
  public var hashText: String { String(hash, radix: 16) }

  /// Names of faults and states that no run has met.
  public var unmet: [String] {
    coverage.all.filter { $0.count == 0 }.map { $0.name }
  }

  /// What was met, and how much it was.
  public func text(seconds: Double) -> String {
    var lines: [String] = []
    for (title, entries) in coverage.sections {
      lines.append("\(title):")
      let cells = entries.map { "\($0.name) \($0.count)" }
      var line = " "
      for cell in cells {
        if line.count + cell.count > 116 {
          lines.append(line)
          line = " "
        }
        line += " " + cell + ","
      }
      lines.append(String(line.dropLast()))
    }
    let hours = Double(Int(nanoseconds / 3.6e11)) / 10
    lines.append(
      "\(runs) runs, \(laneRuns) of lanes and \(routeRuns) of routes, \(rate(seconds)) a second, \(hours) hours of their "
        + "time, \(messages) messages, \(datagrams) datagrams, \(pages) pages and \(packets) of routes, hash \(hashText)"
    )
    return lines.joined(separator: "\n")
  }

  private func rate(_ seconds: Double) -> Int { Int(Double(max(runs, laneRuns, routeRuns)) / seconds) }
}

extension Outcome.Kind {
  /// What tells the hashes of a seed's runs apart.
  fileprivate var salt: UInt64 {
    switch self {
    case .roads: return 0
    case .lanes: return 1
    case .routes: return 2
    }
  }
}

extension Coverage {
  /// Engine counters that no virtual road can raise, with the reason.
  private static let elsewhere: [Counter: String] = [
    .receiveTruncated: "told by a socket",
    .packingError: "no setting makes a head or a body that does not fit",
    .dropEvent: "65,536 events that a host does not take are more than runs have",
    .roleLimit: "the persons of these runs decide long before so many keys wait",
    .dropOutboxFull: "the hosts of these runs send after each call",
  ]

  /// Counters of routers that no run can raise, with the reason.
  private static let elsewhereRouted: [RouterCounter: String] = [
    .auditLost: "the hosts of these runs take each audit event at once"
  ]

  /// All counts, by what they count.
  var sections: [(String, [(name: String, count: Int)])] {
    let counted = Counter.allCases.filter { Self.elsewhere[$0] == nil }
    let routed = RouterCounter.allCases.filter { Self.elsewhereRouted[$0] == nil }
    return [
      ("faults", Fault.allCases.map { ($0.rawValue, count($0)) }),
      ("starts again, by the store it finds and what it was doing", sorted(restarts)),
      ("states", sorted(states)),
      ("faults of lanes", sorted(laneFaults)),
      ("states of lanes", sorted(laneStates)),
      ("faults of routes", sorted(routeFaults)),
      ("states of routes", sorted(routeStates)),
      ("counters of the engine", counted.map { ("\($0)", Int(clamping: counters[$0.rawValue])) }),
      ("counters of routers", routed.map { ("router.\($0)", Int(clamping: routerCounters[$0.rawValue])) }),
    ]
  }

  var all: [(name: String, count: Int)] { sections.flatMap { $0.1 } }

  private func sorted(_ counts: [String: Int]) -> [(name: String, count: Int)] {
    counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
