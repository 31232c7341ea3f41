import RaetCrypto
import RaetSession
import RaetWire

/// What handshakes begin and what ends it: keys, and the sessions of both sides (PROTOCOL 3.3, 6.4).
extension Road {
  /// The handshake has proved the remote: what a join said of it becomes true, the keys change, a session begins.
  func establish(_ remote: Remote, _ relation: Relation, _ key: SharedKey, startsOver: Bool) -> Bool {
    guard isAccepted(relation), !isTaken(relation.name, by: remote) else { return false }
    guard saveProven(remote, relation) else { return false }
    if remote.candidate?.relation.farID == relation.farID { count(.candidateProved) }
    remote.candidate = nil
    unproven.removeAll { $0 == remote.id }
    adopt(relation, remote)
    remote.isStored = true
    remote.refusals = 0
    let previous = startsOver ? nil : remote.keys?.current
    if startsOver { forgetFarSessions(remote) }
    remote.standing = .allowed(relation, SessionKeys(current: key, previous: previous))
    resettle(remote)
    markAlive(remote)
    return true
  }

  /// True when the remote has lost its store, as its join said, and may count its sessions anew.
  func startsOver(_ remote: Remote, _ relation: Relation) -> Bool {
    remote.candidate.map { $0.resetsSession && $0.relation == relation } ?? false
  }

  /// Whatever the remote had begun in its life before is over, and so are the keys that opened it.
  private func forgetFarSessions(_ remote: Remote) {
    for message in remote.messages.incoming.values { forget(message, remote) }
    remote.messages.incoming = [:]
    remote.far = FarSession()
  }

  /// Stores what the handshake has proved, with our next session, before any of it counts: false leaves all as it was.
  private func saveProven(_ remote: Remote, _ relation: Relation) -> Bool {
    let before = remote.near
    remote.near.advance()
    let needsReserve = remote.near.needsReserve
    if needsReserve { remote.near.reserved(remote.near.reservation()) }
    let isKnown = remote.isStored && remote.relation == relation
    let role = Role(acceptance: .accepted, keys: relation.keys)
    let isSaved =
      isKnown
      ? !needsReserve || saveRemote(remote)
      : saveRole(relation.role, role) && saveRemote(remote, relation) && saveLocal()
    guard isSaved else {
      remote.near = before
      return false
    }
    if !isKnown { setRole(relation.role, role, isStored: false) }
    count(.sessionTx)
    return true
  }

  /// Begins our next session with the remote, on disk before it is used.
  func beginSession(_ remote: Remote) -> Bool {
    let before = remote.near
    remote.near.advance()
    guard secureSession(remote) else {
      remote.near = before
      return false
    }
    count(.sessionTx)
    return true
  }

  // MARK: What is over.

  /// The remote takes our session for an old one: our store was older than what it has seen. If that session is over by
  /// now, as after a handshake, it says nothing about the present one. True when the next is worth a try at once: after
  /// some leaps all numbers were passed.
  @discardableResult func leapSession(_ remote: Remote, refused session: UInt32) -> Bool {
    guard session == remote.near.id else { return false }
    let before = remote.near
    remote.near.leap(refused: remote.refusals)
    remote.refusals &+= 1
    guard secureSession(remote) else {
      remote.near = before
      return false
    }
    count(.sessionTx)
    return remote.refusals <= NearSession.leaps
  }

  /// The handshake broke off when the remote may have taken the new keys already: the old ones may be worth nothing.
  func doubtKeys(_ remote: Remote) {
    guard case .allowed(let relation, _) = remote.standing else { return }
    remote.standing = .joined(relation)
    resettle(remote)
  }

  /// The remote does not know the join any more.
  func lostJoin(_ remote: Remote) {
    remote.standing = .stranger(remote.relation)
    remote.anew = nil
    if remote.goal == .connect { remote.upkeep = now }
  }
}
