import RaetCrypto
@testable import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Messages between two engines in virtual time: each ends in one report, and arrives once with exact bytes.
@Suite struct RoadMessagesTests {
  @Test(arguments: [0, 5, 20, 50], [1, 2, 3] as [UInt64])
  func allArriveOnceAndAreReportedDelivered(loss: Int, seed: UInt64) throws {
    let pair = try Pair(seed)
    pair.road.loss = loss
    pair.road.doubles = loss
    pair.road.delay = 1...40
    let sizes = [0, 1, 100, 5_000, 100_000]
    for tag in 0..<20 {
      let body = makeBody(tag, sizes[tag % sizes.count])
      try pair.sendThere(body, tag: UInt64(tag))
      try pair.sendBack(body, tag: UInt64(tag))
    }
    let isDone = pair.road.run(250 * second) {
      [pair.main, pair.other].allSatisfy { $0.events(.delivered).count + $0.events(.failed).count == 20 }
    }
    #expect(isDone, "seed \(seed), loss \(loss)")
    for node in [pair.main, pair.other] {
      #expect(node.events(.failed).isEmpty, "seed \(seed), loss \(loss)")
      #expect(Set(node.events(.delivered).map { $0.tag }).count == 20)
      #expect(node.bodies.count == 20)
      let areExact = Set(node.bodies) == Set((0..<20).map { makeBody($0, sizes[$0 % sizes.count]) })
      #expect(areExact, "seed \(seed), loss \(loss)")
    }
    pair.road.loss = 0
    pair.road.run(2 * second)
    #expect(try pair.there.messages.window.inFlight == 0)
    #expect(try pair.there.messages.isIdle)
  }

  @Test func twentyMegabytesWithLossTakeFewDatagramsAndLittleTime() throws {
    let pair = try Pair(4)
    pair.road.loss = 5
    pair.road.delay = 2...3
    let body = makeBody(1, 20_000_000)
    try pair.sendThere(body)
    let before = pair.road.carried
    var pieces = 0
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = {
      if $0.head.packetKind == .message { pieces += 1 }
      return true
    }
    #expect(pair.road.run(60 * second) { !pair.other.events(.delivered).isEmpty })
    let segments = body.count / 863
    #expect(pieces < segments * 12 / 10, "\(pieces) datagrams for \(segments) segments")
    #expect(pair.road.carried - before < segments * 2)
    let isExact = pair.main.bodies == [body]
    #expect(isExact)
  }

  @Test func aLongWayAndALargeMessage() throws {
    let pair = try Pair(5)
    pair.road.delay = 150...150
    let start = pair.road.now
    try pair.sendThere(makeBody(1, 1_000_000))
    #expect(pair.road.run(60 * second) { !pair.other.events(.delivered).isEmpty })
    // 1,159 segments: three round trips to fill 64, then one more a round trip.
    #expect(pair.road.now - start < 10 * second, "\((pair.road.now - start) / millisecond) ms")
    #expect(try pair.there.messages.window.roundTrip > 250 * millisecond)
  }

  @Test func aLargeMessageNeverBursts() throws {
    let pair = try Pair(6)
    pair.road.delay = 10...10
    pair.road.loss = 2
    var burst = 0
    var longest = 0
    var last: UInt64 = 0
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { datagram in
      guard datagram.from == pair.other.address, datagram.head.transactionKind == .message else { return true }
      burst = pair.road.now - last < 100_000 ? burst + 1 : 1
      last = pair.road.now
      longest = max(longest, burst)
      return true
    }
    try pair.sendThere(makeBody(1, 5_000_000))
    #expect(pair.road.run(60 * second) { !pair.other.events(.delivered).isEmpty })
    #expect(longest <= 64, "\(longest) at once")
  }

  @Test func messagesWaitForAnAllowAndGoInOrder() throws {
    let pair = try Pair(7, connects: false)
    let id = try #require(pair.other.road.slots.compactMap { $0 }.first).id
    for tag in 0..<50 as Range<UInt64> {
      try pair.other.send(makeBody(Int(tag), 30), to: id, tag: tag, now: pair.road.now)
    }
    #expect(pair.road.run(10 * second) { pair.other.events(.delivered).count == 50 })
    #expect(pair.main.bodies == (0..<50).map { makeBody($0, 30) })
  }

