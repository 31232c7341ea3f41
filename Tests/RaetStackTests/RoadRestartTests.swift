import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// What a program that dies and starts again costs: nothing that was reported delivered, and 30 s at the most.
@Suite struct RoadRestartTests {
  enum Side: CaseIterable { case main, other, both }

  static func restart(_ side: Side, _ pair: Pair, losesStore: Bool = false) throws {
    if side != .other { try pair.main.restart(now: pair.road.now, losesStore: losesStore) }
    if side != .main { try pair.other.restart(now: pair.road.now, losesStore: losesStore) }
  }

  @Test(arguments: Side.allCases) func bothAgreeAgainAfterARestart(side: Side) throws {
    let pair = try Pair(1)
    try pair.expectThatMessagesPass()
    try Self.restart(side, pair)
    let areBack = pair.road.run(30 * second) { pair.areAllowed }
    #expect(areBack)
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func aMainThatLostItsStoreIsJoinedAnew(seed: UInt64) throws {
    let pair = try Pair(seed)
    // Sessions far ahead of those that the new main will count.
    for _ in 0..<5 {
      try pair.expectThatMessagesPass()
      _ = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(second)
    }
    pair.main.settings.signSeed = nil
    let keys = pair.main.store.records.filter { $0.key.hasPrefix("role/local") || $0.key.hasPrefix("local/") }
    pair.main.store.records = keys
    try pair.main.restart(now: pair.road.now)
    let areBack = pair.road.run(30 * second) { pair.areAllowed }
    #expect(areBack)
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [Side.main, .other], [2, 100])
  func anEstateThatFindsAnOlderStoreIsHeardAgain(side: Side, sessions: Int) throws {
    let pair = try Pair(5)
    let stores = (pair.main.store.records, pair.other.store.records)
    for _ in 0..<sessions {
      _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(second / 10)
      try pair.sendThere([1])
      try pair.sendBack([2])
    }
    pair.road.run(second)
    if side == .main { pair.main.store.records = stores.0 } else { pair.other.store.records = stores.1 }
    try Self.restart(side, pair)
    pair.road.run(30 * second)
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [true, false], [1000, 0x1000_0000, 0x7fff_0000] as [UInt32])
  func aSideThatHasSeenLaterSessionsIsPassed(isMain: Bool, distance: UInt32) throws {
    let pair = try Pair(6)
    let (remote, peer) = isMain ? (try pair.back, try pair.there) : (try pair.there, try pair.back)
    _ = remote.far.enter(peer.near.id &+ distance)
    // It shows with the first message, of which nobody knows what has become of it.
    try pair.sendThere([1])
    try pair.sendBack([2])
    pair.road.run(30 * second)
    try pair.expectThatMessagesPass()
  }

  @Test func aLaterSessionIsPassedSoonHoweverLongTheRemoteWasSilent() throws {
    let pair = try Pair(8)
    try Self.restart(.other, pair)
    pair.road.watch = { _ in false }
    defer { pair.road.watch = { _ in true } }
    pair.road.run(600 * second)
    _ = try pair.back.far.enter(pair.there.near.id &+ 0x1000_0000)
    pair.road.watch = { _ in true }
    let areBack = pair.road.run(60 * second) { pair.areAllowed }
    #expect(areBack)
    try pair.expectThatMessagesPass()
  }

  /// The main takes it for a new estate with the name of a known one, and may have had its messages before.
  @Test func whatWasDeliveredBeforeARecordWasDamagedIsNeverReportedAsFailed() throws {
    let pair = try Pair(9)
    pair.road.watch = { $0.head.packetKind != .done }
    defer { pair.road.watch = { _ in true } }
    try pair.sendThere([7, 7, 7], tag: 5)
    pair.road.run(second / 2)
    #expect(pair.main.bodies.contains([7, 7, 7]))
    let id = try pair.back.farID
    pair.main.store.change("remote/estate.other.json", "\"fuid\": \(id)", "\"fuid\": 0")
    try Self.restart(.main, pair)
    let before = pair.main.bodies.count { $0 == [7, 7, 7] }
    pair.road.watch = { _ in true }
    #expect(pair.road.run(60 * second) { !pair.other.events(.failed).isEmpty })
    #expect(pair.other.events(.failed).map { $0.status } == [.unknown])
    #expect(pair.main.bodies.count { $0 == [7, 7, 7] } == before)
    #expect(pair.road.run(60 * second) { pair.areAllowed })
  }

  /// The message was taken, its `done` lost, and an old copy comes first after the restart.
  @Test func whatWasDeliveredBeforeARestartIsNeverReportedAsFailed() throws {
    let pair = try Pair(7) { $0.period = 20 * second }
    pair.road.isRecording = true
    for _ in 0..<3 {
      try pair.sendThere([9])
      pair.road.run(second)
      _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(second)
    }
    let old = pair.road.tape.filter { $0.to == pair.main.address && $0.head.transactionKind == .message }
    pair.road.watch = { $0.head.packetKind != .done }
    try pair.sendThere([1, 2, 3], tag: 5)
    pair.road.run(50 * millisecond)
    #expect(pair.main.bodies.last == [1, 2, 3])
    try pair.main.restart(now: pair.road.now)
    for datagram in old { pair.road.inject(datagram.bytes, from: datagram.from, to: datagram.to) }
    pair.road.watch = { _ in true }
    let isReported = pair.road.run(30 * second) { pair.other.events.contains { $0.tag == 5 } }
    #expect(isReported)
    #expect(pair.other.events.first { $0.tag == 5 }?.status == .unknown)
    #expect(pair.main.bodies.filter { $0 == [1, 2, 3] }.count == 1)
  }

  @Test(arguments: Side.allCases, [2_000, 300_000]) func aLargeMessageSurvivesARestartOfTheReceiver(
    side: Side, size: Int
  ) throws {
    let pair = try Pair(4)
    let body = makeBody(1, size)
    if side == .main { try pair.sendThere(body) } else { try pair.sendBack(body) }
    pair.road.run(4 * millisecond)
    try Self.restart(side == .main ? .main : .other, pair)
    let (sender, receiver) = side == .main ? (pair.other, pair.main) : (pair.main, pair.other)
    let isDone = pair.road.run(30 * second) { !sender.events(.delivered).isEmpty || !sender.events(.failed).isEmpty }
    #expect(isDone)
    let arrived = receiver.bodies.filter { $0 == body }.count
    #expect(arrived <= 1)
    if !sender.events(.delivered).isEmpty { #expect(arrived == 1) }
    if let failed = sender.events(.failed).first, failed.status != .unknown { #expect(arrived == 0) }
  }

  /// A laboratory's estates that encrypt nothing go on all the same.
  @Test(arguments: Side.allCases) func estatesThatDoNotEncryptAgreeAfterARestart(side: Side) throws {
    let pair = try Pair(8) {
      $0.encrypts = false
      $0.acceptsClear = true
    }
    try pair.expectThatMessagesPass()
    try Self.restart(side, pair)
    #expect(pair.road.run(30 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
    _ = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(second)
    try pair.expectThatMessagesPass()
  }

  /// Nothing is sealed, so only the session tells that a copy is old; who began the handshake learns it from its end.
  @Test(arguments: [Side.main, .other]) func anOldCopyInClearIsNotTakenAgainAfterARestart(receiver: Side) throws {
    let pair = try Pair(9) {
      $0.encrypts = false
      $0.acceptsClear = true
    }
    pair.road.isRecording = true
    if receiver == .main { try pair.sendThere([1, 2]) } else { try pair.sendBack([1, 2]) }
    pair.road.run(second)
    let address = receiver == .main ? pair.main.address : pair.other.address
    let old = pair.road.tape.filter { $0.to == address && $0.head.transactionKind == .message }
    try Self.restart(receiver, pair)
    if receiver == .main { _ = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now) }
    #expect(pair.road.run(30 * second) { pair.areAllowed })
    for datagram in old { pair.road.inject(datagram.bytes, from: datagram.from, to: datagram.to) }
    pair.road.run(second)
    let node = receiver == .main ? pair.main : pair.other
    #expect(node.bodies.filter { $0 == [1, 2] }.count == 1)
    try pair.expectThatMessagesPass()
  }

  /// Its first message after the restart is not taken for an old one.
  @Test func aResponderThatCountsItsSessionsAnewIsUnderstoodAtOnce() throws {
    let pair = try Pair(10)
    _ = try pair.there.far.enter(pair.back.near.id &+ 1000)
    _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(second)
    try pair.sendBack([7], tag: 3)
    pair.road.run(second)
    #expect(pair.main.events.first { $0.tag == 3 }?.status == .ok)
  }
}
