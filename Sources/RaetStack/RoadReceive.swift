import RaetCrypto
import RaetSession
import RaetWire

/// A datagram on its way in.
struct Packet {
  let layout: PacketLayout
  let datagram: UnsafeMutableRawBufferPointer
  let from: Address

  var head: Head { layout.head }
  /// The coat's bytes.
  var coat: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: datagram[layout.coat]) }
  /// True for a packet of a transaction that we began.
  var isAnswer: Bool { layout.head.flags.contains(.correspondent) }
}

/// A datagram's way in, in the order of the functions (docs/ARCHITECTURE.md), and of the checks (PROTOCOL 4). What
/// fails a check before the signature is verified leaves nothing behind but a counter.
extension Road {
  // 1. The datagram.

  /// Takes a datagram that came from an address. Its bytes are changed in the course. `now` in nanoseconds.
  public func receive(_ datagram: UnsafeMutableRawBufferPointer, from: Address, now: UInt64) {
    enter(now)
    guard life != .closed else { return }
    count(.packetsRx)
    count(.bytesRx, datagram.count)
    guard from.isOfOne else {
      log(.debug, "dropped a datagram from \(from.text), where nobody can be answered")
      return count(.parsingOuterError)
    }
    do throws(WireError) {
      let layout = try Head.parse(UnsafeRawBufferPointer(datagram))
      try layout.head.requireValidNumbers()
      dispatch(Packet(layout: layout, datagram: datagram, from: from))
    } catch { refuse(error) }
  }

  private func refuse(_ error: WireError) {
    switch error {
    case .session: count(.invalidSid)
    case .estate: count(.invalidUid)
    default: count(.parsingOuterError)
    }
    log(.debug, "dropped a datagram: \(error.name)")
  }

  // 2. Joins go without signature; all else has to carry a remote's.

  private func dispatch(_ packet: Packet) {
    if packet.head.transactionKind == .join {
      guard packet.head.footKind == .none else { return count(.dropSignature) }
      return packet.isAnswer ? receiveJoinAnswer(packet) : receiveJoin(packet)
    }
    completeJoinBySignature(packet)
    guard let remote = byNear[packet.head.destination] else { return count(.unknownDestinationUid) }
    guard let relation = verify(packet, remote) else { return }
    receive(packet, remote, relation)
    reschedule(remote)
  }

  // 3. The signature, of the remote as it is, or as a join says it has become.

  private func verify(_ packet: Packet, _ remote: Remote) -> Relation? {
    guard let candidate = remote.candidate else { return verify(packet, remote.relation, nil) }
    // A join may have come from where the remote has moved to: then that is what it is.
    let isThere = candidate.relation.address == packet.from
    return isThere
      ? verify(packet, candidate.relation, remote.relation) : verify(packet, remote.relation, candidate.relation)
  }

  private func verify(_ packet: Packet, _ first: Relation?, _ second: Relation?) -> Relation? {
    let source = packet.head.source
    let first = first?.farID == source ? first : nil
    let second = second?.farID == source ? second : nil
    guard first != nil || second != nil else {
      count(.dropTransaction)
      return nil
    }
    switch packet.head.footKind {
    case .none:
      guard settings.acceptsUnsigned else {
        count(.dropUnsigned)
        return nil
      }
      return first ?? second
    case .nacl:
      return verifyFoot(packet, first, second)
    }
  }

  func verifyFoot(_ packet: Packet, _ first: Relation?, _ second: Relation?) -> Relation? {
    let whole = UnsafeRawBufferPointer(rebasing: packet.datagram[0..<packet.layout.foot.upperBound])
    let foot = UnsafeMutableRawBufferPointer(rebasing: packet.datagram[packet.layout.foot])
    let found = withUnsafeTemporaryAllocation(byteCount: SigningKey.signatureLength, alignment: 8) {
      signature -> Relation? in
      guard let kept = signature.baseAddress, foot.count == signature.count else { return nil }
      signature.copyMemory(from: UnsafeRawBufferPointer(foot))
      foot.initializeMemory(as: UInt8.self, repeating: 0)
      defer { foot.copyMemory(from: UnsafeRawBufferPointer(signature)) }
      if let first, first.keys.verify.verify(kept, whole) { return first }
      if let second, second.keys.verify.verify(kept, whole) { return second }
      return nil
    }
    if found == nil { count(.dropSignature) }
    return found
  }

  // 4. Sessions.

  private func receive(_ packet: Packet, _ remote: Remote, _ relation: Relation) {
    let head = packet.head
    guard !packet.isAnswer else { return receiveAnswer(packet, remote, relation) }
    // A remote that counts anew has to prove itself by a handshake before its numbers mean anything.
    if let candidate = remote.candidate, candidate.resetsSession, head.transactionKind == .allow,
      candidate.relation.farID == head.source, candidate.relation.keys == relation.keys
    {
      return receiveAllow(packet, remote, candidate.relation)
    }
    // As a join says that it has become: it has to prove that, too.
    guard remote.relation?.farID == head.source else { return receiveUnproved(packet, remote, relation) }
    let before = remote.far.id
    guard !remote.far.needsProof(head.session, isSigned: head.footKind == .nacl) else {
      return receiveUnproved(packet, remote, relation)
    }
    switch remote.far.enter(head.session) {
    case .current:
      if remote.far.id != before { enteredFarSession(remote) }
    case .previous, .stale:
      return receiveStale(packet, remote)
    }
    receiveRequest(packet, remote, relation)
  }

