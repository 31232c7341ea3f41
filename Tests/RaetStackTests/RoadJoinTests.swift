import RaetCrypto
@testable import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Joins from the side that asks (PROTOCOL 6.2): who accepts whom, and when; what an answer can and cannot do.
@Suite struct RoadJoinTests {
  /// How the host of one side comes to accept the other's keys.
  enum Decision: CaseIterable { case never, once, always, laterByCall, laterByFile }

  static func mode(_ decision: Decision) -> AcceptMode {
    switch decision {
    case .never, .laterByCall, .laterByFile: return .never
    case .once: return .once
    case .always: return .always
    }
  }

  static func decide(_ decision: Decision, _ node: Node, on role: String, _ acceptance: Acceptance, now: UInt64) throws
  {
    switch decision {
    case .laterByCall: try node.road.setAcceptance(acceptance, of: role, now: now)
    case .laterByFile:
      node.store.change("role/remote/role.\(role).json", "\"acceptance\": 0", "\"acceptance\": \(acceptance.rawValue)")
    case .never, .once, .always: break
    }
  }

  static func pair(_ seed: UInt64, main: Decision, other: Decision) throws -> Pair {
    let road = VirtualRoad(seed: seed)
    let mainNode = try Node("main", port: 1, seed: seed &* 2, now: road.now) {
      $0.isMain = true
      $0.accept = mode(main)
    }
    let otherNode = try Node("other", port: 2, seed: seed &* 2 &+ 1, now: road.now) { $0.accept = mode(other) }
    return Pair(road: road, main: mainNode, other: otherNode)
  }

  @Test(arguments: Decision.allCases, Decision.allCases)
  func bothHaveToAcceptEachOther(main: Decision, other: Decision) throws {
    let pair = try Self.pair(1, main: main, other: other)
    try pair.other.connect(to: pair.main, now: pair.road.now)
    pair.road.run(12 * second)
    let isImmediate = [.once, .always].contains(main) && [.once, .always].contains(other)
    #expect(pair.areAllowed == isImmediate)
    if main == .laterByCall || main == .laterByFile {
      #expect(pair.main.events(.keyPending).map { $0.name } == ["other"])
      try Self.decide(main, pair.main, on: "other", .accepted, now: pair.road.now)
      pair.road.run(12 * second)
    }
    if main != .never, other == .laterByCall || other == .laterByFile {
      #expect(pair.other.events(.keyPending).map { $0.name } == ["main"])
      try Self.decide(other, pair.other, on: "main", .accepted, now: pair.road.now)
    }
    let areAllowed = pair.road.run(20 * second) { pair.areAllowed }
    #expect(areAllowed == (main != .never && other != .never))
    if areAllowed { try pair.expectThatMessagesPass() }
  }

  @Test(arguments: [Decision.laterByCall, .laterByFile], [true, false])
  func aRejectedEstateStaysOutAndIsTold(decision: Decision, isMainRejecting: Bool) throws {
    let pair = try Self.pair(2, main: isMainRejecting ? decision : .once, other: isMainRejecting ? .once : decision)
    try pair.other.connect(to: pair.main, now: pair.road.now)
    pair.road.run(3 * second)
    let (judge, role) = isMainRejecting ? (pair.main, "other") : (pair.other, "main")
    try Self.decide(decision, judge, on: role, .rejected, now: pair.road.now)
    let isTold = pair.road.run(20 * second) { pair.other.events(.joined).contains { $0.status == .rejected } }
    #expect(isTold)
    pair.road.run(60 * second)
    #expect(!pair.areAllowed)
    // Until somebody thinks better of it.
    try judge.road.setAcceptance(.accepted, of: role, now: pair.road.now)
    #expect(pair.road.run(60 * second) { pair.areAllowed })
  }

