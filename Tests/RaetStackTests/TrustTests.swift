import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// What a packet that nobody signed can bring about: joins, candidates, ids, and bytes sent to an address.
@Suite struct TrustTests {
  static let far = Address(ipv4: 0x0f00_0001, port: 3)

  /// A join as it is forged: a request, and the ack to whatever was answered.
  static func join(
    _ pair: Pair, as node: Node, from address: Address, source: UInt32 = 500, destination: UInt32 = 0,
    transaction: UInt32 = 1, at target: Node? = nil, change: (inout JoinBody) -> Void = { _ in }
  ) -> Int {
    let to = (target ?? pair.main).address
    let body = Forger.joinBody(node, change: change)
    let request = Forger.packet(
      .join, .request, from: source, to: destination, transaction: transaction, coat: body)
    let ack = Forger.packet(.join, .ack, from: source, to: destination, transaction: transaction)
    for bytes in [request, ack] {
      pair.road.inject(bytes, from: address, to: to)
      pair.road.run(5 * millisecond)
    }
    return request.count + ack.count
  }

  @Test func anotherEstateAtTheSameAddressGetsNoKnownId() throws {
    let pair = try Pair(2)
    let back = try pair.back
    let before = back.relation
    let evil = try Node("evil", port: 2, seed: 4242, now: pair.road.now) { $0.accept = .once }
    let request = Forger.packet(.join, .request, from: 500, coat: Forger.joinBody(pair.other))
    pair.road.inject(request, from: pair.other.address, to: pair.main.address)
    pair.road.run(5 * millisecond)
    _ = Self.join(pair, as: evil, from: pair.other.address, source: 501, transaction: 2)
    #expect(back.candidate == nil)
    // It has the keys of what it says, and gets all that is sent to the address.
    pair.road.nodes = [pair.main, evil]
    try evil.connect(to: pair.main, now: pair.road.now)
    pair.road.run(10 * second)
    #expect(back.relation == before)
    try pair.main.send([1, 2, 3], to: back.id, now: pair.road.now)
    pair.road.run(3 * second)
    #expect(evil.bodies.isEmpty)
  }

  @Test func aKnownRolesKeysAloneStoreNobody() throws {
    let pair = try Pair(11) { $0.maxRemotes = 40 }
    pair.main.settings.accept = .never
    try pair.main.restart(now: pair.road.now)
    let records = pair.main.store.records.count
    for number in 0..<60 {
      let from = Address(ipv4: 0x0c00_0000 + UInt32(number), port: 5)
      _ = Self.join(pair, as: pair.other, from: from) { $0.name = "n\(number)" }
    }
    #expect(pair.main.store.records.count == records)
    try pair.main.restart(now: pair.road.now)
    #expect(pair.main.road.byID.count == 1)
  }

  @Test func strangersThatFillAllRoomKeepNobodyOut() throws {
    let pair = try Pair(12) { $0.maxRemotes = 20 }
    for number in 0..<40 {
      let from = Address(ipv4: 0x0c00_0000 + UInt32(number), port: 5)
      _ = Self.join(pair, as: pair.other, from: from) {
        $0.name = "n\(number)"
        $0.role = "n\(number)"
      }
    }
    let third = try Node("third", port: 3, seed: 77, now: pair.road.now) { $0.accept = .once }
    pair.road.nodes.append(third)
    try third.connect(to: pair.main, now: pair.road.now)
    #expect(pair.road.run(30 * second) { third.isAllowed("main") })
    #expect(pair.main.isAllowed("other"))
  }

  @Test func otherKeysForARoleAreToldOnce() throws {
    let pair = try Pair(15)
    let thief = try Node("thief", port: 9, seed: 77)
    let before = pair.main.events(.keyChanged).count
    for number in 0..<200 {
      let from = Address(ipv4: 0x0d00_0000 + UInt32(number), port: 1)
      let body = Forger.joinBody(thief) { $0.role = "other" }
      pair.road.inject(Forger.packet(.join, .request, from: 2, coat: body), from: from, to: pair.main.address)
    }
    pair.road.run(second)
    #expect(pair.main.events(.keyChanged).count == before + 1)
  }

  @Test func eventsThatStrangersCauseAreBounded() throws {
    let pair = try Pair(16)
    let road = pair.main.road
    for _ in 0..<RoadLimit.events + 100 { road.report(Event(.joined)) }
    #expect(road.events.count == RoadLimit.events)
    #expect(road.statistics[.dropEvent] == 100)
    road.report(.allowed, nil, transaction: 5)
    #expect(road.events.count == RoadLimit.events + 1)
  }

