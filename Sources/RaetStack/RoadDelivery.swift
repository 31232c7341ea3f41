import RaetCrypto
import RaetSession
import RaetWire

/// Messages from the side that receives them (PROTOCOL 7).
extension Road {
  func receiveMessage(_ packet: Packet, _ remote: Remote) {
    let head = packet.head
    switch head.packetKind {
    case .message: break
    case .nack: return receiveAbandoned(packet, remote)
    case .ack, .resend, .request, .response, .hello, .cookie, .initiate, .unjoined, .unallowed, .renew, .refuse,
      .reject, .pend, .done:
      return replyStale(packet, remote)
    }
    switch remote.far.status(session: head.session, transaction: head.transaction) {
    case .done:
      count(.messageDuplicateRx)
      return answerDone(packet, remote)
    case .tooOld: return replyStale(packet, remote, order: NackReason.unknown)
    case .new: break
    }
    // A road that closes takes nothing new: as if it had been lost.
    guard life == .open || isKnown(head, remote) else { return }
    guard remote.isAllowed, remote.far.takesMessages(head.session) else {
      count(.unallowedMessageAttempt)
      guard !isAboutToBeAllowed(remote) else { return }
      remote.far.refuse(head.session)
      return refuse(packet, remote)
    }
    guard head.coatKind == .nacl || settings.acceptsClear || packet.layout.coatLength == 0 else {
      count(.dropClear)
      return refuse(packet, remote)
    }
    if head.flags.contains(.again), !isKnown(head, remote), !remote.far.isWhole(session: head.session) {
      return replyStale(packet, remote, order: NackReason.unknown)
    }
    let isSealed = head.coatKind == .nacl && packet.layout.coatLength > 0
    guard isSealed || settings.acceptsClear || remote.far.takesUnsealed(head.session) else {
      count(.dropReplay)
      return refuse(packet, remote)
    }
    count(.messageSegmentRx)
    count(.messageBytesRx, packet.layout.coatLength)
    if head.segmentCount <= 1, !head.flags.contains(.segment) {
      deliver(packet, remote)
    } else {
      gather(packet, remote)
    }
  }

  private func isKnown(_ head: Head, _ remote: Remote) -> Bool {
    remote.messages.incoming[MessageTraffic.key(session: head.session, transaction: head.transaction)] != nil
  }

  /// The message was not delivered, and the sender is told so, unless an earlier life may have delivered it.
  private func refuse(_ packet: Packet, _ remote: Remote) {
    // It may be of the session that our handshake begins: it comes again.
    guard !isAboutToBeAllowed(remote) else { return }
    let reason = nackReason(packet.head, remote)
    answer(packet.head, .nack, order: reason, to: packet.from)
  }

  /// The sender has given the message up.
  private func receiveAbandoned(_ packet: Packet, _ remote: Remote) {
    let key = MessageTraffic.key(session: packet.head.session, transaction: packet.head.transaction)
    guard let message = remote.messages.incoming[key] else { return }
    count(.messageRejectNack)
    forget(message, remote)
    remote.messages.incoming[key] = nil
    heard(remote, from: packet.from, isNewest: false)
  }

  // MARK: A message of one datagram.

  private func deliver(_ packet: Packet, _ remote: Remote) {
    guard hasRoom(for: packet.layout.coatLength) else { return count(.dropReceiveQueue) }
    let keys = remote.keys
    guard let body = open(packet.coat, packet.head, keys?.current, keys?.previous) else {
      count(.parsingMessageError)
      return refuse(packet, remote)
    }
    take(packet, body, remote)
  }

  /// Opens a coat into a buffer of its own; nil when it does not open, or the body is not what its kind says.
  private func open(
    _ coat: UnsafeRawBufferPointer, _ head: Head, _ first: SharedKey?, _ second: SharedKey?
  ) -> ReceivedBody? {
    guard head.coatKind == .nacl, !coat.isEmpty else {
      guard let storage = WipedBytes(copying: coat) else { return nil }
      return checked(ReceivedBody(storage: storage, range: 0..<coat.count, kind: head.bodyKind))
    }
    let sealedLength = coat.count &- WireLimit.nonce
    let length = sealedLength &- SharedKey.overhead
    guard length >= 0, length <= settings.maxMessage, let storage = WipedBytes(count: length),
      let from = coat.baseAddress, let into = storage.bytes.baseAddress
    else { return nil }
    let sealed = UnsafeRawBufferPointer(rebasing: coat[0..<sealedLength])
    let isOpen =
      first?.open(sealed, nonce: from + sealedLength, into: into) ?? false
      || second?.open(sealed, nonce: from + sealedLength, into: into) ?? false
    guard isOpen else { return nil }
    return checked(ReceivedBody(storage: storage, range: 0..<length, kind: head.bodyKind))
  }

  private func checked(_ body: ReceivedBody) -> ReceivedBody? {
    do throws(BodyError) {
      try BodyCheck.requireMapping(body.kind, body.bytes)
      return body
    } catch { return nil }
  }

  func openBox(_ boxed: ArraySlice<UInt8>, _ key: SharedKey) -> [UInt8]? {
    let sealedLength = boxed.count &- WireLimit.nonce
    guard sealedLength >= SharedKey.overhead else { return nil }
    var body = [UInt8](repeating: 0, count: sealedLength &- SharedKey.overhead)
    let isOpen = boxed.withUnsafeBytes { (coat) -> Bool in
      guard let from = coat.baseAddress else { return false }
      let sealed = UnsafeRawBufferPointer(rebasing: coat[0..<sealedLength])
      return body.withUnsafeMutableBytes { (plain) -> Bool in
        guard let into = plain.baseAddress else { return false }
        return key.open(sealed, nonce: from + sealedLength, into: into)
      }
    }
    return isOpen ? body : nil
  }

