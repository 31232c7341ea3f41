import RaetCrypto
import RaetSession
import RaetWire

/// Allow, from both sides: new short-term keys, and the proof of what a join said (PROTOCOL 6.4).
extension Road {
  // MARK: The side that asks.

  /// The host allows a remote. `timeout` in nanoseconds. Throws `.unjoined`, `.state` when one is under way, `.crypto`.
  public func allow(_ id: UInt64, timeout: UInt64, now: UInt64) throws(Status) -> UInt64 {
    enter(now)
    guard life == .open else { throw .closed }
    let remote = try self.remote(id)
    guard remote.isJoined else { throw .unjoined }
    guard !remote.allow.isUnderWay else { throw .state }
    let transaction = nextTransactionID()
    guard startAllow(remote, host: transaction, timeout: timeout) else { throw .crypto }
    reschedule(remote)
    return transaction
  }

  /// Begins a handshake with the remote as it is, or as a join says it has become. False when it cannot begin.
  func startAllow(_ remote: Remote, host: UInt64, timeout: UInt64) -> Bool {
    let candidate = remote.candidate.flatMap { $0.isOurs ? $0.relation : nil }
    guard let relation = candidate ?? remote.relation, secureSession(remote) else {
      remote.upkeep = now.after(Times.second)
      return false
    }
    let (transaction, session) = nextTransaction(remote)
    do throws(HandshakeError) {
      let allow = try AllowInitiator(
        party(remote, relation), transaction: transaction, session: session, host: host, timeout: timeout, now: now)
      remote.allow = .initiating(allow)
      sendAllow(remote, allow, .hello, allow.hello)
      return true
    } catch {
      count(.randomError)
      remote.upkeep = now.after(Times.second)
      return false
    }
  }

  /// The next transaction with a remote, in a new session when the numbers begin anew.
  func nextTransaction(_ remote: Remote) -> (transaction: UInt32, session: UInt32) {
    let (transaction, wrapped) = remote.near.nextTransaction()
    if wrapped { _ = beginSession(remote) }
    return (transaction, remote.near.id)
  }

  private func sendAllow(_ remote: Remote, _ allow: AllowInitiator, _ kind: PacketKind, _ body: [UInt8] = []) {
    var head = self.head(remote, .allow, kind)
    head.session = allow.session
    head.transaction = allow.transaction
    head.destination = allow.farID
    transmit(head, body: body, to: allowAddress(remote, farID: allow.farID))
  }

  private func allowAddress(_ remote: Remote, farID: UInt32) -> Address {
    // Where only a join of somebody else says that the remote is, nothing goes by itself: anybody can have sent that.
    if let candidate = remote.candidate, candidate.relation.farID == farID,
      candidate.isOurs || remote.farID != farID
    {
      return candidate.relation.address
    }
    return remote.relation?.address ?? remote.address
  }

  func receiveAllowAnswer(_ packet: Packet, _ remote: Remote, _ relation: Relation) {
    let head = packet.head
    guard case .initiating(var allow) = remote.allow, allow.transaction == head.transaction,
      allow.session == head.session, allow.farID == head.source
    else { return receiveLateAllowAnswer(packet, remote) }
    let answer = allow.receive(
      head.packetKind, body: packet.coat, party: party(remote, relation), domain: relation.address.host, now: now)
    remote.allow = .initiating(allow)
    switch answer {
    case .initiate(let body): sendAllow(remote, allow, .initiate, body)
    case .complete(let key):
      let theirs = head.footKind == .nacl ? head.order : 0
      let startsOver = remote.far.isLater(than: theirs) || startsOver(remote, relation)
      guard establish(remote, relation, key, startsOver: startsOver) else {
        return endAllow(remote, host: allow.host, .io)
      }
      enterProved(theirs, remote)
      if case .initiating = remote.allow { remote.allow = .none }
      remote.allowedBy = allow.transaction
      sendAllow(remote, allow, .ack)
      count(.allowInitiateComplete)
      endAllow(remote, host: allow.host, .ok)
      pump(remote)
    case .refused: endAllow(remote, host: allow.host, .refused)
    case .stale:
      // It is there and answers: the next session is tried soon, however long it was silent before.
      if leapSession(remote, refused: allow.session) { remote.anew = nil }
      endAllow(remote, host: allow.host, .refused)
    case .rejected: endAllow(remote, host: allow.host, .rejected)
    case .unjoined:
      endAllow(remote, host: allow.host, .unjoined)
      lostJoin(remote)
    case .invalid: count(.invalidCookie)
    case .misplaced: count(.stalePacket)
    }
  }

