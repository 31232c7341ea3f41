import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Packets of sessions and lives that are over: late ones, replayed ones, and answers to what was asked before.
@Suite struct SessionTests {
  /// Only what the estate is stays in its store, or only its keys.
  static func loseRemotes(_ node: Node, keysOnly: Bool = false) {
    node.store.records = node.store.records.filter {
      $0.key.hasPrefix("role/local") || !keysOnly && $0.key.hasPrefix("local/")
    }
  }

  private static func allow(_ pair: Pair, times: Int) throws {
    for _ in 0..<times {
      _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(second / 2)
    }
  }

  @Test func aLatePacketOfAFormerLifeEndsNothing() throws {
    for seed in 1...6 as ClosedRange<UInt64> {
      let pair = try Pair(seed)
      try Self.allow(pair, times: 3)
      pair.road.isRecording = true
      pair.road.run(3 * second)
      _ = try? pair.other.road.alive(pair.there.id, timeout: Times.alive, now: pair.road.now)
      pair.road.run(second / 2)
      pair.road.isRecording = false
      let old = pair.road.tape.last { $0.from == pair.other.address && !$0.head.flags.contains(.correspondent) }
      Self.loseRemotes(pair.other, keysOnly: seed % 2 == 0)
      try pair.other.restart(now: pair.road.now)
      #expect(pair.road.run(30 * second) { pair.areAllowed })
      pair.road.run(second)
      let late = try #require(old)
      let session = try pair.back.far.id
      pair.road.inject(late.bytes, from: late.from, to: pair.main.address)
      pair.road.run(5 * millisecond)
      #expect(try pair.back.far.id == session, "seed \(seed)")
      pair.road.run(second)
      try pair.expectThatMessagesPass()
      #expect(pair.other.events(.failed).isEmpty)
    }
  }

  @Test(arguments: [RoadRestartTests.Side.main, .other])
  func anEmptyMessageIsNotDeliveredAgainAfterARestart(side: RoadRestartTests.Side) throws {
    let pair = try Pair(33)
    let receiver = side == .main ? pair.main : pair.other
    pair.road.isRecording = true
    if side == .main { try pair.sendThere([]) } else { try pair.sendBack([]) }
    pair.road.run(second / 10)
    pair.road.isRecording = false
    let found = pair.road.tape.first { $0.head.transactionKind == .message && $0.head.packetKind == .message }
    let message = try #require(found)
    #expect(receiver.bodies == [[]])
    try receiver.restart(now: pair.road.now)
    for _ in 0..<30 {
      pair.road.inject(message.bytes, from: message.from, to: message.to)
      pair.road.run(millisecond)
    }
    #expect(pair.road.run(10 * second) { pair.areAllowed })
    for _ in 0..<10 {
      pair.road.inject(message.bytes, from: message.from, to: message.to)
      pair.road.run(millisecond)
    }
    pair.road.run(second)
    #expect(receiver.bodies == [[]])
  }

  @Test(arguments: [true, false]) func answersToAFormerLifeAreNone(keysOnly: Bool) throws {
    let pair = try Pair(34)
    pair.road.isRecording = true
    for number in 0..<8 as Range<UInt8> {
      try pair.sendThere([number])
      pair.road.run(second / 10)
    }
    pair.road.isRecording = false
    let answers = pair.road.tape.filter { $0.from == pair.main.address && $0.head.flags.contains(.correspondent) }
    #expect(answers.contains { $0.head.packetKind == .done })
    Self.loseRemotes(pair.other, keysOnly: keysOnly)
    try pair.other.restart(now: pair.road.now)
    #expect(pair.road.run(60 * second) { pair.areAllowed })
    pair.road.run(second)
    let delivered = pair.other.events(.delivered).count
    let bodies = pair.main.bodies.count
    pair.road.watch = { !($0.from == pair.other.address && $0.head.transactionKind == .message) }
    for number in 50..<58 as Range<UInt8> { try pair.sendThere([number]) }
    pair.road.run(10 * millisecond)
    for answer in answers { pair.road.inject(answer.bytes, from: answer.from, to: answer.to) }
    pair.road.run(second)
    #expect(pair.other.events(.delivered).count == delivered)
    pair.road.watch = { _ in true }
    #expect(pair.road.run(30 * second) { pair.other.events(.delivered).count == delivered + 8 })
    #expect(pair.main.bodies.count == bodies + 8)
  }

