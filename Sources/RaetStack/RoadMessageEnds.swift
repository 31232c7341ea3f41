import RaetCrypto
import RaetSession
import RaetWire

/// What becomes of messages that were sent: doubts, the end of a session, time, and the one report (PROTOCOL 7.4, 7.5).
extension Road {
  /// The remote refused a message. If it does not say whether it had taken it before, a heartbeat finds out whether the
  /// session is still whole (PROTOCOL 7.5).
  func refused(_ message: MessageInitiator, _ flight: Flight, _ order: UInt32, _ remote: Remote) {
    let isRefused = order == NackReason.notDelivered || !flight.isSentWhole
    if order == NackReason.unknown, !isRefused {
      end(message, remote, .unknown)
    } else {
      message.state = .doubted(flight, isRefused: isRefused)
      remote.messages.doubted.append(message)
    }
    guard remote.isAllowed, flight.session == remote.near.id else { return settleDoubts(remote, .stale) }
    if remote.alive == nil { startHeartbeat(remote) }
  }

  func putBack(_ message: MessageInitiator, _ remote: Remote) {
    guard message.unseal() else { return end(message, remote, .internal) }
    remote.messages.putBack(message)
  }

  /// A heartbeat has told about the session in which messages were refused, unless it was lost: then the next one will.
  func settleDoubts(_ remote: Remote, _ status: Status) {
    guard !remote.messages.doubted.isEmpty else { return }
    if status == .timedOut {
      remote.messages.flightDue = min(remote.messages.flightDue, now.after(Times.second))
      return
    }
    let doubted = remote.messages.doubted
    remote.messages.doubted = []
    for message in doubted {
      guard case .doubted(let flight, let isRefused) = message.state else { continue }
      if isRefused {
        // In a whole session it is refused for what it is, else for want of a session.
        status == .ok ? end(message, remote, .nack) : putBack(message, remote)
      } else if status == .ok, flight.session == remote.near.id {
        // In a whole session the reference refuses only what it has taken before (PROTOCOL 9).
        end(message, remote, .ok)
      } else if flight.isResent {
        end(message, remote, .unknown)
      } else {
        putBack(message, remote)
      }
    }
  }

  // MARK: A session ends.

  /// Our session with the remote is over: what it cannot have whole is sent anew, in order; about the rest it is asked.
  func resettle(_ remote: Remote) {
    settleDoubts(remote, .stale)
    var again: [MessageInitiator] = []
    for message in remote.messages.takeUnderway() {
      guard case .underway(var flight) = message.state else { continue }
      count(.staleInitiator)
      finish(message, &flight, remote, isAnswered: false)
      if flight.isSentWhole {
        inquire(message, flight, remote)
      } else {
        again.append(message)
      }
    }
    for message in again.reversed() { putBack(message, remote) }
  }

  private func inquire(_ message: MessageInitiator, _ flight: Flight, _ remote: Remote) {
    remote.messages.inquiring[MessageTraffic.key(session: flight.session, transaction: flight.transaction)] = message
    ask(message, flight, remote, limit: min(message.limit, now.after(Times.inquiry)))
  }

  /// Asks now if pacing lets it, and again later.
  private func ask(_ message: MessageInitiator, _ flight: Flight, _ remote: Remote, limit: UInt64) {
    let departure = remote.messages.window.departure
    let due = departure > now ? max(departure, now.after(Times.millisecond)) : now.after(Times.inquiryAgain)
    if departure <= now {
      remote.messages.window.sent(now: now, isCounted: false)
      send(Flight.Segment(number: flight.segmentation.count &- 1, wait: true, again: true), of: message, flight, remote)
    }
    message.state = .inquiring(flight, due: due, limit: limit)
    remote.messages.flightDue = min(remote.messages.flightDue, due, limit)
  }

  // MARK: Time.

  func stepMessages(_ remote: Remote) {
    for message in remote.messages.takeLate(now: now) { end(message, remote, obstacle(remote)) }
    let isFlightDue = remote.messages.flightDue <= now
    if isFlightDue { stepFlights(remote) }
    if isFlightDue || remote.messages.pumpDue <= now { pump(remote) }
  }