  /// A packet of a session far ahead, or with the id that a join brought: an old copy, or of a remote that has to prove
  /// itself by a handshake.
  private func receiveUnproved(_ packet: Packet, _ remote: Remote, _ relation: Relation) {
    switch (packet.head.transactionKind, packet.head.packetKind) {
    case (.allow, _): receiveAllow(packet, remote, relation)
    case (.alive, .request):
      count(.unallowedAliveAttempt)
      answer(packet.head, .unallowed, to: packet.from)
    case (.message, .message):
      count(.unallowedMessageAttempt)
      answer(packet.head, .nack, order: nackReason(packet.head, remote), to: packet.from)
    default: count(.stalePacket)
    }
  }

  /// What the remote half sent in its old session it sends again, or not at all.
  func enteredFarSession(_ remote: Remote) {
    leaveFarSession(remote)
    confirmAllowed(remote)
  }

  /// The remote has said in its ack which session it has begun; one of the reference does not (0).
  func enterProved(_ session: UInt32, _ remote: Remote) {
    guard session != 0 else { return }
    let before = remote.far.id
    remote.far.began(session)
    if remote.far.id != before { leaveFarSession(remote) }
  }

  /// The remote's session before is over: what is half received of it is dropped, and nothing that is sealed with its
  /// keys is taken any more (PROTOCOL 6.4.3), not even in a new session of which we have refused something before.
  func leaveFarSession(_ remote: Remote) {
    count(.sessionRx)
    if case .allowed(let relation, var keys) = remote.standing {
      keys.previous = nil
      remote.standing = .allowed(relation, keys)
    }
    for (key, message) in remote.messages.incoming where message.session != remote.far.id {
      forget(message, remote)
      remote.messages.incoming[key] = nil
      count(.staleCorrespondent)
    }
  }

  /// A packet of a session that is over: only what was done in it is answered otherwise than by a nack (PROTOCOL 9).
  private func receiveStale(_ packet: Packet, _ remote: Remote) {
    count(.staleSid)
    let head = packet.head
    let status = remote.far.status(session: head.session, transaction: head.transaction)
    guard head.transactionKind == .message, head.packetKind == .message else { return replyStale(packet, remote) }
    switch status {
    case .done: answerDone(packet, remote)
    case .new: replyStale(packet, remote, order: nackReason(head, remote))
    case .tooOld: replyStale(packet, remote, order: NackReason.unknown)
    }
  }

  /// What a nack may say about a message that is not done.
  func nackReason(_ head: Head, _ remote: Remote) -> UInt32 {
    remote.far.isWhole(session: head.session) ? NackReason.notDelivered : NackReason.unknown
  }

  // 5. The transaction.

  private func receiveRequest(_ packet: Packet, _ remote: Remote, _ relation: Relation) {
    switch packet.head.transactionKind {
    case .allow: receiveAllow(packet, remote, relation)
    case .alive: receiveAlive(packet, remote)
    case .message: receiveMessage(packet, remote)
    case .join, .bind: count(.stalePacket)
    }
  }

  private func receiveAnswer(_ packet: Packet, _ remote: Remote, _ relation: Relation) {
    switch packet.head.transactionKind {
    case .allow: receiveAllowAnswer(packet, remote, relation)
    case .alive: receiveAliveAnswer(packet, remote)
    case .message: receiveMessageAnswer(packet, remote)
    case .join, .bind: count(.stalePacket)
    }
  }

  /// A fresh packet of the remote came: it is there, and it is where the packet came from.
  func heard(_ remote: Remote, from: Address, isNewest: Bool) {
    if isNewest, remote.far.isWhole(session: remote.far.id), var relation = remote.relation,
      relation.address != from, relation.address.family == from.family
    {
      relation.address = from
      remote.relation = relation
      count(.addressMoved)
      log(.info, "\(remote.name) moved to \(from.text)")
    }
    markAlive(remote)
  }

  /// The remote does not answer where its last packet came from. Somebody may have sent a copy from there, quicker than
  /// the packet itself: the address before and this one are tried in turn.
  func tryOtherAddress(_ remote: Remote) {
    guard var relation = remote.relation else { return }
    if relation.address != remote.address {
      remote.elsewhere = relation.address
      relation.address = remote.address
    } else if let elsewhere = remote.elsewhere {
      relation.address = elsewhere
    }
    remote.relation = relation
  }

  // 6. Packets without a transaction.

  /// Tells the sender that its packet belongs to nothing any more, unless the packet says such a thing itself.
  func replyStale(_ packet: Packet, _ remote: Remote, order: UInt32 = NackReason.unknown) {
    switch packet.head.packetKind {
    case .nack, .unjoined, .unallowed, .renew, .refuse, .reject: return
    case .message, .ack, .resend, .request, .response, .hello, .cookie, .initiate, .pend, .done: break
    }
    count(packet.isAnswer ? .staleCorrespondentNack : .staleInitiatorNack)
    answer(packet.head, .nack, order: order, to: packet.from)
  }
}

/// What a nack for a message means, in the field `oi` that the reference leaves at 0 (PROTOCOL 9).
enum NackReason {
  /// From the reference: it may have been done before.
  static let none: UInt32 = 0
  /// The message was not delivered and will not be.
  static let notDelivered: UInt32 = 1
  /// It is not known any more whether it was.
  static let unknown: UInt32 = 2
}
