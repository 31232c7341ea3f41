import RaetCrypto
import RaetSession
import RaetWire

/// Remotes as the host sees them: added, found, connected, removed.
extension Road {
  /// Adds a remote to join at an address. A name is what it must call itself in the join; without one it is known by its
  /// address until then. Throws `.exists` when the name, or without one the address, is known; `.again` when there are
  /// too many.
  public func addRemote(name: String?, address: Address) throws(Status) -> UInt64 {
    guard life == .open else { throw .closed }
    if let name {
      guard Identity.isName(name), name != self.name else { throw .invalid }
      if byName[name] != nil { throw .exists }
    } else if findRemote(address: address) != nil {
      throw .exists
    }
    makeRoomForUnproven()
    guard byID.count < settings.maxRemotes else { throw .again }
    guard let nearID = nextNearID() else { throw .again }
    let shown = name ?? address.text
    let remote = makeRemote(nearID: nearID, address: address, name: shown, session: 0)
    remote.isNamed = name != nil
    return remote.id
  }

  /// The handle of the first remote at this address; nil when there is none.
  public func findRemote(address: Address) -> UInt64? {
    handles.all.first { id in
      guard let remote = byID[id] else { return false }
      return (remote.relation?.address ?? remote.address) == address
    }
  }

  /// The remote of this handle.
  public func remote(_ id: UInt64) throws(Status) -> Remote {
    guard let remote = byID[id] else { throw .notFound }
    return remote
  }

  /// The handle of the remote of this name.
  public func findRemote(name: String) throws(Status) -> UInt64 {
    guard let remote = byName[name] else { throw .notFound }
    return remote.id
  }

  /// The handle that follows `id` in the order they were given; 0 for the first.
  public func remote(after id: UInt64) throws(Status) -> UInt64 {
    guard let next = handles.next(after: id) else { throw .notFound }
    return next
  }

  /// The host knows where the remote is now.
  public func moveRemote(_ id: UInt64, to address: Address, now: UInt64) throws(Status) {
    enter(now)
    guard life == .open else { throw .closed }
    let remote = try self.remote(id)
    let before = (remote.address, remote.relation)
    remote.address = address
    remote.elsewhere = nil
    remote.relation?.address = address
    guard !remote.isStored || saveRemote(remote) else {
      (remote.address, remote.relation) = before
      throw .io
    }
    remote.anew = nil
    if remote.goal == .connect, !remote.isAllowed || remote.presence != .alive { remote.upkeep = self.now }
    reschedule(remote)
  }

  /// Removes a remote here and from the store. Its messages end with `.canceled`.
  public func removeRemote(_ id: UInt64, now: UInt64) throws(Status) {
    enter(now)
    let remote = try self.remote(id)
    guard !remote.isStored || remove({ RecordKey.remote(remote.name, $0) }) else { throw .io }
    endConversations(remote, .canceled)
    endMessages(remote, .canceled)
    drop(remote)
    report(.remoteGone, remote)
  }

  /// Keeps the remote connected from now on.
  public func connect(_ id: UInt64, now: UInt64) throws(Status) {
    enter(now)
    guard life == .open else { throw .closed }
    let remote = try self.remote(id)
    // How a former connection failed is no news of this one.
    if remote.goal != .connect { remote.toldJoin = 0 }
    remote.goal = .connect
    remote.anew = nil
    if case .reaped = remote.presence { remote.presence = .unknown }
    keepUp(remote)
    reschedule(remote)
  }

  /// Lets the remote be: no packets of our own accord.
  public func disconnect(_ id: UInt64, now: UInt64) throws(Status) {
    enter(now)
    let remote = try self.remote(id)
    remote.goal = .rest
    remote.upkeep = .max
    reschedule(remote)
  }

  // MARK: Tables.

