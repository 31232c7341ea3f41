import RaetCrypto
import RaetSession
import RaetWire

/// Messages from the side that sends them (PROTOCOL 7).
extension Road {
  // MARK: The host's calls.

  /// Takes a message for a remote: it waits until it can go, and ends in one report. `timeout` in nanoseconds, 0 for the
  /// setting. Throws `.again` when the queue is full, `.messageSize`, `.encode`, `.notFound`, `.closed`, `.noMemory`.
  public func send(
    _ id: UInt64, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, timeout: UInt64, tag: UInt64, now: UInt64
  ) throws(Status) -> UInt64 {
    enter(now)
    guard life == .open else { throw .closed }
    let remote = try self.remote(id)
    guard body.count <= settings.maxMessage else { throw .messageSize }
    do throws(BodyError) { try BodyCheck.requireMapping(kind, body) } catch { throw .encode }
    guard kind != .none || body.isEmpty else { throw .encode }
    guard capacity(remote) >= body.count else {
      remote.messages.owesWritable = true
      throw .again
    }
    let limit = self.now.after(timeout == 0 ? settings.messageTimeout : timeout)
    let transaction = nextTransactionID()
    guard let message = MessageInitiator(id: transaction, tag: tag, bodyKind: kind, body: body, limit: limit) else {
      throw .noMemory
    }
    remote.messages.append(message)
    if remote.isAllowed {
      pump(remote)
    } else if remote.upkeep == .max {
      keepUp(remote)
    }
    reschedule(remote)
    return transaction
  }

  /// How many bytes `send` would take for the remote now.
  public func capacity(_ remote: Remote) -> Int {
    // A message costs more than its body; many small ones count for that too.
    let used = remote.messages.queuedBytes &+ remote.messages.waitingCount &* RoadLimit.messageCost
    // An empty queue takes any message, or a long one could never be sent.
    return used == 0 ? max(settings.sendQueue, settings.maxMessage) : max(0, settings.sendQueue &- used)
  }

  /// Ends a transaction of the host's before its time.
  public func cancel(_ transaction: UInt64, now: UInt64) throws(Status) {
    enter(now)
    for remote in slots.compactMap({ $0 }) {
      if cancel(transaction, remote) {
        reschedule(remote)
        return
      }
    }
    throw .notFound
  }

  private func cancel(_ transaction: UInt64, _ remote: Remote) -> Bool {
    if let join = remote.join, join.host == transaction {
      endJoin(remote, join, .canceled)
      return true
    }
    if case .initiating(let allow) = remote.allow, allow.host == transaction {
      endAllow(remote, host: allow.host, .canceled)
      return true
    }
    if remote.adoptedAllow == transaction {
      remote.adoptedAllow = 0
      report(.allowed, remote, status: .canceled, transaction: transaction)
      return true
    }
    if let alive = remote.alive, alive.host == transaction {
      endAlive(remote, alive, .canceled)
      return true
    }
    if let message = remote.messages.takeWaiting(where: { $0.id == transaction }).first {
      end(message, remote, .canceled)
      return true
    }
    guard let message = sending(remote).first(where: { $0.id == transaction }) else { return false }
    abandon(message, remote, .canceled)
    return true
  }

  /// All messages that are past waiting.
  func sending(_ remote: Remote) -> [MessageInitiator] {
    Array(remote.messages.underway.values) + remote.messages.doubted + Array(remote.messages.inquiring.values)
  }

  // MARK: Out.

  /// Sends what the window, the pacing and the outbox let go.
  func pump(_ remote: Remote) {
    remote.messages.pumpDue = .max
    guard case .allowed(_, let keys) = remote.standing, life != .closed else { return }
    if case .responding(let allow) = remote.allow, allow.isProven { return }
    if case .dead = remote.presence { return }
    while remote.messages.window.room > 0 {
      guard outbox.count < RoadLimit.outboxMessages, remote.messages.window.departure <= now else {
        remote.messages.pumpDue = max(now, remote.messages.window.departure)
        break
      }
      if remote.messages.streams.count < RoadLimit.streams { startWaiting(remote, keys) }
      guard let transaction = remote.messages.streams.popFirst() else { break }
      guard let message = remote.messages.underway[transaction], case .underway(var flight) = message.state else {
        continue
      }
      let segment = flight.take(window: &remote.messages.window, now: now)
      message.state = .underway(flight)
      if flight.hasMore { remote.messages.streams.append(transaction) }
      remote.messages.flightDue = min(remote.messages.flightDue, flight.due)
      if let segment { send(segment, of: message, flight, remote) }
    }
  }

