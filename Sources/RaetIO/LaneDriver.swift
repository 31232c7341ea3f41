import CPosix
import RaetStack
import RaetWire

/// A lane with a socket: carries pages between the two (docs/ARCHITECTURE.md).
public final class LaneDriver {
  /// The engine.
  public let lane: Lane
  /// The yard's socket; nil before it is opened and after it was closed.
  public private(set) var socket: UnixSocket?
  /// True when the last service left pages in the socket.
  private var hasMore = false
  /// True while pages have to wait in the socket until the host has taken events.
  private var isFull = false
  /// Helpers that tell when a yard that was full has room, by the yards' ids.
  private var watches: [UInt64: Watch] = [:]

  /// A socket connected to a yard's.
  private struct Watch {
    let descriptor: Int32
    /// It is connected to a socket that has the yard's path, or had it.
    var isConnected = false
    /// It has told that there is room, and nothing could be sent since.
    var hasTold = false
  }

  /// How many rounds of due work and sending one service call does at most.
  private static let mostRounds = 32
  /// Most yards that are watched at a time; others are tried again by the clock alone.
  private static let mostWatches = 64

  /// A lane without a socket.
  public init(_ lane: Lane) {
    self.lane = lane
  }

  deinit { closeWatches() }

  /// Opens the yard's socket. `bufferBytes` as for `UnixSocket.open`.
  public func open(bufferBytes: Int) throws(LaneSocketError) {
    let opened = try UnixSocket.open(lane, bufferBytes: bufferBytes)
    socket = opened
    hasMore = opened.holdsPages
  }

  /// When `service` has something to do without the socket becoming ready.
  public func deadline(now: UInt64) -> UInt64 {
    guard socket != nil, !lane.isClosed else { return lane.deadline }
    if hasMore || lane.hasReady || (isFull && lane.takesPages) { return now }
    return lane.deadline
  }

  /// Receives at most `limit` pages, does what is due, sends. Answers errno when the socket is broken for good.
  public func service(now: UInt64, limit: Int) -> Int32? {
    if let failure = receive(now: now, limit: limit) { return failure }
    for _ in 0..<LaneDriver.mostRounds {
      lane.service(now: now)
      if let failure = flush(now: now) { return failure }
      guard lane.deadline <= now else { break }
    }
    return nil
  }

  /// Receives at most `limit` pages. Answers errno when the socket is broken for good.
  public func receive(now: UInt64, limit: Int) -> Int32? {
    guard let socket, limit > 0 else { return nil }
    hasMore = false
    setFull(!lane.takesPages)
    // One system call tells of the watches and whether reading is worth another.
    if !watches.isEmpty, !takeWatches(socket), !socket.holdsPages { return nil }
    var left = limit
    var isEmpty = false
    while left > 0, !isEmpty, lane.takesPages {
      let wanted = min(left, PageReceiver.capacity)
      let count = socket.receive(limit: wanted) { page, source, credentials in
        guard let page else { return lane.receivedTruncated(1) }
        lane.receive(page, from: source, credentials: credentials, now: now)
      }
      if count < 0 { return failure(Int32(-count)) }
      left -= count
      // What has come since then keeps the descriptor ready.
      isEmpty = count < wanted
    }
    setFull(!lane.takesPages)
    hasMore = !isEmpty && !isFull
    return nil
  }

  private func failure(_ error: Int32) -> Int32? {
    switch error {
    case EBADF, ENOTSOCK, EINVAL, EFAULT: error
    default: nil
    }
  }

  private func setFull(_ full: Bool) {
    guard full != isFull else { return }
    isFull = full
    socket?.setReads(!full)
  }

  /// Sends the pages that can leave. Answers errno when the socket is broken for good.
  public func flush(now: UInt64) -> Int32? {
    guard let socket else { return nil }
    while let yard = lane.takeReady() {
      switch socket.send(lane, to: yard) {
      case .sent(let count):
        if count > 0 { watches[yard.id]?.hasTold = false }
        lane.sent(count, to: yard, now: now)
      case .blocked(let count):
        lane.blocked(count, to: yard, now: now)
        guard watch(yard, hasSent: count > 0, socket) else {
          unwatch(yard.id)
          lane.gone(yard, now: now)
          break
        }
      case .gone:
        unwatch(yard.id)
        lane.gone(yard, now: now)
      case .refused(let error): lane.refused(yard, systemError: error, now: now)
      case .broken(let error): return error
      }
    }
    return nil
  }

  // MARK: Yards that are full.

  /// Hears of yards that have room again. True when pages wait to be read.
  private func takeWatches(_ socket: UnixSocket) -> Bool {
    socket.ready { id in
      watches[id]?.hasTold = true
      do throws(Status) { lane.unblock(try lane.remote(id)) } catch { unwatch(id) }
    }
  }

  /// Watches a yard for room; false when it is gone.
  private func watch(_ yard: Yard, hasSent: Bool, _ socket: UnixSocket) -> Bool {
    guard var watch = watches[yard.id] ?? makeWatch() else { return true }
    defer { watches[yard.id] = watch }
    if watch.hasTold, !hasSent {
      // There is room and yet nothing could be sent: it is our own socket that is full, or another has the yard's path by
      // now. Until the next time only the clock helps.
      watch.hasTold = false
      watch.isConnected = false
      return true
    }
    if !watch.isConnected {
      guard socket.connect(helper: watch.descriptor, path: yard.path) else { return false }
      watch.isConnected = true
    }
    socket.watch(watch.descriptor, id: yard.id)
    return true
  }

  private func makeWatch() -> Watch? {
    if watches.count >= LaneDriver.mostWatches { closeWatches() }
    let made = rx_unix_socket()
    return made >= 0 ? Watch(descriptor: made) : nil
  }

  private func unwatch(_ id: UInt64) {
    guard let watch = watches.removeValue(forKey: id) else { return }
    _ = rx_close(watch.descriptor)
  }

  private func closeWatches() {
    for watch in watches.values { _ = rx_close(watch.descriptor) }
    watches = [:]
  }

  /// Closes the socket and removes its path.
  public func closeSocket() {
    closeWatches()
    socket = nil
    hasMore = false
    isFull = false
  }
}
