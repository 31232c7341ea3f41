import RaetCrypto
import RaetSession
import RaetWire

/// Join from the side that asks (PROTOCOL 6.2).
extension Road {
  /// The host joins a remote. `timeout` in nanoseconds. Throws `.state` when a join is under way.
  public func join(_ id: UInt64, timeout: UInt64, now: UInt64) throws(Status) -> UInt64 {
    enter(now)
    guard life == .open else { throw .closed }
    let remote = try self.remote(id)
    guard remote.join == nil else { throw .state }
    let transaction = nextTransactionID()
    startJoin(remote, isVacuous: remote.farID == 0, host: transaction, timeout: timeout)
    reschedule(remote)
    return transaction
  }

  func startJoin(_ remote: Remote, isVacuous: Bool, host: UInt64, timeout: UInt64) {
    let transaction = nextTransaction(remote).transaction
    let join = JoinInitiator(
      transaction: transaction, isVacuous: isVacuous, host: host, timeout: timeout, now: now)
    remote.join = join
    sendJoin(remote, join, .request, body: joinBody(nearID: nil))
  }

  /// What we say of ourselves.
  func joinBody(nearID: UInt32?) -> [UInt8] {
    let body = JoinBody(
      name: name, mode: settings.isMain ? 1 : 0, kind: settings.kind, nearID: nearID,
      verifyKey: keys.verify.raw.withBytes { [UInt8]($0) }, publicKey: keys.encrypt.raw.withBytes { [UInt8]($0) },
      role: role)
    do throws(BodyError) { return try body.encode(settings.bodyKind) } catch {
      count(.packingError)
      return []
    }
  }

  private func sendJoin(_ remote: Remote, _ join: JoinInitiator, _ kind: PacketKind, body: [UInt8] = []) {
    var head = self.head(remote, .join, kind)
    head.destination = join.isVacuous ? 0 : remote.farID
    head.transaction = join.transaction
    transmit(head, body: body, to: joinAddress(remote))
  }

  func joinAddress(_ remote: Remote) -> Address {
    remote.relation?.address ?? remote.address
  }

  // MARK: Answers.

  func receiveJoinAnswer(_ packet: Packet) {
    let head = packet.head
    guard let remote = byNear[head.destination], packet.from == joinAddress(remote) else {
      return count(.joinMismatchNuid)
    }
    guard var join = remote.join, join.transaction == head.transaction,
      head.source == (join.isVacuous ? 0 : remote.farID)
    else { return receiveLateJoinAnswer(packet, remote) }
    countJoinAnswer(head.packetKind)
    let answer = join.receive(head.packetKind, now: now)
    remote.join = join
    switch answer {
    case .judge: judge(packet, remote, join)
    case .wait: reportPended(remote)
    case .refused: endJoin(remote, join, join.isPended ? .pending : .refused)
    case .rejected: endJoin(remote, join, .rejected)
    case .renew: renew(remote, join)
    case .misplaced: count(.stalePacket)
    }
    reschedule(remote)
  }

  private func countJoinAnswer(_ kind: PacketKind) {
    switch kind {
    case .response: count(.joinerRxResponse)
    case .pend: count(.joinerRxPend)
    case .nack: count(.joinerRxNack)
    case .refuse: count(.joinerRxRefuse)
    case .renew: count(.joinerRxRenew)
    case .reject: count(.joinerRxReject)
    case .message, .ack, .resend, .request, .hello, .cookie, .initiate, .unjoined, .unallowed, .done: break
    }
  }

  /// The last ack was lost: the remote sends its response again.
  private func receiveLateJoinAnswer(_ packet: Packet, _ remote: Remote) {
    guard packet.head.packetKind == .response else { return count(.stalePacket) }
    if packet.head.transaction == remote.joinedBy {
      answer(packet.head, .ack, to: packet.from)
    } else {
      count(.staleCorrespondentNack)
      answer(packet.head, .nack, to: packet.from)
    }
  }

  /// The remote does not know us any more.
  private func renew(_ remote: Remote, _ join: JoinInitiator) {
    count(.joinRenewAttempt)
    log(.info, "\(remote.name) does not know us any more: joining anew")
    let left = join.limit == .max ? .max : join.limit.since(now)
    startJoin(remote, isVacuous: true, host: join.host, timeout: left)
  }

  /// Judges what the remote says of itself: whether it may change, whether its name is free, and its keys.
  private func judge(_ packet: Packet, _ remote: Remote, _ join: JoinInitiator) {
    guard let body = decodeJoin(packet, isResponse: true), let relation = relation(body, packet.from) else {
      return count(.invalidAccept)
    }
    judge(body, relation, remote, join)
  }

  private func judge(_ body: JoinBody, _ relation: Relation, _ remote: Remote, _ join: JoinInitiator) {
    if let known = remote.proven, known.isMutation(of: relation), !settings.isMutable {
      reportChangedKeys(known, relation)
      return rejectJoin(remote, join, "would change an immutable road: \(known.mutations(of: relation))")
    }
    guard !remote.isNamed || remote.relation != nil || relation.name == remote.placeholder else {
      return rejectJoin(remote, join, "it calls itself \(relation.name)")
    }
    guard !isTaken(relation.name, by: remote) else { return rejectJoin(remote, join, "the name is taken") }
    switch admit(relation, isStored: true) {
    case .accepted, .changed: completeJoin(relation, remote, join)
    case .rejected: rejectJoin(remote, join, "its keys are rejected")
    case .pending:
      var join = join
      join.pendHere(body, now: now)
      remote.join = join
      reportPended(remote)
      sendJoin(remote, join, .pend)
    }
  }

