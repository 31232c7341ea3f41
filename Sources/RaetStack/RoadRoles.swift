import RaetCrypto
import RaetSession
import RaetWire

/// Roles, their keys, and who accepts them (PROTOCOL 6.3).
extension Road {
  /// Decides on the keys that a join brings. What is decided anew is kept: at once for remotes that we asked (`isStored`)
  /// and for keys that wait for a person, else when a handshake proves the remote, so that strangers who only claim a
  /// role neither take it nor fill the memory.
  func admit(_ relation: Relation, isStored: Bool) -> Admission {
    if roles[relation.role] != nil, rolesRefreshed[relation.role].map({ now.since($0) >= Times.acceptancePoll }) ?? true
    {
      rolesRefreshed[relation.role] = now
      refreshRole(relation.role)
    }
    let admission = Admission.decide(
      relation.keys, known: roles[relation.role], mode: settings.accept, isMutable: settings.isMutable)
    switch admission {
    case .accepted(let isNew):
      if isNew, isStored { setRole(relation.role, Role(acceptance: .accepted, keys: relation.keys), isStored: true) }
    case .pending(let isNew):
      if isNew {
        guard relation.keys.isSound else {
          count(.invalidJoin)
          return .rejected(areOther: false)
        }
        guard pendingCount < settings.maxPending else {
          count(.roleLimit)
          return .rejected(areOther: false)
        }
        if !isStored { strangerRecords &-= 1 }
        setRole(relation.role, Role(acceptance: .pending, keys: relation.keys), isStored: true)
      }
      if pendingTold.insert(relation.role).inserted { report(.keyPending, nil, status: .pending, name: relation.role) }
    case .changed:
      tellChanged(relation.role, .ok)
    case .rejected(let areOther):
      if areOther { tellChanged(relation.role, .rejected) }
    }
    return admission
  }

  /// Whether a stranger's join with these keys has a record written for it.
  func isWritten(_ relation: Relation) -> Bool {
    settings.accept == .never && roles[relation.role] == nil
  }

  /// Tells of other keys for a role, once until something is decided on it: joins are not signed, and anybody may send
  /// as many.
  func tellChanged(_ role: String, _ status: Status) {
    guard changedTold.count < settings.maxPending, changedTold.insert(role).inserted else { return }
    report(.keyChanged, nil, status: status, name: role)
  }

  /// True when the first of two names is the lesser, by bytes (PROTOCOL 6.6).
  func precedes(_ one: String, _ other: String) -> Bool {
    one.utf8.lexicographicallyPrecedes(other.utf8)
  }

  /// Whether the keys that a relation claims for its role are accepted as things stand.
  func isAccepted(_ relation: Relation) -> Bool {
    let admission = Admission.decide(
      relation.keys, known: roles[relation.role], mode: settings.accept, isMutable: settings.isMutable)
    switch admission {
    case .accepted, .changed: return true
    case .pending, .rejected: return false
    }
  }

  private var pendingCount: Int {
    roles.reduce(0) { $0 &+ ($1.value.acceptance == .pending ? 1 : 0) }
  }

  func setRole(_ name: String, _ role: Role, isStored: Bool) {
    roles[name] = role
    if role.acceptance != .pending { pendingTold.remove(name) }
    changedTold.remove(name)
    guard isStored else { return }
    if saveRole(name, role) { rolesUnsaved.remove(name) } else { rolesUnsaved.insert(name) }
  }

  /// Looks whether another program has decided on a role: its file is what counts.
  func refreshRole(_ name: String) {
    // What is on the disk is older than what we know.
    if rolesUnsaved.contains(name) {
      if let role = roles[name], saveRole(name, role) { rolesUnsaved.remove(name) }
      return
    }
    for kind in [BodyKind.json, BodyKind.msgpack] {
      do throws(RoadFailure) {
        guard let fields = try Identity.mapping(store, RecordKey.role(name, kind), kind) else { continue }
        guard let role = Role(fields), role != roles[name] else { return }
        log(.info, "role \(name) was changed from outside")
        apply(role, name)
        return
      } catch { return log(.warning, error.text) }
    }
  }

