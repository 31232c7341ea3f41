import RaetSession
import RaetStack
import RaetWire

/// What the hosts of a run of lanes want, and what goes wrong with them.
extension LaneSimulation {
  // MARK: The application.

  func runApplication(_ node: LaneNode) {
    guard !isHealed else { return }
    if let lane = node.served, let other = chance.pick(nodes.filter { $0 !== node }) {
      let sizes = [0, 24, 100, 100, 3000, 65_400, 65_600, longest, longest / 2]
      // Books count from 1 in each life: it is the first ones that could be taken for each other.
      let isFirst = (try? lane.findRemote(name: other.name)) == nil && chance.happens(60)
      for place in 0..<(chance.happens(15) ? 20 : 1) where messagesLeft > 0 {
        messagesLeft -= 1
        let size = isFirst && place == 0 ? longest : chance.pick(sizes) ?? 24
        send(min(size, longest), node, lane, to: other)
      }
      serve(node)
    }
    schedule(.application(node.index), after: chance.period(Times.millisecond...Times.second / 2))
  }

  @discardableResult
  func send(_ size: Int, _ node: LaneNode, _ lane: Lane, to other: LaneNode) -> Bool {
    var size = size
    if size == 0, !node.sentEmpty.insert(other.index).inserted { size = 24 }
    let kind: BodyKind = chance.happens(40) ? .msgpack : .json
    let number = ledger.entries.count
    let body = LaneNode.body(number, size, kind)
    var limit: UInt64 = 0
    if !isHealed, chance.happens(plan[.laneShortLimit].choose(0, 5, 25)) {
      coverage.meet(.laneShortLimit)
      limit = chance.period(Times.millisecond...Times.second)
    }
    let refusal = body.withUnsafeBytes { (bytes) -> Status? in
      do throws(Status) {
        let id = try node.remote(other)
        _ = try lane.send(id, kind, bytes, timeout: limit, tag: UInt64(number), now: node.clock.now(at: now))
        return nil
      } catch { return error }
    }
    guard let refusal else {
      ledger.sent(body, kind, from: node.index, to: other.index, process: node.process)
      return true
    }
    if size == 0 { node.sentEmpty.remove(other.index) }
    switch refusal {
    case .again: coverage.meet(.laneQueueFull)
    case .closed, .messageSize: break
    case .crypto where node.entropy.isDry: break
    default: fail(.calls, "\(node.name) cannot send: \(refusal)")
    }
    return false
  }

  // MARK: Chaos.

  func pauseAfterDeath() -> UInt64 { chance.period(Times.millisecond...2 * Times.second) }

  func chaos() {
    guard !isHealed else { return }
    schedule(.chaos, after: chance.period(Times.millisecond * 20...Times.second / 2))
    strike()
  }

  /// Something happens to somebody.
  func strike() {
    guard !isHealed, let node = victim(), node.lane != nil else { return }
    if happens(.laneCrash) { return die(node, after: pauseAfterDeath()) }
    if happens(.socketReplaced) { return die(node, after: 0) }
    guard let lane = node.served else { return }
    if happens(.laneClose) {
      try? lane.close(now: node.clock.now(at: now), linger: chance.period(0...Times.second))
      return settle(node, lane)
    }
    if happens(.lanePause) {
      node.life = .paused(lane, until: now + chance.period(Times.millisecond...5 * Times.second))
      return
    }
    if happens(.laneIdleHost) {
      node.reads = false
      schedule(.reader(node.index), after: chance.period(Times.millisecond...3 * Times.second))
    }
    if happens(.laneLeap) { node.clock.leap(chance.period(Times.second...20 * Times.second)) }
    if happens(.laneDryRandomness) {
      node.entropy.isDry = true
      schedule(.mend(node.index), after: Times.second)
    }
    if happens(.ownBufferFull) {
      stuffed.insert(node.index)
      schedule(.mend(node.index), after: chance.period(Times.millisecond...Times.second))
    }
    disturb(node, lane)
    if node.served === lane { settle(node, lane) }
  }