  private func rejectJoin(_ remote: Remote, _ join: JoinInitiator, _ reason: String) {
    log(.warning, "join of \(remote.name) rejected: \(reason)")
    sendJoin(remote, join, .reject)
    endJoin(remote, join, .rejected)
  }

  private func completeJoin(_ relation: Relation, _ remote: Remote, _ join: JoinInitiator) {
    if let known = remote.proven {
      becomeCandidate(remote, known, relation, isVacuous: join.isVacuous, isOurs: true)
    } else {
      let before = (remote.standing, remote.isStored)
      adopt(relation, remote)
      if join.isVacuous { remote.far = FarSession(isNewcomer: true) }
      startSession(remote)
      remote.isStored = true
      guard saveRemote(remote), saveLocal() else {
        (remote.standing, remote.isStored) = before
        return endJoin(remote, join, .io)
      }
    }
    sendJoin(remote, join, .ack)
    remote.joinedBy = join.transaction
    count(.joinInitiateComplete)
    endJoin(remote, join, .ok)
  }

  // MARK: Time, and the end.

  func stepJoin(_ remote: Remote) {
    guard var join = remote.join else { return }
    let step = join.step(now: now)
    remote.join = join
    switch step {
    case .wait: break
    case .request:
      count(.joinerTxJoinRedo)
      sendJoin(remote, join, .request, body: joinBody(nearID: nil))
    case .poll(let body):
      refreshRole(body.role)
      decided(body, remote, join)
    case .end(let pended): endJoin(remote, join, pended ? .pending : .timedOut)
    }
  }

  /// Goes on with a join when a person has decided on the remote's keys.
  func decided(_ body: JoinBody, _ remote: Remote, _ join: JoinInitiator) {
    guard let role = roles[body.role], role.acceptance != .pending,
      let relation = relation(body, joinAddress(remote))
    else { return }
    judge(body, relation, remote, join)
  }

  /// The join goes on, but a person has to decide first. Told once, however often it is asked about.
  private func reportPended(_ remote: Remote) {
    guard remote.toldJoin != Status.pending.rawValue else { return }
    remote.toldJoin = Status.pending.rawValue
    report(.joined, remote, status: .pending)
  }

  /// A known remote says of itself what only a handshake can prove.
  func becomeCandidate(
    _ remote: Remote, _ known: Relation, _ relation: Relation, isVacuous: Bool, isOurs: Bool
  ) {
    if known != relation || isVacuous {
      remote.candidate = Candidate(
        relation: relation, resetsSession: isVacuous || known.farID != relation.farID, isOurs: isOurs)
    }
    if case .stranger = remote.standing { remote.standing = .joined(known) }
  }

  func reportChangedKeys(_ known: Relation, _ relation: Relation) {
    guard known.role == relation.role, known.keys != relation.keys else { return }
    tellChanged(relation.role, .rejected)
  }

  func endJoin(_ remote: Remote, _ join: JoinInitiator, _ status: Status) {
    remote.join = nil
    // What nobody waits for is told when it changes only.
    if join.host != 0 || status == .ok || remote.toldJoin != status.rawValue {
      report(.joined, remote, status: status, transaction: join.host)
    }
    remote.toldJoin = status.rawValue
    if status == .timedOut { tryOtherAddress(remote) }
    if status == .ok {
      remote.anew = nil
      keepUp(remote)
    } else {
      tryAnew(remote, status == .pending ? Times.pendedJoinAnew : Times.joinAnew)
    }
  }

  // MARK: Bodies.

  func decodeJoin(_ packet: Packet, isResponse: Bool) -> JoinBody? {
    guard packet.head.coatKind == .none else { return nil }
    do throws(BodyError) {
      return try JoinBody.decode(packet.head.bodyKind, packet.coat, response: isResponse)
    } catch { return nil }
  }

  /// The relation that a join's body describes; nil when its keys are not valid, or its names cannot be stored. A response
  /// names our id there.
  func relation(_ body: JoinBody, _ address: Address, farID: UInt32? = nil) -> Relation? {
    guard let claim = claim(body, address, farID: farID), claim.keys.isSound else { return nil }
    return claim
  }

  /// The same, with keys that may not be valid: what a stranger says costs no public-key operation (PROTOCOL 12).
  func claim(_ body: JoinBody, _ address: Address, farID: UInt32?) -> Relation? {
    guard let keys = RoleKeys(claimedBy: body), let farID = farID ?? body.nearID, Identity.isName(body.name),
      Identity.isName(body.role)
    else { return nil }
    return Relation(
      name: body.name, role: body.role, keys: keys, address: address, farID: farID, isMain: body.isMain,
      kind: body.kind)
  }
}
