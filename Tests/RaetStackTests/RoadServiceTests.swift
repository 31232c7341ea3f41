import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// What time brings, and how a road ends.
@Suite struct RoadServiceTests {
  @Test func closingWaitsForWhatIsUnderWay() throws {
    let pair = try Pair(1)
    pair.road.delay = 20...20
    for tag in 0..<5 as Range<UInt64> { try pair.sendThere(makeBody(Int(tag), 50_000), tag: tag) }
    let start = pair.road.now
    try pair.other.road.close(now: start, linger: 30 * second)
    #expect(throws: Status.closed) { try pair.sendThere([1]) }
    #expect(throws: Status.closed) { try pair.other.road.close(now: start, linger: 0) }
    #expect(throws: Status.closed) { try pair.other.road.addRemote(name: nil, address: RoadReceiveTests.stranger) }
    #expect(pair.road.run(30 * second) { pair.other.road.isClosed })
    #expect(pair.other.events(.delivered).count == 5)
    #expect(pair.other.events(.closed).count == 1)
    #expect(pair.road.now - start < 5 * second)
    #expect(pair.other.road.deadline == .max)
  }

  @Test(arguments: [0, 500 * millisecond]) func whatCannotEndInTimeIsCanceled(linger: UInt64) throws {
    let pair = try Pair(2)
    pair.road.loss = 100
    try pair.sendThere([1], tag: 1)
    try pair.sendThere(makeBody(2, 100_000), tag: 2)
    pair.road.run(100 * millisecond)
    let start = pair.road.now
    try pair.other.road.close(now: start, linger: linger)
    #expect(pair.road.run(5 * second) { pair.other.road.isClosed })
    #expect(pair.road.now - start <= linger + second / 10)
    let ends = pair.other.events(.failed).sorted { $0.tag < $1.tag }.map { $0.status }
    #expect(ends == [.unknown, .canceled])
    #expect(pair.other.events.last?.kind == .closed)
  }

  @Test func aClosedRoadTakesAndSendsNothing() throws {
    let pair = try Pair(3)
    try pair.other.road.close(now: pair.road.now, linger: 0)
    pair.road.run(millisecond)
    pair.road.isRecording = true
    try pair.sendBack([1])
    pair.road.run(10 * second)
    #expect(!pair.road.tape.contains { $0.from == pair.other.address })
    #expect(pair.other.bodies.isEmpty)
  }

  @Test func aClockThatRunsBackStandsStill() throws {
    let pair = try Pair(4)
    let road = pair.other.road
    let id = try pair.there.id
    for now in [0, pair.road.now / 2, pair.road.now &- 1] {
      road.service(now: now)
      _ = try pair.other.send([1], to: id, now: now)
      try road.connect(id, now: now)
      var junk: [UInt8] = [1, 2, 3]
      junk.withUnsafeMutableBytes { road.receive($0, from: pair.main.address, now: now) }
    }
    #expect(road.now >= pair.road.now - second)
    #expect(pair.road.run(5 * second) { pair.main.bodies.count == 3 })
    try pair.expectThatMessagesPass()
  }

  @Test func aLeapOfTheClockEndsWhatIsDueAndNothingElse() throws {
    let pair = try Pair(5)
    pair.road.run(second)
    // Both programs were stopped for an hour.
    pair.road.now += 3600 * second
    #expect(pair.road.run(30 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
    // Only one was.
    for _ in 0..<3 { pair.other.road.service(now: pair.road.now + 600 * second) }
    pair.road.now += 601 * second
    pair.road.run(30 * second)
    try pair.expectThatMessagesPass()
  }

  @Test func theDeadlineIsNeverAheadOfWorkNorBehindForNothing() throws {
    // VirtualRoad serves an engine at its deadlines only, and fails when one spins: here for a long and busy while.
    let pair = try Pair(6)
    pair.road.loss = 20
    for round in 0..<20 {
      try pair.sendThere(makeBody(round, 3000))
      pair.road.run(5 * second)
    }
    #expect(pair.main.bodies.count == 20)
  }

  @Test func transfersTellHowFarALargeMessageHasCome() throws {
    let pair = try Pair(7)
    pair.road.delay = 100...100
    let id = try pair.other.send(makeBody(1, 1_000_000), to: pair.there.id, now: pair.road.now)
    var last = 0
    for _ in 0..<10 {
      pair.road.run(100 * millisecond)
      guard let transfer = pair.other.road.transfers().first else { break }
      #expect(transfer.id == id && transfer.isSending && transfer.total == 1_000_000)
      #expect(transfer.done >= last && transfer.done <= transfer.total)
      last = transfer.done
    }
    #expect(last > 0)
    let there = try #require(pair.main.road.transfers().first)
    #expect(!there.isSending && there.done > 0)
    #expect(pair.road.run(60 * second) { pair.main.bodies.count == 1 })
    pair.road.run(second)
    #expect(pair.other.road.transfers().isEmpty && pair.main.road.transfers().isEmpty)
  }

  @Test func aClosingRoadTakesNothingNewAndEndsWhatHasBegun() throws {
    let pair = try Pair(8)
    pair.road.delay = 20...20
    try pair.sendThere(makeBody(1, 60_000), tag: 1)
    #expect(pair.road.run(second) { !pair.main.road.transfers().isEmpty })
    try pair.main.road.close(now: pair.road.now, linger: 5 * second)
    try pair.sendThere([7], tag: 2)
    #expect(pair.road.run(10 * second) { pair.main.road.isClosed })
    pair.road.run(second)
    #expect(pair.main.bodies == [makeBody(1, 60_000)])
    #expect(pair.other.events(.delivered).map { $0.tag } == [1])
  }

  @Test func aClosingRoadIsDueAsSoonAsNothingIsUnderWay() throws {
    let pair = try Pair(9) { $0.period = 0 }
    try pair.sendThere([1], tag: 1)
    try pair.other.road.close(now: pair.road.now, linger: .max)
    #expect(pair.road.run(second) { !pair.other.events(.delivered).isEmpty })
    #expect(pair.other.road.isClosed || pair.other.road.deadline <= pair.road.now)
    pair.other.road.service(now: pair.road.now)
    #expect(pair.other.road.isClosed)
  }
}
