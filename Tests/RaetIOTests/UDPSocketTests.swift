import CPosix
import Glibc
import RaetWire
import Testing

@testable import RaetIO

private let hasIPv6 = (try? UDPSocket.open(Address(ipv6: 0, 1, port: 0), bufferBytes: 0)) != nil

/// What a socket has received, waiting for up to two seconds until it is so much.
private func received(_ socket: UDPSocket, _ count: Int = 1) -> [(bytes: [UInt8], from: Address)] {
  var all: [(bytes: [UInt8], from: Address)] = []
  for _ in 0..<20 where all.count < count {
    var ready = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&ready, 1, 100)
    _ = socket.receive(limit: 1_000) { all.append(([UInt8]($0), $1)) }
  }
  return all
}

@discardableResult
private func send(
  _ socket: UDPSocket, _ datagrams: [[UInt8]], to: [Address], failed: (Int, Int32) -> Void = { _, _ in }
) -> SendResult {
  let copies = datagrams.map { bytes in
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    return copy
  }
  defer { for copy in copies { copy.deallocate() } }
  return socket.send(
    count: copies.count, { OutgoingDatagram(bytes: UnsafeRawBufferPointer(copies[$0]), to: to[$0 % to.count]) },
    failed: failed)
}

@Suite struct UDPSocketTests {
  private func open(_ text: String = "127.0.0.1:0", bufferBytes: Int = 1 << 20) throws -> UDPSocket {
    try UDPSocket.open(try #require(Address(text)), bufferBytes: bufferBytes)
  }

  private func addressOf(_ socket: UDPSocket) throws -> Address {
    let address = try #require(socket.localAddress)
    #expect(address.port != 0)
    return address.loopbackForWildcard
  }

  private func exchange(_ one: UDPSocket, _ other: UDPSocket, at: Address) throws {
    #expect(send(one, [[1, 2, 3], []], to: [at]) == .sent(2))
    let first = received(other, 2)
    try #require(first.count == 2)
    #expect(first[0].bytes == [1, 2, 3] && first[1].bytes == [])
    #expect(send(other, [[4]], to: [first[0].from]) == .sent(1))
    let second = received(one)
    try #require(second.count == 1)
    #expect(second[0].bytes == [4])
    #expect(second[0].from == at)
  }

  @Test func exchangesDatagramsOverIPv4() throws {
    let (one, other) = (try open(), try open("0.0.0.0:0"))
    #expect(other.localAddress?.isWildcard == true)
    try exchange(one, other, at: try addressOf(other))
    #expect(one.receive(limit: 10) { _, _ in } == .drained(0))
  }

  @Test(.enabled(if: hasIPv6)) func exchangesDatagramsOverIPv6() throws {
    let (one, other) = (try open("[::1]:0"), try open("[::]:0"))
    try exchange(one, other, at: try addressOf(other))
  }

  @Test(.enabled(if: hasIPv6)) func servesIPv4AtTheWildcardOfIPv6() throws {
    let (one, other) = (try open(), try open("[::]:0"))
    let port = try #require(other.localAddress?.port)
    try exchange(one, other, at: Address(ipv4: 0x7f00_0001, port: port))
    send(one, [[1]], to: [Address(ipv4: 0x7f00_0001, port: port)])
    #expect(received(other).first?.from == one.localAddress)
  }

  @Test func dropsAndCountsDatagramsThatAreTooLong() throws {
    let (one, other) = (try open(), try open())
    let at = try addressOf(other)
    let lengths = [1_024, 2_048, 2_049, 65_507, 1]
    #expect(send(one, lengths.map { pattern($0) }, to: [at]) == .sent(5))
    let got = received(other, 3)
    #expect(got.map(\.bytes) == [1_024, 2_048, 1].map { pattern($0) })
    #expect(other.truncatedCount == 2)
    // They count for the limit, so that a flood of them is no endless loop.
    send(one, [pattern(3_000), [1]], to: [at])
    var ready = pollfd(fd: other.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&ready, 1, 2_000)
    #expect(other.receive(limit: 1) { _, _ in } == .more(1))
    #expect(other.truncatedCount == 3)
  }

  @Test func keepsTheOrderOfManyAndStopsAtTheLimit() throws {
    let (one, other) = (try open(), try open())
    let at = try addressOf(other)
    #expect(send(one, (0..<150).map { [UInt8($0)] }, to: [at]) == .sent(150))
    var got: [UInt8] = []
    #expect(other.receive(limit: 100) { bytes, _ in got.append(bytes[0]) } == .more(100))
    #expect(other.receive(limit: 100) { bytes, _ in got.append(bytes[0]) } == .drained(50))
    #expect(got == [UInt8](0..<150))
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func keepsTheBoundsOfDatagramsThatLeaveInOnePiece(_ text: String) throws {
    guard hasIPv6 || !text.hasPrefix("[") else { return }
    let (one, other) = (try open(text), try open(text))
    let at = try addressOf(other)
    let lengths = [Int](repeating: 1_024, count: 40) + [300, 300, 299, 300, 0, 1, 1, 1_024]
    let datagrams = lengths.enumerated().map { [UInt8](repeating: UInt8($0), count: $1) }
    #expect(send(one, datagrams, to: [at]) == .sent(lengths.count))
    let got = received(other, lengths.count).map(\.bytes)
    #expect(got.map(\.count) == lengths)
    #expect(zip(got, datagrams).allSatisfy { $0 == $1 })
  }

  @Test func letsTheReceiverChangeTheBytes() throws {
    let (one, other) = (try open(), try open())
    let at = try addressOf(other)
    for _ in 0..<2 {
      send(one, [[1, 2, 3]], to: [at])
      #expect(received(other).first?.bytes == [1, 2, 3])
      send(one, [[1, 2, 3]], to: [at])
      var ready = pollfd(fd: other.descriptor, events: Int16(POLLIN), revents: 0)
      poll(&ready, 1, 2_000)
      _ = other.receive(limit: 1) { bytes, _ in bytes.copyBytes(from: [9, 9, 9]) }
    }
  }

  @Test func losesOnlyWhatCannotBeSent() throws {
    let (one, other) = (try open(), try open())
    let at = try addressOf(other)
    let broadcast = Address(ipv4: 0xffff_ffff, port: 7_530)
    let bad = [Address(ipv4: 0x7f00_0001, port: 0), Address(ipv6: 0, 1, port: 7_530), broadcast]
    var failures: [Int: Int32] = [:]
    let result = send(
      one, [[0], [1], [2], [3], pattern(70_000), [5]], to: [bad[0], at, bad[1], bad[2], at, at]
    ) { failures[$0] = $1 }
    #expect(result == .sent(6))
    #expect(failures == [0: EINVAL, 2: EAFNOSUPPORT, 3: EACCES, 4: EMSGSIZE])
    #expect(received(other, 2).map(\.bytes) == [[1], [5]])
  }

  /// A connected socket is told what became of its datagrams.
  @Test func outlivesAClosedPort() throws {
    let other = try open()
    var gone: UDPSocket? = try open()
    let closed = try addressOf(try #require(gone))
    gone = nil
    let descriptor = try connected(to: closed)
    let one = try UDPSocket.adopt(descriptor, bufferBytes: 0)
    #expect(send(one, [[1]], to: [closed]) == .sent(1))
    var failures: [Int: Int32] = [:]
    #expect(send(one, [[1], [2]], to: [closed, try addressOf(other)]) { failures[$0] = $1 } == .sent(2))
    // The failure is told to whatever comes next, and that is then lost.
    #expect(failures == [0: ECONNREFUSED])
    #expect(received(other).map(\.bytes) == [[2]])
    #expect(send(one, [[1]], to: [closed]) == .sent(1))
    #expect(one.receive(limit: 10) { _, _ in } == .drained(0))
    #expect(gone == nil)
  }

  @Test func tellsThatTheSocketIsBroken() throws {
    let one = try open()
    let at = try addressOf(one)
    let null = Glibc.open("/dev/null", O_RDWR)
    defer { close(null) }
    try #require(dup2(null, one.descriptor) == one.descriptor)
    #expect(one.receive(limit: 10) { _, _ in } == .broken(ENOTSOCK))
    #expect(send(one, [[1]], to: [at]) == .broken(ENOTSOCK))
    #expect(one.localAddress == nil)
  }

  @Test func saysWhyItCannotOpen() throws {
    let one = try open()
    let taken = try addressOf(one)
    #expect(throws: SocketError.system(EADDRINUSE)) { try UDPSocket.open(taken, bufferBytes: 0) }
    #expect(throws: SocketError.system(EADDRNOTAVAIL)) { try open("192.0.2.1:0") }
  }

  @Test func neverBlocksAndIsClosedOnExec() throws {
    for socket in [try open(), try UDPSocket.adopt(socketOf(AF_INET, SOCK_DGRAM), bufferBytes: 0)] {
      #expect(fcntl(socket.descriptor, F_GETFL) & O_NONBLOCK != 0)
      #expect(fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
      #expect(socket.receive(limit: 10) { _, _ in } == .drained(0))
    }
  }

  @Test func asksForBuffersAndNeverForSmallerOnes() throws {
    let plain = try socketOf(AF_INET, SOCK_DGRAM)
    let usual = try receiveBuffer(plain)
    close(plain)
    for (bytes, least, most) in [
      (0, usual, usual), (1, usual, usual), (Int.min, usual, usual),
      // The system reports twice what it was asked for; it may grant no more than what is usual.
      (4 << 20, usual, 8 << 20),
    ] {
      let socket = try open(bufferBytes: bytes)
      #expect((least...most).contains(try receiveBuffer(socket.descriptor)))
    }
    let (large, largest) = (try open(bufferBytes: 4 << 20), try open(bufferBytes: Int.max))
    #expect(try receiveBuffer(largest.descriptor) >= receiveBuffer(large.descriptor))
  }

  @Test func adoptsUDPSocketsOnly() throws {
    for descriptor in [
      try socketOf(AF_INET, SOCK_STREAM), try socketOf(AF_UNIX, SOCK_DGRAM), Glibc.open("/dev/null", O_RDWR),
    ] {
      #expect(throws: SocketError.notUDP) { try UDPSocket.adopt(descriptor, bufferBytes: 0) }
      // It is still the caller's.
      #expect(close(descriptor) == 0)
    }
    // Other protocols with datagrams, where the system has them for this user: ICMP and UDP-Lite.
    for descriptor in [1, 136].map({ socket(AF_INET, Int32(SOCK_DGRAM.rawValue), $0) }) where descriptor >= 0 {
      #expect(throws: SocketError.notUDP) { try UDPSocket.adopt(descriptor, bufferBytes: 0) }
      close(descriptor)
    }
    for descriptor: Int32 in [-1, Int32.max] {
      #expect(throws: SocketError.system(EBADF)) { try UDPSocket.adopt(descriptor, bufferBytes: 0) }
    }
  }

  @Test func closesWhatItOwns() throws {
    let descriptor = try socketOf(AF_INET, SOCK_DGRAM)
    // The socket gets a descriptor that nothing else here takes in the meantime.
    let high = fcntl(descriptor, F_DUPFD, 900)
    close(descriptor)
    var socket: UDPSocket? = try UDPSocket.adopt(high, bufferBytes: 0)
    #expect(socket != nil && fcntl(high, F_GETFD) >= 0)
    socket = nil
    #expect(fcntl(high, F_GETFD) == -1)
  }

  private func socketOf(_ family: Int32, _ type: __socket_type) throws -> Int32 {
    let descriptor = socket(family, Int32(type.rawValue), 0)
    try #require(descriptor >= 0)
    return descriptor
  }

  private func receiveBuffer(_ descriptor: Int32) throws -> Int32 {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    try #require(getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &value, &size) == 0)
    return value
  }

  private func connected(to address: Address) throws -> Int32 {
    let descriptor = try socketOf(AF_INET, SOCK_DGRAM)
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Address.socketAddressLength, alignment: 8)
    defer { room.deallocate() }
    let length = try #require(address.writeSocketAddress(to: room))
    let start = try #require(room.baseAddress?.assumingMemoryBound(to: sockaddr.self))
    try #require(connect(descriptor, start, socklen_t(length)) == 0)
    return descriptor
  }
}