  @Test func aMessageThatCannotGoFailsAtItsLimit() throws {
    let pair = try Pair(8, connects: false)
    pair.road.loss = 100
    let id = try #require(pair.other.road.slots.compactMap { $0 }.first).id
    let start = pair.road.now
    let first = try pair.other.send([1], to: id, now: start, timeout: 3 * second)
    let later = try pair.other.send([2], to: id, now: start)
    pair.road.run(4 * second)
    #expect(pair.other.events(.failed).map { $0.transaction } == [first])
    #expect(pair.other.events(.failed).first?.status == .timedOut)
    let limit = pair.other.settings.messageTimeout
    pair.road.run(limit)
    #expect(pair.other.events(.failed).map { $0.transaction } == [first, later])
  }

  @Test(arguments: [10, 100_000]) func whatMayHaveArrivedIsUnknownAtItsLimitElseTimedOut(size: Int) throws {
    let pair = try Pair(9)
    pair.road.watch = { $0.from != pair.main.address }
    let id = try pair.there.id
    _ = try pair.other.send(makeBody(1, size), to: id, now: pair.road.now, timeout: 2 * second)
    pair.road.run(3 * second)
    #expect(pair.other.events(.failed).map { $0.status } == [size == 10 ? .unknown : .timedOut])
    #expect(pair.main.bodies.count == (size == 10 ? 1 : 0))
    pair.road.watch = { _ in true }
    pair.road.run(5 * second)
    #expect(pair.main.road.receivedBytes == 0)
    #expect(try pair.back.messages.incoming.isEmpty)
  }

  @Test func aCanceledMessageEndsOnceAndLeavesNothingBehind() throws {
    let pair = try Pair(10)
    let id = try pair.there.id
    pair.road.delay = 20...20
    let small = try pair.other.send([1], to: id, tag: 1, now: pair.road.now)
    let large = try pair.other.send(makeBody(2, 500_000), to: id, tag: 2, now: pair.road.now)
    pair.road.run(100 * millisecond)
    try pair.other.road.cancel(large, now: pair.road.now)
    #expect(throws: Status.notFound) { try pair.other.road.cancel(large, now: pair.road.now) }
    #expect(throws: Status.notFound) { try pair.other.road.cancel(small, now: pair.road.now) }
    pair.road.run(2 * second)
    #expect(pair.other.events(.failed).map { [$0.tag, $0.transaction] } == [[2, large]])
    #expect(pair.other.events(.failed).first?.status == .canceled)
    #expect(pair.main.bodies == [[1]])
    #expect(pair.main.road.receivedBytes == 0)
    #expect(try pair.there.messages.window.inFlight == 0)
    #expect(try pair.there.messages.queuedBytes == 0)
    try pair.expectThatMessagesPass()
  }

  @Test func aMessageIsCanceledWhereverItIsAndAtThisRemoteAlone() throws {
    let pair = try Pair(11)
    let id = try pair.there.id
    let ids = try (0..<50).map {
      try pair.other.send(makeBody($0, 10_000), to: id, tag: UInt64($0), now: pair.road.now)
    }
    #expect(try pair.there.messages.underway.count > 0 && pair.there.messages.waitingCount > 20)
    #expect(throws: Status.notFound) { try pair.other.road.cancel(ids[0], of: id + 1, now: pair.road.now) }
    for number in [49, 0, 48, 40] { try pair.other.road.cancel(ids[number], of: id, now: pair.road.now) }
    #expect(throws: Status.notFound) { try pair.other.road.cancel(ids[40], of: id, now: pair.road.now) }
    pair.road.run(5 * second)
    #expect(pair.other.events(.failed).map { $0.tag } == [49, 0, 48, 40])
    // The first one had left whole, and arrives.
    #expect(pair.other.events(.failed).map { $0.status } == [.canceled, .unknown, .canceled, .canceled])
    #expect(pair.main.bodies.count == 47)
  }

  @Test func aFullQueueSaysSoAndTellsWhenThereIsRoomAgain() throws {
    let pair = try Pair(11) { $0.sendQueue = 10_000 }
    let id = try pair.there.id
    var taken = 0
    while (try? pair.other.send(makeBody(taken, 1000), to: id, now: pair.road.now)) != nil { taken += 1 }
    #expect((8...10).contains(taken))
    #expect(throws: Status.again) { try pair.other.send(makeBody(1, 1000), to: id, now: pair.road.now) }
    #expect(pair.other.events(.writable).isEmpty)
    #expect(pair.road.run(5 * second) { pair.other.events(.writable).count == 1 })
    try pair.other.send(makeBody(99, 1000), to: id, now: pair.road.now)
    #expect(pair.road.run(5 * second) { pair.main.bodies.count == taken + 1 })
    pair.road.run(second)
    #expect(pair.other.events(.writable).count == 1)
    #expect(try pair.there.messages.queuedBytes == 0)
  }

