import RaetCrypto
import RaetSession
import RaetWire

/// A page's way in: what it is, who it is from, and the book it belongs to (PROTOCOL 13.3).
extension Lane {
  /// Takes a page that came. `source` is the yard's name as the path of the socket tells that it came from, empty when
  /// that is none of this lane's; `credentials` are its process as the kernel tells. The bytes are not kept.
  public func receive(
    _ bytes: UnsafeRawBufferPointer, from source: UnsafeRawBufferPointer, credentials: Credentials?, now: UInt64
  ) {
    enter(now)
    guard life != .closed else { return }
    count(.packetsRx)
    count(.bytesRx, bytes.count)
    do throws(PageError) {
      let page = try PageHead.parse(bytes)
      guard isEqual(page.destination, nameBytes) else { return count(.invalidDestination) }
      guard isEqual(page.source, source) else { return count(.invalidSourceYard) }
      guard let yard = sender(page) else { return }
      yard.credentials = credentials
      try take(page, yard)
    } catch {
      count(.invalidPageHeader)
      log(.debug, "a page does not fit: \(error.name)")
    }
  }

  private func sender(_ page: ReceivedPage) -> Yard? {
    let yard: Yard
    if let last = lastHeard, isEqual(page.source, last.nameBytes) {
      yard = last
    } else {
      guard let known = self.yard(named: page.source) else { return nil }
      yard = known
      lastHeard = known
    }
    yard.heard = now
    found(yard)
    if yard.session != page.session {
      // It has started anew: what its earlier life began never comes to an end.
      while let book = yard.books.last { forget(book, yard) }
      yard.session = page.session
    }
    return yard
  }

  private func take(_ page: ReceivedPage, _ yard: Yard) throws(PageError) {
    if page.count == 1 {
      guard page.piece.count <= settings.longestReceived else { throw .messageLength }
      guard let body = WipedBytes(copying: page.piece) else { throw .noMemory }
      return deliver(ReceivedBody(storage: body, range: 0..<page.piece.count, kind: page.kind), yard)
    }
    let book = try book(page, yard)
    guard try book.insert(page, now: now) == .fresh else { return count(.messageDuplicateRx) }
    guard let body = book.takeBody() else { return reschedule(yard) }
    remove(book, yard)
    let length = book.gathering.length
    guard length <= settings.longestReceived else { throw .messageLength }
    deliver(ReceivedBody(storage: body, range: 0..<length, kind: page.kind), yard)
  }

  /// The book that the page belongs to, a new one with its first page.
  private func book(_ page: ReceivedPage, _ yard: Yard) throws(PageError) -> IncomingBook {
    if let known = yard.books.first(where: { $0.number == page.book }) { return known }
    guard page.number == 0 else {
      count(.missedPage)
      throw .pageNumber
    }
    let gathering = try PageGathering(first: page, limit: settings.longestReceived)
    // One page after the other comes from a yard: of many that are half received, most never end.
    if yard.books.count >= LaneLimit.books, let oldest = yard.books.first { forget(oldest, yard) }
    makeRoom(for: gathering.length)
    guard let memory = WipedMemory(count: gathering.length) else { throw .noMemory }
    let book = IncomingBook(
      id: nextTransactionID(), number: page.book, gathering: gathering, memory: memory, now: now)
    yard.books.append(book)
    gatheringBytes &+= book.room
    return book
  }

  /// A whole message is the application's now, if it is one mapping.
  private func deliver(_ body: ReceivedBody, _ yard: Yard) {
    do throws(BodyError) { try BodyCheck.requireMapping(body.kind, body.bytes) } catch {
      count(.parsingMessageError)
      return log(.debug, "a message from \(yard.name) is no mapping")
    }
    count(.messageBytesRx, body.range.count)
    waitingBytes &+= body.range.count
    var event = Event(.message)
    event.remote = yard.id
    event.bodyKind = body.kind
    event.body = body
    event.name = yard.name
    event.credentials = yard.credentials
    report(event)
  }

  /// Of half received messages, those of which nothing came for longest give way to a new one of so many bytes.
  private func makeRoom(for length: Int) {
    while gatheringBytes &+ length > settings.receiveQueue {
      var oldest: (Yard, IncomingBook)?
      for yard in slots.compactMap({ $0 }) {
        for book in yard.books where book.heard < oldest?.1.heard ?? .max { oldest = (yard, book) }
      }
      // The only one may be longer than the room, by less than its last page, of which the length is not known yet.
      guard let (yard, book) = oldest else { return }
      count(.dropLimit)
      forget(book, yard)
    }
  }

  /// Gives a half received book up.
  func forget(_ book: IncomingBook, _ yard: Yard) {
    count(.messageSilent)
    remove(book, yard)
  }

  private func remove(_ book: IncomingBook, _ yard: Yard) {
    gatheringBytes &-= book.room
    yard.books.removeAll { $0 === book }
    reschedule(yard)
  }

  private func isEqual(_ bytes: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Bool {
    bytes.count == name.count && bytes.elementsEqual(name)
  }

  private func isEqual(_ bytes: UnsafeRawBufferPointer, _ name: [UInt8]) -> Bool {
    name.withUnsafeBytes { isEqual(bytes, $0) }
  }
}
