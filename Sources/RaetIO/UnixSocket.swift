import CPosix
import RaetStack
import RaetWire

/// How sending to a yard ended.
enum PageSendResult: Equatable {
  /// The kernel took all of so many pages.
  case sent(Int)
  /// It took so many, and no more now.
  case blocked(Int)
  /// The socket is not there, or nobody has it open.
  case gone
  /// It does not take the first page: errno.
  case refused(Int32)
  /// The own socket is broken for good: errno.
  case broken(Int32)
}

/// A yard's socket, which never blocks (PROTOCOL 13.1). Closed, and its path removed, when freed.
public final class UnixSocket {
  /// The socket itself.
  private let socket: Int32
  /// To wait on, for reading: ready when a page waits, or a yard that was full may take pages again.
  public let descriptor: Int32
  private let folder: LaneFolder
  private let file: String
  /// What the path of every yard's socket begins with.
  private let prefix: [UInt8]
  private static let suffix = [UInt8](".uxd".utf8)
  private var own: rx_file_status?
  private let outgoing: OutgoingSocket
  private let receiver = PageReceiver()
  private let sender = PageSender()

  private init(
    socket: Int32, outgoing: OutgoingSocket, epoll: Int32, folder: LaneFolder, file: String, prefix: [UInt8]
  ) {
    self.socket = socket
    self.outgoing = outgoing
    descriptor = epoll
    self.folder = folder
    self.file = file
    self.prefix = prefix
  }

  deinit {
    removePath()
    _ = rx_close(descriptor)
    _ = rx_close(socket)
  }

  /// Takes the path away, unless another socket lies there by now.
  private func removePath() {
    guard let own else { return }
    do throws(LaneSocketError) {
      try folder.lock()
      defer { folder.unlock() }
      guard let there = try folder.status(file), there.node == own.node, there.device == own.device else { return }
      try folder.remove(file)
    } catch { return }
  }

  // MARK: Opening.

  /// Opens the socket of this yard in its lane. What a process that has ended left at its path is removed.
  /// `bufferBytes` are asked of the system for each direction; it may give less.
  public static func open(_ lane: Lane, bufferBytes: Int) throws(LaneSocketError) -> UnixSocket {
    let path = lane.path
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { throw .system(EINVAL) }
    let above = String(path[..<slash])
    let file = String(path[path.utf8.index(after: slash)...])
    let folder = try LaneFolder.open(above.isEmpty ? "/" : above)
    try folder.lock()
    defer { folder.unlock() }
    try clear(path, file, folder)
    let outgoing = try OutgoingSocket.open(path, file, folder, bufferBytes: bufferBytes)
    let descriptor = try LaneSocketError.check(rx_unix_socket())
    let epoll = rx_epoll()
    guard epoll >= 0 else {
      _ = rx_close(descriptor)
      throw .system(-epoll)
    }
    let prefix = [UInt8](path.utf8.dropLast(lane.name.utf8.count + suffix.count))
    let socket = UnixSocket(
      socket: descriptor, outgoing: outgoing, epoll: epoll, folder: folder, file: file, prefix: prefix)
    try socket.bind(path, bufferBytes)
    return socket
  }

  /// Removes the socket of a process that has ended.
  private static func clear(_ path: String, _ file: String, _ folder: LaneFolder) throws(LaneSocketError) {
    guard let there = try folder.status(file) else { return }
    guard there.kind == RX_SOCKET, there.owner == geteuid() else { throw .occupied }
    let probe = try LaneSocketError.check(rx_unix_socket())
    let result = connect(probe, path)
    _ = rx_close(probe)
    switch result {
    case -ECONNREFUSED: try folder.remove(file)
    case -ENOENT: return
    // It takes no connection from here, but somebody has it open.
    case 0, -EPERM, -EPROTOTYPE, -EAGAIN: throw .exists
    default: throw .system(-result)
    }
  }

  private static func connect(_ descriptor: Int32, _ path: String) -> Int32 {
    var address = UnixAddress(path)
    return address.connect(descriptor)
  }

  private func bind(_ path: String, _ bufferBytes: Int) throws(LaneSocketError) {
    rx_raise_buffers(socket, Int32(max(0, min(bufferBytes, 1 << 30))))
    _ = try LaneSocketError.check(rx_set_option(socket, SOL_SOCKET, SO_PASSCRED, 1))
    var address = UnixAddress(path)
    _ = try LaneSocketError.check(address.bind(socket))
    // The path must lead into the folder that was looked at.
    var there = rx_file_status()
    _ = try LaneSocketError.check(rx_status_at(AT_FDCWD, path, &there))
    guard let status = try folder.status(file), status.kind == RX_SOCKET, status.node == there.node,
      status.device == there.device
    else { throw .unsafeFolder }
    own = status
    try folder.close(file)
    _ = try LaneSocketError.check(rx_epoll_set(descriptor, socket, UInt32(RX_READY_READ), 0))
  }