  @Test func aPendedJoinIsToldOnceAndAtOnce() throws {
    let pair = try Self.pair(3, main: .never, other: .once)
    try pair.other.connect(to: pair.main, now: pair.road.now)
    pair.road.run(second)
    #expect(pair.other.events(.joined).map { $0.status } == [.pending])
    pair.road.run(300 * second)
    #expect(pair.other.events(.joined).map { $0.status } == [.pending])
    #expect(pair.main.events(.keyPending).count == 1)
  }

  @Test func anEarlyPendFromTheOtherSideDoesNotMakeUsForgetThatWeDecide() throws {
    let pair = try Self.pair(4, main: .once, other: .laterByCall)
    pair.road.nodes = [pair.main, pair.other]
    try pair.other.connect(to: pair.main, now: pair.road.now)
    pair.road.run(10 * millisecond)
    let remote = try #require(pair.other.road.slots.compactMap { $0 }.first)
    let join = try #require(remote.join)
    #expect(join.pendingBody != nil)
    let pend = Forger.packet(.join, .pend, to: remote.nearID, transaction: join.transaction) {
      $0.flags = .correspondent
    }
    pair.road.inject(pend, from: pair.main.address, to: pair.other.address)
    pair.road.run(10 * millisecond)
    #expect(remote.join?.pendingBody != nil)
    try pair.other.road.setAcceptance(.accepted, of: "main", now: pair.road.now)
    #expect(pair.road.run(second) { pair.areAllowed })
  }

  @Test func aHostsJoinEndsWithItsTransactionAndItsStatus() throws {
    let pair = try Self.pair(5, main: .once, other: .once)
    let id = try pair.other.road.addRemote(name: nil, address: pair.main.address)
    pair.road.loss = 100
    let lost = try pair.other.road.join(id, timeout: 5 * second, now: pair.road.now)
    #expect(throws: Status.state) { try pair.other.road.join(id, timeout: second, now: pair.road.now) }
    pair.road.run(6 * second)
    pair.road.loss = 0
    let good = try pair.other.road.join(id, timeout: 5 * second, now: pair.road.now)
    pair.road.run(second)
    let ends = pair.other.events(.joined).map { [Int64($0.transaction), Int64($0.status.rawValue)] }
    #expect(ends == [[Int64(lost), Int64(Status.timedOut.rawValue)], [Int64(good), 0]])
    #expect(try pair.other.road.remote(id).isJoined)
    #expect(try !pair.other.road.remote(id).isAllowed)
  }

  /// What attackers say to a join under way, from the right address and with the right numbers.
  @Test(arguments: [PacketKind.reject, .refuse, .nack, .renew, .pend], [true, false])
  func aForgedAnswerEndsAnAttemptAndNothingElse(kind: PacketKind, isFromMain: Bool) throws {
    let pair = try Pair(6)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    let records = pair.other.store.records
    _ = try pair.other.road.join(there.id, timeout: 5 * second, now: pair.road.now)
    let join = try #require(there.join)
    let answer = Forger.packet(.join, kind, from: there.farID, to: there.nearID, transaction: join.transaction) {
      $0.flags = .correspondent
    }
    let from = isFromMain ? pair.main.address : RoadReceiveTests.stranger
    answer.withUnsafeBytes { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      copy.copyMemory(from: bytes)
      pair.other.road.receive(copy, from: from, now: pair.road.now)
      copy.deallocate()
    }
    #expect(there.isAllowed)
    #expect(pair.other.store.records == records)
    try pair.expectThatMessagesPass()
    pair.road.run(10 * second)
    #expect(there.candidate == nil)
    #expect(there.relation?.address == pair.main.address)
    try pair.expectThatMessagesPass()
  }

