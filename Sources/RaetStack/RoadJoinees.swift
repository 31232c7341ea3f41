import RaetCrypto
import RaetSession
import RaetWire

/// Join from the side that is asked (PROTOCOL 6.2). Nothing of it is signed, so what it says of a remote that is known
/// becomes true only by a handshake (PROTOCOL 10).
extension Road {
  func receiveJoin(_ packet: Packet) {
    let head = packet.head
    if var joinee = joinees[packet.from], joinee.farID == head.source {
      if joinee.transaction == head.transaction, joinee.isVacuous == (head.destination == 0) {
        countJoin(head.packetKind)
        let answer = joinee.receive(head.packetKind, bytes: packet.datagram.count, now: now)
        joinees[packet.from] = joinee
        return follow(answer, joinee, packet)
      }
      // A newer join of the same estate takes the place of the one before.
      guard head.packetKind == .request, Serial.isNewerOrEqual(head.transaction, joinee.transaction) else {
        return count(.joinStale)
      }
      count(.redundantJoinAttempt)
    }
    guard head.packetKind == .request else { return count(.joinStale) }
    guard life == .open else { return }
    countJoin(.request)
    begin(packet)
  }

  private func countJoin(_ kind: PacketKind) {
    switch kind {
    case .request: count(.joinentRxRequest)
    case .pend: count(.joinentRxPend)
    case .ack: count(.joinentRxAck)
    case .nack: count(.joinentRxNack)
    case .refuse: count(.joinentRxRefuse)
    case .reject: count(.joinentRxReject)
    case .message, .resend, .response, .hello, .cookie, .initiate, .unjoined, .unallowed, .renew, .done: break
    }
  }

  // MARK: The request.

  /// Judges a request: may it join, may it change what it changes, is its name free, are its keys accepted.
  private func begin(_ packet: Packet) {
    let head = packet.head
    guard let body = decodeJoin(packet, isResponse: false),
      let relation = relation(body, packet.from, farID: head.source)
    else { return count(.invalidJoin) }
    let isVacuous = head.destination == 0
    let known: Remote?
    if isVacuous {
      guard settings.isMain else { return answer(head, .reject, to: packet.from) }
      known = byName[body.name] ?? byName[packet.from.text]
    } else {
      guard let remote = byNear[head.destination] else {
        count(.staleNuid)
        return answer(head, .renew, to: packet.from)
      }
      known = remote
    }
    if let known, !yields(to: packet, body, known) { return }
    if let known, let old = known.proven, old.isMutation(of: relation), !settings.isMutable {
      reportChangedKeys(old, relation)
      log(.warning, "\(known.name) would change an immutable road")
      return answer(head, .reject, to: packet.from)
    }
    guard !isTaken(body.name, by: known) else {
      log(.warning, "a join from \(packet.from.text) has a name that is taken")
      return answer(head, .reject, to: packet.from)
    }
    let isPended: Bool
    switch admit(relation, isStored: false) {
    case .accepted, .changed: isPended = false
    case .pending: isPended = true
    case .rejected: return answer(head, .reject, to: packet.from)
    }
    guard let nearID = known?.nearID ?? joinees[packet.from]?.nearID ?? strangerID() else { return count(.dropLimit) }
    makeRoomForJoinee(at: packet.from)
    let joinee = JoinResponder(
      transaction: head.transaction, isVacuous: isVacuous, body: body, farID: head.source, nearID: nearID,
      isPended: isPended, bytes: packet.datagram.count, now: now)
    send(joinee, isPended ? .pend : .response, to: packet.from)
  }

  /// An id for an estate that is not known, if there may be one more.
  private func strangerID() -> UInt32? {
    byID.count &+ joinees.count < settings.maxRemotes &+ RoadLimit.joinees ? nextNearID() : nil
  }

  /// Both sides join at once: a join that names ids goes before one that does not, else that of the lesser name
  /// (PROTOCOL 6.6). False when ours goes on, and theirs was refused.
  private func yields(to packet: Packet, _ body: JoinBody, _ known: Remote) -> Bool {
    guard let own = known.join, !own.isPended else { return true }
    let isVacuous = packet.head.destination == 0
    // An estate that is not main takes no join of a stranger: ours would end in nothing.
    let isOursInVain = own.isVacuous && !body.isMain
    let theirsGoes = isVacuous == own.isVacuous ? isOursInVain || !(name < body.name) : own.isVacuous
    guard theirsGoes else {
      count(.redundantJoinAttempt)
      answer(packet.head, .refuse, to: packet.from)
      return false
    }
    var head = self.head(known, .join, .refuse)
    head.destination = own.isVacuous ? 0 : known.farID
    head.transaction = own.transaction
    transmit(head, body: [], to: known.relation?.address ?? known.address)
    endJoin(known, own, .refused)
    reschedule(known)
    return true
  }

  private func makeRoomForJoinee(at address: Address) {
    guard joinees[address] == nil, joinees.count >= RoadLimit.joinees else { return }
    guard let oldest = joinees.min(by: { $0.value.due < $1.value.due }) else { return }
    joinees[oldest.key] = nil
    count(.dropLimit)
  }

  // MARK: Answers.

  /// Sends a packet of the join to its address, if that has been sent enough to be sent so much, and keeps it.
  private func send(_ joinee: JoinResponder, _ kind: PacketKind, to address: Address) {
    var joinee = joinee
    spend(&joinee, kind, to: address)
    joinees[address] = joinee
    joineesDue = min(joineesDue, joinee.due)
  }

