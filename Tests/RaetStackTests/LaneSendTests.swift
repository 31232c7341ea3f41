import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

@Suite struct LaneSendTests {
  private let one: VirtualYard
  private let other: VirtualYard
  private let lane: VirtualLane
  private let remote: UInt64

  init() throws {
    one = try VirtualYard("one", seed: 1)
    other = try VirtualYard("other", seed: 2)
    lane = VirtualLane(one, other)
    remote = try one.add(other)
  }

  private var yard: Yard { get throws { try one.lane.remote(remote) } }

  @Test func messagesArriveInOrderEachWithOneReport() throws {
    let bodies = [10, 70_000, 8, 200_000, 100].enumerated().map { mapping($0, $1) }
    for (number, body) in bodies.enumerated() { try one.send(body, to: remote, tag: UInt64(number)) }
    lane.run()
    #expect(other.bodies == bodies)
    #expect(one.events(.delivered).map { $0.tag } == [0, 1, 2, 3, 4])
    #expect(one.events(.failed).isEmpty)
    #expect(one.count(.messageBytesTx) == other.count(.messageBytesRx))
  }

  @Test func allPagesOfABookHaveTheSameHeadButForTheirNumber() throws {
    try one.send(mapping(1, 150_000), to: remote)
    let pages = one.pages(of: try yard)
    #expect(pages.count == 3)
    #expect(pages[0].count == PageLimit.page - PageLimit.spare)
    for (number, page) in pages.enumerated() {
      let head = try page.withUnsafeBytes { raw in
        let parsed = try PageHead.parse(raw)
        #expect(parsed.number == number && parsed.count == 3 && parsed.book == 1)
        return raw.count - parsed.piece.count
      }
      let (at, first) = (head - 14, pages[0])
      #expect(page[..<at] == first[..<at] && page[(at + 4)..<head] == first[(at + 4)..<head])
    }
  }

  @Test func booksCountUpAndWrapToOne() throws {
    try yard.lastBook = .max - 1
    for _ in 0..<3 { try one.send(mapping(1, 10), to: remote) }
    let books = try one.pages(of: yard).map { page in try page.withUnsafeBytes { try PageHead.parse($0).book } }
    #expect(books == [.max, 1, 2])
  }

  @Test func onlyMappingsOfJSONAndMsgpackAreTaken() throws {
    #expect(throws: Status.unsupported) { try one.send([1], to: remote, kind: .raw) }
    #expect(throws: Status.unsupported) { try one.send([], to: remote, kind: .none) }
    #expect(throws: Status.encode) { try one.send(Array("[1]".utf8), to: remote) }
    #expect(throws: Status.encode) { try one.send(Array("{}".utf8), to: remote, kind: .msgpack) }
    try one.send([0x80], to: remote, kind: .msgpack)
    try one.send([], to: remote)
    lane.run()
    #expect(other.events(.message).map { $0.bodyKind } == [.msgpack, .json])
    #expect(other.bodies == [[0x80], []])
  }

  @Test func theLongestMessageIsTakenAndNoLonger() throws {
    let one = try VirtualYard("short", seed: 3) { $0.maxMessage = 100 }
    let remote = try one.add(other)
    try one.send(mapping(1, 100), to: remote)
    #expect(throws: Status.messageSize) { try one.send(mapping(1, 101), to: remote) }
    #expect(throws: Status.notFound) { try one.send(mapping(1, 10), to: remote + 1) }
  }

  @Test func aFullQueueSaysSoAndTellsWhenItHasRoom() throws {
    let one = try VirtualYard("full", seed: 3) { ($0.sendQueue, $0.maxMessage) = (2000, 1000) }
    let remote = try one.add(other)
    other.isServed = false
    let lane = VirtualLane(one, other)
    other.room = 0
    one.isServed = true
    try one.send(mapping(1, 900), to: remote)
    try one.send(mapping(2, 900), to: remote)
    #expect(throws: Status.again) { try one.send(mapping(3, 900), to: remote) }
    lane.run()
    #expect(one.events(.writable).isEmpty)
    other.room = 10
    lane.run(second)
    #expect(one.events(.writable).count == 1)
    #expect(one.events.last?.kind == .delivered || one.events.last?.kind == .writable)
    try one.send(mapping(3, 900), to: remote)
  }

