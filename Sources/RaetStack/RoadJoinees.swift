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
      guard head.packetKind == .request, joinee.givesWay(to: head.transaction, now: now) else {
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
      let relation = claim(body, packet.from, farID: head.source)
    else { return count(.invalidJoin) }
    guard let found = find(packet, relation) else { return }
    let known = found.remote
    if let old = known?.proven, old.isMutation(of: relation), !settings.isMutable {
      reportChangedKeys(old, relation)
      log(.warning, "\(old.name) would change an immutable road: \(old.mutations(of: relation))")
      return answer(head, .reject, to: packet.from)
    }
    guard !isTaken(body.name, by: known) else {
      log(.warning, "a join from \(packet.from.text) has a name that is taken")
      return answer(head, .reject, to: packet.from)
    }
    // As if it had been lost: it is sent again.
    guard strangerRecords > 0 || !isWritten(relation) else { return count(.dropLimit) }
    let isPended: Bool
    switch admit(relation, isStored: false) {
    case .accepted, .changed: isPended = false
    case .pending: isPended = true
    case .rejected: return answer(head, .reject, to: packet.from)
    }
    if let known, !yields(to: packet, body, known) { return }
    guard let nearID = known?.nearID ?? keptID(body, at: packet.from) ?? strangerID() else { return count(.dropLimit) }
    makeRoomForJoinee(at: packet.from)
    let joinee = JoinResponder(
      transaction: head.transaction, isVacuous: head.destination == 0, body: body, farID: head.source,
      nearID: nearID, isPended: isPended, bytes: packet.datagram.count, now: now)
    send(joinee, isPended ? .pend : .response, to: packet.from)
  }

  /// The remote that a request speaks of, or none for a stranger; nil after the request was refused.
  private func find(_ packet: Packet, _ relation: Relation) -> (remote: Remote?, Void)? {
    let head = packet.head
    guard head.destination == 0 else {
      // An id may have been given anew, when our store was an older one: then both have to begin again.
      guard let remote = byNear[head.destination], isSame(remote, relation, at: packet.from) else {
        count(.staleNuid)
        answer(head, .renew, to: packet.from)
        return nil
      }
      return (remote, ())
    }
    guard settings.isMain else {
      answer(head, .reject, to: packet.from)
      return nil
    }
    guard let remote = byName[relation.name] ?? unnamedRemote(at: packet.from) else { return (nil, ()) }
    // Where the host looks for a remote, nobody else may stand up for it.
    guard remote.relation != nil || remote.isStored || remote.address == packet.from else {
      log(.warning, "\(relation.name) joins from \(packet.from.text), not from where it is looked for")
      answer(head, .reject, to: packet.from)
      return nil
    }
    return (remote, ())
  }

  private func isSame(_ remote: Remote, _ relation: Relation, at address: Address) -> Bool {
    // Where the host looks for a remote, nobody else may stand up for it.
    guard let known = remote.relation else { return remote.address == address }
    return known.name == relation.name || known.keys == relation.keys
  }

  /// What the host added by this address alone.
  private func unnamedRemote(at address: Address) -> Remote? {
    guard let remote = byName[address.text], remote.relation == nil, !remote.isNamed else { return nil }
    return remote
  }

  /// The id that this stranger was offered before.
  private func keptID(_ body: JoinBody, at address: Address) -> UInt32? {
    guard let joinee = joinees[address], byNear[joinee.nearID] == nil, joinee.body == body else { return nil }
    return joinee.nearID
  }

  /// An id for an estate that is not known, if there may be one more.
  private func strangerID() -> UInt32? {
    byID.count &+ joinees.count < settings.maxRemotes &+ RoadLimit.joinees ? nextNearID() : nil
  }

  /// Both sides join at once: a join that names ids goes before one that does not, else that of the lesser name
  /// (PROTOCOL 6.6). False when ours goes on, and theirs was refused.
  private func yields(to packet: Packet, _ body: JoinBody, _ known: Remote) -> Bool {
    guard let own = known.join, !own.isPended, packet.from == joinAddress(known) else { return true }
    let isVacuous = packet.head.destination == 0
    // An estate that is not main takes no join of a stranger: ours would end in nothing.
    let isOursInVain = own.isVacuous && !body.isMain
    let theirsGoes = isVacuous == own.isVacuous ? isOursInVain || !precedes(name, body.name) : own.isVacuous
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
    let oldest = joinees.min { ($0.value.due, $0.value.nearID, $0.key) < ($1.value.due, $1.value.nearID, $1.key) }
    guard let oldest else { return }
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
    guard let relation = relation(joinee.body, address, farID: joinee.farID) else { return count(.invalidJoin) }
    guard let remote = joined(joinee, relation, at: address) else { return count(.failedAddremote) }
    count(.joinCorrespondComplete)
    if let known = remote.proven {
      becomeCandidate(remote, known, relation, isVacuous: joinee.isVacuous, isOurs: false)
    } else {
      adopt(relation, remote)
      if joinee.isVacuous { remote.far = FarSession(isNewcomer: true) }
      startSession(remote)
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
      joinee.farID == head.source, let relation = claim(joinee.body, packet.from, farID: joinee.farID),
      verifyFoot(packet, relation, nil) != nil
    else { return }
    complete(joinee, at: packet.from)
  }

  /// The remote that has joined, a new one for a stranger. What held when it asked may not hold any more: nil then.
  private func joined(_ joinee: JoinResponder, _ relation: Relation, at address: Address) -> Remote? {
    if let known = byNear[joinee.nearID] {
      guard !isTaken(relation.name, by: known) else { return nil }
      if let old = known.proven, old.isMutation(of: relation), !settings.isMutable { return nil }
      return known
    }
    // The host looks for it there by now: our own join will find it.
    guard !isTaken(relation.name, by: nil), unnamedRemote(at: address) == nil else { return nil }
    makeRoomForUnproven()
    guard byID.count < settings.maxRemotes else { return nil }
    let remote = makeRemote(nearID: joinee.nearID, address: address, name: relation.name, session: 0)
    unproven.append(remote.id)
    report(.remoteAdded, remote)
    return remote
  }

  /// Remotes that never proved themselves make room, the oldest first.
  func makeRoomForUnproven() {
    let isFull = unproven.count >= RoadLimit.unproven || byID.count >= settings.maxRemotes
    guard isFull, let oldest = unproven.first, let remote = byID[oldest] else { return }
    count(.dropLimit)
    endConversations(remote, .canceled)
    endMessages(remote, .canceled)
    drop(remote)
    report(.remoteGone, remote)
  }

  // MARK: A person's decision, and time.

  /// Goes on with a join when a person has decided on its keys.
  func decided(_ joinee: JoinResponder, at address: Address) {
    guard let role = roles[joinee.body.role], let keys = RoleKeys(claimedBy: joinee.body) else { return }
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
    for (address, _) in joinees(where: { $0.due <= now }) {
      // One that was decided on may have decided others.
      if let joinee = joinees[address], joinee.due <= now { step(joinee, at: address) }
    }
    for joinee in joinees.values { joineesDue = min(joineesDue, joinee.due) }
  }

  /// Some of those who join, in an order that does not depend on chance: a known remote may join from two places at once.
  func joinees(where isWanted: (JoinResponder) -> Bool) -> [(key: Address, value: JoinResponder)] {
    joinees.filter { isWanted($0.value) }.sorted { ($0.value.nearID, $0.key) < ($1.value.nearID, $1.key) }
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
