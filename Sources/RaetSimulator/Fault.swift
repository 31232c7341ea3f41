/// What can go wrong in a run.
public enum Fault: String, CaseIterable, Sendable {
  // The link, each direction on its own.
  case loss, burst, duplicate, lateDuplicate, reorder, delay, shortQueue, stall
  // The bytes.
  case flip, cut, lengthen, splice, empty
  // The path.
  case sizeLimit, partition, oneWay, flapping, moved, swapped
  // The socket.
  case sendError
  // The process.
  case crash, crashInOutput, crashInStore, olderStore, partOfStore, ownKeysOnly, noStore, pause, latePoll, idleHost
  // The disk.
  case diskFull, diskError, lostWrite, damagedRecord, dryRandomness
  // The clock.
  case leap, drift, coarse, backwards
  // The host.
  case cancel, joinAgain, allowAgain, acceptanceChanged, forgotten
  // The attacker.
  case replay, lateReplay, misdirected, reflected, garbage, forgedRequest, forgedAnswer, forgedJoin, joinFlood,
    helloFlood, evilPeer
}

/// How much of a fault there is in a run.
public enum Level: Int, Comparable, Sendable {
  case off
  case low
  case high

  /// Low before high.
  public static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }

  /// One of three values.
  func choose<Value>(_ off: Value, _ low: Value, _ high: Value) -> Value {
    switch self {
    case .off: return off
    case .low: return low
    case .high: return high
    }
  }
}

/// Which faults a run has, and how much of each.
public struct FaultPlan: Sendable {
  private var levels = [Level](repeating: .off, count: Fault.allCases.count)

  /// No faults at all.
  public init() {}

  /// What the seed says: about one run of ten is calm, one of ten has nearly everything.
  public init(seed: UInt64) {
    var chance = Chance(seed: seed, purpose: 1)
    let share = chance.pick([0, 10, 20, 20, 30, 30, 30, 50, 50, 80]) ?? 0
    for fault in Fault.allCases {
      let level: Level = chance.happens(40) ? .high : .low
      if chance.happens(share) { self[fault] = level }
    }
  }

  /// The level of a fault.
  public subscript(_ fault: Fault) -> Level {
    get { levels[fault.index] }
    set { levels[fault.index] = newValue }
  }

  /// The faults that are not off, for the trace.
  public var text: String {
    Fault.allCases.filter { self[$0] != .off }.map { "\($0.rawValue)\(self[$0] == .high ? "+" : "")" }
      .joined(separator: " ")
  }
}

extension Fault {
  /// Its place in tables.
  var index: Int { Fault.places[self] ?? 0 }
  private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, 0...))
}