  /// Gives the next message that waits a transaction.
  private func startWaiting(_ remote: Remote, _ keys: SessionKeys) {
    guard remote.messages.underway.count < RoadLimit.underway, let message = remote.messages.takeWaiting() else {
      return
    }
    guard !settings.encrypts || message.seal(with: keys.current, entropy: entropy) else {
      count(.randomError)
      remote.messages.putBack(message)
      remote.messages.pumpDue = now.after(Times.second)
      return
    }
    let (transaction, session) = nextTransaction(remote)
    let head = messageHead(remote, message, session: session, transaction: transaction)
    guard let segmentation = Segmentation(coatLength: message.coatLength, head: head, foot: head.footKind) else {
      return end(message, remote, .messageSize)
    }
    message.state = .underway(Flight(session: session, transaction: transaction, segmentation: segmentation))
    remote.messages.start(message, transaction: transaction)
    remote.messages.streams.append(transaction)
    remote.messages.flightDue = min(remote.messages.flightDue, message.limit)
  }

  private func messageHead(
    _ remote: Remote, _ message: MessageInitiator, session: UInt32, transaction: UInt32
  ) -> Head {
    var head = self.head(remote, .message, .message)
    head.session = session
    head.transaction = transaction
    head.bodyKind = message.bodyKind
    head.coatKind = settings.encrypts ? .nacl : .none
    return head
  }

  private func send(_ segment: Flight.Segment, of message: MessageInitiator, _ flight: Flight, _ remote: Remote) {
    let whole = messageHead(remote, message, session: flight.session, transaction: flight.transaction)
    guard var head = flight.segmentation.head(of: segment.number, message: whole),
      let range = flight.segmentation.range(of: segment.number)
    else { return count(.packingError) }
    if segment.wait { head.flags.insert(.wait) }
    if segment.again { head.flags.insert(.again) }
    count(.messageSegmentTx)
    count(.messageBytesTx, range.count)
    transmit(
      head, coat: UnsafeRawBufferPointer(rebasing: message.coat[range]),
      to: remote.relation?.address ?? remote.address)
  }

  // MARK: Answers.

  func receiveMessageAnswer(_ packet: Packet, _ remote: Remote) {
    let head = packet.head
    if let message = remote.messages.underway[head.transaction], case .underway(let flight) = message.state,
      flight.session == head.session
    {
      return receive(packet, message, flight, remote)
    }
    let key = MessageTraffic.key(session: head.session, transaction: head.transaction)
    if let message = remote.messages.inquiring[key] { return receiveLate(packet, message, key, remote) }
    // Its question came while the message's fate was in doubt, or it is over.
    if remote.messages.doubted.contains(where: { isDoubted($0, head) }) { return count(.stalePacket) }
    replyStale(packet, remote)
  }

  private func isDoubted(_ message: MessageInitiator, _ head: Head) -> Bool {
    guard case .doubted(let flight, _) = message.state else { return false }
    return flight.session == head.session && flight.transaction == head.transaction
  }

  private func receive(_ packet: Packet, _ message: MessageInitiator, _ flight: Flight, _ remote: Remote) {
    var flight = flight
    switch packet.head.packetKind {
    case .done:
      count(.messageCompleteRx)
      finish(message, &flight, remote, isAnswered: true)
      end(message, remote, .ok)
    case .ack:
      count(.messageAckRx)
      flight.acknowledge(highest: packet.head.segment, window: &remote.messages.window, now: now)
      goOn(message, flight, remote)
    case .resend:
      count(.messageResendRx)
      guard let missed = missed(packet, flight, remote) else { return count(.invalidMisseds) }
      flight.resend(missed, window: &remote.messages.window, now: now)
      goOn(message, flight, remote)
    case .nack:
      count(.messageRejectRx)
      finish(message, &flight, remote, isAnswered: false)
      refused(message, flight, packet.head.order, remote)
    case .message, .request, .response, .hello, .cookie, .initiate, .unjoined, .unallowed, .renew, .refuse, .reject,
      .pend:
      return count(.stalePacket)
    }
    heard(remote, from: packet.from, isNewest: false)
    pump(remote)
  }

  /// Segments wait to be sent again or for the first time: the message takes its turn.
  private func goOn(_ message: MessageInitiator, _ flight: Flight, _ remote: Remote) {
    let hadMore: Bool
    if case .underway(let before) = message.state { hadMore = before.hasMore } else { hadMore = false }
    message.state = .underway(flight)
    if flight.hasMore, !hadMore { remote.messages.streams.append(flight.transaction) }
    remote.messages.flightDue = min(remote.messages.flightDue, flight.due)
  }