  /// The message is the application's now, once and for all.
  private func take(_ packet: Packet, _ body: ReceivedBody, _ remote: Remote) {
    if packet.head.coatKind == .nacl, packet.layout.coatLength > 0 { remote.far.unsealed(packet.head.session) }
    let isNewest = remote.far.take(packet.head.transaction)
    heard(remote, from: packet.from, isNewest: isNewest)
    count(.messengentCorrespondComplete)
    receivedBytes &+= body.range.count
    var event = Event(.message)
    event.remote = remote.id
    event.bodyKind = body.kind
    event.body = body
    event.name = remote.name
    report(event)
    answerDone(packet, remote)
  }

  func answerDone(_ packet: Packet, _ remote: Remote) {
    count(.messageCompleteAck)
    answer(packet.head, .done, to: packet.from)
  }

  /// Room for the bytes of one more message, and for its event.
  private func hasRoom(for bytes: Int) -> Bool {
    // What fits a datagram has room of its own: large messages must not keep it out.
    let limit = settings.receiveQueue &+ (bytes <= WireLimit.received ? RoadLimit.smallMessages : 0)
    return receivedBytes &+ bytes <= limit && events.count < RoadLimit.events
  }

  // MARK: A message of several segments.

  private func gather(_ packet: Packet, _ remote: Remote) {
    let head = packet.head
    let key = MessageTraffic.key(session: head.session, transaction: head.transaction)
    do throws(WireError) {
      if let message = remote.messages.incoming[key] {
        try message.receive(head, piece: packet.coat, now: now)
        continueGathering(message, key, packet, remote)
      } else if let message = try begin(packet, remote) {
        remote.messages.incoming[key] = message
        receivedBytes &+= message.reassembly.length
        continueGathering(message, key, packet, remote)
      }
    } catch {
      count(.parsingMessageError)
      log(.debug, "a segment from \(remote.name) does not fit: \(error.name)")
    }
  }

  /// Begins to gather; nil when there is no room for it now, which the sender takes for loss.
  private func begin(_ packet: Packet, _ remote: Remote) throws(WireError) -> MessageResponder? {
    let head = packet.head
    let most = min(settings.maxMessage, settings.receiveQueue) &+ WireLimit.coatOverhead
    guard Int(head.messageLength) <= most else {
      answer(head, .nack, order: NackReason.notDelivered, to: packet.from)
      throw .messageLength
    }
    // One remote holds half of the room at most, unless it has a single message under way.
    let held = remote.messages.incoming.reduce(0) { $0 &+ $1.value.reassembly.length }
    let isFair = held == 0 || held &+ Int(head.messageLength) <= settings.receiveQueue / 2
    guard remote.messages.incoming.count < RoadLimit.incoming, isFair, hasRoom(for: Int(head.messageLength)) else {
      count(.dropReceiveQueue)
      return nil
    }
    return try MessageResponder.begin(
      id: nextTransactionID(), head: head, piece: packet.coat, key: remote.keys?.current,
      limit: most, now: now)
  }

  private func continueGathering(_ message: MessageResponder, _ key: UInt64, _ packet: Packet, _ remote: Remote) {
    remote.messages.flightDue = min(remote.messages.flightDue, message.due)
    guard message.reassembly.isComplete else {
      if packet.head.flags.contains(.wait) { ask(message, remote, at: packet.from) }
      return
    }
    forget(message, remote)
    remote.messages.incoming[key] = nil
    let keys = remote.keys
    let body = message.reassembly.withCoat {
      open(UnsafeRawBufferPointer($0), message.head, message.key ?? keys?.current, keys?.previous)
    }
    guard let opened = body, let whole = opened else {
      count(.parsingMessageError)
      return refuse(packet, remote)
    }
    take(packet, whole, remote)
  }

  /// Tells the sender what is missing, or that it may go on.
  private func ask(_ message: MessageResponder, _ remote: Remote, at address: Address) {
    switch message.answer {
    case .acknowledge(let highest):
      count(.messageMoreAck)
      var head = self.head(answering: message.head, .ack)
      head.segment = highest
      transmit(head, body: [], to: address)
    case .resend(let missing):
      var rest = missing[...]
      while !rest.isEmpty {
        resend(Array(rest.prefix(WireLimit.misseds)), message, remote, address)
        rest = rest.dropFirst(WireLimit.misseds)
      }
    }
  }

  private func resend(_ missing: [UInt32], _ message: MessageResponder, _ remote: Remote, _ address: Address) {
    count(.messageResendTx)
    let head = self.head(answering: message.head, .resend)
    do throws(BodyError) {
      let body = try MissedsBody.encode(missing, head.bodyKind)
      transmit(head, sealing: body, for: remote, to: address)
    } catch { count(.packingError) }
  }

  func stepIncoming(_ remote: Remote) {
    for (key, message) in remote.messages.incoming.sorted(by: { $0.value.id < $1.value.id }) {
      switch message.step(now: now) {
      case .wait: break
      case .ask: if let address = remote.relation?.address { ask(message, remote, at: address) }
      case .end:
        count(.messageSilent)
        forget(message, remote)
        remote.messages.incoming[key] = nil
        continue
      }
      remote.messages.flightDue = min(remote.messages.flightDue, message.due)
    }
  }

  /// The bytes kept for a half received message are free again.
  func forget(_ message: MessageResponder, _ remote: Remote) {
    receivedBytes &-= message.reassembly.length
  }
}
