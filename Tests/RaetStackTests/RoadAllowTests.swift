import RaetCrypto
@testable import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Allow between two engines (PROTOCOL 6.4): both have the same keys afterwards, whatever was lost on the way.
@Suite struct RoadAllowTests {
  static func isAllow(_ datagram: VirtualRoad.Datagram, _ kinds: PacketKind...) -> Bool {
    datagram.head.transactionKind == .allow && kinds.contains(datagram.head.packetKind)
  }

  /// Each packet of a handshake, lost for longer than the handshake lasts.
  @Test(arguments: [PacketKind.hello, .cookie, .initiate, .ack], [true, false])
  func aHandshakeThatBreaksOffLeavesBothWithTheSameKeys(lost: PacketKind, isFirst: Bool) throws {
    let pair = try Pair(1, connects: !isFirst)
    if !isFirst {
      try pair.expectThatMessagesPass()
      _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
    }
    for tag in 0..<3 as Range<UInt64> {
      if !isFirst { try pair.sendBack(makeBody(Int(tag), 3000), tag: tag) }
    }
    pair.road.watch = { !Self.isAllow($0, lost) }
    pair.road.run(15 * second)
    pair.road.watch = { _ in true }
    #expect(pair.road.run(20 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
    try pair.expectThatMessagesPass()
    #expect(pair.main.events(.failed).isEmpty)
  }