  private func missed(_ packet: Packet, _ flight: Flight, _ remote: Remote) -> [UInt32]? {
    var body = [UInt8](packet.coat)
    if packet.head.coatKind == .nacl {
      guard let opened = open(packet.coat, remote) else { return nil }
      body = opened
    }
    return body.withUnsafeBytes { (bytes) -> [UInt32]? in
      do throws(BodyError) {
        return try MissedsBody.decode(packet.head.bodyKind, bytes, below: flight.segmentation.count)
      } catch { return nil }
    }
  }

  private func open(_ coat: UnsafeRawBufferPointer, _ remote: Remote) -> [UInt8]? {
    guard let keys = remote.keys, coat.count >= WireLimit.coatOverhead else { return nil }
    let boxed = ArraySlice([UInt8](coat))
    for key in [keys.current, keys.previous].compactMap({ $0 }) {
      if let body = openBox(boxed, key) { return body }
    }
    return nil
  }

  private func receiveLate(_ packet: Packet, _ message: MessageInitiator, _ key: UInt64, _ remote: Remote) {
    switch packet.head.packetKind {
    case .done:
      remote.messages.inquiring[key] = nil
      end(message, remote, .ok)
    case .nack:
      remote.messages.inquiring[key] = nil
      // A libraet knows that it had not delivered it; from the reference it may mean anything.
      if packet.head.order == NackReason.notDelivered, message.unseal() {
        remote.messages.putBack(message)
        pump(remote)
      } else {
        end(message, remote, .unknown)
      }
    case .ack, .resend: break
    case .message, .request, .response, .hello, .cookie, .initiate, .unjoined, .unallowed, .renew, .refuse, .reject,
      .pend:
      count(.stalePacket)
    }
  }

  /// The remote refused a message. If it does not say whether it had taken it before, a heartbeat finds out whether the
  /// session is still whole (PROTOCOL 7.5).
  private func refused(_ message: MessageInitiator, _ flight: Flight, _ order: UInt32, _ remote: Remote) {
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

  private func putBack(_ message: MessageInitiator, _ remote: Remote) {
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
    let limit = min(message.limit, now.after(Times.inquiry))
    message.state = .inquiring(flight, limit: limit)
    remote.messages.inquiring[MessageTraffic.key(session: flight.session, transaction: flight.transaction)] = message
    remote.messages.flightDue = min(remote.messages.flightDue, limit)
    ask(message, flight, remote)
  }

  private func ask(_ message: MessageInitiator, _ flight: Flight, _ remote: Remote) {
    let last = Flight.Segment(number: flight.segmentation.count &- 1, wait: true, again: true)
    send(last, of: message, flight, remote)
  }

  // MARK: Time.

  func stepMessages(_ remote: Remote) {
    if remote.messages.limitDue <= now {
      for message in remote.messages.takeWaiting(where: { $0.limit <= now }) { end(message, remote, obstacle(remote)) }
      remote.messages.limitDue = remote.messages.earliestLimit
    }
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
      if flight.due <= now, outbox.room > 0, !isSilent(remote) {
        let segment = flight.expire(window: &remote.messages.window, now: now)
        message.state = .underway(flight)
        count(.redoSegment)
        if let segment { send(segment, of: message, flight, remote) }
      }
      let due = isSilent(remote) ? .max : flight.due
      remote.messages.flightDue = min(remote.messages.flightDue, message.limit, max(due, now.after(Times.millisecond)))
    case .doubted:
      guard message.limit > now else { return abandon(message, remote, .timedOut) }
      if remote.alive == nil { startHeartbeat(remote) }
      remote.messages.flightDue = min(remote.messages.flightDue, message.limit, now.after(Times.second))
    case .inquiring(_, let limit):
      guard limit > now else { return abandon(message, remote, .timedOut) }
      remote.messages.flightDue = min(remote.messages.flightDue, limit)
    }
  }

  /// A remote that does not answer heartbeats is not sent segments either, until it is heard of.
  private func isSilent(_ remote: Remote) -> Bool {
    if case .dead = remote.presence { return true }
    return false
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
    case .inquiring(let flight, _):
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

  private func finish(_ message: MessageInitiator, _ flight: inout Flight, _ remote: Remote, isAnswered: Bool) {
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
    for message in remote.messages.takeWaiting(where: { _ in true }) { end(message, remote, status) }
    for message in sending(remote) { abandon(message, remote, status) }
    for message in remote.messages.incoming.values { forget(message, remote) }
    remote.messages.incoming = [:]
  }
}
