import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Heartbeats and what they tell of a remote's presence (PROTOCOL 6.5).
@Suite struct RoadPresenceTests {
  static func isHeartbeat(_ datagram: VirtualRoad.Datagram) -> Bool {
    datagram.head.transactionKind == .alive && datagram.head.packetKind == .request
  }

  @Test func aQuietRoadHasOneHeartbeatAPeriod() throws {
    let pair = try Pair(1)
    pair.road.isRecording = true
    pair.road.run(60 * second)
    let beats = pair.road.tape.filter(Self.isHeartbeat)
    // The main's comes first; what the other hears by it makes its own unnecessary.
    #expect((50...62).contains(beats.count), "\(beats.count)")
    #expect(pair.road.tape.count == 2 * beats.count)
    #expect(beats.allSatisfy { $0.from == pair.main.address })
  }

  @Test func withoutAPeriodTheRoadIsSilent() throws {
    let pair = try Pair(1) { $0.period = 0 }
    pair.road.run(10 * second)
    let before = pair.road.carried
    pair.road.run(3600 * second)
    #expect(pair.road.carried == before)
  }

  @Test func aRemoteThatFallsSilentIsDeadAndHeardOfAgain() throws {
    let pair = try Pair(2)
    pair.road.loss = 100
    #expect(pair.road.run(10 * second) { !pair.main.events(.dead).isEmpty && !pair.other.events(.dead).isEmpty })
    pair.road.run(60 * second)
    #expect(pair.main.events(.dead).count == 1)
    #expect(pair.other.events(.dead).count == 1)
    let alives = (pair.main.events(.alive).count, pair.other.events(.alive).count)
    pair.road.loss = 0
    let areBack = pair.road.run(15 * second) {
      pair.main.events(.alive).count == alives.0 + 1 && pair.other.events(.alive).count == alives.1 + 1
    }
    #expect(areBack)
    try pair.expectThatMessagesPass()
  }

  @Test func messagesUnderWayGoOnAfterASilence() throws {
    let pair = try Pair(3)
    pair.road.loss = 100
    try pair.sendThere([1], tag: 1)
    try pair.sendBack([2], tag: 2)
    try pair.sendThere(makeBody(3, 30_000), tag: 3)
    pair.road.run(20 * second)
    pair.road.loss = 0
    let isDone = pair.road.run(15 * second) {
      pair.other.events(.delivered).count == 2 && pair.main.events(.delivered).count == 1
    }
    #expect(isDone)
  }

  @Test func heartbeatsToADeadRemoteBecomeSeldom() throws {
    let pair = try Pair(4)
    pair.road.loss = 100
    pair.road.run(60 * second)
    pair.road.isRecording = true
    pair.road.run(120 * second)
    let beats = Set(
      pair.road.tape.filter { Self.isHeartbeat($0) && $0.from == pair.main.address }.map { $0.head.transaction })
    #expect((9...13).contains(beats.count), "\(beats.count)")
  }

  /// It was last heard of at a false address, and may have forgotten us: joins look for it at both, and soon.
  @Test func joinsLookForADeadRemoteAtEachOfItsAddresses() throws {
    let pair = try Pair(12)
    let elsewhere = Address(ipv4: 0x0a09_0909, port: 9)
    try pair.there.relation?.address = elsewhere
    var places: Set<String> = []
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { datagram in
      if datagram.from == pair.other.address, datagram.head.transactionKind == .join { places.insert(datagram.to.text) }
      return false
    }
    #expect(pair.road.run(20 * second) { places == [elsewhere.text, pair.main.address.text] })
  }

  @Test func aMainReapsWhatStaysDeadUntilItIsHeardOf() throws {
    let pair = try Pair(5) { $0.interim = 30 * second }
    pair.road.loss = 100
    #expect(pair.road.run(60 * second) { !pair.main.events(.reaped).isEmpty })
    #expect(pair.other.events(.reaped).isEmpty)
    pair.road.isRecording = true
    pair.road.run(100 * second)
    #expect(!pair.road.tape.contains { $0.from == pair.main.address })
    pair.road.loss = 0
    #expect(
      pair.road.run(15 * second) { pair.main.events.last { $0.kind == .alive || $0.kind == .reaped }?.kind == .alive })
    try pair.expectThatMessagesPass()
  }

  /// Of two mains that were apart for long, the one that keeps the connection finds the other again.
  @Test func aMainDoesNotReapWhatItConnectsTo() throws {
    let pair = try Pair(8) {
      $0.interim = 30 * second
      $0.isMain = true
    }
    pair.road.loss = 100
    #expect(pair.road.run(60 * second) { !pair.main.events(.reaped).isEmpty })
    pair.road.run(120 * second)
    #expect(pair.other.events(.reaped).isEmpty)
    pair.road.loss = 0
    #expect(
      pair.road.run(15 * second) { pair.other.events.last { $0.kind == .alive || $0.kind == .dead }?.kind == .alive })
    try pair.expectThatMessagesPass()
  }

  @Test func theHostLearnsHowItsOwnHeartbeatEnded() throws {
    let pair = try Pair(6)
    let id = try pair.there.id
    let good = try pair.other.road.alive(id, timeout: Times.alive, now: pair.road.now)
    #expect(throws: Status.state) { try pair.other.road.alive(id, timeout: 1, now: pair.road.now) }
    pair.road.run(second)
    #expect(pair.other.events.contains { $0.kind == .alive && $0.transaction == good && $0.status == .ok })
    pair.road.loss = 100
    _ = pair.road.run(3 * second) { (try? pair.there.alive) == nil }
    if try pair.there.alive != nil { pair.road.run(3 * second) }
    let bad = try pair.other.road.alive(id, timeout: Times.alive, now: pair.road.now)
    pair.road.run(5 * second)
    #expect(pair.other.events.contains { $0.kind == .alive && $0.transaction == bad && $0.status == .timedOut })
  }

  @Test(arguments: [true, false]) func withoutHeartbeatsADeadRemoteIsSentMessages(isConnected: Bool) throws {
    let pair = try Pair(9) { $0.period = 0 }
    let there = try pair.there
    if !isConnected { try pair.other.road.disconnect(there.id, now: pair.road.now) }
    pair.road.loss = 100
    _ = try pair.other.road.alive(there.id, timeout: 3 * second, now: pair.road.now)
    #expect(pair.road.run(10 * second) { !pair.other.events(.dead).isEmpty })
    pair.road.loss = 0
    try pair.sendThere([1], tag: 1)
    #expect(pair.road.run(10 * second) { !pair.other.events(.delivered).isEmpty })
  }
}
