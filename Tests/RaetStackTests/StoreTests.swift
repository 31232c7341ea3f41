import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Stores as life makes them: of both kinds, older than the road, full at the wrong moment, or with parts missing.
@Suite struct StoreTests {
  /// Restarts one estate, with a session that goes on from where the store says.
  private static func restart(_ node: Node, _ pair: Pair) throws {
    try node.restart(now: pair.road.now)
    #expect(pair.road.run(20 * second) { pair.areAllowed })
    pair.road.run(second)
  }

  @Test func sessionsNeverGoBackWhenTheKindOfRecordsChanges() throws {
    let pair = try Pair(9)
    var last = try pair.there.near.id
    for kind in [BodyKind.msgpack, .msgpack, .json, .msgpack] {
      pair.other.settings.storeKind = kind
      try Self.restart(pair.other, pair)
      let session = try pair.there.near.id
      #expect(session > last)
      last = session
      try pair.expectThatMessagesPass()
    }
    #expect(pair.other.events(.error).isEmpty)
    let remotes = pair.other.store.records.keys.filter { $0.hasPrefix("remote/") }
    #expect(remotes == ["remote/estate.main.msgpack"])
  }

  @Test func ofTwoRecordsOfARemoteTheLaterSessionCounts() throws {
    let pair = try Pair(9)
    let older = pair.other.store.records["remote/estate.main.json"]
    pair.other.settings.storeKind = .msgpack
    try Self.restart(pair.other, pair)
    let session = try pair.there.near.id
    pair.other.store.records["remote/estate.main.json"] = older
    for kind in [BodyKind.json, .msgpack] {
      pair.other.settings.storeKind = kind
      let records = pair.other.store.records
      try pair.other.restart(now: pair.road.now)
      #expect(try pair.there.near.id > session)
      pair.other.store.records = records
    }
    #expect(pair.other.events(.error).isEmpty)
  }

  @Test func aRejectedRoleStaysRejectedWhateverTheKindOfRecords() throws {
    let pair = try Pair(10) { $0.storeKind = .msgpack }
    pair.main.settings.storeKind = .json
    try Self.restart(pair.main, pair)
    try pair.main.road.setAcceptance(.rejected, of: "other", now: pair.road.now)
    try pair.main.restart(now: pair.road.now)
    #expect(try pair.main.road.role("other").acceptance == .rejected)
    pair.road.run(20 * second)
    #expect(!pair.main.isAllowed("other"))
  }

  @Test func anAllowThatTheStoreFailedIsTriedAgain() throws {
    let pair = try Pair(14)
    let other = pair.other
    other.road = try Road.make(other.settings, store: other.store, entropy: other.entropy, now: pair.road.now)
    other.store.fails = true
    try other.road.connect(pair.there.id, now: pair.road.now)
    pair.road.run(2 * second)
    #expect(!other.isAllowed("main"))
    other.store.fails = false
    #expect(pair.road.run(5 * second) { other.isAllowed("main") })
  }

  /// A remote proves another name while the disk fills up, at each write of it.
  @Test(arguments: 0...5) func aRenameThatTheStoreFailsLosesNobody(writes: Int) throws {
    let pair = try Pair(18) { $0.isMutable = true }
    let back = try pair.back
    _ = TrustTests.join(
      pair, as: pair.other, from: pair.other.address, source: back.farID, destination: back.nearID, transaction: 500
    ) { $0.name = "renamed" }
    pair.main.store.writesLeft = writes
    _ = try pair.other.road.allow(pair.there.id, timeout: second, now: pair.road.now)
    pair.road.run(100 * millisecond)
    let name = back.name
    let isRenamed = name == "renamed"
    #expect(pair.main.store.records["remote/estate.\(name).json"] != nil)
    if !isRenamed { #expect(name == "other") }
    // Whatever the disk holds, its sessions do not go back.
    let session = back.near.id
    pair.main.store.writesLeft = .max
    let road = try Road.make(
      pair.main.settings, store: pair.main.store, entropy: pair.main.entropy, now: pair.road.now)
    #expect(road.byID.count == 1)
    #expect(road.byNear[back.nearID].map { $0.near.id > session } ?? false)
  }

  /// Both records of a remote that was renamed are there, since the older one could not be removed.
  @Test(arguments: ["aaa", "zzz"]) func ofTwoNamesOfARemoteNeitherTakesSessionsBack(name: String) throws {
    let pair = try Pair(19)
    let older = pair.main.store.text("remote/estate.other.json")
    for _ in 0..<3 {
      try Self.restart(pair.main, pair)
    }
    let session = try pair.back.near.id
    pair.main.store.records["remote/estate.\(name).json"] = Array(older.utf8)
    pair.main.store.change("remote/estate.\(name).json", "\"name\": \"other\"", "\"name\": \"\(name)\"")
    let road = try Road.make(
      pair.main.settings, store: pair.main.store, entropy: pair.main.entropy, now: pair.road.now)
    #expect(road.byID.values.map { $0.near.id > session } == [true])
  }

  /// An estate that the store holds does not get new keys without a word.
  @Test func anEstateWhoseKeysAreMissingDoesNotStart() throws {
    let pair = try Pair(27)
    pair.other.store.records = pair.other.store.records.filter { !$0.key.hasPrefix("role/local") }
    let records = pair.other.store.records
    #expect(throws: RoadFailure.self) { try pair.other.restart(now: pair.road.now) }
    #expect(pair.other.store.records == records)
  }

  @Test func aRemoteWhoseRecordStaysIsNotRemoved() throws {
    let pair = try Pair(26)
    let id = try pair.back.id
    pair.main.store.fails = true
    #expect(throws: Status.io) { try pair.main.road.removeRemote(id, now: pair.road.now) }
    pair.main.store.fails = false
    #expect(try pair.main.road.remote(id).isAllowed)
    try pair.expectThatMessagesPass()
  }
}
