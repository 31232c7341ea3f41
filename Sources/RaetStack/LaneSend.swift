import RaetCrypto
import RaetSession
import RaetWire

/// Messages from the side that sends them (PROTOCOL 13.2).
extension Lane {
  // MARK: The host's calls.

  /// Takes a message for a yard, of kind JSON or msgpack: it waits until the kernel takes its pages, and ends in one
  /// report. `timeout` in nanoseconds, 0 for the setting; `isChecked`: the body is known to be a mapping. Throws `.again` when the queue is full, `.unsupported`,
  /// `.messageSize`, `.encode`, `.notFound`, `.closed`, `.crypto`, `.noMemory`.
  public func send(
    _ id: UInt64, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool = false, timeout: UInt64,
    tag: UInt64, now: UInt64
  ) throws(Status) -> UInt64 {
    enter(now)
    guard life == .open else { throw .closed }
    let yard = try remote(id)
    guard kind == .json || kind == .msgpack else { throw .unsupported }
    guard body.count <= settings.maxMessage else { throw .messageSize }
    if !isChecked { do throws(BodyError) { try BodyCheck.requireMapping(kind, body) } catch { throw .encode } }
    // An empty body takes its place in the queue, too.
    guard capacity(yard) >= max(body.count, 1) else {
      yard.owesWritable = true
      throw .again
    }
    let prefix = try prefix(yard)
    let number = yard.lastBook == .max ? 1 : yard.lastBook &+ 1
    let limit = self.now.after(timeout == 0 ? settings.messageTimeout : timeout)
    let transaction = nextTransactionID()
    guard
      let book = OutgoingBook(
        id: transaction, tag: tag, limit: limit, prefix: prefix, book: number, kind: kind, body: body)
    else { throw .noMemory }
    yard.lastBook = number
    append(book, yard)
    return transaction
  }

  private func append(_ book: OutgoingBook, _ yard: Yard) {
    let due = yard.queue.due
    yard.queue.append(book)
    sending &+= 1
    yard.queuedBytes &+= book.length
    switch yard.outlet {
    case .idle:
      yard.outlet = .ready
      ready.append(yard)
    case .ready: break
    case .blocked: if yard.queue.due < due { reschedule(yard) }
    }
  }

  /// What all heads to the yard begin with: the session is new whenever the yard is met anew.
  private func prefix(_ yard: Yard) throws(Status) -> [UInt8] {
    if let prefix = yard.prefix { return prefix }
    let session = withUnsafeTemporaryAllocation(byteCount: PageSession.seedLength, alignment: 8) { seed in
      entropy.fill(seed) ? PageSession(UnsafeRawBufferPointer(seed)) : nil
    }
    guard let session else { throw .crypto }
    let prefix = PageHead.prefix(source: name, destination: yard.name, session: session)
    yard.prefix = prefix
    return prefix
  }

  /// How many bytes `send` would take for the yard now.
  public func capacity(_ yard: Yard) -> Int {
    let used = yard.queuedBytes &+ yard.queue.count &* LaneLimit.messageCost
    // An empty queue takes any message, or a long one could never be sent.
    return used == 0 ? max(settings.sendQueue, settings.maxMessage) : max(0, settings.sendQueue &- used)
  }

  /// Ends a message of the host's before its time.
  public func cancel(_ transaction: UInt64, now: UInt64) throws(Status) {
    enter(now)
    for case .some(let yard) in slots where cancel(transaction, yard) { return }
    throw .notFound
  }

  /// The same for one to this yard, without a look at others.
  public func cancel(_ transaction: UInt64, of id: UInt64, now: UInt64) throws(Status) {
    enter(now)
    guard cancel(transaction, try remote(id)) else { throw .notFound }
  }

  private func cancel(_ transaction: UInt64, _ yard: Yard) -> Bool {
    guard let book = yard.queue.take(id: transaction) else { return false }
    end(book, yard, .canceled)
    reschedule(yard)
    return true
  }

  // MARK: Pages out.

  /// Takes the next yard that has something to send. The driver sends of its pages what the socket takes, and tells what
  /// became of them by one of `sent`, `blocked`, `gone` and `refused`; with pages left the yard comes again.
  public func takeReady() -> Yard? {
    while let yard = ready.popFirst() {
      guard isKnown(yard), case .ready = yard.outlet else { continue }
      if !yard.queue.isEmpty { return yard }
      yard.outlet = .idle
    }
    return nil
  }