  @Test func anOlderStoreIsPassedByALeap() throws {
    let pair = try Pair(8)
    let older = pair.other.store.records
    for _ in 0..<3 {
      try pair.other.restart(now: pair.road.now)
      #expect(pair.road.run(10 * second) { pair.areAllowed })
      pair.road.run(second)
    }
    let session = try pair.back.far.id
    pair.other.store.records = older
    try pair.other.restart(now: pair.road.now)
    #expect(pair.road.run(30 * second) { pair.other.isAllowed("main") })
    #expect(try pair.there.near.id > session)
    try pair.expectThatMessagesPass()
  }

  /// Anybody can send what is not signed, where it is tolerated.
  @Test(arguments: [1, 17, 0x1_0000, 0x7000_0000, 0xffff_fff0] as [UInt32])
  func anUnsignedPacketOfAnotherSessionCutsNobodyOff(ahead: UInt32) throws {
    let pair = try Pair(22) { $0.acceptsUnsigned = true }
    let back = try pair.back
    let forged = Forger.packet(
      .alive, .request, from: back.farID, to: back.nearID, session: back.far.id &+ ahead, transaction: 1)
    pair.road.inject(forged, from: TrustTests.far, to: pair.main.address)
    pair.road.run(second)
    try pair.expectThatMessagesPass()
  }

  /// A laboratory's estates that sign nothing go on all the same.
  @Test(arguments: RoadRestartTests.Side.allCases)
  func estatesThatDoNotSignAgreeAfterARestart(side: RoadRestartTests.Side) throws {
    let pair = try Pair(23) {
      $0.acceptsUnsigned = true
      $0.signs = false
    }
    try pair.expectThatMessagesPass()
    try Self.allow(pair, times: 3)
    try pair.expectThatMessagesPass()
    for losesStore in [false, true] {
      if losesStore { Self.loseRemotes(side == .main ? pair.main : pair.other) }
      try RoadRestartTests.restart(side, pair)
      #expect(pair.road.run(30 * second) { pair.areAllowed })
      try pair.expectThatMessagesPass()
    }
  }

  /// A hello that is signed and makes no sense costs the host nothing of its own.
  @Test func aHostsAllowEndsEvenWhenABadHelloCame() throws {
    let pair = try Pair(31)
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { !($0.from == pair.other.address && $0.head.transactionKind == .allow) }
    let transaction = try pair.other.road.allow(pair.there.id, timeout: 20 * second, now: pair.road.now)
    var head = pair.main.road.head(try pair.back, .allow, .hello)
    head.session = try pair.back.near.id
    head.transaction = 9000
    pair.main.road.transmit(head, body: [1, 2, 3], to: pair.other.address)
    pair.road.run(30 * second)
    #expect(pair.other.events.filter { $0.transaction == transaction }.count == 1)
  }

  @Test func emptyMessagesFillTheQueueToo() throws {
    let pair = try Pair(19) { $0.sendQueue = 1000 }
    pair.road.watch = { _ in false }
    var taken = 0
    for _ in 0..<1000 {
      do { try pair.sendThere([]) } catch Status.again { break }
      taken += 1
    }
    #expect(taken < 100)
    pair.road.watch = { _ in true }
    #expect(pair.road.run(30 * second) { !pair.other.events(.writable).isEmpty })
  }

  @Test func aBodyLongerThanTheQueueGoesWhenTheQueueIsEmpty() throws {
    let pair = try Pair(20) { $0.sendQueue = 1000 }
    try pair.sendThere(makeBody(1, 2000))
    #expect(throws: Status.again) { try pair.sendThere([1]) }
    #expect(pair.road.run(10 * second) { !pair.other.events(.writable).isEmpty })
    #expect(pair.main.bodies == [makeBody(1, 2000)])
  }

  /// What one estate has announced and does not send holds up no other.
  @Test func halfReceivedMessagesOfOneLeaveRoomForOthers() throws {
    let pair = try Pair(28) {
      $0.receiveQueue = 99_885
      $0.maxMessage = 60_000
    }
    let third = try Node("third", port: 3, seed: 78, now: pair.road.now) { $0.accept = .once }
    pair.road.nodes.append(third)
    try third.connect(to: pair.main, now: pair.road.now)
    #expect(pair.road.run(5 * second) { third.isAllowed("main") })
    var seen = Set<UInt32>()
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = {
      guard $0.from == pair.other.address, $0.head.transactionKind == .message else { return true }
      return seen.count < 2 && seen.insert($0.head.transaction).inserted
    }
    for number in 1...2 { try pair.sendThere(makeBody(number, 49_900)) }
    pair.road.run(second)
    for size in [100, 30_000] { try third.send(makeBody(3, size), to: third.remote("main").id, now: pair.road.now) }
    #expect(pair.road.run(5 * second) { third.events(.delivered).count == 2 })
  }
}
