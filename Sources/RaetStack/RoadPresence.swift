import RaetSession
import RaetWire

/// Heartbeats, from both sides, and what they tell of a remote's presence (PROTOCOL 6.5).
extension Road {
  /// The host asks whether the remote is there. `timeout` in nanoseconds. Throws `.unjoined`, `.unallowed`, `.state`.
  public func alive(_ id: UInt64, timeout: UInt64, now: UInt64) throws(Status) -> UInt64 {
    enter(now)
    guard life == .open else { throw .closed }
    let remote = try self.remote(id)
    guard remote.isJoined else { throw .unjoined }
    guard remote.isAllowed else { throw .unallowed }
    guard remote.alive == nil else { throw .state }
    let transaction = nextTransactionID()
    startAlive(remote, host: transaction, timeout: timeout)
    reschedule(remote)
    return transaction
  }

  func startHeartbeat(_ remote: Remote) {
    startAlive(remote, host: 0, timeout: Times.alive)
  }

  private func startAlive(_ remote: Remote, host: UInt64, timeout: UInt64) {
    let (transaction, session) = nextTransaction(remote)
    let alive = AliveInitiator(transaction: transaction, session: session, host: host, timeout: timeout, now: now)
    remote.alive = alive
    remote.upkeep = .max
    sendAlive(remote, alive)
  }

  private func sendAlive(_ remote: Remote, _ alive: AliveInitiator) {
    var head = self.head(remote, .alive, .request)
    head.session = alive.session
    head.transaction = alive.transaction
    head.coatKind = settings.encrypts ? .nacl : .none
    transmit(head, body: [], to: remote.relation?.address ?? remote.address)
  }

  // MARK: The side that is asked.

  func receiveAlive(_ packet: Packet, _ remote: Remote) {
    let head = packet.head
    guard head.packetKind == .request else { return replyStale(packet, remote) }
    switch remote.far.status(session: head.session, transaction: head.transaction) {
    case .tooOld:
      count(.dropReplay)
      return replyStale(packet, remote)
    case .done: break
    case .new: heard(remote, from: packet.from, isNewest: remote.far.take(head.transaction))
    }
    switch remote.standing {
    case .stranger:
      count(.unjoinedAliveAttempt)
      answer(head, .unjoined, to: packet.from)
    case .joined:
      guard !isAboutToBeAllowed(remote) else { return }
      count(.unallowedAliveAttempt)
      answer(head, .unallowed, to: packet.from)
    case .allowed:
      count(.aliveComplete)
      answer(head, .ack, to: packet.from)
    }
  }

  // MARK: The side that asks.

  func receiveAliveAnswer(_ packet: Packet, _ remote: Remote) {
    let head = packet.head
    guard let alive = remote.alive, alive.transaction == head.transaction, alive.session == head.session else {
      return replyStale(packet, remote)
    }
    let answer = alive.receive(head.packetKind)
    if case .misplaced = answer { return count(.stalePacket) }
    heard(remote, from: packet.from, isNewest: true)
    switch answer {
    case .alive:
      count(.aliveComplete)
      remote.refusals = 0
      endAlive(remote, alive, .ok)
    case .refused:
      endAlive(remote, alive, .refused)
      refusedHeartbeat(remote)
    case .stale:
      leapSession(remote, refused: alive.session)
      endAlive(remote, alive, .refused)
      // At once, since the remote's own heartbeats would put ours off; but not for ever.
      if remote.isAllowed, remote.alive == nil, remote.refusals < 24 { startHeartbeat(remote) }
    case .rejected: endAlive(remote, alive, .rejected)
    case .unjoined:
      endAlive(remote, alive, .unjoined)
      lostJoin(remote)
      resettle(remote)
    case .unallowed:
      endAlive(remote, alive, .unallowed)
      lostSession(remote)
    case .misplaced: break
    }
  }