  /// Ends a join with a packet, if there is credit for it.
  private func end(_ joinee: JoinResponder, _ kind: PacketKind, at address: Address) {
    var joinee = joinee
    spend(&joinee, kind, to: address)
    joinees[address] = nil
  }

  private func spend(_ joinee: inout JoinResponder, _ kind: PacketKind, to address: Address) {
    let body = kind == .response ? joinBody(nearID: joinee.nearID) : []
    let head = responseHead(joinee, kind)
    guard joinee.spend((head.encodedLength(coatLength: body.count) ?? 0) &+ body.count) else {
      return count(.dropCredit)
    }
    transmit(head, body: body, to: address)
  }

  private func responseHead(_ joinee: JoinResponder, _ kind: PacketKind) -> Head {
    var head = Head()
    head.headKind = settings.headKind
    head.transactionKind = .join
    head.packetKind = kind
    head.source = joinee.isVacuous ? 0 : joinee.nearID
    head.destination = joinee.farID
    head.transaction = joinee.transaction
    head.bodyKind = settings.bodyKind
    head.flags = .correspondent
    return head
  }

  private func follow(_ answer: JoinResponder.Answer, _ joinee: JoinResponder, _ packet: Packet) {
    switch answer {
    case .again: send(joinee, joinee.isPended ? .pend : .response, to: packet.from)
    case .wait: joineesDue = min(joineesDue, joinee.due)
    case .end: joinees[packet.from] = nil
    case .misplaced: count(.stalePacket)
    case .complete: complete(joinee, at: packet.from)
    }
  }

  /// The initiator has the response.
  private func complete(_ joinee: JoinResponder, at address: Address) {
    joinees[address] = nil
    guard let relation = relation(joinee.body, address, farID: joinee.farID) else { return }
    let remote: Remote
    if let known = byNear[joinee.nearID] {
      remote = known
    } else {
      guard !isTaken(relation.name, by: nil), byID.count < settings.maxRemotes else { return count(.failedAddremote) }
      makeRoomForUnproven()
      remote = makeRemote(nearID: joinee.nearID, address: address, name: relation.name, session: 0)
      unproven.append(remote.id)
      report(.remoteAdded, remote)
    }
    count(.joinCorrespondComplete)
    if let known = remote.proven {
      becomeCandidate(remote, known, relation, isVacuous: joinee.isVacuous)
    } else {
      adopt(relation, remote)
      if joinee.isVacuous { remote.far = FarSession() }
      remote.near.start()
      storeIfKnown(remote, relation)
    }
    report(.joined, remote)
    remote.upkeep = min(remote.upkeep, now)
    reschedule(remote)
  }

  /// A hello says as much as the ack that it follows, which was lost, and says it signed.
  func completeJoinBySignature(_ packet: Packet) {
    let head = packet.head
    guard head.transactionKind == .allow, head.packetKind == .hello, head.footKind == .nacl,
      let joinee = joinees[packet.from], joinee.isAnswered, joinee.nearID == head.destination,
      joinee.farID == head.source, let relation = relation(joinee.body, packet.from, farID: joinee.farID),
      verifyFoot(packet, relation, nil) != nil
    else { return }
    complete(joinee, at: packet.from)
  }

  /// A person, or an earlier life, knew the keys already: then the remote is worth keeping before it has proved itself.
  private func storeIfKnown(_ remote: Remote, _ relation: Relation) {
    guard settings.accept == .never, roles[relation.role]?.acceptance == .accepted else { return }
    remote.isStored = true
    unproven.removeAll { $0 == remote.id }
    guard saveRemote(remote), saveLocal() else {
      remote.isStored = false
      return unproven.append(remote.id)
    }
  }

  /// Remotes that never proved themselves make room, the oldest first.
  private func makeRoomForUnproven() {
    guard unproven.count >= RoadLimit.unproven, let oldest = unproven.first, let remote = byID[oldest] else { return }
    count(.dropLimit)
    endConversations(remote, .canceled)
    endMessages(remote, .canceled)
    drop(remote)
    report(.remoteGone, remote)
  }

  // MARK: A person's decision, and time.

  /// Goes on with a join when a person has decided on its keys.
  func decided(_ joinee: JoinResponder, at address: Address) {
    guard let role = roles[joinee.body.role], let keys = RoleKeys(joinee.body) else { return }
    switch role.keys == keys ? role.acceptance : .rejected {
    case .pending: break
    case .accepted:
      var joinee = joinee
      joinee.respond(now: now)
      send(joinee, .response, to: address)
    case .rejected:
      end(joinee, .reject, at: address)
    }
  }

  func stepJoinees() {
    guard joineesDue <= now else { return }
    joineesDue = .max
    for (address, joinee) in joinees where joinee.due <= now {
      step(joinee, at: address)
    }
    for joinee in joinees.values { joineesDue = min(joineesDue, joinee.due) }
  }

  private func step(_ joinee: JoinResponder, at address: Address) {
    var joinee = joinee
    let step = joinee.step(now: now)
    joinees[address] = joinee
    switch step {
    case .wait: break
    case .respond:
      count(.joinentTxAcceptRedo)
      send(joinee, .response, to: address)
    case .poll:
      refreshRole(joinee.body.role)
    case .end:
      end(joinee, .nack, at: address)
    }
  }
}
