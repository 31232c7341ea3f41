import RaetStack

/// What can go wrong on a lane.
enum LaneFault: String, CaseIterable, Sendable {
  // The process.
  case laneCrash, crashInBook, socketReplaced, lanePause, laneIdleHost, laneLatePoll, laneLeap
  // The socket.
  case shortestQueue, ownBufferFull, sendRefused
  // The host.
  case laneCancel, laneForget, laneShortLimit, laneClose, laneDryRandomness
  // Others in the folder.
  case stranger, forgedName, unboundSocket, wrongDestination, laneGarbage, changedPage, endlessBook, hugeBook,
    contradictingPage, newSessions, noMapping
}

/// States that a run of lanes can meet.
enum LaneMet: String, CaseIterable, Sendable {
  case yardFull, yardHasRoom, bookHalfSentAtDeath, bookHalfReceivedAtDeath, bookBegunAnew, lostWithItsReader
  case laneQueueFull, laneWritable, yardDead, yardAliveAgain, strangerForgotten, strangerRefused
  case laneDelivered, laneDeliveredAfterRestart, laneFailedDead, laneFailedByTime, laneFailedByCancel
  case laneLargeMessage, laneEmptyMessage, pagesWaitInSocket, liarHeard
}

/// Which faults a run of lanes has, and how much of each.
struct LanePlan {
  private var levels: [LaneFault: Level] = [:]

  /// What the seed says: one run of eight is calm.
  init(seed: UInt64) {
    var chance = Chance(seed: seed, purpose: 201)
    let share = chance.pick([0, 15, 30, 30, 50, 50, 80, 100]) ?? 0
    for fault in LaneFault.allCases {
      let level: Level = chance.happens(40) ? .high : .low
      if chance.happens(share) { levels[fault] = level }
    }
  }

  subscript(_ fault: LaneFault) -> Level { levels[fault] ?? .off }

  /// The faults that are not off, for the trace.
  var text: String {
    LaneFault.allCases.filter { self[$0] != .off }.map { "\($0.rawValue)\(self[$0] == .high ? "+" : "")" }
      .joined(separator: " ")
  }
}