  // MARK: The host's calls.

  /// What was decided on the keys of a remote's role.
  public func acceptance(of remote: Remote) -> Acceptance {
    guard let relation = remote.relation else { return .pending }
    return roles[relation.role]?.acceptance ?? (isAccepted(relation) ? .accepted : .pending)
  }

  /// What is known of a role.
  public func role(_ name: String) throws(Status) -> Role {
    guard let role = roles[name] else { throw .notFound }
    return role
  }

  /// The name that follows `name` in the order of bytes; "" for the first.
  public func role(after name: String) throws(Status) -> String {
    var next: String?
    for candidate in roles.keys where precedes(name, candidate) {
      if let found = next, !precedes(candidate, found) { continue }
      next = candidate
    }
    guard let next else { throw .notFound }
    return next
  }

  /// Accepts, rejects or pends a role's keys. Joins that wait go on; remotes of a role that is no longer accepted are
  /// cut off.
  public func setAcceptance(_ acceptance: Acceptance, of name: String, now: UInt64) throws(Status) {
    enter(now)
    guard var role = roles[name] else { throw .notFound }
    role.acceptance = acceptance
    guard saveRole(name, role) else { throw .io }
    apply(role, name)
  }

  /// Pins a role's keys and accepts them.
  public func pin(_ name: String, _ keys: RoleKeys, now: UInt64) throws(Status) {
    enter(now)
    guard Identity.isName(name) else { throw .invalid }
    if let known = roles[name], known.keys != keys { throw .exists }
    guard keys.verify.isValid, !keys.encrypt.isLowOrder else { throw .crypto }
    let role = Role(acceptance: .accepted, keys: keys)
    guard saveRole(name, role) else { throw .io }
    apply(role, name)
  }

  /// Forgets a role that no remote has.
  public func forgetRole(_ name: String, now: UInt64) throws(Status) {
    enter(now)
    guard roles[name] != nil else { throw .notFound }
    guard !byID.contains(where: { $0.value.relation?.role == name }) else { throw .state }
    guard remove({ RecordKey.role(name, $0) }) else { throw .io }
    roles[name] = nil
    rolesUnsaved.remove(name)
    pendingTold.remove(name)
    changedTold.remove(name)
    rolesRefreshed[name] = nil
  }

  /// A decision on a role takes effect.
  private func apply(_ role: Role, _ name: String) {
    roles[name] = role
    rolesUnsaved.remove(name)
    pendingTold.remove(name)
    changedTold.remove(name)
    for remote in slots.compactMap({ $0 }) where remote.relation?.role == name {
      if remote.isJoined, role.acceptance != .accepted || remote.relation?.keys != role.keys { cutOff(remote) }
    }
    guard role.acceptance != .pending else { return }
    for (address, joinee) in joinees(where: { $0.isPended && $0.body.role == name }) {
      decided(joinee, at: address)
    }
    for remote in slots.compactMap({ $0 }) {
      if let join = remote.join, let body = join.pendingBody, body.role == name {
        decided(body, remote, join)
        reschedule(remote)
      }
      if role.acceptance == .accepted, remote.relation?.role == name { joinAgain(remote) }
    }
  }

  /// The remote's keys are accepted again: what the host wanted of it goes on at once.
  private func joinAgain(_ remote: Remote) {
    guard case .stranger = remote.standing, remote.goal == .connect, remote.join == nil else { return }
    remote.anew = nil
    remote.upkeep = now
    reschedule(remote)
  }

  /// The remote's keys are not accepted any more.
  private func cutOff(_ remote: Remote) {
    endConversations(remote, .rejected)
    endMessages(remote, .rejected)
    remote.standing = .stranger(remote.relation)
    remote.candidate = nil
    if remote.isStored { _ = saveRemote(remote) }
    tryAnew(remote, Times.joinAnew)
    reschedule(remote)
  }
}