  /// A response that only a handshake could prove, to a join of ours, from the right address and with the right numbers.
  @Test func aForgedResponseChangesNothingAndIsNotTriedForGood() throws {
    let pair = try Pair(9)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    let before = try #require(there.relation)
    pair.road.watch = { $0.head.transactionKind != .join || $0.head.packetKind != .response }
    _ = try pair.other.road.join(there.id, timeout: 5 * second, now: pair.road.now)
    let join = try #require(there.join)
    let body = Forger.joinBody(pair.main, nearID: 777)
    let response = Forger.packet(
      .join, .response, from: there.farID, to: there.nearID, transaction: join.transaction, coat: body
    ) { $0.flags = .correspondent }
    pair.road.inject(response, from: pair.main.address, to: pair.other.address)
    pair.road.run(10 * millisecond)
    pair.road.watch = { _ in true }
    #expect(there.candidate?.relation.farID == 777)
    #expect(there.relation == before && there.isAllowed)
    try pair.expectThatMessagesPass()
    pair.road.run(20 * second)
    #expect(there.candidate == nil)
    #expect(there.relation == before && there.isAllowed)
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [PacketKind.reject, .refuse, .nack, .response])
  func anAnswerToAnotherJoinIsNone(kind: PacketKind) throws {
    let pair = try Pair(10)
    let there = try pair.there
    _ = try pair.other.road.join(there.id, timeout: 5 * second, now: pair.road.now)
    let join = try #require(there.join)
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { $0.from != pair.main.address }
    for (transaction, source, near) in [
      (join.transaction &+ 1, there.farID, there.nearID), (join.transaction, there.farID &+ 1, there.nearID),
      (join.transaction, 0, there.nearID), (join.transaction, there.farID, there.nearID &+ 1),
    ] {
      let answer = Forger.packet(
        .join, kind, from: source, to: near, transaction: transaction, coat: Forger.joinBody(pair.main, nearID: 777)
      ) { $0.flags = .correspondent }
      pair.road.inject(answer, from: pair.main.address, to: pair.other.address)
    }
    pair.road.run(10 * millisecond)
    #expect(there.join?.transaction == join.transaction)
    #expect(there.candidate == nil)
  }

  @Test func aJoinThatIsAskedForAgainIsAcknowledgedAgain() throws {
    let pair = try Pair(7, connects: false)
    var dropped = 0
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { datagram in
      guard datagram.head.transactionKind == .join, datagram.head.packetKind == .ack, dropped < 1 else { return true }
      dropped += 1
      return false
    }
    #expect(pair.road.run(10 * second) { pair.areAllowed })
    #expect(dropped == 1)
    #expect(pair.other.events(.joined).count == 1)
  }

  @Test(arguments: [5, 20, 50], [1, 2, 3] as [UInt64]) func aLossyRoadConnectsAllTheSame(loss: Int, seed: UInt64) throws
  {
    let pair = try Pair(seed, connects: false)
    pair.road.loss = loss
    pair.road.doubles = 20
    pair.road.delay = 1...150
    #expect(pair.road.run(120 * second) { pair.areAllowed }, "seed \(seed), loss \(loss)")
    pair.road.loss = 0
    try pair.expectThatMessagesPass()
  }

  @Test func theNumbersOfJoinsComeRoundInANewSession() throws {
    let pair = try Pair(8)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    let session = there.near.id
    there.near = NearSession(session: session, reserved: there.near.reserved, lastTransaction: .max)
    _ = try pair.other.road.join(there.id, timeout: 5 * second, now: pair.road.now)
    pair.road.run(second)
    #expect(there.near.id == session + 1)
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [2 * second, .max] as [UInt64]) func aJoinThatBeginsAnewKeepsItsLimit(limit: UInt64) throws {
    let pair = try Pair(23)
    pair.main.settings.accept = .never
    try pair.main.restart(now: pair.road.now, losesStore: true)
    try pair.other.road.disconnect(pair.there.id, now: pair.road.now)
    let start = pair.road.now
    let join = try pair.other.road.join(pair.there.id, timeout: limit, now: start)
    let isOver = pair.road.run(10 * second) { pair.other.events.contains { $0.transaction == join } }
    #expect(isOver == (limit != .max))
    #expect(pair.road.now - start < 2 * second + second / 2 || limit == .max)
    #expect(pair.other.road.statistics[.joinRenewAttempt] == 1)
  }
}
