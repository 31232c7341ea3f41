import RaetStack
import RaetWire

/// A road with a socket: carries datagrams between the two (docs/ARCHITECTURE.md).
public final class RoadDriver {
  /// The engine.
  public let road: Road
  /// The socket; nil when the host carries the datagrams itself.
  public private(set) var socket: UDPSocket?
  /// True while datagrams wait for room in the socket.
  public private(set) var isBlocked = false
  /// True when the last service left datagrams in the socket.
  private var hasMore = false
  private var truncated: UInt64 = 0

  /// How many rounds of due work and sending one service call does at most.
  private static let mostRounds = 32
  /// How many datagrams are received before answers are sent: more would make two processes wait for each other in turn.
  private static let batch = 16
  /// How many records may be written before a call receives no more: the disk makes all remotes wait.
  private static let mostRecords = 8

  /// A road without a socket.
  public init(_ road: Road) {
    self.road = road
  }

  /// Opens a socket where the settings say. `bufferBytes` as for `UDPSocket.open`.
  public func open(bufferBytes: Int) throws(SocketError) {
    use(try UDPSocket.open(road.address, bufferBytes: bufferBytes))
  }

  /// Takes over a socket of the host's.
  public func adopt(_ descriptor: Int32, bufferBytes: Int) throws(SocketError) {
    use(try UDPSocket.adopt(descriptor, bufferBytes: bufferBytes))
  }

  private func use(_ socket: UDPSocket) {
    self.socket = socket
    if let address = socket.localAddress { road.address = address }
  }

  /// When `service` has something to do without the socket becoming ready.
  public func deadline(now: UInt64) -> UInt64 {
    guard !road.isClosed else { return socket != nil && road.outbox.count > 0 && !isBlocked ? now : .max }
    if hasMore { return now }
    if !isBlocked, road.outbox.count > 0 { return now }
    return isBlocked ? max(road.deadline, now &+ 1_000_000) : road.deadline
  }

  /// Receives at most `limit` datagrams (0: none), does what is due, sends. Answers errno when the socket is broken for good.
  public func service(now: UInt64, limit: Int) -> Int32? {
    if let failure = receive(now: now, limit: limit) { return failure }
    for _ in 0..<RoadDriver.mostRounds {
      road.service(now: now)
      if let failure = flush(now: now) { return failure }
      guard road.deadline <= now, !isBlocked else { break }
    }
    return nil
  }

  private func receive(now: UInt64, limit: Int) -> Int32? {
    guard let socket, limit > 0 else { return nil }
    hasMore = false
    var left = limit
    let written = road.recordsWritten
    while left > 0, road.recordsWritten &- written < RoadDriver.mostRecords {
      let result = socket.receive(limit: min(left, RoadDriver.batch)) { road.receive($0, from: $1, now: now) }
      noteTruncated(socket)
      if let failure = flush(now: now) { return failure }
      switch result {
      case .drained: return nil
      case .more(let count): left -= max(count, 1)
      case .broken(let error): return error
      }
    }
    hasMore = true
    return nil
  }

  private func noteTruncated(_ socket: UDPSocket) {
    let count = socket.truncatedCount
    guard count != truncated else { return }
    road.receivedTruncated(Int(clamping: count &- truncated))
    truncated = count
  }

  /// Sends what is in the outbox, as much as the socket takes.
  private func flush(now: UInt64) -> Int32? {
    guard let socket, road.outbox.count > 0 else { return nil }
    let outbox = road.outbox
    var lost: [(Address, Int32)] = []
    let empty = OutgoingDatagram(bytes: UnsafeRawBufferPointer(start: nil, count: 0), to: road.address)
    let result = socket.send(count: outbox.count) { index in
      guard let datagram = outbox.datagram(index) else { return empty }
      return OutgoingDatagram(bytes: datagram.bytes, to: datagram.to)
    } failed: { index, error in
      if let datagram = outbox.datagram(index) { lost.append((datagram.to, error)) }
    }
    isBlocked = false
    switch result {
    case .sent(let count): outbox.remove(count)
    case .wouldBlock(let count):
      outbox.remove(count)
      isBlocked = true
    case .broken(let error): return error
    }
    for (address, _) in lost { road.sendFailed(to: address, now: now) }
    return nil
  }

  /// Closes the socket.
  public func closeSocket() {
    socket = nil
    isBlocked = false
    hasMore = false
  }
}