  /// Hands the next pages to a yard, `limit` of them at most, to `body`: a message of several pages begins with the first
  /// of them, since it matters who has the yard's path by then.
  public func pages(of yard: Yard, limit: Int, _ body: (OutgoingPage) -> Void) {
    var left = limit
    var at = 0
    while left > 0, let book = yard.queue[at], at == 0 || book.pagination.count == 1 {
      var number = book.next
      while left > 0, number < book.pagination.count {
        body(book.page(number))
        number &+= 1
        left &-= 1
      }
      at &+= 1
    }
  }

  /// Whether it matters which socket has the yard's path: its next message takes several pages.
  public func isAtBook(_ yard: Yard) -> Bool { (yard.queue[0]?.pagination.count ?? 0) > 1 }

  /// The yard's path leads to this socket now: a number that no two which had the path share, and not 0. A message of
  /// which pages went to another begins anew, since that one never had all of them.
  public func leads(_ yard: Yard, toSocket number: UInt64) {
    guard let book = yard.queue[0] else { return }
    if book.socket != number { book.next = 0 }
    book.socket = number
  }

  /// The kernel has taken so many pages of a yard's.
  public func sent(_ count: Int, to yard: Yard, now: UInt64) {
    enter(now)
    take(count, yard)
    guard isKnown(yard) else { return }
    if yard.queue.isEmpty {
      yard.outlet = .idle
    } else {
      yard.outlet = .ready
      ready.append(yard)
    }
  }

  /// The kernel has taken so many pages of a yard's, and no more: the queue of its socket is full.
  public func blocked(_ count: Int, to yard: Yard, now: UInt64) {
    enter(now)
    take(count, yard)
    guard isKnown(yard) else { return }
    self.count(.busyTransmitYard)
    if yard.queue.isEmpty {
      yard.outlet = .idle
      return reschedule(yard)
    }
    yard.pause = min(max(LaneLimit.retry.first, yard.pause &* 2), LaneLimit.retry.most)
    yard.outlet = .blocked(until: self.now.after(yard.pause))
    reschedule(yard)
  }

  /// There may be room in the socket's queue again.
  public func unblock(_ yard: Yard) {
    guard isKnown(yard), case .blocked = yard.outlet else { return }
    yard.outlet = .ready
    ready.append(yard)
    reschedule(yard)
  }

  /// The yard's socket is not there, or nobody has it open any more.
  public func gone(_ yard: Yard, now: UInt64) {
    enter(now)
    guard isKnown(yard) else { return }
    yard.outlet = .idle
    lost(yard)
  }

  /// The kernel refuses the yard's next page for another reason, which ends its message.
  public func refused(_ yard: Yard, systemError: Int32, now: UInt64) {
    enter(now)
    guard isKnown(yard) else { return }
    count(.errorTransmitYard)
    if let book = yard.queue.popFirst() { end(book, yard, .io, systemError: systemError) }
    sent(0, to: yard, now: now)
  }

  private func take(_ pages: Int, _ yard: Yard) {
    guard pages > 0 else { return }
    count(.packetsTx, pages)
    yard.pause = 0
    found(yard)
    var left = pages
    while left > 0, let book = yard.queue[0] {
      let step = min(left, book.pagination.count &- book.next)
      left &-= step
      book.next &+= step
      guard book.isSent else { return }
      _ = yard.queue.popFirst()
      count(.messageBytesTx, book.length)
      end(book, yard, .ok)
    }
  }

  // MARK: The end of a message.

  /// The one report of a message, which is out of the queue. Half of one that left does no harm: it is never whole.
  func end(_ book: OutgoingBook, _ yard: Yard, _ status: Status, systemError: Int32 = 0) {
    yard.queuedBytes &-= book.length
    sending &-= 1
    var event = Event(status == .ok ? .delivered : .failed)
    event.status = status
    event.systemError = systemError
    event.remote = yard.id
    event.transaction = book.id
    event.tag = book.tag
    event.name = yard.name
    count(status == .ok ? .messagesDelivered : .messagesFailed)
    report(event)
    if yard.owesWritable, capacity(yard) >= settings.sendQueue / 4 {
      yard.owesWritable = false
      report(.writable, yard)
    }
  }

  /// Ends all messages to a yard.
  func endMessages(_ yard: Yard, _ status: Status) {
    while let book = yard.queue.popFirst() { end(book, yard, status) }
  }
}