  /// The remote is there and takes our session for an old one, again and again: only a handshake brings us together.
  private func refusedHeartbeat(_ remote: Remote) {
    remote.refusals &+= 1
    if remote.refusals > 1 { lostSession(remote) }
  }

  /// The remote has forgotten the session: it has started anew.
  private func lostSession(_ remote: Remote) {
    if let relation = remote.relation { remote.standing = .joined(relation) }
    resettle(remote)
    remote.upkeep = now
  }

  // MARK: Time, and the end.

  func stepAlive(_ remote: Remote) {
    guard var alive = remote.alive else { return }
    let step = alive.step(now: now)
    remote.alive = alive
    switch step {
    case .wait: break
    case .request:
      count(.redoAlive)
      sendAlive(remote, alive)
    case .dead:
      endAlive(remote, alive, .timedOut)
      // Heartbeats get lost like all else: a remote whose messages come is there.
      if now.since(remote.lastHeard) >= Times.alive { markDead(remote) }
    }
  }

  func endAlive(_ remote: Remote, _ alive: AliveInitiator, _ status: Status) {
    remote.alive = nil
    if alive.host != 0 { report(.alive, remote, status: status, transaction: alive.host) }
    settleDoubts(remote, alive.session == remote.near.id ? status : .stale)
    refreshHeartbeat(remote)
  }

  /// A verified packet came.
  func markAlive(_ remote: Remote) {
    let before = remote.presence
    remote.presence = .alive
    remote.lastHeard = now
    if before != .alive {
      if before == .reaped { count(.remoteUnreap) }
      report(.alive, remote)
      // What was under way has waited for this.
      remote.messages.flightDue = min(remote.messages.flightDue, now)
      pump(remote)
    }
    if remote.alive == nil, !remote.allow.isUnderWay { refreshHeartbeat(remote) }
  }

  private func markDead(_ remote: Remote) {
    switch remote.presence {
    case .unknown, .alive:
      remote.presence = .dead(since: now, heartbeats: 1)
      report(.dead, remote, status: .dead)
    case .dead(let since, let heartbeats):
      remote.presence = .dead(since: since, heartbeats: heartbeats &+ 1)
      if mayReap(remote), now.since(since) >= settings.interim { return reap(remote) }
      // It may have lost its store, and drops what we sign: only a join finds out, at the same address, before another is
      // tried.
      if remote.goal == .connect, heartbeats % 2 == 1 || remote.elsewhere != nil, remote.join == nil {
        startJoin(remote, isVacuous: false, host: 0, timeout: Times.join)
      }
    case .reaped: break
    }
    if remote.join == nil { tryOtherAddress(remote) }
    refreshHeartbeat(remote)
  }

  /// A main gives up those that connect to it, and none that its own host keeps connected.
  private func mayReap(_ remote: Remote) -> Bool {
    settings.isMain && settings.interim > 0 && remote.goal != .connect
  }

  private func reap(_ remote: Remote) {
    remote.presence = .reaped
    remote.upkeep = .max
    count(.remoteReap)
    report(.reaped, remote, status: .dead)
  }

  /// The next heartbeat is due a period from now; ever later while the remote is dead.
  func refreshHeartbeat(_ remote: Remote) {
    guard remote.isAllowed else { return }
    guard settings.period > 0, remote.goal != .rest else {
      remote.upkeep = .max
      return
    }
    let period = settings.isMain ? settings.period : settings.period.after(settings.offset)
    switch remote.presence {
    case .unknown, .alive: remote.upkeep = now.after(period)
    case .dead(_, let heartbeats):
      let spread = period.multipliedReportingOverflow(by: 1 << UInt64(min(heartbeats, 8)))
      remote.upkeep = now.after(
        spread.overflow ? Times.deadHeartbeat : min(spread.partialValue, max(period, Times.deadHeartbeat)))
    case .reaped: remote.upkeep = .max
    }
  }
}
