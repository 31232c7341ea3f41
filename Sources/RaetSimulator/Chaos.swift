import RaetSession
import RaetStack
import RaetWire

/// What goes wrong with nodes, disks, clocks and paths, now and then.
extension Simulation {
  private static let mishaps: [Fault] = [
    .partition, .oneWay, .flapping, .stall, .moved, .swapped, .crash, .crashInOutput, .crashInStore, .pause, .idleHost,
    .diskFull, .diskError, .damagedRecord, .dryRandomness, .leap, .backwards, .cancel, .joinAgain, .allowAgain,
    .acceptanceChanged, .forgotten,
  ]

  func chaos() {
    guard !isHealed else { return }
    noticeRaces()
    for fault in Self.mishaps where plan[fault] != .off && violation == nil {
      guard chance.happensRarely(plan[fault].choose(0, 150, 500)), let node = chance.pick(nodes) else { continue }
      trace.note(now, "\(fault.rawValue) at \(node.name)")
      befall(fault, node)
    }
    schedule(.chaos, after: duration / 60)
  }

  /// Both sides of a pair at the same thing at once.
  private func noticeRaces() {
    for node in nodes {
      for other in nodes.dropFirst(node.index + 1) {
        guard let one = remote(node, other), let two = remote(other, node) else { continue }
        if one.join != nil, two.join != nil { coverage.meet(.bothJoin) }
        if case .initiating = one.allow, case .initiating = two.allow { coverage.meet(.bothAllow) }
        if one.candidate != nil || two.candidate != nil { coverage.meet(.candidate) }
      }
    }
  }

  /// What a node knows of another.
  func remote(_ node: Node, _ other: Node) -> Remote? {
    guard let road = node.served, let id = try? road.findRemote(name: other.name) else { return nil }
    return try? road.remote(id)
  }

  private func befall(_ fault: Fault, _ node: Node) {
    switch fault {
    case .partition, .oneWay, .flapping, .stall, .moved, .swapped: befallPath(fault, node)
    case .crash, .crashInOutput, .crashInStore, .pause, .idleHost: befallProcess(fault, node)
    case .diskFull, .diskError, .damagedRecord, .dryRandomness: befallDisk(fault, node)
    case .leap, .backwards: befallClock(fault, node)
    default: befallHost(fault, node)
    }
  }

  // MARK: Paths.

  private func befallPath(_ fault: Fault, _ node: Node) {
    guard let other = chance.pick(nodes.filter { $0 !== node }) else { return }
    let period = chance.period(Times.second / 10...Times.second * UInt64(chance.pick([1, 5, 20]) ?? 1))
    switch fault {
    case .partition:
      for peer in nodes where peer !== node { cut(node, peer, period) }
    case .oneWay: network[node.index, other.index].cutUntil = now + period
    case .flapping: cut(node, other, chance.period(Times.millisecond...300 * Times.millisecond))
    case .stall: network[node.index, other.index].stalledUntil = now + min(period, 5 * Times.second)
    case .moved:
      // Those that nobody joins may move: their peers follow by what they sign.
      guard !node.isMain else { return }
      move(node, to: Address(ipv4: 0x0a00_0001 + UInt32(node.index), port: UInt16(chance.number(1024...60_000))))
    case .swapped:
      guard !node.isMain, !other.isMain else { return }
      let address = node.address
      move(node, to: Address(ipv4: 0x0a00_00fe, port: 1))
      let second = other.address
      move(other, to: address)
      move(node, to: second)
    default: return
    }
    coverage.meet(fault)
  }

  private func move(_ node: Node, to address: Address) {
    node.address = address
    node.road?.address = address
  }

  private func cut(_ node: Node, _ other: Node, _ period: UInt64) {
    network[node.index, other.index].cutUntil = now + period
    network[other.index, node.index].cutUntil = now + period
  }

  // MARK: Processes.

