import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// A disk that fails at any moment: an error that is told, nothing half done, and all is well when it works again.
@Suite struct RoadStoreTests {
  /// Each write of the first ten seconds is the first one that fails.
  @Test(arguments: 0...12, [true, false]) func aDiskThatFailsOnceHealsWithTheNextAttempt(writes: Int, isMain: Bool)
    throws
  {
    let pair = try Pair(1, connects: false)
    let store = isMain ? pair.main.store : pair.other.store
    store.writesLeft = writes
    pair.road.run(3 * second)
    let node = isMain ? pair.main : pair.other
    if !pair.areAllowed {
      #expect(node.events(.error).contains { $0.status == .io && $0.systemError == 28 })
    }
    store.writesLeft = .max
    #expect(pair.road.run(60 * second) { pair.areAllowed }, "\(writes) writes")
    try pair.expectThatMessagesPass()
    try node.restart(now: pair.road.now)
    #expect(pair.road.run(30 * second) { pair.areAllowed }, "\(writes) writes")
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [true, false]) func aRoadThatIsUpGoesOnWithoutItsDisk(isMain: Bool) throws {
    let pair = try Pair(2)
    let node = isMain ? pair.main : pair.other
    node.store.fails = true
    for _ in 0..<10 { try pair.expectThatMessagesPass() }
    pair.road.run(60 * second)
    try pair.expectThatMessagesPass()
  }

  @Test func noSessionIsUsedThatIsNotOnDisk() throws {
    let pair = try Pair(3, connects: false)
    func stored() -> UInt32 {
      let text = pair.other.store.text("remote/estate.main.json")
      let sid = text.split(separator: "\"sid\": ").last?.prefix { $0.isNumber } ?? ""
      return UInt32(sid) ?? 0
    }
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = { datagram in
      let isOwn = datagram.from == pair.other.address && !datagram.head.flags.contains(.correspondent)
      if isOwn, datagram.head.transactionKind != .join {
        #expect(stored() &- datagram.head.session < 0x8000_0000)
      }
      return true
    }
    #expect(pair.road.run(10 * second) { pair.areAllowed })
    try pair.other.restart(now: pair.road.now)
    #expect(pair.road.run(10 * second) { pair.areAllowed })
    let there = try pair.there
    _ = try pair.back.far.enter(there.near.id &+ 100_000)
    try pair.sendThere([1])
    pair.road.run(5 * second)
    for round in 0..<50 {
      pair.other.store.fails = round % 3 == 0
      _ = try? pair.other.road.allow(there.id, timeout: second, now: pair.road.now)
      pair.road.run(2 * second)
    }
    pair.other.store.fails = false
    #expect(pair.road.run(30 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
  }

  @Test func aFailedDecisionIsNoDecision() throws {
    let pair = try Pair(4)
    pair.main.store.fails = true
    #expect(throws: Status.io) { try pair.main.road.setAcceptance(.rejected, of: "other", now: pair.road.now) }
    #expect(pair.areAllowed)
    #expect(try pair.main.road.role("other").acceptance == .accepted)
    #expect(throws: Status.io) {
      try pair.main.road.pin("somebody", pair.other.road.keys, now: pair.road.now)
    }
    #expect(throws: Status.notFound) { try pair.main.road.role("somebody") }
    #expect(throws: Status.io) { try pair.main.road.removeRemote(pair.back.id, now: pair.road.now) }
    try pair.expectThatMessagesPass()
  }

  @Test func damagedRecordsAreToldLeftAndDoneWithout() throws {
    let pair = try Pair(5)
    let remote = "remote/estate.other.json"
    let role = "role/remote/role.other.json"
    for key in [remote, role] {
      for damage in ["", "{", "[]", "{\"name\":1}", "\u{0}"] {
        let whole = pair.main.store.records
        pair.main.store.records[key] = Array(damage.utf8)
        try pair.main.restart(now: pair.road.now)
        pair.main.takeEvents()
        #expect(pair.main.events.last { $0.kind == .error }?.status == .store, "\(key) \(damage)")
        #expect(pair.main.store.text(key) == damage)
        pair.main.store.records = whole
      }
    }
    try pair.main.restart(now: pair.road.now)
    #expect(pair.road.run(30 * second) { pair.areAllowed })
  }

  @Test func aDamagedIdentityIsNeverMadeAnew() throws {
    for key in ["local/estate.json", "role/local/role.json"] {
      for damage in ["", "{", "{}", "{\"name\":\"main\"}"] {
        let node = try Node("main", port: 1, seed: 6)
        node.store.records[key] = Array(damage.utf8)
        let records = node.store.records
        #expect(throws: RoadFailure.self) { try node.restart(now: 0) }
        #expect(node.store.records == records)
      }
    }
  }

  @Test func theFilesAreThoseOfTheReference() throws {
    let pair = try Pair(7)
    #expect(
      pair.other.store.records.keys.sorted() == [
        "local/estate.json", "remote/estate.main.json", "role/local/role.json", "role/remote/role.main.json",
      ])
    let text = pair.other.store.text("remote/estate.main.json")
    var place = text.startIndex
    for field in [
      "name", "uid", "fuid", "ha", "iha", "natted", "fqdn", "dyned", "sid", "main", "kind", "joined", "role",
    ] {
      let range = try #require(text[place...].firstRange(of: "\n  \"\(field)\": "), "\(field)")
      place = range.upperBound
    }
  }
}
