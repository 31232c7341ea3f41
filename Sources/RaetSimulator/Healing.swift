import RaetSession
import RaetStack
import RaetWire

/// The end of a run: the faults are over, and all has to be well again (promise 12).
extension Simulation {
  /// How long it may take: what was refused or rejected is tried again after 30 s at the latest, and that an estate has
  /// lost its store is found out by two heartbeats in vain.
  private var patience: UInt64 { 70 * Times.second + 2 * (nodes.map(\.settings.period).max() ?? 0) }

  /// When all has to be well. What an estate sent before it lost its store makes it look alive once more when it comes this
  /// late, and heartbeats in vain are counted anew, once.
  private var endOfPatience: UInt64 {
    let late = agenda.dues { if case .arrival(_, let from?, _) = $0 { nodes[from].hasLostStore } else { false } }
    return (late.last { $0 <= now + patience } ?? now) + patience
  }

  func heal() {
    isHealed = true
    trace.note(now, "the faults are over")
    network.heal()
    for node in nodes { mendAll(node) }
    let begin = now
    let end = endOfPatience
    // People look after what only people can put right, once all programs run.
    var moment = 0
    while violation == nil, now < end {
      if advance(min(end, now + 2 * Times.second), until: { isWell }) { break }
      moment += 1
      if moment < 5 || moment.isMultiple(of: 10) { for node in nodes { look(node) } }
    }
    guard violation == nil else { return }
    guard isWell else {
      return fail(isConnected ? .report : .heals, "after \((now - begin) / Times.second) s: \(illness)")
    }
    trace.note(now, "all is well")
    arriveLate()
    exchange()
    checkNothingIsLeft()
    if let broken = ledger.contradiction() { fail(broken, nil) }
  }

  private func mendAll(_ node: Node) {
    node.disk.mend()
    node.disk.writesToCrash = nil
    node.entropy.isDry = false
    node.lateness = 0
    node.clock.tick = 1
    node.reads = true
    if case .paused(let road, _, let inbox) = node.life { node.life = .paused(road, until: now, inbox: inbox) }
    if case .down = node.life { node.life = .down(until: now) }
    settle(node)
  }

  /// Both ends of all friendships can talk, and every message of a living program has its report.
  var isWell: Bool { isConnected && ledger.unreported == 0 }

  private var isConnected: Bool {
    nodes.allSatisfy { node in
      node.served != nil
        && (node.isEvil
          || node.friends.allSatisfy { friend in
            guard let other = self.node(named: friend.name) else { return false }
            return remote(node, other)?.isAllowed ?? false && remote(other, node)?.isAllowed ?? false
          })
    }
  }

  private var illness: String {
    var found: [String] = []
    for node in nodes where !node.isEvil {
      if node.served == nil { found.append("\(node.name) is down") }
      for friend in node.friends {
        guard let other = self.node(named: friend.name) else { continue }
        if !(remote(node, other)?.isAllowed ?? false) { found.append("\(node.name) is not allowed at \(friend.name)") }
        if !(remote(other, node)?.isAllowed ?? false) { found.append("\(friend.name) is not allowed at \(node.name)") }
      }
    }
    if ledger.unreported > 0 { found.append("\(ledger.unreported) messages without a report") }
    return found.joined(separator: ", ")
  }

  /// What is still on the network comes now, all of it.
  private func arriveLate() {
    var late: [Happening] = []
    while let happening = agenda.next() {
      if case .arrival = happening { late.append(happening) }
    }
    for happening in late { agenda.add(happening, at: now + Times.millisecond) }
    advance(now + 2 * Times.second) { false }
  }

  /// A message of every kind passes in every direction.
  private func exchange() {
    guard violation == nil else { return }
    isOver = true
    // A remote that seemed dead is sent messages with its next heartbeat, which in long runs comes every 30 s.
    let limit = 60 * Times.second
    var sent = 0
    let segments = watch.segments
    for node in nodes where !node.isEvil {
      for friend in node.friends {
        guard let other = self.node(named: friend.name) else { continue }
        let bytes = chance.bytes(20_000)
        if node.send(bytes, kind: .raw, to: other.name, timeout: limit) {
          sent += 1
        } else {
          fail(.heals, "\(node.name) takes no message")
        }
        if other.send(bytes.suffix(2000).reversed(), kind: .raw, to: node.name, timeout: limit) { sent += 1 }
        settle(node)
        settle(other)
      }
    }
    // Those that find no room at once ask again.
    finish(sent, since: segments, atMost: 300, within: limit)
    sendLarge(within: limit)
  }

  /// A message of many bursts takes hardly more datagrams than it has segments where none is lost.
  private func sendLarge(within limit: UInt64) {
    guard violation == nil, let (node, friend) = roomiest, let other = self.node(named: friend) else { return }
    let segments = watch.segments
    guard node.send(chance.bytes(200_000), kind: .raw, to: other.name, timeout: limit) else {
      return fail(.heals, "\(node.name) takes no large message")
    }
    settle(node)
    finish(1, since: segments, atMost: 160, within: limit)
  }

  /// A friendship whose other end has room for large messages.
  private var roomiest: (Node, friend: String)? {
    for node in nodes where !node.isEvil {
      for friend in node.friends {
        guard let other = self.node(named: friend.name), other.settings.receiveQueue > 1 << 20 else { continue }
        return (node, friend.name)
      }
    }
    return nil
  }

  /// The last `sent` messages are delivered, and took at most so many datagrams for a hundred of their segments.
  private func finish(_ sent: Int, since segments: Int, atMost percent: Int, within limit: UInt64) {
    let first = ledger.entries.count - sent
    let isDone = advance(now + limit) { ledger.unreported == 0 }
    let needed = ledger.entries[first...].reduce(0) { $0 + ($1.length + 799) / 800 }
    let used = watch.segments - segments
    if used * 100 > needed * percent {
      fail(.burst, "\(used) datagrams for at most \(needed) segments, and none was lost")
    }
    let isGood = ledger.entries[first...].allSatisfy { $0.report == .delivered }
    if violation == nil, !isDone || !isGood {
      let bad = ledger.entries[first...].filter { $0.report != .delivered }
      fail(.heals, "messages of afterwards: \(bad.map { "\($0.sender) to \($0.receiver) \($0.report)" })")
    }
  }

  private func checkNothingIsLeft() {
    // Old copies may have begun a message that nobody sends any more.
    advance(now + Times.silentMessage + 5 * Times.second) {
      nodes.allSatisfy { $0.served?.transfers().isEmpty ?? true }
    }
    for node in nodes where violation == nil && !node.isEvil {
      guard let road = node.served else { continue }
      let left = road.transfers().map { (transfer) -> String in
        let name = (try? road.remote(transfer.remote))?.name ?? "nobody"
        return "\(transfer.done) of \(transfer.total) bytes \(transfer.isSending ? "to" : "from") \(name)"
      }
      if !left.isEmpty { fail(Violation(.heals, "left: \(left)"), node) }
      if road.heldBytes != 0 { fail(Violation(.heals, "\(road.heldBytes) received bytes are left"), node) }
      var id: UInt64 = 0
      while let next = try? road.remote(after: id), let remote = try? road.remote(next) {
        id = next
        let messages = remote.messages
        if messages.window.inFlight != 0 || messages.queuedBytes != 0 {
          fail(Violation(.heals, "\(remote.name): the window is not empty"), node)
        }
      }
    }
  }
}