  /// The last ack was lost: the remote sends its own again.
  private func receiveLateAllowAnswer(_ packet: Packet, _ remote: Remote) {
    guard packet.head.packetKind == .ack, packet.head.transaction == remote.allowedBy else {
      return replyStale(packet, remote)
    }
    answer(packet.head, .ack, to: packet.from)
  }

  /// True while we wait for the ack to our initiate: the remote may be a session ahead of us, and sends its ack again.
  func isAboutToBeAllowed(_ remote: Remote) -> Bool {
    guard case .initiating(let allow) = remote.allow else { return false }
    return allow.mayHaveChangedKeys
  }

  // MARK: The side that is asked.

  func receiveAllow(_ packet: Packet, _ remote: Remote, _ relation: Relation) {
    let head = packet.head
    if case .responding(var allow) = remote.allow, allow.transaction == head.transaction,
      allow.session == head.session, allow.farID == head.source
    {
      let answer = allow.receive(head.packetKind, body: packet.coat, party: party(remote, relation), now: now)
      remote.allow = .responding(allow)
      return follow(answer, packet, remote, relation)
    }
    guard head.packetKind == .hello else { return replyStale(packet, remote) }
    hello(packet, remote, relation)
  }

  private func hello(_ packet: Packet, _ remote: Remote, _ relation: Relation) {
    let head = packet.head
    let isCandidate =
      remote.candidate?.relation.farID == head.source && remote.relation?.farID != head.source
      || remote.candidate?.resetsSession == true
      || remote.far.needsProof(head.session, isSigned: head.footKind == .nacl)
    guard isCandidate || remote.far.status(session: head.session, transaction: head.transaction) == .new else {
      count(.dropReplay)
      return replyStale(packet, remote)
    }
    guard remote.isJoined, isAccepted(relation) else {
      count(.unjoinedAllowAttempt)
      return answer(head, .unjoined, to: packet.from)
    }
    do throws(HandshakeError) {
      let allow = try AllowResponder(
        party(remote, relation), hello: packet.coat, transaction: head.transaction, session: head.session, now: now)
      guard yields(to: packet, remote) else { return }
      if !isCandidate { _ = remote.far.take(head.transaction) }
      remote.allow = .responding(allow)
      answerAllow(remote, allow, .cookie, allow.cookieBody, to: packet.from)
    } catch {
      count(.invalidHello)
      answer(head, .reject, to: packet.from)
    }
  }

  /// Both sides allow at once: that of the lesser name goes on (PROTOCOL 6.6). False when ours does.
  private func yields(to packet: Packet, _ remote: Remote) -> Bool {
    switch remote.allow {
    case .none: return true
    case .responding(let allow):
      // The initiator has given up the one before: its newer hello takes its place.
      let isNewer =
        packet.head.session != allow.session
        || Serial.isNewerOrEqual(packet.head.transaction, allow.transaction)
      if !isNewer {
        count(.redundantAllowAttempt)
        answer(packet.head, .refuse, to: packet.from)
      }
      return isNewer
    case .initiating(let allow):
      // A remote that has another id for us by now, as after the loss of its store, will never answer ours.
      let isOursInVain = allow.farID != packet.head.source
      guard isOursInVain || !precedes(name, remote.name) else {
        count(.redundantAllowAttempt)
        answer(packet.head, .refuse, to: packet.from)
        return false
      }
      sendAllow(remote, allow, .refuse)
      remote.allow = .none
      if allow.mayHaveChangedKeys { doubtKeys(remote) }
      // The remote's handshake serves the host as well as its own.
      remote.adoptedAllow = allow.host
      return true
    }
  }

  private func answerAllow(
    _ remote: Remote, _ allow: AllowResponder, _ kind: PacketKind, _ body: [UInt8] = [], to address: Address
  ) {
    var head = self.head(remote, .allow, kind)
    head.session = allow.session
    head.transaction = allow.transaction
    head.destination = allow.farID
    head.flags = .correspondent
    // The initiator learns, from what cannot be an old copy, which session of ours has begun (PROTOCOL 6.4.2).
    if kind == .ack { head.order = remote.near.id }
    transmit(head, body: body, to: address)
  }

