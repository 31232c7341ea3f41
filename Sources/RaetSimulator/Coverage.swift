import RaetRouter
import RaetSession
import RaetStack

/// What a program was doing when something happened to it.
enum Activity: String, CaseIterable, Sendable {
  case idle
  case joining
  case answeringJoin
  case allowing
  case answeringAllow
  case heartbeat
  case messageWaiting
  case messageHalfSent
  case messageSentNotAnswered
  case messageHalfReceived
  case messageDoubted
  case messageInquired

  /// What the engine is doing.
  static func of(_ road: Road) -> [Activity] {
    var found: Set<Activity> = []
    if road.halfDoneJoins > 0 { found.insert(.answeringJoin) }
    var id: UInt64 = 0
    while let next = try? road.remote(after: id), let remote = try? road.remote(next) {
      id = next
      if remote.join != nil { found.insert(.joining) }
      if remote.alive != nil { found.insert(.heartbeat) }
      switch remote.allow {
      case .none: break
      case .initiating: found.insert(.allowing)
      case .responding: found.insert(.answeringAllow)
      }
      found.formUnion(of(remote.messages))
    }
    return found.isEmpty ? [.idle] : found.sorted { $0.rawValue < $1.rawValue }
  }

  /// True while a message's fate is in doubt.
  static func isInDoubt(_ road: Road) -> Bool {
    any(road) { !$0.doubted.isEmpty || !$0.inquiring.isEmpty }
  }

  /// True while a remote is asked what became of a message.
  static func isInquiring(_ road: Road) -> Bool { any(road) { !$0.inquiring.isEmpty } }

  private static func any(_ road: Road, _ isSo: (MessageTraffic) -> Bool) -> Bool {
    var id: UInt64 = 0
    while let next = try? road.remote(after: id), let remote = try? road.remote(next) {
      id = next
      if isSo(remote.messages) { return true }
    }
    return false
  }

  private static func of(_ messages: MessageTraffic) -> Set<Activity> {
    var found: Set<Activity> = []
    if messages.waitingCount > 0 { found.insert(.messageWaiting) }
    if !messages.incoming.isEmpty { found.insert(.messageHalfReceived) }
    if !messages.doubted.isEmpty { found.insert(.messageDoubted) }
    if !messages.inquiring.isEmpty { found.insert(.messageInquired) }
    for message in messages.underway.values {
      guard case .underway(let flight) = message.state else { continue }
      found.insert(flight.isSentWhole ? .messageSentNotAnswered : .messageHalfSent)
    }
    return found
  }
}

/// With which store a program starts again.
enum Restart: String, CaseIterable, Sendable {
  case sameStore, olderStore, partOfStore, ownKeysOnly, noStore
}

/// Other states that a run can meet.
enum Met: String, CaseIterable, Sendable {
  case bothJoin, bothAllow, joinPends, keysRejected, queueFull, candidate
  case deliveredAfterRestart, unknownAfterRestart, failedByTime, failedByCancel, failedByNack
  case identityKept, damagedRecordReported, startRefused, remoteDead, remoteReaped
  case floodWhileMessages, replayWhileAllowing, evilMessage, largeMessage, emptyMessage, forgottenAndBack
  case deliveredUnderLoss
}

/// Counts of everything that runs have met.
struct Coverage: Sendable {
  private(set) var faults = [Int](repeating: 0, count: Fault.allCases.count)
  private(set) var restarts: [String: Int] = [:]
  private(set) var states: [String: Int] = [:]
  private(set) var laneFaults: [String: Int] = [:]
  private(set) var laneStates: [String: Int] = [:]
  private(set) var routeFaults: [String: Int] = [:]
  private(set) var routeStates: [String: Int] = [:]
  private(set) var routerCounters = [UInt64](repeating: 0, count: RouterCounter.allCases.count)
  private(set) var counters = [UInt64](repeating: 0, count: Counter.allCases.count)

  init() {
    for restart in Restart.allCases {
      for activity in Activity.allCases { restarts[Self.name(restart, activity)] = 0 }
    }
    for met in Met.allCases { states[met.rawValue] = 0 }
    for fault in LaneFault.allCases { laneFaults[fault.rawValue] = 0 }
    for met in LaneMet.allCases { laneStates[met.rawValue] = 0 }
    for fault in RouteFault.allCases { routeFaults[fault.rawValue] = 0 }
    for met in RouteMet.allCases { routeStates[met.rawValue] = 0 }
  }

  static func name(_ restart: Restart, _ activity: Activity) -> String { "\(restart.rawValue)/\(activity.rawValue)" }

  mutating func meet(_ fault: Fault) { faults[fault.index] += 1 }
  mutating func meet(_ met: Met) { states[met.rawValue, default: 0] += 1 }
  mutating func meet(_ fault: LaneFault) { laneFaults[fault.rawValue, default: 0] += 1 }
  mutating func meet(_ met: LaneMet) { laneStates[met.rawValue, default: 0] += 1 }
  mutating func meet(_ fault: RouteFault) { routeFaults[fault.rawValue, default: 0] += 1 }
  mutating func meet(_ met: RouteMet) { routeStates[met.rawValue, default: 0] += 1 }
  mutating func meet(_ restart: Restart, _ activities: [Activity]) {
    for activity in activities { restarts[Self.name(restart, activity), default: 0] += 1 }
  }
  mutating func add(_ statistics: Statistics) {
    for counter in Counter.allCases { counters[counter.rawValue] &+= statistics[counter] }
  }
  mutating func add(_ router: Router) {
    for counter in RouterCounter.allCases { routerCounters[counter.rawValue] &+= router.value(counter) }
  }
  func count(_ fault: Fault) -> Int { faults[fault.index] }

  /// The sum of two runs.
  mutating func add(_ other: Coverage) {
    for index in faults.indices { faults[index] += other.faults[index] }
    for index in counters.indices { counters[index] &+= other.counters[index] }
    for (name, count) in other.restarts { restarts[name, default: 0] += count }
    for (name, count) in other.states { states[name, default: 0] += count }
    for (name, count) in other.laneFaults { laneFaults[name, default: 0] += count }
    for (name, count) in other.laneStates { laneStates[name, default: 0] += count }
    for (name, count) in other.routeFaults { routeFaults[name, default: 0] += count }
    for (name, count) in other.routeStates { routeStates[name, default: 0] += count }
    for index in routerCounters.indices { routerCounters[index] &+= other.routerCounters[index] }
  }
}
