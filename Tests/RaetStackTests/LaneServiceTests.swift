import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

@Suite struct LaneServiceTests {
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

  @Test func anIdleLaneHasNoDeadline() throws {
    try one.send(mapping(1, 10), to: remote)
    lane.run()
    #expect(one.lane.deadline == .max || one.lane.deadline > lane.now)
    #expect(other.lane.deadline == .max && !one.lane.hasReady)
  }

  @Test func closingLetsMessagesLeaveWithinItsTime() throws {
    try one.send(mapping(1, 500_000), to: remote)
    try one.lane.close(now: 0, linger: second)
    #expect(throws: Status.closed) { try one.send(mapping(2, 10), to: remote) }
    #expect(throws: Status.closed) { try one.lane.close(now: 0, linger: second) }
    lane.run(second)
    #expect(other.bodies == [mapping(1, 500_000)])
    #expect(one.events.map { $0.kind }.suffix(2) == [.delivered, .closed] && one.lane.isClosed)
    #expect(one.lane.deadline == .max)
  }

  @Test func closingEndsWhatCannotLeave() throws {
    other.room = 0
    try one.send(mapping(1, 10), to: remote)
    try one.lane.close(now: 0, linger: second)
    lane.run(second - 1)
    #expect(!one.lane.isClosed)
    lane.run(1)
    #expect(one.events.map { $0.kind } == [.failed, .closed] && one.events.first?.status == .canceled)
    one.receive([1, 2, 3], from: "other")
    #expect(one.count(.packetsRx) == 0)
  }

  @Test func transfersTellHowFarMessagesHaveCome() throws {
    other.room = 3
    other.isServed = false
    let id = try one.send(mapping(1, 500_000), to: remote)
    lane.run()
    let sending = try #require(one.lane.transfers().first)
    #expect(sending.id == id && sending.isSending && sending.total == 500_000)
    #expect(sending.done > 190_000 && sending.done < 200_000)
    for page in other.queue { other.receive(page.bytes, from: page.source) }
    let receiving = try #require(other.lane.transfers().first)
    #expect(!receiving.isSending && receiving.done == sending.done && receiving.total >= 500_000)
  }

  @Test func longPagesAreCounted() {
    one.lane.receivedTruncated(3)
    #expect(one.count(.receiveTruncated) == 3)
  }
}