  @Test func aHostThatWaitsForRoomIsToldEvenWhileMoreEventsWaitThanAreKept() throws {
    let one = try VirtualYard("full", seed: 3) { ($0.sendQueue, $0.maxMessage) = (2000, 1000) }
    let remote = try one.add(other)
    for number in 0..<2 { try one.send(mapping(number, 900), to: remote) }
    #expect(throws: Status.again) { try one.send(mapping(3, 900), to: remote) }
    for number in 0...LaneLimit.events {
      try one.lane.removeRemote(try one.lane.addRemote(name: "y"), now: UInt64(number))
    }
    #expect(one.count(.dropEvent) == 1)
    one.lane.gone(try one.lane.remote(remote), now: 0)
    one.takeEvents()
    #expect(one.events(.failed).count == 2 && one.events(.writable).map { $0.remote } == [remote])
    #expect(one.events(.writable).first?.status == .ok)
  }

  @Test func aMessageIsCanceledWhereverItWaitsAndAtThisYardAlone() throws {
    let third = try VirtualYard("third", seed: 4)
    let free = try one.add(third)
    let ids = try (0..<5).map { try one.send(mapping($0, 20), to: remote, tag: UInt64($0)) }
    #expect(throws: Status.notFound) { try one.lane.cancel(ids[1], of: free, now: 0) }
    #expect(throws: Status.notFound) { try one.lane.cancel(ids[1], of: 99, now: 0) }
    for id in [ids[3], ids[0]] { try one.lane.cancel(id, of: remote, now: 0) }
    try one.lane.cancel(ids[4], now: 0)
    #expect(throws: Status.notFound) { try one.lane.cancel(ids[4], now: 0) }
    one.takeEvents()
    #expect(one.events(.failed).map { $0.tag } == [3, 0, 4])
    #expect(one.events(.failed).allSatisfy { $0.status == .canceled })
    lane.run()
    #expect(other.bodies == [mapping(1, 20), mapping(2, 20)])
  }

  @Test func anEmptyQueueTakesALongerMessageThanTheQueueIs() throws {
    let one = try VirtualYard("long", seed: 3) { ($0.sendQueue, $0.maxMessage) = (100, 5000) }
    let remote = try one.add(other)
    try one.send(mapping(1, 5000), to: remote)
    #expect(throws: Status.again) { try one.send(mapping(1, 10), to: remote) }
  }

  @Test func aFullYardHoldsUpNoOther() throws {
    let third = try VirtualYard("third", seed: 4)
    lane.yards.append(third)
    let free = try one.add(third)
    other.isServed = false
    for number in 0..<30 { try one.send(mapping(number, 100), to: remote) }
    for number in 0..<30 { try one.send(mapping(number, 100), to: free) }
    lane.run()
    #expect(other.queue.count == 10 && third.bodies.count == 30)
    #expect(one.count(.busyTransmitYard) > 0)
    other.isServed = true
    lane.run(second)
    #expect(other.bodies == third.bodies)
  }

  @Test func whatIsBlockedIsTriedAgainEverLater() throws {
    try one.send(mapping(1, 10), to: remote)
    var pauses: [UInt64] = []
    var now: UInt64 = 0
    for _ in 0..<10 {
      let taken = try #require(one.lane.takeReady())
      one.lane.blocked(0, to: taken, now: now)
      #expect(one.lane.takeReady() == nil)
      pauses.append(one.lane.deadline - now)
      now = one.lane.deadline
      one.lane.service(now: now)
    }
    #expect(pauses.prefix(8) == [1, 2, 4, 8, 16, 32, 64, 100].map { $0 * millisecond }[...])
    let taken = try #require(one.lane.takeReady())
    one.lane.sent(1, to: taken, now: now)
    #expect(one.lane.deadline == .max || one.lane.deadline > now + second)
  }

