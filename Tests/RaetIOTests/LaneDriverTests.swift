import CPosix
import RaetCrypto
import RaetStack
import RaetWire
import Testing

@testable import RaetIO

/// Yards over real sockets, served by hand.
@Suite struct LaneDriverTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ name: String, _ change: (inout LaneSettings) -> Void = { _ in }) throws -> LaneDriver {
    var settings = LaneSettings()
    settings.name = name
    settings.folder = folder.path
    change(&settings)
    let driver = LaneDriver(try Lane.make(settings, entropy: SodiumEntropy(), now: 0))
    try driver.open(bufferBytes: 1 << 20)
    return driver
  }

  private func send(_ driver: LaneDriver, _ remote: UInt64, _ size: Int, tag: UInt64 = 0) throws {
    let body = Array("{\"a\":\"".utf8) + [UInt8](repeating: 0x78, count: size - 8) + Array("\"}".utf8)
    _ = try body.withUnsafeBytes { try driver.lane.send(remote, .json, $0, timeout: 0, tag: tag, now: 0) }
  }

  private func events(_ driver: LaneDriver) -> [Event] {
    var events: [Event] = []
    while let event = driver.lane.nextEvent() { events.append(event) }
    return events
  }

  /// Waits for a driver's descriptor.
  private func isReady(_ driver: LaneDriver) -> Bool {
    guard let socket = driver.socket else { return false }
    var ready = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&ready, 1, 0) == 1
  }

  @Test func aFullYardWakesTheSenderOnceItHasRoom() throws {
    let one = try open("one")
    let other = try open("other")
    let remote = try one.lane.addRemote(name: "other")
    for number in 0..<600 { try send(one, remote, 100, tag: UInt64(number)) }
    #expect(one.service(now: 0, limit: 64) == nil)
    let sent = events(one).count
    #expect(sent > 0 && sent < 600)
    #expect(!isReady(one) && one.deadline(now: 0) < 100_000_000)
    var arrived = 0
    var rounds = 0
    while arrived < 600, rounds < 10_000 {
      rounds += 1
      #expect(other.service(now: 0, limit: 256) == nil)
      arrived += events(other).filter { $0.kind == .message }.count
      if arrived < 600 { #expect(isReady(one)) }
      #expect(one.service(now: 0, limit: 256) == nil)
    }
    #expect(arrived == 600 && events(one).count == 600 - sent)
    // Without waiting: nothing is left to do.
    #expect(!isReady(one) && !isReady(other))
  }

  @Test func aYardThatIsReplacedInTheMiddleOfABookGetsAllOfIt() throws {
    let one = try open("one")
    var other: LaneDriver? = try open("other")
    let remote = try one.lane.addRemote(name: "other")
    try send(one, remote, 3_000_000)
    #expect(one.service(now: 0, limit: 64) == nil)
    _ = other?.service(now: 0, limit: 4)
    #expect(one.service(now: 0, limit: 64) == nil)
    other?.closeSocket()
    other = try open("other")
    var now: UInt64 = 0
    var seen: [Event] = []
    for _ in 0..<1000 where seen.isEmpty {
      now += 200_000_000
      #expect(one.service(now: now, limit: 64) == nil)
      _ = other?.service(now: now, limit: 64)
      seen = other.map { events($0).filter { $0.kind == .message } } ?? []
    }
    #expect(seen.map { $0.body?.bytes.count } == [3_000_000])
    #expect(events(one).map { $0.kind }.filter { $0 != .alive } == [.delivered])
  }

  @Test func aYardThatIsGoneIsToldAtOnce() throws {
    let one = try open("one")
    let remote = try one.lane.addRemote(name: "other")
    try send(one, remote, 100)
    try send(one, remote, 200_000)
    #expect(one.service(now: 0, limit: 64) == nil)
    #expect(events(one).filter { $0.kind == .failed }.map { $0.status } == [.dead, .dead])
  }

  @Test func aYardThatDiesWhileItIsFullIsToldWithoutTheClock() throws {
    let one = try open("one")
    let other = try open("other")
    let remote = try one.lane.addRemote(name: "other")
    for _ in 0..<600 { try send(one, remote, 100) }
    #expect(one.service(now: 0, limit: 64) == nil)
    other.closeSocket()
    #expect(isReady(one))
    #expect(one.service(now: 0, limit: 64) == nil)
    #expect(events(one).contains { $0.kind == .failed && $0.status == .dead })
    #expect(one.deadline(now: 0) == .max)
  }

  @Test func pagesWaitInTheSocketWhileTheHostTakesNothing() throws {
    let one = try open("one")
    let other = try open("other") { $0.receiveQueue = 1000 }
    let remote = try one.lane.addRemote(name: "other")
    for _ in 0..<5 { try send(one, remote, 900) }
    #expect(one.service(now: 0, limit: 64) == nil)
    #expect(other.service(now: 0, limit: 64) == nil)
    let first = events(other).filter { $0.kind == .message }.count
    #expect(first > 0)
    #expect(other.deadline(now: 5) == 5)
    var all = first
    for _ in 0..<5 {
      #expect(other.service(now: 0, limit: 64) == nil)
      if other.lane.takesPages { all += events(other).filter { $0.kind == .message }.count; continue }
      #expect(!isReady(other))
      all += events(other).filter { $0.kind == .message }.count
    }
    #expect(all == 5)
  }

  @Test func closingEndsAsSoonAsAllIsSent() throws {
    let one = try open("one")
    let other = try open("other")
    defer { other.closeSocket() }
    let remote = try one.lane.addRemote(name: "other")
    try send(one, remote, 100)
    try one.lane.close(now: 0, linger: .max)
    #expect(!one.lane.isClosed && one.deadline(now: 0) == 0)
    #expect(one.service(now: 0, limit: 64) == nil)
    #expect(one.lane.isClosed && one.deadline(now: 0) == .max)
    #expect(events(one).map { $0.kind } == [.delivered, .closed])
  }

  @Test func closingWaitsForAFullYardAndNoLonger() throws {
    let one = try open("one")
    let other = try open("other")
    let remote = try one.lane.addRemote(name: "other")
    for _ in 0..<600 { try send(one, remote, 100) }
    try one.lane.close(now: 0, linger: .max)
    for _ in 0..<1000 where !one.lane.isClosed {
      #expect(one.service(now: 0, limit: 64) == nil)
      _ = other.service(now: 0, limit: 64)
    }
    #expect(events(one).filter { $0.kind == .delivered }.count == 600 && one.lane.isClosed)
  }

  @Test func aLaneWithoutASocketDoesNothing() throws {
    let one = try open("one")
    one.closeSocket()
    #expect(one.socket == nil)
    #expect(one.service(now: 0, limit: 64) == nil)
    #expect(one.deadline(now: 0) == .max)
  }
}
