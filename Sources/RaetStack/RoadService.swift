import RaetSession
import RaetWire

/// What time brings, the end of a road, and what can be asked about it.
extension Road {
  /// Does what is due by `now`, for so many remotes at most; what is left makes `deadline` a time that has passed.
  public func service(now: UInt64) {
    enter(now)
    guard life != .closed else { return }
    stepJoinees()
    var stepped: [Remote] = []
    for _ in 0..<RoadLimit.remotesPerService {
      guard outbox.room > RoadLimit.outboxReserve, let slot = deadlines.popDue(now: self.now),
        let remote = slots[slot]
      else { break }
      step(remote)
      stepped.append(remote)
    }
    // Only now, so that one which has more to send than the outbox takes is not stepped again and again.
    for remote in stepped where slots[remote.slot] === remote { reschedule(remote) }
    stepLife()
  }

  private func step(_ remote: Remote) {
    stepJoin(remote)
    stepAllow(remote)
    stepAlive(remote)
    if remote.messages.due <= now { stepMessages(remote) }
    if remote.upkeep <= now {
      remote.upkeep = .max
      keepUp(remote)
    }
  }

  // MARK: The end.

  /// Closes the road: messages under way may end within `linger` nanoseconds, then all ends.
  public func close(now: UInt64, linger: UInt64) throws(Status) {
    enter(now)
    guard life == .open else { throw .closed }
    life = .closing(until: self.now.after(linger))
    for remote in slots.compactMap({ $0 }) where remote.join != nil { endConversations(remote, .canceled) }
    stepLife()
  }

  private func stepLife() {
    guard case .closing(let until) = life else { return }
    guard isIdle || now >= until else { return }
    for remote in slots.compactMap({ $0 }) {
      endConversations(remote, .canceled)
      endMessages(remote, .canceled)
    }
    life = .closed
    joinees = [:]
    report(Event(.closed))
  }

  /// True once everything has ended.
  public var isClosed: Bool { life == .closed }

  // MARK: Transfers.

  /// A message on its way, for a progress bar.
  public struct Transfer {
    /// Its transaction.
    public let id: UInt64
    /// The remote's handle.
    public let remote: UInt64
    /// True when it goes out.
    public let isSending: Bool
    /// Bytes that have arrived.
    public let done: Int
    /// Bytes in all.
    public let total: Int
  }

  /// All messages that are being sent or received, or wait, by their ids.
  public func transfers() -> [Transfer] {
    var all: [Transfer] = []
    for remote in slots.compactMap({ $0 }) where !remote.messages.isIdle {
      remote.messages.forEachWaiting {
        all.append(Transfer(id: $0.id, remote: remote.id, isSending: true, done: 0, total: $0.length))
      }
      for message in sending(remote) { all.append(transfer(message, remote)) }
      for message in remote.messages.incoming.values {
        let whole = message.reassembly
        all.append(
          Transfer(id: message.id, remote: remote.id, isSending: false, done: whole.receivedLength, total: whole.length)
        )
      }
    }
    return all.sorted { $0.id < $1.id }
  }

  private func transfer(_ message: MessageInitiator, _ remote: Remote) -> Transfer {
    let done: Int
    switch message.state {
    case .waiting: done = 0
    case .underway(let flight), .doubted(let flight, _), .inquiring(let flight, _, _):
      done = min(flight.arrivedBytes, message.length)
    }
    return Transfer(id: message.id, remote: remote.id, isSending: true, done: done, total: message.length)
  }

  /// A datagram could not be sent, as the driver found out: it counts as lost.
  public func sendFailed(to address: Address, now: UInt64) {
    enter(now)
    count(.sendFailed)
  }

  /// Datagrams arrived that were longer than any can be, as the driver found out.
  public func receivedTruncated(_ number: Int) {
    count(.receiveTruncated, number)
  }
}