  // MARK: Pages.

  /// True when pages came before the socket was there, which nothing tells of.
  var holdsPages: Bool { outgoing.holdsPages }

  /// Reads at most `limit` pages and hands each to `take`, with the name of the yard as the path of its socket tells, empty
  /// when that is none of this lane's. How many, those too long included, which `take` is told as nil; or errno, negated.
  func receive(
    limit: Int, _ take: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer, Credentials?) -> Void
  ) -> Int {
    let count = outgoing.holdsPages ? outgoing.takePages(receiver, limit: limit) : receiver.fill(socket, limit: limit)
    guard count > 0 else { return count }
    for slot in 0..<min(count, PageReceiver.capacity) {
      take(receiver.page(slot), yardName(receiver.path(slot)), receiver.credentials(slot))
    }
    return count
  }

  /// The part of a path that names the yard.
  private func yardName(_ path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    let suffix = UnixSocket.suffix
    guard path.count > prefix.count + suffix.count, let start = path.baseAddress else { return none }
    let end = path.count - suffix.count
    guard prefix.withUnsafeBytes({ isEqual(start, $0) }), suffix.withUnsafeBytes({ isEqual(start + end, $0) }) else {
      return none
    }
    return UnsafeRawBufferPointer(rebasing: path[prefix.count..<end])
  }

  private func isEqual(_ start: UnsafeRawPointer, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let other = bytes.baseAddress else { return true }
    return memcmp(start, other, bytes.count) == 0
  }

  /// A number for the socket that has this path now: another when it is bound anew. Nil when none has it.
  func number(atPath path: String) -> UInt64? {
    var status = rx_file_status()
    guard rx_status_at(AT_FDCWD, path, &status) == 0 else { return nil }
    return (status.node &* 0x9e37_79b9_7f4a_7c15 ^ status.device &+ status.written) | 1
  }

  /// Sends a yard's next pages, as many as its socket takes and one system call can.
  func send(_ lane: Lane, to yard: Yard) -> PageSendResult {
    if lane.isAtBook(yard) {
      guard let number = number(atPath: yard.path) else { return .gone }
      lane.leads(yard, toSocket: number)
    }
    sender.begin(path: yard.path)
    lane.pages(of: yard, limit: sender.limit) { sender.add($0) }
    let wanted = sender.count
    guard wanted > 0 else { return .sent(0) }
    let result = sender.send(outgoing.descriptor)
    guard result < 0 else { return result < wanted ? .blocked(result) : .sent(result) }
    switch Int32(-result) {
    case EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM: return .blocked(0)
    case ECONNREFUSED, ENOENT: return .gone
    case EBADF, ENOTSOCK, EFAULT: return .broken(Int32(-result))
    default: return .refused(Int32(-result))
    }
  }

  /// Whether pages that come make `descriptor` ready.
  func setReads(_ reads: Bool) {
    _ = rx_epoll_set(descriptor, socket, reads ? UInt32(RX_READY_READ) : 0, 0)
  }

  // MARK: Yards that are full.

  /// Connects a socket of its own to the one at this path, which is what `watch` needs: only one that is connected is told
  /// of room. False when nobody has the path open.
  func connect(helper: Int32, path: String) -> Bool {
    let result = UnixSocket.connect(helper, path)
    return result != -ECONNREFUSED && result != -ENOENT
  }

  /// Lets `descriptor` become ready once when the socket that the helper is connected to has room, or is gone.
  func watch(_ helper: Int32, id: UInt64) {
    _ = rx_epoll_set(descriptor, helper, UInt32(RX_READY_WRITE_ONCE), id)
  }

  /// Calls `body` with the ids of those that have become ready. True when pages wait to be read.
  func ready(_ body: (UInt64) -> Void) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Int(RX_EPOLL_MOST)) { ids in
      let count = Int(rx_epoll_ready(descriptor, ids.baseAddress))
      guard count > 0 else { return false }
      var isReadable = false
      for id in ids[..<min(count, ids.count)] { if id == 0 { isReadable = true } else { body(id) } }
      return isReadable
    }
  }
}
