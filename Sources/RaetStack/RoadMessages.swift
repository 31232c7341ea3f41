import RaetCrypto
import RaetSession
import RaetWire

/// Messages from the side that sends them (PROTOCOL 7).
extension Road {
  // MARK: The host's calls.

  /// Takes a message for a remote: it waits until it can go, and ends in one report. `timeout` in nanoseconds, 0 for the
  /// setting; `isChecked`: the body is known to be a mapping of its kind. Throws `.again` when the queue is full, `.messageSize`, `.encode`, `.notFound`, `.closed`, `.noMemory`.
  public func send(
    _ id: UInt64, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool = false, timeout: UInt64,
    tag: UInt64, now: UInt64
  ) throws(Status) -> UInt64 {
    enter(now)
    guard life == .open else { throw .closed }
    let remote = try self.remote(id)
    guard body.count <= settings.maxMessage else { throw .messageSize }
    if !isChecked { do throws(BodyError) { try BodyCheck.requireMapping(kind, body) } catch { throw .encode } }
    guard kind != .none || body.isEmpty else { throw .encode }
    // An empty body takes its place in the queue, too.
    guard capacity(remote) >= max(body.count, 1) else {
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
    for case .some(let remote) in slots where cancel(transaction, remote) { return reschedule(remote) }
    throw .notFound
  }

  /// The same for one that concerns this remote, without a look at others.
  public func cancel(_ transaction: UInt64, of id: UInt64, now: UInt64) throws(Status) {
    enter(now)
    let remote = try self.remote(id)
    guard cancel(transaction, remote) else { throw .notFound }
    reschedule(remote)
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
    // Few are past waiting, while a great many may wait.
    if let message = sending(transaction, remote) {
      abandon(message, remote, .canceled)
      return true
    }
    guard let message = remote.messages.takeWaiting(id: transaction) else { return false }
    end(message, remote, .canceled)
    return true
  }

  /// The message of this transaction, if it is past waiting.
  private func sending(_ transaction: UInt64, _ remote: Remote) -> MessageInitiator? {
    let messages = remote.messages
    return messages.underway.values.first { $0.id == transaction }
      ?? messages.doubted.first { $0.id == transaction } ?? messages.inquiring.values.first { $0.id == transaction }
  }

  /// All messages that are past waiting, in the order the host gave them: a dictionary's own is another in each process,
  /// and a run could not be repeated.
  func sending(_ remote: Remote) -> [MessageInitiator] {
    let all =
      Array(remote.messages.underway.values) + remote.messages.doubted + Array(remote.messages.inquiring.values)
    return all.count < 2 ? all : all.sorted { $0.id < $1.id }
  }

  // MARK: Out.

  /// Sends what the window, the pacing and the outbox let go.
  func pump(_ remote: Remote) {
    remote.messages.pumpDue = .max
    guard case .allowed(_, let keys) = remote.standing, life != .closed else { return }
    if case .responding(let allow) = remote.allow, allow.isProven { return }
    guard !isSilent(remote) else { return }
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

  func messageHead(
    _ remote: Remote, _ message: MessageInitiator, session: UInt32, transaction: UInt32
  ) -> Head {
    var head = self.head(remote, .message, .message)
    head.session = session
    head.transaction = transaction
    head.bodyKind = message.bodyKind
    head.coatKind = settings.encrypts ? .nacl : .none
    return head
  }

  func send(_ segment: Flight.Segment, of message: MessageInitiator, _ flight: Flight, _ remote: Remote) {
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
  func goOn(_ message: MessageInitiator, _ flight: Flight, _ remote: Remote) {
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
}
