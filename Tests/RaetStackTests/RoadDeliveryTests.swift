import RaetCrypto
@testable import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Messages from the side that receives them (PROTOCOL 7): room is limited, and what is refused is told so.
@Suite struct RoadDeliveryTests {
  @Test func aHostThatDoesNotReadGetsAllWhenItReadsOn() throws {
    let pair = try Pair(1) { $0.receiveQueue = 50_000 }
    pair.main.reads = false
    for tag in 0..<60 as Range<UInt64> { try pair.sendThere(makeBody(Int(tag), 5_000), tag: tag) }
    pair.road.run(10 * second)
    #expect(pair.main.road.receivedBytes <= 50_000)
    #expect(pair.other.events(.delivered).count < 11)
    #expect(pair.other.events(.failed).isEmpty)
    pair.main.reads = true
    #expect(pair.road.run(30 * second) { pair.other.events(.delivered).count == 60 })
    #expect(pair.main.bodies.count == 60)
    #expect(pair.main.road.receivedBytes == 0)
  }

  @Test func aHostThatDoesNotReadGetsALargeMessageWhenItReadsOn() throws {
    let pair = try Pair(2) { $0.receiveQueue = 50_000 }
    pair.main.reads = false
    try pair.sendThere(makeBody(1, 40_000))
    try pair.sendThere(makeBody(2, 45_000))
    pair.road.run(30 * second)
    #expect(pair.other.events(.delivered).count == 1)
    let before = pair.road.carried
    pair.road.run(30 * second)
    #expect(pair.road.carried - before < 1000, "\(pair.road.carried - before) datagrams for nothing")
    pair.main.reads = true
    #expect(pair.road.run(10 * second) { pair.main.bodies.count == 2 })
  }

  @Test func halfAMessageIsForgottenWhenNothingMoreComes() throws {
    let pair = try Pair(3)
    var left = 20
    pair.road.watch = { datagram in
      guard datagram.from == pair.other.address else { return true }
      left -= 1
      return left > 0
    }
    try pair.sendThere(makeBody(1, 100_000))
    pair.road.run(5 * second)
    #expect(try pair.back.messages.incoming.count == 1)
    #expect(pair.main.road.receivedBytes > 100_000)
    pair.road.run(70 * second)
    #expect(try pair.back.messages.incoming.isEmpty)
    #expect(pair.main.road.receivedBytes == 0)
    #expect(pair.main.road.statistics[.messageSilent] == 1)
    pair.road.watch = { _ in true }
    #expect(pair.road.run(30 * second) { pair.main.bodies == [makeBody(1, 100_000)] })
  }

  /// A signed message of a joined remote that cannot be taken: nothing of it is kept, and the remote is told.
  @Test func whatCannotBeOpenedOrReadIsRefused() throws {
    let pair = try Pair(4)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    let key = try #require(there.keys?.current)
    let boxed = { (body: [UInt8]) in (try? Handshake.box(body, key, pair.other.entropy)) ?? [] }
    let coats: [([UInt8], BodyKind)] = [
      ([UInt8](repeating: 1, count: 50), .raw), ([1], .raw), (boxed([1, 2]), .json), (boxed([0xff]), .msgpack),
      (boxed(Array("[1]".utf8)), .json), (boxed([UInt8](repeating: 0x91, count: 700)), .msgpack),
    ]
    pair.road.isRecording = true
    for (index, (coat, kind)) in coats.enumerated() {
      let packet = Forger.packet(
        .message, .message, from: there.nearID, to: there.farID, session: there.near.id,
        transaction: 500 + UInt32(index), coat: coat, signer: pair.other
      ) {
        $0.bodyKind = kind
        $0.coatKind = .nacl
        $0.flags = .wait
      }
      pair.road.inject(packet, from: pair.other.address, to: pair.main.address)
    }
    pair.road.run(50 * millisecond)
    let answers = pair.road.tape.filter { $0.from == pair.main.address && $0.head.transaction >= 500 }
    #expect(answers.map { $0.head.packetKind } == [PacketKind](repeating: .nack, count: coats.count))
    #expect(answers.allSatisfy { $0.head.order == NackReason.notDelivered })
    #expect(pair.main.bodies.count == 1)
    #expect(pair.main.road.receivedBytes == 0)
    try pair.expectThatMessagesPass()
  }

  @Test func aMessageInClearIsRefusedUnlessTolerated() throws {
    for isTolerant in [false, true] {
      let pair = try Pair(5) { $0.acceptsClear = isTolerant }
      try pair.expectThatMessagesPass()
      let there = try pair.there
      let packet = Forger.packet(
        .message, .message, from: there.nearID, to: there.farID, session: there.near.id, transaction: 500,
        coat: Array("{}".utf8), signer: pair.other)
      pair.road.inject(packet, from: pair.other.address, to: pair.main.address)
      pair.road.run(50 * millisecond)
      #expect(pair.main.bodies.count == (isTolerant ? 2 : 1))
    }
  }

