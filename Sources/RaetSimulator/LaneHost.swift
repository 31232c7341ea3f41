import RaetSession
import RaetStack
import RaetWire

/// What hosts and their sockets do in a run of lanes: what `LaneDriver` does over real ones.
extension LaneSimulation {
  private static let mostPages = 64
  private static let batch = 16

  /// The node's time has come, or its host was woken.
  func serve(_ node: LaneNode) {
    switch node.life {
    case .running(let lane):
      receive(node, lane)
      for _ in 0..<32 {
        lane.service(now: node.clock.now(at: now))
        flush(node, lane)
        guard node.served === lane, violation == nil else { return }
        guard lane.deadline <= node.clock.now(at: now) else { break }
      }
      settle(node, lane)
    case .paused(let lane, _):
      node.life = .running(lane)
      wake(node.index)
    case .down: start(node)
    }
  }

  private func receive(_ node: LaneNode, _ lane: Lane) {
    for _ in 0..<Self.mostPages {
      guard lane.takesPages else { return coverage.meet(.pagesWaitInSocket) }
      guard let (page, wakes) = sockets.receive(node.socket) else { return }
      for index in wakes.sorted() {
        coverage.meet(.yardHasRoom)
        unblock(nodes[index], node.name)
      }
      page.bytes.withUnsafeBytes { bytes in
        Array(page.source.utf8).withUnsafeBytes { source in
          lane.receive(
            bytes, from: source, credentials: Credentials(pid: page.process, uid: 0, gid: 0),
            now: node.clock.now(at: now))
        }
      }
      // A host that takes events as they come keeps the engine's memory small.
      if node.reads { takeEvents(node, lane) }
      guard node.served === lane, violation == nil else { return }
      checkLimits(lane, node)
    }
    wake(node.index)
  }

  private func unblock(_ node: LaneNode, _ name: String) {
    if let lane = node.lane, let id = try? lane.findRemote(name: name), let yard = try? lane.remote(id) {
      lane.unblock(yard)
    }
    wake(node.index)
  }

  /// Sends what can leave.
  private func flush(_ node: LaneNode, _ lane: Lane) {
    while violation == nil, node.served === lane, let yard = lane.takeReady() { send(node, lane, yard) }
  }

  private func send(_ node: LaneNode, _ lane: Lane, _ yard: Yard) {
    let clock = node.clock.now(at: now)
    if lane.isAtBook(yard) {
      guard let number = sockets.number(at: yard.name) else { return lane.gone(yard, now: clock) }
      let wasHalfSent = yard.isHalfSent
      lane.leads(yard, toSocket: number)
      if wasHalfSent, !yard.isHalfSent { coverage.meet(.bookBegunAnew) }
    }
    if stuffed.contains(node.index) {
      coverage.meet(.ownBufferFull)
      return lane.blocked(0, to: yard, now: clock)
    }
    if !isHealed, chance.happensRarely(plan[.sendRefused].choose(0, 20, 200)) {
      coverage.meet(.sendRefused)
      return lane.refused(yard, systemError: 90, now: clock)
    }
    var waiting: [[UInt8]] = []
    lane.pages(of: yard, limit: Self.batch) { page in
      var head = [UInt8](page.head)
      head.withUnsafeMutableBytes { PageHead.setNumber(page.number, $0) }
      waiting.append(head + page.piece)
    }
    var taken = 0
    var result = VirtualSockets.Result.taken
    for page in waiting {
      result = sockets.send(SocketPage(bytes: page, source: node.name, process: node.process), to: yard.name)
      guard result == .taken else { break }
      note(page, node, yard.name)
      taken += 1
      if !isHealed, taken < waiting.count, chance.happensRarely(plan[.crashInBook].choose(0, 3, 30)) {
        coverage.meet(.crashInBook)
        return die(node, after: pauseAfterDeath())
      }
    }
    if taken > 0, let owner = sockets.owner(at: yard.name) { wake(owner) }
    switch result {
    case .taken: lane.sent(taken, to: yard, now: clock)
    case .full:
      coverage.meet(.yardFull)
      lane.blocked(taken, to: yard, now: clock)
      if yard.isHalfSent, chance.happens(20) { schedule(.strike, after: UInt64(chance.number(1...1000)) * 1000) }
      // Now and then there is no helper left that would tell, and the clock alone helps.
      if !chance.happens(10) { sockets.wait(node.index, at: yard.name) }
    case .gone:
      if taken > 0 { lane.sent(taken, to: yard, now: clock) } else { lane.gone(yard, now: clock) }
    }
  }

  func note(_ page: [UInt8], _ node: LaneNode, _ to: String) {
    pages += 1
    hash.add(now)
    page.withUnsafeBytes { hash.add($0) }
    guard trace.isKept else { return }
    let head = String(decoding: page.prefix { $0 != 0x7b && $0 < 0x80 }, as: UTF8.self).split(separator: "\n")
    trace.note(now, "\(node.name) -> \(to): \(head.suffix(4).joined(separator: " ")), \(page.count) bytes")
  }

