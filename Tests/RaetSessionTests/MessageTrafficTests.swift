import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

/// The messages of one remote, as they wait and as they are under way.
@Suite struct MessageTrafficTests {
  static func message(_ id: UInt64, limit: UInt64 = .max, length: Int = 10) throws -> MessageInitiator {
    let body = [UInt8](repeating: 1, count: length)
    return try #require(
      body.withUnsafeBytes { MessageInitiator(id: id, tag: 0, bodyKind: .raw, body: $0, limit: limit) })
  }

  @Test func messagesWaitInOrderAndThoseSentAnewComeFirst() throws {
    var traffic = MessageTraffic(window: 64)
    for id in 1...4 as ClosedRange<UInt64> { traffic.append(try Self.message(id)) }
    guard let first = traffic.takeWaiting() else { return fail("nothing waits") }
    #expect(first.id == 1)
    traffic.putBack(first)
    #expect(traffic.takeWaiting(id: 2)?.id == 2)
    #expect(traffic.takeWaiting(id: 2) == nil)
    #expect(traffic.takeWaiting()?.id == 1)
    #expect(traffic.takeWaiting()?.id == 3)
    #expect(traffic.takeWaiting()?.id == 4)
    #expect(traffic.takeWaiting() == nil)
  }

  @Test func bytesAreCountedUntilAMessageEnds() throws {
    var traffic = MessageTraffic(window: 64)
    let messages = try (1...3 as ClosedRange<UInt64>).map { try Self.message($0, length: 100) }
    messages.forEach { traffic.append($0) }
    #expect(traffic.queuedBytes == 300)
    guard let one = traffic.takeWaiting() else { return fail("nothing waits") }
    traffic.start(one, transaction: 1)
    #expect(traffic.queuedBytes == 300)
    traffic.putBack(one)
    #expect(traffic.queuedBytes == 300)
    messages.forEach { traffic.ended($0) }
    #expect(traffic.queuedBytes == 0)
  }

  @Test func theEarliestLimitIsKnown() throws {
    var traffic = MessageTraffic(window: 64)
    traffic.append(try Self.message(1, limit: 50))
    traffic.append(try Self.message(2, limit: 20))
    #expect(traffic.due == 20)
    #expect(traffic.takeLate(now: 19).isEmpty)
    #expect(traffic.takeLate(now: 20).map { $0.id } == [2])
    #expect(traffic.due == 50)
  }

  @Test func whatIsUnderWayComesBackInTheOrderItLeftEvenWhenNumbersComeRound() throws {
    var traffic = MessageTraffic(window: 64)
    for (place, transaction) in [.max - 1, .max, 1, 2].enumerated() as EnumeratedSequence<[UInt32]> {
      traffic.start(try Self.message(UInt64(place)), transaction: transaction)
    }
    #expect(!traffic.isIdle)
    #expect(traffic.takeUnderway().map { $0.id } == [0, 1, 2, 3])
    #expect(traffic.isIdle)
  }
}