  private func follow(
    _ answer: AllowResponder.Answer, _ packet: Packet, _ remote: Remote, _ relation: Relation
  ) {
    guard case .responding(let allow) = remote.allow else { return }
    switch answer {
    case .prove(let key):
      var proven = relation
      proven.address = packet.from
      // It is proved that this is its present session: if it has come to later ones before, it has lost its store.
      let startsOver = !Serial.isNewerOrEqual(allow.session, remote.far.id)
      guard establish(remote, proven, key, startsOver: startsOver) else {
        self.answer(packet.head, .refuse, to: packet.from)
        return endRespondedAllow(remote, .io)
      }
      let before = remote.far.id
      if remote.far.enter(allow.session) == .current { _ = remote.far.take(allow.transaction) }
      if remote.far.id != before { leaveFarSession(remote) }
      remote.far.proved(allow.session, by: allow.transaction)
      answerAllow(remote, allow, .ack, to: packet.from)
    case .acknowledge: answerAllow(remote, allow, .ack, to: packet.from)
    case .complete: completeAllow(remote)
    case .end(let proven): proven ? completeAllow(remote) : endRespondedAllow(remote, .refused)
    case .rejected: endRespondedAllow(remote, .rejected)
    case .invalid:
      count(.invalidInitiate)
    case .misplaced: count(.duplicateAllowAttempt)
    }
  }

  /// The remote has used the new keys, or said that it has them: messages may go.
  func confirmAllowed(_ remote: Remote) {
    guard case .responding(let allow) = remote.allow, allow.isProven else { return }
    completeAllow(remote)
  }

  private func completeAllow(_ remote: Remote) {
    // The remote may have started anew meanwhile, and said so.
    guard remote.isAllowed else { return endRespondedAllow(remote, .refused) }
    remote.allow = .none
    count(.allowCorrespondComplete)
    report(.allowed, remote, transaction: remote.adoptedAllow)
    remote.adoptedAllow = 0
    remote.anew = nil
    refreshHeartbeat(remote)
    pump(remote)
  }

  private func endRespondedAllow(_ remote: Remote, _ status: Status) {
    remote.allow = .none
    let host = remote.adoptedAllow
    remote.adoptedAllow = 0
    if host != 0 { report(.allowed, remote, status: status, transaction: host) }
    tryAnew(remote, Times.allowAnew)
  }

  // MARK: Time, and the end.

  func stepAllow(_ remote: Remote) {
    switch remote.allow {
    case .none: break
    case .initiating(var allow):
      let step = allow.step(now: now)
      remote.allow = .initiating(allow)
      switch step {
      case .wait: break
      case .send(let kind, let body):
        count(kind == .hello ? .redoHello : .redoInitiate)
        sendAllow(remote, allow, kind, body)
      case .end: endAllow(remote, host: allow.host, .timedOut)
      }
    case .responding(var allow):
      let step = allow.step(now: now)
      remote.allow = .responding(allow)
      switch step {
      case .wait: break
      case .send(let kind, let body):
        count(kind == .cookie ? .redoCookie : .redoAllow)
        answerAllow(remote, allow, kind, body, to: allowAddress(remote, farID: allow.farID))
      case .end(let proven):
        if proven { return completeAllow(remote) }
        answerAllow(remote, allow, .refuse, to: allowAddress(remote, farID: allow.farID))
        endRespondedAllow(remote, .timedOut)
      }
    }
  }

  func endAllow(_ remote: Remote, host: UInt64, _ status: Status) {
    if case .initiating(let allow) = remote.allow {
      remote.allow = .none
      if status != .ok, allow.mayHaveChangedKeys { doubtKeys(remote) }
    }
    report(.allowed, remote, status: status, transaction: host)
    guard status != .ok else {
      remote.anew = nil
      return refreshHeartbeat(remote)
    }
    // What a join said of the remote has not come true. Anybody can forge one: it must not be tried for good.
    if status == .timedOut || status == .rejected || status == .unjoined { remote.candidate = nil }
    // A remote that is silent may have forgotten us: only a join finds out, at the same address, before another is tried.
    if status == .timedOut, remote.goal == .connect, remote.join == nil {
      startJoin(remote, isVacuous: false, host: 0, timeout: Times.join)
    } else {
      if status == .timedOut { tryOtherAddress(remote) }
      // One that rejects a handshake has other keys than we know, or of us: only a join finds out, some time later.
      if status == .rejected, remote.goal == .connect { remote.standing = .stranger(remote.relation) }
      tryAnew(remote, Times.allowAnew)
    }
  }
}