  @Test func manySmallMessagesArriveInLittleTime() throws {
    let pair = try Pair(12)
    let id = try pair.there.id
    let start = pair.road.now
    for number in 0..<3000 { try pair.other.send(makeBody(number, 50), to: id, now: pair.road.now) }
    #expect(pair.road.run(30 * second) { pair.other.events(.delivered).count == 3000 })
    #expect(pair.road.now - start < 2 * second, "\((pair.road.now - start) / millisecond) ms")
    #expect(Set(pair.main.bodies).count == 3000)
  }

  @Test(arguments: [BodyKind.json, .msgpack])
  func onlyMappingsGoAsJSONOrMsgpack(kind: BodyKind) throws {
    let pair = try Pair(13)
    let id = try pair.there.id
    let good: [UInt8] = kind == .json ? Array("{\"a\":[1,2]}".utf8) : [0x81, 0xa1, 0x61, 0x01]
    for (body, isGood) in [(good, true), ([], true), ([0x01], false), (Array("[1]".utf8), false)] as [([UInt8], Bool)] {
      let isTaken = body.withUnsafeBytes { (bytes) -> Bool in
        (try? pair.other.road.send(id, kind, bytes, timeout: 0, tag: 0, now: pair.road.now)) != nil
      }
      #expect(isTaken == isGood)
    }
    #expect(pair.road.run(5 * second) { pair.other.events(.delivered).count == 2 })
    #expect(pair.main.events(.message).allSatisfy { $0.bodyKind == kind })
  }

  @Test func theNumbersOfMessagesComeRoundInANewSession() throws {
    let pair = try Pair(14)
    try pair.expectThatMessagesPass()
    let there = try pair.there
    // As after 2^32 transactions: the main has seen the last of them.
    there.near = NearSession(session: there.near.id + 1, reserved: there.near.id + 15, lastTransaction: .max - 10)
    for tag in 0..<30 as Range<UInt64> {
      try pair.sendThere(makeBody(Int(tag), tag % 3 == 0 ? 5000 : 20), tag: tag)
      if tag % 5 == 0 { pair.road.run(5 * millisecond) }
    }
    #expect(pair.road.run(10 * second) { pair.other.events(.delivered).count == 31 })
    #expect(Set(pair.main.bodies).count == 31)
    #expect(pair.main.bodies.count == 31)
    #expect(pair.other.events(.failed).isEmpty)
  }

  /// Those that the remote has no room for yet ask again and again; they must not hold up those that it gathers.
  @Test func messagesThatFindNoRoomDoNotHoldUpOthers() throws {
    let pair = try Pair(31) { $0.receiveQueue = 100_000 }
    defer { pair.road.watch = { _ in true } }
    var count = 0
    pair.road.watch = {
      guard $0.head.transactionKind == .message else { return true }
      count += 1
      return count % 3 == 0
    }
    for number in 0..<20 { try pair.sendThere(makeBody(number, 45_000)) }
    pair.road.run(4 * second)
    pair.road.watch = { _ in true }
    let isDone = pair.road.run(20 * second) { pair.other.events(.delivered).count == 20 }
    #expect(isDone, "\(pair.other.events(.delivered).count) of 20 messages")
  }

  @Test func roomIsToldOfHoweverManyEventsWait() throws {
    let pair = try Pair(19, connects: false) { $0.sendQueue = 20_000 }
    let id = try pair.other.road.addRemote(name: "far", address: RoadReceiveTests.stranger)
    var sent: [UInt64] = []
    while let one = try? pair.other.send([1], to: id, now: pair.road.now) { sent.append(one) }
    while pair.other.road.events.count < RoadLimit.events { pair.other.road.report(Event(.joined)) }
    for one in sent { try pair.other.road.cancel(one, now: pair.road.now) }
    pair.other.takeEvents()
    #expect(pair.other.events(.writable).count == 1)
    #expect(pair.other.events(.failed).count == sent.count)
  }
}
