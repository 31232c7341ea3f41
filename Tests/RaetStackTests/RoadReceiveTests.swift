import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// The checks of PROTOCOL 4: what fails one leaves nothing behind but a counter, and old copies do nothing.
@Suite struct RoadReceiveTests {
  static let stranger = Address(ipv4: 0x0a00_0063, port: 99)

  /// What must not change by what an attacker does.
  struct Snapshot: Equatable {
    let relation: Relation?
    let isAllowed: Bool
    let session: UInt32
    let farSession: UInt32
    let hasCandidate: Bool
    let records: [String: [UInt8]]

    init(_ node: Node, of name: String) throws {
      let remote = try node.remote(name)
      relation = remote.relation
      isAllowed = remote.isAllowed
      session = remote.near.id
      farSession = remote.far.id
      hasCandidate = remote.candidate != nil
      records = node.store.records
    }
  }

  /// Two estates that have exchanged messages of all sizes, an empty one among them, and the tape of it.
  static func recorded(
    _ seed: UInt64, change: (inout RoadSettings) -> Void = { _ in }
  ) throws -> (pair: Pair, tape: [VirtualRoad.Datagram]) {
    let pair = try Pair(seed, connects: false, change: change)
    pair.road.isRecording = true
    #expect(pair.road.run(10 * second) { pair.areAllowed })
    for (index, size) in [0, 9, 700, 9_000].enumerated() {
      try pair.sendThere(makeBody(index, size))
      try pair.sendBack(makeBody(index + 4, size))
    }
    #expect(pair.road.run(10 * second) { pair.main.bodies.count == 4 && pair.other.bodies.count == 4 })
    pair.road.run(5 * second)
    pair.road.isRecording = false
    return (pair, pair.road.tape)
  }

  /// Everything again: from a stranger's address, from where it came, and to the other side.
  static func replay(_ tape: [VirtualRoad.Datagram], _ pair: Pair) {
    for datagram in tape {
      pair.road.inject(datagram.bytes, from: stranger, to: datagram.to)
      pair.road.inject(datagram.bytes, from: datagram.from, to: datagram.to)
      pair.road.inject(datagram.bytes, from: datagram.to, to: datagram.from)
      pair.road.inject(datagram.bytes, from: stranger, to: datagram.from)
      pair.road.run(2 * millisecond)
    }
  }

  static func expectNoSecondDelivery(_ pair: Pair, _ location: SourceLocation = #_sourceLocation) throws {
    #expect(pair.main.bodies.count == 4, "seed \(pair.road.seed)", sourceLocation: location)
    #expect(pair.other.bodies.count == 4, "seed \(pair.road.seed)", sourceLocation: location)
    for node in [pair.main, pair.other] {
      #expect(node.road.statistics[.addressMoved] == 0, sourceLocation: location)
    }
    #expect(try pair.back.relation?.address == pair.other.address, sourceLocation: location)
    #expect(try pair.there.relation?.address == pair.main.address, sourceLocation: location)
  }

  @Test(arguments: [false, true]) func oldCopiesDoNothing(isMutable: Bool) throws {
    let (pair, tape) = try Self.recorded(1) { $0.isMutable = isMutable }
    let before = try (Snapshot(pair.main, of: "other"), Snapshot(pair.other, of: "main"))
    Self.replay(tape, pair)
    pair.road.run(10 * second)
    try Self.expectNoSecondDelivery(pair)
    #expect(try Snapshot(pair.main, of: "other").relation == before.0.relation)
    #expect(pair.areAllowed)
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [false, true]) func oldCopiesDoNothingInANewSession(isMutable: Bool) throws {
    let (pair, tape) = try Self.recorded(2) { $0.isMutable = isMutable }
    _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(second)
    Self.replay(tape, pair)
    pair.road.run(10 * second)
    try Self.expectNoSecondDelivery(pair)
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [false, true], RoadRestartTests.Side.allCases)
  func oldCopiesDoNothingAfterARestart(isMutable: Bool, side: RoadRestartTests.Side) throws {
    let (pair, tape) = try Self.recorded(3) {
      $0.isMutable = isMutable
      $0.period = 5 * second
    }
    try RoadRestartTests.restart(side, pair)
    // Before, while and after both agree again. An empty message has no box that tells its age: to the side that asked
    // it is replayed once both have spoken.
    let sealed = tape.filter { $0.head.transactionKind != .message || $0.bytes.count > 160 }
    Self.replay(sealed, pair)
    #expect(pair.road.run(30 * second) { pair.areAllowed })
    Self.replay(sealed, pair)
    pair.road.run(10 * second)
    try Self.expectNoSecondDelivery(pair)
    try pair.expectThatMessagesPass()
    #expect(pair.main.bodies.count == 5)
    Self.replay(tape, pair)
    #expect(pair.main.bodies.count == 5)
    #expect(pair.other.bodies.count == 5)
  }

