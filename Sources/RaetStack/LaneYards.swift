import RaetSession
import RaetWire

/// Yards as the host sees them: added, found, removed.
extension Lane {
  /// Adds a yard by its name. Throws `.exists`, `.invalid` when no yard can be called so or it is this one, `.again` when
  /// there are too many, `.closed`.
  public func addRemote(name: String) throws(Status) -> UInt64 {
    guard life == .open else { throw .closed }
    guard name != self.name, let path = settings.path(ofYard: name) else { throw .invalid }
    if let known = byName[name] {
      // From now on it is the host's.
      known.isAdded = true
      throw .exists
    }
    guard hasRoomForYard() else { throw .again }
    return makeYard(name: name, path: path, isAdded: true).id
  }

  /// The yard of this handle.
  public func remote(_ id: UInt64) throws(Status) -> Yard {
    if let lastNamed, lastNamed.id == id { return lastNamed }
    guard let yard = byID[id] else { throw .notFound }
    lastNamed = yard
    return yard
  }

  /// The handle of the yard of this name.
  public func findRemote(name: String) throws(Status) -> UInt64 {
    guard let yard = byName[name] else { throw .notFound }
    return yard.id
  }

  /// The handle that follows `id` in the order they were given; 0 for the first.
  public func remote(after id: UInt64) throws(Status) -> UInt64 {
    guard let next = handles.next(after: id) else { throw .notFound }
    return next
  }

  /// Forgets a yard. Its messages end with `.canceled`.
  public func removeRemote(_ id: UInt64, now: UInt64) throws(Status) {
    enter(now)
    let yard = try remote(id)
    endMessages(yard, .canceled)
    drop(yard)
    report(.remoteGone, yard)
  }

  // MARK: Tables.

  /// The yard of this name, which is added when strangers are accepted; nil when it is not to be known.
  func yard(named name: UnsafeRawBufferPointer) -> Yard? {
    let name = String(decoding: name, as: UTF8.self)
    if let known = byName[name] { return known }
    guard settings.acceptsStrangers else {
      count(.unacceptedSourceYard)
      return nil
    }
    guard name != self.name, let path = settings.path(ofYard: name) else {
      count(.invalidSourceYard)
      return nil
    }
    guard hasRoomForYard() else {
      count(.failedAddremote)
      return nil
    }
    let yard = makeYard(name: name, path: path, isAdded: false)
    report(.remoteAdded, yard)
    return yard
  }

  /// Whether one more yard has a place: one that only passed by gives way to it, the one that was heard of longest ago, and
  /// rather one of which nothing is half received.
  private func hasRoomForYard() -> Bool {
    guard byID.count >= settings.maxRemotes else { return true }
    var oldest: Yard?
    var oldestAtBook: Yard?
    for yard in slots.compactMap({ $0 }) where !yard.isAdded && yard.queue.isEmpty {
      if yard.books.isEmpty {
        if yard.heard < oldest?.heard ?? .max { oldest = yard }
      } else if yard.heard < oldestAtBook?.heard ?? .max {
        oldestAtBook = yard
      }
    }
    guard let leaving = oldest ?? oldestAtBook else { return false }
    if oldest == nil { count(.dropLimit) }
    drop(leaving)
    report(.remoteGone, leaving)
    return true
  }

  private func makeYard(name: String, path: String, isAdded: Bool) -> Yard {
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
    } else {
      slot = slots.count
      slots.append(nil)
    }
    let yard = Yard(id: handles.give(), slot: slot, name: name, path: path, isAdded: isAdded, now: now)
    slots[slot] = yard
    byID[yard.id] = yard
    byName[name] = yard
    return yard
  }

  func drop(_ yard: Yard) {
    deadlines.set(slot: yard.slot, due: .max)
    slots[yard.slot] = nil
    freeSlots.append(yard.slot)
    byID[yard.id] = nil
    byName[yard.name] = nil
    handles.remove(yard.id)
    if lastHeard === yard { lastHeard = nil }
    if lastNamed === yard { lastNamed = nil }
    while let book = yard.books.last { forget(book, yard) }
  }

  func isKnown(_ yard: Yard) -> Bool { slots.indices.contains(yard.slot) && slots[yard.slot] === yard }

  // MARK: Presence.

  /// It is there: it sent something, or took something.
  func found(_ yard: Yard) {
    switch yard.presence {
    case .alive: break
    case .unknown: yard.presence = .alive
    case .dead:
      yard.presence = .alive
      report(.alive, yard)
    }
  }

  /// Its process has ended. A yard that was met by the way is forgotten; one of the host's stays known.
  func lost(_ yard: Yard) {
    count(.staleTransmitYard)
    endMessages(yard, .dead)
    // What came before it ended may be the rest of a book.
    if yard.isAdded || !yard.books.isEmpty {
      if case .dead = yard.presence { return reschedule(yard) }
      yard.presence = .dead
      report(.dead, yard)
      return reschedule(yard)
    }
    drop(yard)
    report(.remoteGone, yard)
  }
}
