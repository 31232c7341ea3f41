/// What can go wrong with routes, besides the faults of the road's links.
enum RouteFault: String, CaseIterable, Sendable {
  // The process.
  case workerDies, manorDies
  // The ways between.
  case roadCut, shortYardQueue, smallSendQueue
  // The host.
  case routeCanceled, routeShortLimit
  // Who lies: a yard without a router, and a manor that sends what it likes on its road.
  case forgedYard, forgedEstate, forgedReport
}

/// States that a run of routes can meet.
enum RouteMet: String, CaseIterable, Sendable {
  // Reports.
  case confirmed, handedOn, undelivered, failedNotFound, failedRejected, failedDead, failedByTimeOnWay, failedUnknown,
    failedCanceled
  // Ways.
  case withinProcess, withinEstate, betweenEstates, byRelay, reply, replyByFallback, laterOfSeveral, byRole, byKind,
    largeRouted
  // Trust.
  case ruleRefuses, forgeryRefused, forgeryCorrected, relayNotBelieved
  // Deaths.
  case workerDiedWithMessage, manorDiedWithMessage, lostWithProcess
  // After the faults.
  case exchangeArrived, exchangeRefused, exchangeNowhere, deadYardReported, takenByAnother, hopLimitReached
}

/// Which faults a run of routes has, and how much of each.
struct RoutePlan {
  private var levels: [RouteFault: Level] = [:]
  /// What the links of the roads do.
  private(set) var links = FaultPlan()

  /// What the seed says: one run of eight is calm.
  init(seed: UInt64) {
    var chance = Chance(seed: seed, purpose: 301)
    let share = chance.pick([0, 15, 30, 30, 50, 50, 80, 100]) ?? 0
    for fault in RouteFault.allCases {
      let level: Level = chance.happens(40) ? .high : .low
      if chance.happens(share) { levels[fault] = level }
    }
    for fault in [Fault.loss, .burst, .duplicate, .reorder, .delay, .shortQueue, .flip, .cut] {
      let level: Level = chance.happens(30) ? .high : .low
      if chance.happens(share / 2) { links[fault] = level }
    }
  }

  subscript(_ fault: RouteFault) -> Level { levels[fault] ?? .off }

  /// The faults that are not off, for the trace.
  var text: String {
    let own = RouteFault.allCases.filter { self[$0] != .off }.map { "\($0.rawValue)\(self[$0] == .high ? "+" : "")" }
    return (own + [links.text]).joined(separator: " ")
  }
}
