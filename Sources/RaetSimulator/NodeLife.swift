import RaetSession
import RaetStack
import RaetWire

/// Lives and deaths of programs, what their hosts are told, and the person who looks after keys.
extension Simulation {
  // MARK: Birth and death.

  func start(_ node: Node) {
    let identity = node.disk.records.filter { $0.key.hasPrefix("role/local/") }
    let watch = StoreWatch(node.disk)
    do throws(RoadFailure) {
      try node.start(at: now)
    } catch {
      coverage.meet(.startRefused)
      if let broken = watch.refused(error) { fail(broken, node) }
      trace.note(now, "\(node.name) does not start: \(error.text) (\(error.status))")
      node.life = .down(until: now + Times.second)
      // A person reads what is wrong, and puts the record back or frees the disk.
      node.disk.mend()
      return
    }
    guard let road = node.served else { return }
    if let broken = watch.started(road, node.disk) { fail(broken, node) }
    if !identity.isEmpty {
      coverage.meet(.identityKept)
      let isKept = identity.allSatisfy { node.disk.records[$0.key] == $0.value }
      if !isKept { fail(.session, "\(node.name) has made itself another identity") }
    }
    if watchesLogs {
      node.log.secrets = [road.signingKey.withSeed { Hex.encode([UInt8]($0)) }, "secret-"]
    }
    trace.note(now, "\(node.name) starts, life \(node.lives)")
    if node.isEvil { node.connectToFriends() } else { application.started(node) }
    settle(node)
  }

  /// The node's program dies, and starts again some time later with this store.
  func crash(_ node: Node, _ restart: Restart) {
    guard let road = node.road else { return }
    let activities = Activity.of(road)
    coverage.meet(.crash)
    coverage.add(road.statistics)
    let orphans = ledger.died(node.index)
    // What the library had whole and the host had not taken counts as delivered; it died with the program.
    while let event = road.nextEvent() {
      if event.kind == .message, event.name != Node.evilName { take(event, node) }
    }
    trace.note(
      now, "\(node.name) dies (\(restart.rawValue)) while \(activities.map { $0.rawValue }), \(orphans) orphans")
    node.life = .down(until: now + chance.period(Times.millisecond...3 * Times.second))
    node.disk.reopen()
    var restart = restart
    switch restart {
    case .sameStore:
      if plan[.lostWrite] != .off, chance.happens(50) {
        node.disk.loseLastWrite()
        coverage.meet(.lostWrite)
        node.hasLostStore = true
        watch.forgetSessions(of: node.index)
      }
    case .olderStore:
      if !node.disk.putBack(chance.number(1...15)) { restart = .sameStore }
      coverage.meet(.olderStore)
    case .partOfStore:
      let dropped = chance.pick(["remote/", "role/remote/", "local/", "remote/estate.main"]) ?? "remote/"
      node.disk.keep { !$0.hasPrefix(dropped) }
      coverage.meet(.partOfStore)
    case .ownKeysOnly:
      node.disk.keep { $0.hasPrefix("role/local/") }
      coverage.meet(.ownKeysOnly)
    case .noStore:
      node.disk.keep { _ in false }
      coverage.meet(.noStore)
    }
    if restart != .sameStore {
      node.hasLostStore = true
      watch.forgetSessions(of: node.index)
    }
    coverage.meet(restart, activities)
  }

  func endLife(_ node: Node) {
    if let road = node.road { coverage.add(road.statistics) }
    if let leak = node.log.leak { fail(.secret, "in the log of \(node.name): \(leak)") }
  }

  // MARK: Events.

  /// Takes what the engine reports; true when there was something.
  @discardableResult
  func takeEvents(_ node: Node) -> Bool {
    var found = false
    while node.reads, violation == nil, let event = node.served?.nextEvent() {
      found = true
      hash.add(UInt64(event.kind.rawValue) << 32 | UInt64(UInt32(bitPattern: event.status.rawValue)))
      hash.add(event.tag)
      if trace.isKept || event.kind != .message {
        trace.note(now, "\(node.name): \(event.kind) \(event.name ?? "") \(event.status) tag \(event.tag)")
      }
      take(event, node)
      if !node.isEvil, !isOver { application.happened(event, at: node) }
    }
    return found
  }

