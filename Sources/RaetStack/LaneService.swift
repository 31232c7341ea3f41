import RaetSession
import RaetWire

/// What time brings, the end of a lane, and what can be asked about it.
extension Lane {
  /// Does what is due by `now`, for so many yards at most; what is left makes `deadline` a time that has passed.
  public func service(now: UInt64) {
    enter(now)
    guard life != .closed else { return }
    for _ in 0..<LaneLimit.yardsPerService {
      guard let slot = deadlines.popDue(now: self.now), let yard = slots[slot] else { break }
      step(yard)
      reschedule(yard)
    }
    stepLife()
  }

  private func step(_ yard: Yard) {
    for book in yard.queue.takeLate(now: now) { end(book, yard, .timedOut) }
    for book in yard.books where book.heard.after(LaneLimit.bookSilence) <= now { forget(book, yard) }
    if case .blocked(let until) = yard.outlet, until <= now { unblock(yard) }
  }

  /// Closes the lane: messages that wait may leave within `linger` nanoseconds; then, or once all have left, all ends.
  public func close(now: UInt64, linger: UInt64) throws(Status) {
    enter(now)
    guard life == .open else { throw .closed }
    life = .closing(until: self.now.after(linger))
    stepLife()
  }

  private func stepLife() {
    guard case .closing(let until) = life else { return }
    guard sending == 0 || now >= until else { return }
    for yard in slots.compactMap({ $0 }) {
      endMessages(yard, .canceled)
      while let book = yard.books.last { forget(book, yard) }
    }
    life = .closed
    report(Event(.closed))
  }

  /// All messages that are being sent or received, or wait, by their ids.
  public func transfers() -> [Road.Transfer] {
    var all: [Road.Transfer] = []
    for yard in slots.compactMap({ $0 }) {
      yard.queue.forEach {
        all.append(Road.Transfer(id: $0.id, remote: yard.id, isSending: true, done: $0.sentLength, total: $0.length))
      }
      for book in yard.books {
        let gathering = book.gathering
        all.append(
          Road.Transfer(
            id: book.id, remote: yard.id, isSending: false, done: gathering.receivedLength, total: gathering.length))
      }
    }
    return all.sorted { $0.id < $1.id }
  }

  /// Pages arrived that were longer than any can be, as the driver found out.
  public func receivedTruncated(_ number: Int) {
    count(.receiveTruncated, number)
  }
}