  func makeRemote(nearID: UInt32, address: Address, name: String, session: UInt32) -> Remote {
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
    } else {
      slot = slots.count
      slots.append(nil)
    }
    let remote = Remote(
      id: handles.give(), nearID: nearID, slot: slot, address: address, name: name, session: session,
      window: settings.window)
    slots[slot] = remote
    byNear[nearID] = remote
    byID[remote.id] = remote
    if byName[name] == nil { byName[name] = remote }
    return remote
  }

  func drop(_ remote: Remote) {
    deadlines.set(slot: remote.slot, due: .max)
    slots[remote.slot] = nil
    freeSlots.append(remote.slot)
    byNear[remote.nearID] = nil
    byID[remote.id] = nil
    handles.remove(remote.id)
    unproven.removeAll { $0 == remote.id }
    if byName[remote.name] === remote { byName[remote.name] = nil }
  }

  /// The next id of ours that no remote and no join under way has; nil when there is none.
  func nextNearID() -> UInt32? {
    for _ in 0...(byNear.count &+ joinees.count &+ 1) {
      lastNearID = Serial.next(lastNearID)
      let id = lastNearID
      if id != ownID, byNear[id] == nil, !joinees.contains(where: { $0.value.nearID == id }) { return id }
    }
    return nil
  }

  /// Takes a relation for true: the tables follow its name.
  func adopt(_ relation: Relation, _ remote: Remote) {
    let old = remote.name
    if case .stranger = remote.standing {
      remote.standing = .joined(relation)
    } else {
      remote.relation = relation
    }
    if remote.address != relation.address {
      // What moves it may be a copy that was quicker than the packet itself: should it be silent, where it was is tried.
      remote.elsewhere = remote.address
      remote.address = relation.address
    }
    remote.placeholder = relation.name
    guard old != relation.name else { return }
    if byName[old] === remote { byName[old] = nil }
    byName[relation.name] = remote
    if remote.isStored { _ = remove { RecordKey.remote(old, $0) } }
  }

  /// True when another estate has the name already.
  func isTaken(_ name: String, by remote: Remote?) -> Bool {
    if name == self.name { return true }
    guard let other = byName[name] else { return false }
    return other !== remote
  }

  // MARK: Connecting (PROTOCOL 6.7).

  /// Takes the next step of what the host wants of this remote, if none is under way.
  func keepUp(_ remote: Remote) {
    guard life == .open else { return }
    switch remote.standing {
    case .stranger:
      guard remote.goal == .connect, remote.join == nil else { return }
      startJoin(remote, isVacuous: remote.farID == 0, host: 0, timeout: Times.join)
    case .joined:
      guard remote.goal == .connect || (remote.goal == .answer && remote.messages.waitingCount > 0) else { return }
      guard remote.join == nil, !remote.allow.isUnderWay else { return }
      _ = startAllow(remote, host: 0, timeout: Times.allow)
    case .allowed:
      if remote.candidate != nil, remote.goal == .connect, remote.join == nil, !remote.allow.isUnderWay {
        _ = startAllow(remote, host: 0, timeout: Times.allow)
      }
      guard remote.goal != .rest, remote.alive == nil, settings.period > 0 || remote.goal == .connect else { return }
      startHeartbeat(remote)
    }
  }

  /// Tries to connect again, later and later.
  func tryAnew(_ remote: Remote, _ redo: Redo) {
    guard remote.goal == .connect || remote.messages.waitingCount > 0 else { return }
    if var timer = remote.anew {
      timer.again(now: now)
      remote.anew = timer
    } else {
      remote.anew = RedoTimer(redo, now: now)
    }
    remote.upkeep = remote.anew?.due ?? .max
  }

  /// Ends join, allow and heartbeat under way, each with a report if the host began it.
  func endConversations(_ remote: Remote, _ status: Status) {
    if let join = remote.join { endJoin(remote, join, status) }
    if case .initiating(let allow) = remote.allow { endAllow(remote, host: allow.host, status) }
    remote.allow = .none
    if remote.adoptedAllow != 0 {
      report(.allowed, remote, status: status, transaction: remote.adoptedAllow)
      remote.adoptedAllow = 0
    }
    if let alive = remote.alive { endAlive(remote, alive, status) }
  }
}
