/// A page in a socket's queue, with what the kernel tells of its sender.
struct SocketPage {
  let bytes: [UInt8]
  /// Name of the yard whose path the sender's socket has; empty when it has none.
  let source: String
  /// The sender's process.
  let process: Int32
}

/// The Unix sockets of a folder: names that lead to sockets, each with a short queue of pages.
struct VirtualSockets {
  struct Socket {
    /// The node that has it open; nil when nobody has.
    var owner: Int?
    var queue: [SocketPage] = []
    var capacity: Int
    /// Nodes that are told when it has room, or is gone.
    var waiting: Set<Int> = []
  }

  /// How sending went.
  enum Result: Equatable {
    case taken
    case full
    case gone
  }

  private var sockets: [UInt64: Socket] = [:]
  private var paths: [String: UInt64] = [:]
  private var last: UInt64 = 0

  /// Binds a new socket at a path; what was there is out of reach.
  mutating func bind(_ name: String, owner: Int, capacity: Int) -> UInt64 {
    last += 1
    sockets[last] = Socket(owner: owner, capacity: capacity)
    paths[name] = last
    return last
  }

  /// The process has ended: its socket stays at its path, and nobody has it open. Those that it wakes.
  mutating func abandon(_ number: UInt64) -> Set<Int> {
    let waiting = sockets[number]?.waiting ?? []
    sockets[number]?.owner = nil
    sockets[number]?.queue = []
    sockets[number]?.waiting = []
    return waiting
  }

  /// The process has closed it in order.
  mutating func remove(_ number: UInt64, at name: String) -> Set<Int> {
    if paths[name] == number { paths[name] = nil }
    return abandon(number)
  }

  /// The number of the socket that a path leads to.
  func number(at name: String) -> UInt64? { paths[name] }

  func queued(_ number: UInt64) -> Int { sockets[number]?.queue.count ?? 0 }

  /// The node that gets what is sent to a path.
  func owner(at name: String) -> Int? { paths[name].flatMap { sockets[$0]?.owner } }

  func hasRoom(at name: String) -> Bool {
    guard let number = paths[name], let socket = sockets[number], socket.owner != nil else { return false }
    return socket.queue.count < socket.capacity
  }

  mutating func send(_ page: SocketPage, to name: String) -> Result {
    guard let number = paths[name], let socket = sockets[number], socket.owner != nil else { return .gone }
    guard socket.queue.count < socket.capacity else { return .full }
    sockets[number]?.queue.append(page)
    return .taken
  }

  /// A node wants to be told when a path's socket has room.
  mutating func wait(_ node: Int, at name: String) {
    if let number = paths[name] { sockets[number]?.waiting.insert(node) }
  }

  /// Reads the next page, and tells whom that wakes.
  mutating func receive(_ number: UInt64) -> (page: SocketPage, wakes: Set<Int>)? {
    guard let socket = sockets[number], let page = socket.queue.first else { return nil }
    sockets[number]?.queue.removeFirst()
    sockets[number]?.waiting = []
    return (page, socket.waiting)
  }

  mutating func setCapacity(_ capacity: Int, of number: UInt64) { sockets[number]?.capacity = capacity }
}