  @Test func bothAllowingAtOnceAgreeOnOneHandshake() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let pair = try Pair(seed)
      pair.road.delay = 1...50
      pair.road.loss = seed > 10 ? 20 : 0
      let there = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
      let back = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(10 * second)
      #expect(pair.other.events(.allowed).filter { $0.transaction == there }.count == 1, "seed \(seed)")
      #expect(pair.main.events(.allowed).filter { $0.transaction == back }.count == 1, "seed \(seed)")
      pair.road.loss = 0
      #expect(pair.road.run(20 * second) { pair.areAllowed }, "seed \(seed)")
      try pair.expectThatMessagesPass()
    }
  }

  @Test func messagesGoOnDuringHandshakesAndComeOnce() throws {
    let pair = try Pair(2)
    pair.road.delay = 1...20
    pair.road.loss = 10
    let ledger = Ledger()
    for round in 0..<40 {
      for size in [20, 2000, 40_000] {
        try ledger.send(size, pair.main, to: "other", now: pair.road.now)
        try ledger.send(size, pair.other, to: "main", now: pair.road.now)
      }
      let (node, peer) = round % 2 == 0 ? (pair.main, "other") : (pair.other, "main")
      _ = try? node.road.allow(node.remote(peer).id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(100 * millisecond)
    }
    pair.road.loss = 0
    #expect(pair.road.run(60 * second) { ledger.unreported([pair.main, pair.other]) == 0 })
    let broken = ledger.broken([pair.main, pair.other])
    #expect(broken.isEmpty, "\(broken.prefix(3))")
    #expect(try pair.back.near.id > 10)
  }

  @Test func theHostsAllowEndsOnceWhateverBecomesOfIt() throws {
    let pair = try Pair(3)
    let id = try pair.there.id
    #expect(throws: Status.notFound) { try pair.other.road.allow(99, timeout: second, now: pair.road.now) }
    let good = try pair.other.road.allow(id, timeout: Times.allow, now: pair.road.now)
    #expect(throws: Status.state) { try pair.other.road.allow(id, timeout: second, now: pair.road.now) }
    pair.road.run(second)
    pair.road.loss = 100
    let late = try pair.other.road.allow(id, timeout: second, now: pair.road.now)
    pair.road.run(2 * second)
    try pair.other.road.disconnect(id, now: pair.road.now)
    let canceled = try pair.other.road.allow(id, timeout: Times.allow, now: pair.road.now)
    try pair.other.road.cancel(canceled, now: pair.road.now)
    let removed = try pair.other.road.allow(id, timeout: Times.allow, now: pair.road.now)
    try pair.other.road.removeRemote(id, now: pair.road.now)
    pair.road.run(second)
    let ends = pair.other.events(.allowed).filter { $0.transaction != 0 }
    #expect(ends.map { $0.transaction } == [good, late, canceled, removed])
    #expect(ends.map { $0.status } == [.ok, .timedOut, .canceled, .canceled])
  }

  /// The other's handshake has taken the place of ours: it ends for the host all the same.
  @Test(arguments: ["remove", "close", "cancel", "time"]) func anAllowThatGaveWayEndsForTheHost(how: String) throws {
    let pair = try Pair(4)
    let other = pair.other
    let transaction = try other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
    _ = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now)
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { !Self.isAllow($0, .cookie) }
    pair.road.run(10 * millisecond)
    switch how {
    case "remove": try other.road.removeRemote(pair.there.id, now: pair.road.now)
    case "close": try other.road.close(now: pair.road.now, linger: 0)
    case "cancel": try other.road.cancel(transaction, now: pair.road.now)
    default: break
    }
    pair.road.run(10 * second)
    #expect(other.events(.allowed).filter { $0.transaction == transaction }.count == 1)
  }

  /// The initiator starts anew before its last ack has come, and its answer to a heartbeat says so first.
  @Test func aSessionLostWhileTheLastAckIsAwaitedIsBegunAnew() throws {
    let pair = try Pair(6)
    pair.road.watch = { !Self.isAllow($0, .ack) || $0.from == pair.other.address }
    _ = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(100 * millisecond)
    try pair.main.restart(now: pair.road.now)
    _ = try pair.other.road.alive(pair.there.id, timeout: Times.alive, now: pair.road.now)
    pair.road.run(100 * millisecond)
    #expect(try !pair.there.isAllowed)
    pair.road.watch = { _ in true }
    #expect(pair.road.run(10 * second) { pair.areAllowed })
  }

  /// A message of a session far ahead is refused, and the sender told that it was not delivered: a late copy of it must
  /// not be, either, once a handshake has begun that session.
  @Test func whatWasRefusedBeforeAHandshakeIsNotTakenAfterIt() throws {
    let pair = try Pair(7)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    there.near.leap(refused: 0)
    var copy: VirtualRoad.Datagram?
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { datagram in
      let isOther = datagram.from == pair.other.address
      if copy == nil, isOther, datagram.head.packetKind == .message { copy = datagram }
      if let copy, !isOther, Self.isAllow(datagram, .ack) {
        pair.road.inject(copy.bytes, from: copy.from, to: copy.to)
      }
      return true
    }
    try pair.sendThere([1, 2, 3, 4])
    #expect(pair.road.run(10 * second) { pair.other.events(.delivered).count == 2 })
    pair.road.run(second)
    #expect(copy != nil)
    #expect(pair.main.bodies.filter { $0 == [1, 2, 3, 4] }.count == 1)
  }

  /// The copy of an initiate comes from elsewhere and first: who is silent there is looked for where it was.
  @Test func aCopiedHandshakeDoesNotHideWhereTheRemoteIs() throws {
    let pair = try Pair(8)
    let elsewhere = Address(ipv4: 0x0a09_0909, port: 9)
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { datagram in
      guard Self.isAllow(datagram, .initiate) else { return true }
      pair.road.inject(datagram.bytes, from: elsewhere, to: datagram.to)
      return false
    }
    _ = try pair.main.road.allow(pair.back.id, timeout: second, now: pair.road.now)
    pair.road.run(100 * millisecond)
    #expect(try pair.there.address == elsewhere)
    var places: Set<String> = []
    pair.road.watch = { datagram in
      if datagram.from == pair.other.address { places.insert(datagram.to.text) }
      return false
    }
    pair.road.run(60 * second)
    #expect(places == [elsewhere.text, pair.main.address.text])
    pair.road.watch = { _ in true }
    #expect(pair.road.run(60 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
  }

  @Test func withoutRandomnessNothingBeginsAndNothingBreaks() throws {
    let pair = try Pair(5)
    pair.other.entropy.isDry = true
    #expect(throws: Status.crypto) {
      try pair.other.road.allow(pair.there.id, timeout: second, now: pair.road.now)
    }
    try pair.sendThere([1, 2, 3])
    _ = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(10 * second)
    #expect(pair.main.bodies.isEmpty)
    pair.other.entropy.isDry = false
    #expect(pair.road.run(20 * second) { pair.areAllowed && pair.main.bodies == [[1, 2, 3]] })
    try pair.expectThatMessagesPass()
  }

  /// What the main is sent is sealed for another key than its own: it can open no hello, and says so.
  @Test func aHandshakeThatIsRejectedLeadsToANewJoin() throws {
    let pair = try Pair(31) {
      $0.accept = .always
      $0.isMutable = true
    }
    var relation = try #require(pair.there.relation)
    relation.keys = RoleKeys(verify: relation.keys.verify, encrypt: pair.other.road.keys.encrypt)
    try pair.there.relation = relation
    pair.other.road.setRole("main", Role(acceptance: .accepted, keys: relation.keys), isStored: false)
    _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
    #expect(pair.road.run(second) { pair.other.events(.allowed).contains { $0.status == .rejected } })
    #expect(pair.road.run(30 * second) { pair.other.isAllowed("main", with: pair.main.road.keys) })
    try pair.expectThatMessagesPass()
  }
}