  /// Why a message could not even leave: what its host was told of the join, or the time.
  private func obstacle(_ remote: Remote) -> Status {
    guard !remote.isJoined, let told = Status(rawValue: remote.toldJoin) else { return .timedOut }
    return told == .rejected || told == .pending ? told : .timedOut
  }

  private func stepFlights(_ remote: Remote) {
    remote.messages.flightDue = .max
    for message in sending(remote) { step(message, remote) }
    stepIncoming(remote)
  }

  private func step(_ message: MessageInitiator, _ remote: Remote) {
    switch message.state {
    case .waiting: break
    case .underway(var flight):
      guard message.limit > now else { return abandon(message, remote, .timedOut) }
      if flight.due <= now, !isSilent(remote) {
        flight.expire(window: &remote.messages.window, now: now)
        count(.redoSegment)
        goOn(message, flight, remote)
      }
      let due = isSilent(remote) ? .max : flight.due
      remote.messages.flightDue = min(remote.messages.flightDue, message.limit, max(due, now.after(Times.millisecond)))
    case .doubted:
      guard message.limit > now else { return abandon(message, remote, .timedOut) }
      if remote.alive == nil { startHeartbeat(remote) }
      remote.messages.flightDue = min(remote.messages.flightDue, message.limit, now.after(Times.second))
    case .inquiring(let flight, let due, let limit):
      guard limit > now else { return abandon(message, remote, .timedOut) }
      if due <= now { return ask(message, flight, remote, limit: limit) }
      remote.messages.flightDue = min(remote.messages.flightDue, due, limit)
    }
  }

  /// A remote that does not answer heartbeats is not sent segments either, as long as heartbeats ask for it.
  func isSilent(_ remote: Remote) -> Bool {
    guard case .dead = remote.presence else { return false }
    return remote.alive != nil || remote.upkeep != .max
  }

  // MARK: The end of a message.

  /// Ends a message that is under way, and tells the remote, which may have half of it.
  func abandon(_ message: MessageInitiator, _ remote: Remote, _ status: Status) {
    switch message.state {
    case .waiting: end(message, remote, status)
    case .underway(var flight):
      finish(message, &flight, remote, isAnswered: false)
      if !flight.isSentWhole || flight.segmentation.count > 1 { sendNack(flight, remote) }
      end(message, remote, flight.isSentWhole ? .unknown : status)
    case .doubted(_, let isRefused):
      remote.messages.doubted.removeAll { $0 === message }
      end(message, remote, isRefused ? status : .unknown)
    case .inquiring(let flight, _, _):
      remote.messages.inquiring[MessageTraffic.key(session: flight.session, transaction: flight.transaction)] = nil
      end(message, remote, .unknown)
    }
  }

  private func sendNack(_ flight: Flight, _ remote: Remote) {
    var head = self.head(remote, .message, .nack)
    head.session = flight.session
    head.transaction = flight.transaction
    head.coatKind = settings.encrypts ? .nacl : .none
    count(.messageNackTx)
    transmit(head, body: [], to: remote.relation?.address ?? remote.address)
  }

  func finish(_ message: MessageInitiator, _ flight: inout Flight, _ remote: Remote, isAnswered: Bool) {
    flight.finish(isAnswered: isAnswered, window: &remote.messages.window, now: now)
    remote.messages.stop(transaction: flight.transaction)
  }

  /// The one report of a message.
  func end(_ message: MessageInitiator, _ remote: Remote, _ status: Status) {
    remote.messages.ended(message)
    var event = Event(status == .ok ? .delivered : .failed)
    event.status = status
    event.remote = remote.id
    event.transaction = message.id
    event.tag = message.tag
    event.name = remote.name
    switch status {
    case .ok:
      count(.messagesDelivered)
      count(.messageInitiateComplete)
    case .unknown: count(.messagesUnknown)
    default: count(.messagesFailed)
    }
    report(event)
    if remote.messages.owesWritable, capacity(remote) >= settings.sendQueue / 4 {
      remote.messages.owesWritable = false
      report(.writable, remote)
    }
  }

  /// Ends all messages to and from the remote.
  func endMessages(_ remote: Remote, _ status: Status) {
    while let message = remote.messages.takeWaiting() { end(message, remote, status) }
    for message in sending(remote) { abandon(message, remote, status) }
    for message in remote.messages.incoming.values { forget(message, remote) }
    remote.messages.incoming = [:]
  }
}