  private func take(_ event: Event, _ node: Node) {
    switch event.kind {
    case .message:
      guard event.name != Node.evilName else { return coverage.meet(.evilMessage) }
      if event.body.map({ $0.bytes.isEmpty }) ?? true { coverage.meet(.emptyMessage) }
      if event.body.map({ $0.bytes.count > 20_000 }) ?? false { coverage.meet(.largeMessage) }
      let sender = (event.name.flatMap { self.node(named: $0) } ?? renamed(event.remote, at: node))?.index
      if let broken = ledger.arrived(event, at: node.index, from: sender) { fail(broken, node) }
    case .delivered, .failed: ended(event, node)
    case .joined: if event.status == .pending { coverage.meet(.joinPends) }
    case .keyPending: schedule(.person(node.index), after: chance.period(Times.second / 5...3 * Times.second))
    case .keyChanged:
      if event.status == .rejected { coverage.meet(.keysRejected) }
      schedule(.person(node.index), after: chance.period(Times.second...4 * Times.second))
    case .dead: coverage.meet(.remoteDead)
    case .reaped: coverage.meet(.remoteReaped)
    case .error: if event.status == .store { coverage.meet(.damagedRecordReported) }
    // The last two are the router's.
    case .allowed, .alive, .writable, .remoteAdded, .remoteGone, .closed, .undelivered, .refused: break
    }
  }

  /// The node behind a remote that has another name in a record that a fault has damaged.
  private func renamed(_ remote: UInt64, at node: Node) -> Node? {
    guard node.disk.wasDamaged, let known = try? node.served?.remote(remote) else { return nil }
    return self.node(at: known.relation?.address ?? known.address)
  }

  private func ended(_ event: Event, _ node: Node) {
    if node.isEvil { return }
    if let broken = ledger.reported(event, by: node.index) { return fail(broken, node) }
    let isRestarted = event.name.flatMap { self.node(named: $0) }.map { $0.lives > 1 } ?? false
    switch event.status {
    case .ok:
      if isRestarted { coverage.meet(.deliveredAfterRestart) }
      if coverage.count(.loss) > 0 { coverage.meet(.deliveredUnderLoss) }
    case .unknown: if isRestarted { coverage.meet(.unknownAfterRestart) }
    case .timedOut: coverage.meet(.failedByTime)
    case .canceled: coverage.meet(.failedByCancel)
    case .nack: coverage.meet(.failedByNack)
    default: break
    }
  }

  // MARK: The person.

  /// A person looks at the roles of a node: accepts those of nodes whose keys are right, forgets those whose keys have
  /// really changed, as when a store was lost, and connects again.
  func look(_ node: Node) {
    guard let road = node.served, !node.isEvil else { return }
    for other in nodes where other !== node {
      let role = try? road.role(other.name)
      let relation = remote(node, other)?.relation
      let known = [role?.keys, relation?.keys].compactMap { $0 }
      let isOther = relation.map { differs($0, from: other) } ?? false
      if known.allSatisfy({ $0 == other.keys.last }), !isOther {
        guard let role, role.acceptance != .accepted else { continue }
        try? road.setAcceptance(.accepted, of: other.name, now: node.now)
      } else {
        trace.note(now, "a person at \(node.name) forgets the old keys of \(other.name)")
        if let id = try? road.findRemote(name: other.name) { try? road.removeRemote(id, now: node.now) }
        try? road.forgetRole(other.name, now: node.now)
        watch.forgetSessions(of: node.index, with: other.name)
        coverage.meet(.forgottenAndBack)
      }
    }
    for name in road.pendingRoles where !nodes.contains(where: { $0.name == name }) {
      try? road.forgetRole(name, now: node.now)
    }
    if isHealed, node.disk.wasDamaged { removeDamaged(node, road) }
    node.connectToLostFriends()
    settle(node)
  }

  /// A join is not signed, and a record can be damaged: what either says may not be what the node is.
  private func differs(_ relation: Relation, from node: Node) -> Bool {
    relation.role != node.name || relation.isMain != node.settings.isMain || relation.kind != node.settings.kind
  }

  /// What a damaged record says of a remote may be wrong in a way that only a person sees: it is added anew.
  private func removeDamaged(_ node: Node, _ road: Road) {
    node.disk.wasDamaged = false
    for other in nodes where other !== node {
      guard let remote = remote(node, other), !remote.isAllowed else { continue }
      try? road.removeRemote(remote.id, now: node.now)
      try? road.forgetRole(other.name, now: node.now)
      watch.forgetSessions(of: node.index, with: other.name)
    }
  }
}