  @Test func aForgedJoinAndATrueAllowDoNotOpenTheWayForOldCopies() throws {
    let (pair, tape) = try Self.recorded(4)
    let farID = try pair.there.nearID
    let body = Forger.joinBody(pair.other)
    pair.road.inject(
      Forger.packet(.join, .request, from: farID, transaction: 500, coat: body), from: pair.other.address,
      to: pair.main.address)
    pair.road.inject(
      Forger.packet(.join, .ack, from: farID, transaction: 500), from: pair.other.address, to: pair.main.address)
    pair.road.run(2 * millisecond)
    #expect(try pair.back.candidate != nil)
    _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(100 * millisecond)
    #expect(try pair.back.candidate == nil)
    for datagram in tape { pair.road.inject(datagram.bytes, from: datagram.from, to: datagram.to) }
    pair.road.run(second)
    #expect(pair.main.bodies.count == 4)
    try pair.expectThatMessagesPass()
  }

  @Test func anUnsignedPacketChangesNothing() throws {
    let pair = try Pair(5)
    let there = try pair.there
    let before = try Snapshot(pair.main, of: "other")
    for (transactionKind, kinds) in [
      (TransactionKind.alive, [PacketKind.request, .ack, .nack, .unjoined, .unallowed, .reject]),
      (.allow, [.hello, .cookie, .initiate, .ack, .nack, .refuse, .reject, .unjoined]),
      (.message, [.message, .ack, .nack, .resend, .done]),
    ] {
      for kind in kinds {
        for isAnswer in [false, true] {
          let packet = Forger.packet(
            transactionKind, kind, from: there.nearID, to: there.farID, session: there.near.id &+ 1_000_000,
            transaction: 900, coat: [UInt8](repeating: 0x30, count: 200)
          ) { if isAnswer { $0.flags = .correspondent } }
          pair.road.inject(packet, from: pair.other.address, to: pair.main.address)
        }
      }
    }
    pair.road.isRecording = true
    pair.road.run(100 * millisecond)
    #expect(!pair.road.tape.contains { $0.from == pair.main.address && $0.head.transaction == 900 })
    #expect(try Snapshot(pair.main, of: "other") == before)
    try pair.expectThatMessagesPass()
  }

  @Test func aPacketSignedByAnotherEstateChangesNothing() throws {
    let pair = try Pair(6)
    let there = try pair.there
    let before = try Snapshot(pair.main, of: "other")
    let evil = try Node("evil", port: 9, seed: 99)
    for kind in [PacketKind.request, .nack] {
      let packet = Forger.packet(
        .alive, kind, from: there.nearID, to: there.farID, session: there.near.id &+ 5, signer: evil)
      pair.road.inject(packet, from: pair.other.address, to: pair.main.address)
    }
    pair.road.run(100 * millisecond)
    #expect(try Snapshot(pair.main, of: "other") == before)
    #expect(pair.main.road.statistics[.dropSignature] == 2)
  }

  @Test func aFlippedBitAnywhereDropsThePacket() throws {
    let (pair, tape) = try Self.recorded(7)
    let before = try Snapshot(pair.main, of: "other")
    var chance = Chance(seed: 7)
    for datagram in tape where datagram.head.transactionKind != .join && datagram.to == pair.main.address {
      for _ in 0..<4 {
        var bytes = datagram.bytes
        bytes[chance.number(0...bytes.count - 1)] ^= 1 << UInt8(chance.number(0...7))
        pair.road.inject(bytes, from: datagram.from, to: datagram.to)
      }
    }
    pair.road.run(10 * millisecond)
    #expect(try Snapshot(pair.main, of: "other") == before)
    #expect(pair.main.bodies.count == 4)
  }