  /// Whom something happens to: often one that is in the middle of a book, which it sends or is to receive.
  private func victim() -> LaneNode? {
    if chance.happens(70) {
      for node in nodes {
        guard let yard = node.lane?.yardsWithMessages.first(where: { $0.isHalfSent }) else { continue }
        return chance.happens(50) ? node : nodes.first { $0.name == yard.name }
      }
    }
    return chance.pick(nodes)
  }

  private func happens(_ fault: LaneFault) -> Bool {
    guard chance.happens(plan[fault].choose(0, 4, 15)) else { return false }
    coverage.meet(fault)
    return true
  }

  /// The host changes its mind.
  private func disturb(_ node: LaneNode, _ lane: Lane) {
    let clock = node.clock.now(at: now)
    if happens(.laneCancel), let transfer = chance.pick(lane.transfers().filter { $0.isSending }) {
      try? lane.cancel(transfer.id, now: clock)
    }
    guard happens(.laneForget), node.settings.acceptsStrangers, let other = chance.pick(nodes),
      let id = try? lane.findRemote(name: other.name), let yard = try? lane.remote(id)
    else { return }
    if yard.isHalfReceived { node.isLossy = true }
    try? lane.removeRemote(id, now: clock)
  }

  // MARK: The end.

  /// The faults are over, and all has to be well again (promise 12).
  func heal() {
    isHealed = true
    trace.note(now, "the faults are over")
    for node in nodes {
      node.entropy.isDry = false
      stuffed.remove(node.index)
      node.reads = true
      sockets.setCapacity(10, of: node.socket)
      if case .paused(let lane, _) = node.life { node.life = .paused(lane, until: now) }
      if case .down = node.life { node.life = .down(until: now) }
      wake(node.index)
    }
    let isWell = advance(now + 30 * Times.second) {
      ledger.unreported == 0
        && nodes.allSatisfy { $0.served?.isOpen ?? false && sockets.queued($0.socket) == 0 }
    }
    guard violation == nil else { return }
    guard isWell else { return fail(.report, "after 30 s: \(ledger.unreported) messages without a report") }
    exchange()
    checkNothingIsLeft()
  }

  /// A message passes in every direction.
  private func exchange() {
    let first = ledger.entries.count
    for node in nodes where violation == nil {
      guard let lane = node.served else { continue }
      for other in nodes where other !== node {
        let size = chance.pick([24, 1000, 70_000]) ?? 24
        if !send(min(size, longest), node, lane, to: other) { fail(.heals, "\(node.name) takes no message") }
      }
      serve(node)
    }
    advance(now + 10 * Times.second) {
      ledger.entries[first...].allSatisfy { $0.arrivals == 1 && $0.report != .none }
    }
    for (number, entry) in ledger.entries.enumerated().dropFirst(first) where violation == nil {
      guard case .delivered = entry.report, entry.arrivals == 1 else {
        return fail(.heals, "message \(number) of afterwards: \(entry.report), came \(entry.arrivals) times")
      }
    }
  }

  private func checkNothingIsLeft() {
    guard violation == nil else { return }
    let found = ledger.lost { socket in nodes.contains { $0.socket == socket && !$0.isLossy } }
    for _ in 0..<found.withReaders { coverage.meet(.lostWithItsReader) }
    if let lost = found.lost {
      let entry = ledger.entries[lost]
      let what = "message \(lost) of \(entry.length) bytes from \(entry.sender) to \(entry.receiver)"
      return fail(.report, "\(what): delivered, but it never came")
    }
    advance(now + 301 * Times.second) { false }
    for node in nodes where violation == nil {
      guard let lane = node.served else { continue }
      if lane.bytesHalfReceived + lane.bytesWaiting > 0 || !lane.transfers().isEmpty {
        fail(.heals, "\(node.name) keeps \(lane.bytesHalfReceived) bytes half received")
      }
    }
  }
}