  /// What a joined remote can claim of a message must not cost memory: it is checked before anything is reserved.
  @Test func absurdSegmentsReserveNothing() throws {
    let pair = try Pair(6)
    let there = try pair.there
    var chance = Chance(seed: 6)
    for number in 0..<500 {
      let packet = Forger.packet(
        .message, .message, from: there.nearID, to: there.farID, session: there.near.id,
        transaction: 1000 + UInt32(number), coat: [UInt8](repeating: 7, count: chance.number(0...700)),
        signer: pair.other
      ) {
        $0.coatKind = .nacl
        $0.flags = [.segment, .wait]
        $0.segmentCount = [1, 2, 131_072, UInt32.max][chance.number(0...3)]
        $0.segment = UInt32(chance.number(0...3))
        $0.messageLength = [0, 1, 67_107_840, 67_107_841, .max][chance.number(0...4)]
      }
      pair.road.inject(packet, from: pair.other.address, to: pair.main.address)
    }
    pair.road.run(50 * millisecond)
    #expect(pair.main.bodies.isEmpty)
    #expect(pair.main.road.receivedBytes == 0)
    try pair.expectThatMessagesPass()
  }

  @Test func aMessageAboveTheLimitIsNotTakenByEitherSide() throws {
    let pair = try Pair(7)
    pair.main.settings.maxMessage = 20_000
    try pair.main.restart(now: pair.road.now)
    #expect(pair.road.run(10 * second) { pair.areAllowed })
    #expect(throws: Status.messageSize) { try pair.sendBack(makeBody(1, 20_001)) }
    try pair.sendThere(makeBody(1, 30_000), tag: 7)
    try pair.sendThere(makeBody(2, 20_000), tag: 8)
    pair.road.run(20 * second)
    #expect(pair.main.bodies == [makeBody(2, 20_000)])
    #expect(pair.main.road.receivedBytes == 0)
  }

  @Test func aDoneThatIsLostIsSaidAgain() throws {
    let pair = try Pair(8)
    var lost = 0
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { datagram in
      guard datagram.head.packetKind == .done, lost < 3 else { return true }
      lost += 1
      return false
    }
    try pair.sendThere([1, 2, 3])
    #expect(pair.road.run(5 * second) { pair.other.events(.delivered).count == 1 })
    #expect(pair.main.bodies == [[1, 2, 3]])
    #expect(lost == 3)
  }

  @Test func whatIsAnsweredWithDoneIsHandedOverHoweverManyEventsWait() throws {
    let pair = try Pair(9)
    try pair.sendThere(makeBody(1, 60_000), tag: 1)
    #expect(pair.road.run(second) { !pair.main.road.transfers().isEmpty })
    // The host reads nothing for a while, and a lot ends meanwhile.
    pair.main.reads = false
    while pair.main.road.events.count < RoadLimit.events { pair.main.road.report(Event(.joined)) }
    #expect(pair.road.run(10 * second) { !pair.other.events(.delivered).isEmpty })
    pair.main.reads = true
    #expect(pair.road.run(second) { pair.main.bodies == [makeBody(1, 60_000)] })
    #expect(pair.main.road.heldBytes == 0)
  }

  @Test(arguments: [true, false]) func whatWasRefusedForWantOfKeysNeverComes(isSealed: Bool) throws {
    let pair = try Pair(11) {
      $0.encrypts = isSealed
      $0.acceptsClear = !isSealed
    }
    pair.road.isRecording = true
    try pair.main.road.setAcceptance(.rejected, of: "other", now: pair.road.now)
    try pair.sendThere([7], tag: 7)
    pair.road.run(second / 10)
    try pair.other.road.cancel(#require(pair.other.road.transfers().first).id, now: pair.road.now)
    pair.road.run(second)
    #expect(pair.other.events(.failed).map { $0.status } == [.canceled])
    let copies = pair.road.tape.filter { $0.head.packetKind == .message }
    #expect(!copies.isEmpty)
    try pair.main.road.setAcceptance(.accepted, of: "other", now: pair.road.now)
    #expect(pair.road.run(60 * second) { pair.areAllowed })
    for copy in copies { pair.road.inject(copy.bytes, from: copy.from, to: copy.to) }
    pair.road.run(second)
    #expect(pair.main.bodies.isEmpty)
    try pair.expectThatMessagesPass()
  }
}