  @Test(arguments: [true, false], [true, false])
  func anAddressThatAForgedJoinNamesGetsThreeTimesItsBytesAtTheMost(isMutable: Bool, hasTrueID: Bool) throws {
    let pair = try Pair(4) { $0.isMutable = isMutable }
    let back = try pair.back
    try pair.main.road.connect(back.id, now: pair.road.now)
    pair.road.run(3 * second)
    var got = 0
    defer { pair.road.watch = { _ in true } }
    pair.road.watch = {
      if $0.to == Self.far { got += $0.bytes.count }
      return true
    }
    let source = hasTrueID ? back.farID : 777
    let sent = Self.join(pair, as: pair.other, from: Self.far, source: source, transaction: 9)
    pair.road.run(20 * second)
    // The host's own handshake goes where the remote was proved to be.
    _ = try pair.main.road.allow(back.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(200 * second)
    #expect(got <= 3 * sent, "\(got) bytes for \(sent)")
    #expect(back.isAllowed)
    #expect(back.relation?.address == pair.other.address)
  }

  @Test func aNameThatIsTakenMeanwhileIsNotTakenTwice() throws {
    let pair = try Pair(32) { $0.isMutable = true }
    let back = try pair.back
    _ = Self.join(
      pair, as: pair.other, from: pair.other.address, source: back.farID, destination: back.nearID, transaction: 500
    ) { $0.name = "third" }
    let third = try Node("third", port: 3, seed: 78, now: pair.road.now) { $0.accept = .once }
    pair.road.nodes.append(third)
    try third.connect(to: pair.main, now: pair.road.now)
    pair.road.run(5 * second)
    _ = try? pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(second)
    #expect(pair.main.road.byID.values.filter { $0.name == "third" }.count == 1)
    #expect(pair.main.store.text("remote/estate.third.json").contains("\"role\": \"third\""))
  }

  @Test func aJoinThatIsRefusedAnywayEndsNoneOfOurs() throws {
    let pair = try Pair(24) { $0.isMain = true }
    pair.road.watch = { _ in false }
    let transaction = try pair.other.road.join(pair.there.id, timeout: 100 * second, now: pair.road.now)
    let thief = try Node("aaa", port: 9, seed: 77)
    for (number, from) in [Self.far, pair.main.address].enumerated() {
      _ = Self.join(
        pair, as: thief, from: from, source: 9, destination: try pair.there.nearID, transaction: UInt32(number + 1),
        at: pair.other)
      #expect(pair.other.events.allSatisfy { $0.transaction != transaction })
    }
  }

  @Test func whereTheHostLooksForARemoteNobodyElseStandsUpForIt() throws {
    let pair = try Pair(33, connects: false) { $0.isMain = true }
    let beta = try Node("beta", port: 5, seed: 5, now: pair.road.now) {
      $0.isMain = true
      $0.accept = .once
    }
    let id = try pair.main.road.addRemote(name: "beta", address: beta.address)
    try pair.main.road.connect(id, now: pair.road.now)
    let thief = try Node("thief", port: 9, seed: 77)
    pair.road.run(8 * second)
    for number in 1...3 as ClosedRange<UInt32> {
      _ = Self.join(pair, as: thief, from: Self.far, transaction: number) {
        $0.name = "beta"
        $0.mode = 1
      }
      pair.road.run(2 * second)
    }
    pair.road.nodes = [pair.main, beta]
    #expect(pair.road.run(60 * second) { pair.main.isAllowed("beta") })
    #expect(try pair.main.remote("beta").relation?.address == beta.address)
    #expect(try pair.main.remote("beta").relation?.keys == beta.road.keys)
  }

  /// Nor by the id that the remote has: an estate that was known by it before our store was lost says the same.
  @Test func anIdWhereTheHostLooksForARemoteIsNobodyElses() throws {
    let pair = try Pair(34, connects: false) { $0.isMain = true }
    let id = try pair.main.road.addRemote(name: nil, address: Address(ipv4: 0x7f00_0009, port: 9))
    try pair.main.road.connect(id, now: pair.road.now)
    let nearID = try pair.main.road.remote(id).nearID
    let thief = try Node("thief", port: 9, seed: 77)
    _ = Self.join(pair, as: thief, from: Self.far, source: 9, destination: nearID)
    #expect(pair.main.road.statistics[.staleNuid] == 1)
    #expect(try pair.main.road.remote(id).relation == nil)
  }

  @Test func anIdThatWasGivenAnewIsGivenBack() throws {
    let pair = try Pair(25)
    SessionTests.loseRemotes(pair.main)
    pair.main.store.change("local/estate.json", "\"puid\": 2", "\"puid\": 1")
    pair.road.nodes = [pair.main]
    try pair.main.restart(now: pair.road.now)
    let third = try Node("third", port: 3, seed: 77, now: pair.road.now) { $0.accept = .once }
    pair.road.nodes = [pair.main, third]
    try third.connect(to: pair.main, now: pair.road.now)
    pair.road.run(5 * second)
    #expect(try pair.main.remote("third").nearID == pair.there.farID)
    pair.road.nodes = [pair.main, third, pair.other]
    #expect(pair.road.run(60 * second) { pair.main.isAllowed("other") && pair.other.isAllowed("main") })
    try pair.expectThatMessagesPass()
    #expect(pair.main.isAllowed("third"))
  }

  @Test func aDecisionReachesAllJoinsOfTheRole() throws {
    let road = VirtualRoad(seed: 13)
    let main = try Node("main", port: 1, seed: 1, now: road.now) { $0.isMain = true }
    road.nodes = [main]
    for number in 0..<4 {
      let node = try Node("o\(number)", port: 10 + UInt16(number), seed: 50 + UInt64(number), now: road.now) {
        $0.accept = .once
        $0.role = "shared"
        $0.signSeed = IdentityTests.secret(7)
        $0.privateKey = IdentityTests.secret(9)
      }
      road.nodes.append(node)
      try node.connect(to: main, now: road.now)
    }
    road.run(2 * second)
    main.store.change("role/remote/role.shared.json", "\"acceptance\": 0", "\"acceptance\": 1")
    #expect(road.run(4 * second) { road.nodes.dropFirst().allSatisfy { $0.isAllowed("main") } })
    #expect(main.road.joinees.values.allSatisfy { !$0.isPended })
  }
}