  private func befallProcess(_ fault: Fault, _ node: Node) {
    guard let road = node.served else { return }
    switch fault {
    case .crash: crash(node, someRestart())
    case .crashInOutput:
      road.service(now: node.now)
      coverage.meet(fault)
      settle(node, cutsOutputAt: chance.number(0...3))
      if node.served === road { crash(node, someRestart()) }
    case .crashInStore: node.disk.writesToCrash = chance.number(0...3)
    case .pause:
      let longest = UInt64(duration > 300 * Times.second ? 600 : plan[fault].choose(1, 3, 20))
      node.life = .paused(road, until: now + chance.period(Times.millisecond...longest * Times.second), inbox: [])
      coverage.meet(fault)
    default:
      node.reads = false
      coverage.meet(fault)
      schedule(.reader(node.index), after: chance.period(Times.millisecond...5 * Times.second))
    }
  }

  /// Programs die now and then just when the fate of a message is in doubt, which chance alone would seldom hit.
  func crashInDoubt(_ node: Node, _ road: Road) {
    guard plan[.crash] != .off, !isHealed, !node.isEvil, Activity.isInDoubt(road),
      chance.happens(Activity.isInquiring(road) ? 20 : 3)
    else { return }
    crash(node, someRestart())
  }

  private func someRestart() -> Restart {
    let choices: [(Fault, Restart)] = [
      (.olderStore, .olderStore), (.partOfStore, .partOfStore), (.ownKeysOnly, .ownKeysOnly), (.noStore, .noStore),
    ]
    let enabled = choices.filter { plan[$0.0] != .off }
    guard let choice = chance.pick(enabled), chance.happens(plan[choice.0].choose(0, 40, 75)) else {
      return .sameStore
    }
    return choice.1
  }

  // MARK: Disks and clocks.

  private func befallDisk(_ fault: Fault, _ node: Node) {
    // Whoever changes a record under a living program decides on keys, as a person does.
    if case .paused = node.life, fault == .damagedRecord { return }
    coverage.meet(fault)
    switch fault {
    case .diskFull: node.disk.health = .full
    case .diskError: node.disk.health = .failing(chance.number(10...90))
    case .damagedRecord:
      node.disk.damage(ownIdentity: chance.happens(20))
      watch.forgetSessions(of: node.index)
      if node.served != nil { crash(node, .sameStore) }
      return
    default: node.entropy.isDry = true
    }
    schedule(.mend(node.index), after: chance.period(Times.second / 10...5 * Times.second))
  }

  private func befallClock(_ fault: Fault, _ node: Node) {
    guard let road = node.served else { return }
    coverage.meet(fault)
    if fault == .leap {
      node.clock.leap(chance.period(Times.second...Times.second * UInt64(chance.pick([2, 30, 3600]) ?? 2)))
    } else {
      let back = min(node.now, chance.period(Times.millisecond...60 * Times.second))
      road.service(now: node.now - back)
    }
    settle(node)
  }

  // MARK: Hosts.

  private func befallHost(_ fault: Fault, _ node: Node) {
    guard let road = node.served, !node.isEvil else { return }
    let peers = nodes.filter { $0 !== node && remote(node, $0) != nil }
    guard let peer = chance.pick(peers), let remote = remote(node, peer) else { return }
    switch fault {
    case .cancel:
      let own = road.transfers().filter { $0.isSending }
      guard let transfer = chance.pick(own) else { return }
      try? road.cancel(transfer.id, now: node.now)
    case .joinAgain:
      _ = try? road.join(remote.id, timeout: Times.join, now: node.now)
      if let back = self.remote(peer, node), chance.happens(40) {
        _ = try? peer.served?.join(back.id, timeout: Times.join, now: peer.now)
        settle(peer)
      }
    case .allowAgain:
      _ = try? road.allow(remote.id, timeout: Times.allow, now: node.now)
      if let back = self.remote(peer, node), chance.happens(40) {
        _ = try? peer.served?.allow(back.id, timeout: Times.allow, now: peer.now)
        settle(peer)
      }
    case .acceptanceChanged:
      let status = chance.pick([Acceptance.pending, .rejected]) ?? .pending
      try? road.setAcceptance(status, of: peer.name, now: node.now)
      schedule(.person(node.index), after: chance.period(Times.second / 10...4 * Times.second))
    default:
      try? road.removeRemote(remote.id, now: node.now)
      watch.forgetSessions(of: node.index, with: peer.name)
      schedule(.person(node.index), after: chance.period(Times.second / 10...4 * Times.second))
    }
    coverage.meet(fault)
    noticeRaces()
    settle(node)
  }
}