  @Test func garbageIsCountedAndNothingElse() throws {
    let pair = try Pair(8)
    let before = try Snapshot(pair.main, of: "other")
    var chance = Chance(seed: 8)
    for length in [0, 1, 2, 8, 12, 255, 1024, 1025, 65_507] {
      pair.road.inject(
        (0..<length).map { _ in UInt8(chance.number(0...255)) }, from: Self.stranger, to: pair.main.address)
    }
    pair.road.isRecording = true
    pair.road.run(10 * millisecond)
    #expect(pair.main.road.statistics[.parsingOuterError] == 9)
    #expect(!pair.road.tape.contains { $0.to == Self.stranger })
    #expect(try Snapshot(pair.main, of: "other") == before)
  }

  @Test func aStaleSessionIsAnsweredWithANackAndCountsNot() throws {
    let pair = try Pair(9)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    let before = try pair.back.far.id
    pair.road.isRecording = true
    for session in [before &- 1, before &- 0x7fff_ffff, before &+ 0x8000_0000] {
      pair.road.inject(
        Forger.packet(
          .message, .message, from: there.nearID, to: there.farID, session: session, transaction: 700,
          signer: pair.other), from: pair.other.address, to: pair.main.address)
    }
    pair.road.run(10 * millisecond)
    let nacks = pair.road.tape.filter { $0.from == pair.main.address && $0.head.transaction == 700 }
    #expect(nacks.count == 3)
    #expect(nacks.allSatisfy { $0.head.packetKind == .nack && $0.head.footKind == .nacl })
    #expect(try pair.back.far.id == before)
    #expect(pair.main.bodies.count == 1)
  }

  @Test func sessionsComeRound() throws {
    let pair = try Pair(10)
    try pair.expectThatMessagesPass()
    for start in [0x7fff_0000, 0xfffe_0000, .max - 4, nil, nil, nil, nil, nil, nil] as [UInt32?] {
      if let start { try pair.there.near = NearSession(stored: start) }
      _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(second)
      try pair.expectThatMessagesPass()
    }
    #expect(try (1...6).contains(pair.there.near.id))
    try pair.other.restart(now: pair.road.now)
    #expect(pair.road.run(30 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
  }

  /// A packet that was held back and comes after newer ones, from elsewhere: it counts, but it moves nobody.
  @Test func aLatePacketFromElsewhereMovesNobody() throws {
    let pair = try Pair(11)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    func heartbeat(_ transaction: UInt32) -> [UInt8] {
      Forger.packet(
        .alive, .request, from: there.nearID, to: there.farID, session: there.near.id, transaction: transaction,
        signer: pair.other)
    }
    let late = heartbeat(there.near.nextTransaction().id)
    try pair.expectThatMessagesPass()
    pair.road.inject(late, from: Self.stranger, to: pair.main.address)
    let answered = pair.main.road.statistics[.aliveComplete]
    pair.road.run(10 * millisecond)
    #expect(pair.main.road.statistics[.aliveComplete] == answered + 1)
    #expect(try pair.back.relation?.address == pair.other.address)
    // One that is newer than all does.
    pair.road.inject(heartbeat(there.near.nextTransaction().id), from: Self.stranger, to: pair.main.address)
    pair.road.run(10 * millisecond)
    #expect(try pair.back.relation?.address == Self.stranger)
  }

  /// A segment that asks is answered where it came from: the sender may have moved since it was last heard of.
  @Test func aSegmentIsAnsweredWhereItCameFrom() throws {
    let pair = try Pair(12)
    defer { pair.road.watch = { _ in true } }
    var answers: [Address] = []
    pair.road.watch = {
      if $0.head.transactionKind == .message, $0.head.packetKind == .ack { answers.append($0.to) }
      return true
    }
    try pair.sendThere([UInt8](repeating: 1, count: 60_000))
    pair.other.address = Self.stranger
    pair.road.run(second) { !answers.isEmpty }
    #expect(answers.first == Self.stranger)
  }
}