  // MARK: After each call.

  func settle(_ node: LaneNode, _ lane: Lane) {
    let wasFull = !lane.takesPages
    if node.reads { takeEvents(node, lane) }
    guard violation == nil, node.served === lane else { return }
    // Pages that had to wait for this are read now, though nothing wakes the host for them.
    if wasFull, lane.takesPages { wake(node.index) }
    checkLimits(lane, node)
    // Nobody's full queue keeps a message to another yard that has room.
    for yard in lane.yardsWithMessages where !stuffed.contains(node.index) && sockets.hasRoom(at: yard.name) {
      let due = node.clock.time(of: lane.deadline)
      if !lane.hasReady, due > now + Times.second / 5 {
        fail(.heals, "\(node.name) does not send to \(yard.name), whose socket has room")
      }
    }
    if lane.hasReady { wake(node.index) }
    if lane.isClosed { closed(node) }
  }

  private func closed(_ node: LaneNode) {
    endLife(node)
    for other in sockets.remove(node.socket, at: node.name).sorted() { wake(other) }
    ledger.died(node.process)
    trace.note(now, "\(node.name) has closed")
    node.life = .down(until: now + chance.period(Times.millisecond...Times.second))
  }

  private func checkLimits(_ lane: Lane, _ node: LaneNode) {
    let settings = node.settings
    let statistics = lane.statistics
    if statistics[.dropLimit] > 0 || statistics[.failedAddremote] > 0 { node.isLossy = true }
    if lane.yardCount > settings.maxRemotes { fail(.limits, "\(lane.yardCount) yards at \(node.name)") }
    if lane.mostBooks > 8 { fail(.limits, "\(lane.mostBooks) books of one yard at \(node.name)") }
    if lane.bytesHalfReceived > settings.receiveQueue + PageLimit.page {
      fail(.limits, "\(lane.bytesHalfReceived) bytes half received at \(node.name)")
    }
    if lane.bytesWaiting > settings.receiveQueue + min(settings.maxMessage, settings.receiveQueue) {
      fail(.limits, "\(lane.bytesWaiting) bytes wait at \(node.name)")
    }
  }

  func takeEvents(_ node: LaneNode, _ lane: Lane) {
    while violation == nil, let event = lane.nextEvent() {
      hash.add(UInt64(event.kind.rawValue) << 32 | UInt64(UInt32(bitPattern: event.status.rawValue)))
      hash.add(event.tag)
      if trace.isKept || event.kind != .message {
        trace.note(now, "\(node.name): \(event.kind) \(event.name ?? "") \(event.status) tag \(event.tag)")
      }
      take(event, node)
    }
  }

  private func take(_ event: Event, _ node: LaneNode) {
    switch event.kind {
    case .message: arrived(event, node)
    case .delivered, .failed: reported(event, node)
    case .dead: coverage.meet(.yardDead)
    case .alive: coverage.meet(.yardAliveAgain)
    case .remoteGone:
      if event.name?.hasPrefix("stranger") ?? false { coverage.meet(.strangerForgotten) }
    case .writable: coverage.meet(.laneWritable)
    default: break
    }
  }

  private func reported(_ event: Event, _ node: LaneNode) {
    let name = event.name ?? ""
    // A host that takes its events late cannot tell any more who had the path then.
    let isFresh = event.time == node.clock.now(at: now)
    if isFresh, event.kind == .delivered, sockets.owner(at: name) == nil {
      fail(.report, "message \(event.tag) is delivered, but nobody has the socket")
    }
    let socket = isFresh ? sockets.number(at: name) : nil
    if let broken = ledger.reported(event, by: node.index, process: node.process, socket: socket) { fail(broken) }
    ended(event)
  }

  private func arrived(_ event: Event, _ node: LaneNode) {
    guard let sender = nodes.first(where: { $0.name == event.name }) else {
      guard event.credentials?.pid == Liar.process else { return fail(.exact, "a message of \(event.name ?? "?")") }
      return coverage.meet(.liarHeard)
    }
    if event.body?.bytes.isEmpty ?? true { coverage.meet(.laneEmptyMessage) }
    if event.body?.bytes.count ?? 0 > PageLimit.page { coverage.meet(.laneLargeMessage) }
    if let broken = ledger.arrived(event, at: node.index, process: node.process, from: sender.index) { fail(broken) }
  }

  private func ended(_ event: Event) {
    switch event.status {
    case .ok:
      coverage.meet(.laneDelivered)
      if nodes.contains(where: { $0.name == event.name && $0.lives > 1 }) {
        coverage.meet(.laneDeliveredAfterRestart)
      }
    case .dead: coverage.meet(.laneFailedDead)
    case .timedOut: coverage.meet(.laneFailedByTime)
    case .canceled: coverage.meet(.laneFailedByCancel)
    default: break
    }
  }
}