  @Test func aMessageEndsAtItsLimitAndTheNextGoesOn() throws {
    other.isServed = false
    other.room = 1
    try one.send(mapping(1, 200_000), to: remote, tag: 1, timeout: second)
    try one.send(mapping(2, 100), to: remote, tag: 2, timeout: 10 * second)
    lane.run(2 * second)
    let failed = one.events(.failed)
    #expect(failed.map { $0.tag } == [1] && failed.first?.status == .timedOut)
    other.isServed = true
    other.room = 10
    lane.run(second)
    #expect(other.bodies == [mapping(2, 100)])
    #expect(one.events(.delivered).map { $0.tag } == [2])
  }

  @Test func aShortLimitCountsWhileTheYardIsBlocked() throws {
    try one.send(mapping(1, 10), to: remote, tag: 1, timeout: 10 * second)
    var now: UInt64 = 0
    for _ in 0..<9 {
      one.lane.blocked(0, to: try #require(one.lane.takeReady()), now: now)
      now = one.lane.deadline
      one.lane.service(now: now)
    }
    one.lane.blocked(0, to: try #require(one.lane.takeReady()), now: now)
    #expect(one.lane.deadline == now + 100 * millisecond)
    _ = try mapping(2, 10).withUnsafeBytes {
      try one.lane.send(remote, .json, $0, timeout: 5 * millisecond, tag: 2, now: now)
    }
    #expect(one.lane.deadline == now + 5 * millisecond)
    one.lane.service(now: one.lane.deadline)
    let event = one.lane.nextEvent()
    #expect(event?.kind == .failed && event?.tag == 2 && event?.status == .timedOut)
    #expect(one.lane.deadline == now + 100 * millisecond)
  }

  @Test func theSettingIsTheLimitOfAMessageThatHasNone() throws {
    let one = try VirtualYard("late", seed: 3) { $0.messageTimeout = 3 * second }
    let remote = try one.add(other)
    other.room = 0
    let lane = VirtualLane(one, other)
    try one.send(mapping(1, 10), to: remote)
    lane.run(3 * second - 1)
    #expect(one.events(.failed).isEmpty)
    lane.run(1)
    #expect(one.events(.failed).map { $0.status } == [.timedOut])
  }

  @Test func aCanceledMessageIsGone() throws {
    let first = try one.send(mapping(1, 10), to: remote, tag: 1)
    try one.send(mapping(2, 10), to: remote, tag: 2)
    try one.lane.cancel(first, now: 0)
    #expect(throws: Status.notFound) { try one.lane.cancel(first, now: 0) }
    lane.run()
    #expect(one.events(.failed).map { $0.status } == [.canceled])
    #expect(other.bodies == [mapping(2, 10)])
  }

  @Test func whatTheKernelRefusesEndsAloneWithItsReason() throws {
    try one.send(mapping(1, 10), to: remote, tag: 1)
    try one.send(mapping(2, 10), to: remote, tag: 2)
    one.lane.refused(try #require(one.lane.takeReady()), systemError: 90, now: 0)
    lane.run()
    let failed = try #require(one.events(.failed).first)
    #expect(failed.status == .io && failed.systemError == 90 && failed.tag == 1)
    #expect(one.events(.delivered).map { $0.tag } == [2])
    #expect(one.count(.errorTransmitYard) == 1)
  }

  @Test func withoutRandomnessNothingIsSent() throws {
    one.entropy.isDry = true
    #expect(throws: Status.crypto) { try one.send(mapping(1, 10), to: remote) }
    one.entropy.isDry = false
    try one.send(mapping(1, 10), to: remote)
  }

  @Test func aBookOfWhichPagesWentToAnotherProcessBeginsAnew() throws {
    other.isServed = false
    try one.send(mapping(1, 1_000_000), to: remote)
    lane.run()
    #expect(other.queue.count == 10 && one.events(.delivered).isEmpty)
    // Its process is replaced by another before the book has ended.
    let next = try VirtualYard("other", seed: 9)
    lane.yards = [one, next]
    one.lane.leads(try yard, toSocket: 2)
    lane.run(second)
    #expect(next.bodies == [mapping(1, 1_000_000)])
    #expect(one.events(.delivered).count == 1)
  }
}
