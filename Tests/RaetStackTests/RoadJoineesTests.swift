import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Joins from the side that is asked (PROTOCOL 6.2): strangers cost little, and move nothing that is known.
@Suite struct RoadJoineesTests {
  static func address(_ number: Int) -> Address {
    Address(ipv4: 0x0b00_0000 + UInt32(number), port: 7000)
  }

  /// A join of an estate that is made up: valid keys, a name and role of its own.
  static func request(_ number: Int, like node: Node, destination: UInt32 = 0, transaction: UInt32 = 1) -> [UInt8] {
    let body = Forger.joinBody(node) {
      $0.name = "stranger\(number)"
      $0.role = "stranger\(number)"
    }
    return Forger.packet(.join, .request, from: 2, to: destination, transaction: transaction, coat: body)
  }

  static func hand(_ bytes: [UInt8], to node: Node, from: Address, now: UInt64) {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { node.road.receive($0, from: from, now: now) }
    while node.road.outbox.count > 0 { node.road.outbox.remove(1) }
  }

  static func main(_ accept: AcceptMode, change: (inout RoadSettings) -> Void = { _ in }) throws -> Node {
    try Node("main", port: 1, seed: 1, now: second) {
      $0.isMain = true
      $0.accept = accept
      change(&$0)
    }
  }

  @Test func strangersAtOnceMakeNobodyWaitForTheDisk() throws {
    let main = try Self.main(.never)
    let model = try Node("model", port: 3, seed: 3)
    let records = main.store.records.count
    for number in 0..<100 {
      Self.hand(Self.request(number, like: model), to: main, from: Self.address(number), now: second)
    }
    #expect(main.store.records.count == records + RoadLimit.strangerRecords)
    // Who was passed over asks again.
    Self.hand(Self.request(99, like: model), to: main, from: Self.address(99), now: 2 * second)
    #expect(main.store.records.count == records + RoadLimit.strangerRecords + 1)
  }

  @Test(arguments: [AcceptMode.never, .once]) func manyStrangersLeaveFewTraces(accept: AcceptMode) throws {
    let main = try Self.main(accept) { $0.maxPending = 50 }
    let model = try Node("model", port: 3, seed: 3)
    let records = main.store.records.count
    var now = second
    for number in 0..<2000 {
      now += millisecond
      Self.hand(Self.request(number, like: model), to: main, from: Self.address(number), now: now)
    }
    #expect(main.road.joinees.count <= RoadLimit.joinees)
    #expect(main.road.byID.isEmpty)
    #expect(main.store.records.count <= records + (accept == .never ? 50 : 0))
    #expect(main.road.roles.count <= (accept == .never ? 50 : 0))
    // They end by themselves.
    while main.road.deadline < now + 600 * second {
      now = max(now, main.road.deadline)
      main.road.service(now: now)
      while main.road.outbox.count > 0 { main.road.outbox.remove(1) }
      now += millisecond
    }
    #expect(main.road.joinees.isEmpty)
    #expect(main.road.roles.count <= (accept == .never ? 50 : 0))
  }

  @Test func strangersThatCompleteTheJoinMakeRoomForEachOther() throws {
    let main = try Self.main(.once)
    let model = try Node("model", port: 3, seed: 3)
    let records = main.store.records.count
    var now = second
    for number in 0..<2000 {
      now += millisecond
      Self.hand(Self.request(number, like: model), to: main, from: Self.address(number), now: now)
      Self.hand(Forger.packet(.join, .ack, from: 2), to: main, from: Self.address(number), now: now)
    }
    #expect(main.road.byID.count <= RoadLimit.unproven)
    #expect(main.road.byName.count == main.road.byID.count)
    #expect(main.road.roles.isEmpty)
    #expect(main.store.records.count == records)
    main.takeEvents()
    #expect(main.events(.remoteAdded).count - main.events(.remoteGone).count == main.road.byID.count)
  }

  @Test func aRoleThatNobodyHasProvedIsNotTakenFromItsOwner() throws {
    let pair = try Pair(2, connects: false)
    // Somebody claims the other's role with keys of his own, and is gone.
    let thief = try Node("thief", port: 9, seed: 77)
    let body = Forger.joinBody(thief) { $0.role = "other" }
    let from = RoadReceiveTests.stranger
    pair.road.inject(Forger.packet(.join, .request, from: 2, coat: body), from: from, to: pair.main.address)
    pair.road.inject(Forger.packet(.join, .ack, from: 2), from: from, to: pair.main.address)
    pair.road.run(0)
    #expect(pair.road.run(20 * second) { pair.areAllowed })
  }

  @Test(arguments: [AcceptMode.never, .once], [false, true])
  func anUnprovenAddressGetsThreeTimesItsBytesAtTheMost(accept: AcceptMode, isDecided: Bool) throws {
    for length in [1, 5, 20, 180] + Array(78...92) {
      try expectFewBytes(accept, isDecided, roleLength: length)
    }
  }

  private func expectFewBytes(_ accept: AcceptMode, _ isDecided: Bool, roleLength: Int) throws {
    let road = VirtualRoad(seed: 3)
    let main = try Self.main(accept) { $0.role = String(repeating: "r", count: roleLength) }
    let model = try Node("model", port: 3, seed: 3)
    road.nodes = [main]
    road.isRecording = true
    // Long enough for one, two or three responses, with or without a nack.
    let body = Forger.joinBody(model) { $0.role = "stranger1" + String(repeating: "r", count: 80) }
    let request = Forger.packet(.join, .request, from: 2, coat: body)
    road.inject(request, from: Self.address(1), to: main.address)
    road.run(2 * second)
    if accept == .never {
      try main.road.setAcceptance(
        isDecided ? .accepted : .rejected, of: main.road.roles.keys.first ?? "", now: road.now)
    }
    road.run(1000 * second)
    let sent = road.tape.filter { $0.to == Self.address(1) }.reduce(0) { $0 + $1.bytes.count }
    #expect(sent <= 3 * request.count, "a role of \(roleLength)")
    #expect(sent > 0)
  }

  @Test func onlyAMainTakesStrangers() throws {
    let road = VirtualRoad(seed: 4)
    let node = try Node("node", port: 1, seed: 1) { $0.accept = .always }
    let model = try Node("model", port: 3, seed: 3)
    road.nodes = [node]
    road.isRecording = true
    road.inject(Self.request(1, like: model), from: Self.address(1), to: node.address)
    road.inject(Self.request(2, like: model, destination: 77), from: Self.address(2), to: node.address)
    road.run(second)
    #expect(road.tape.map { $0.head.packetKind } == [.reject, .renew])
    #expect(node.road.joinees.isEmpty)
  }

  @Test(arguments: [true, false], [true, false])
  func aJoinThatClaimsAKnownNameMovesNothing(isMutable: Bool, hasOtherKeys: Bool) throws {
    let pair = try Pair(5) { $0.isMutable = isMutable }
    try pair.expectThatMessagesPass()
    let before = try pair.back.relation
    let records = pair.main.store.records
    let thief = try Node("thief", port: 9, seed: 77)
    let body = hasOtherKeys ? Forger.joinBody(thief) { $0.name = "other" } : Forger.joinBody(pair.other)
    let from = RoadReceiveTests.stranger
    for destination in [0, try pair.back.nearID] {
      for source in [try pair.there.nearID, 55] {
        let request = Forger.packet(.join, .request, from: source, to: destination, transaction: 70, coat: body)
        let ack = Forger.packet(.join, .ack, from: source, to: destination, transaction: 70)
        pair.road.inject(request, from: from, to: pair.main.address)
        pair.road.inject(ack, from: from, to: pair.main.address)
        pair.road.run(second)
        #expect(try pair.back.relation == before)
        #expect(try pair.back.isAllowed)
        try pair.expectThatMessagesPass()
      }
    }
    // The true one goes on, restarts, and moves if it may.
    try pair.other.restart(now: pair.road.now)
    #expect(pair.road.run(30 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
    #expect(try pair.back.relation == before)
    let kept = pair.main.store.records.keys.sorted().filter { !$0.contains("thief") }
    #expect(kept == records.keys.sorted())
  }

  @Test(arguments: [true, false], [true, false])
  func aJoinerThatLostItsStoreComesBackWithTheSameKeysOnly(isMutable: Bool, hasSameKeys: Bool) throws {
    let pair = try Pair(6) { $0.isMutable = isMutable }
    for _ in 0..<3 {
      try pair.expectThatMessagesPass()
      _ = try pair.other.road.allow(pair.there.id, timeout: Times.allow, now: pair.road.now)
      pair.road.run(second)
    }
    pair.other.store.records = hasSameKeys ? pair.other.store.records.filter { $0.key.contains("local/") } : [:]
    try pair.other.restart(now: pair.road.now)
    let areBack = pair.road.run(30 * second) { pair.areAllowed && pair.main.isAllowed("other") }
    if hasSameKeys {
      #expect(areBack)
      try pair.expectThatMessagesPass()
    } else {
      #expect(!pair.other.isAllowed("main"))
      #expect(pair.main.events(.keyChanged).contains { $0.status == .rejected })
      #expect(pair.other.events(.joined).contains { $0.status == .rejected })
    }
  }

  @Test func anOpenRoadTakesOtherKeysOnceTheyAreProved() throws {
    let pair = try Pair(7) {
      $0.isMutable = true
      $0.accept = .always
    }
    try pair.expectThatMessagesPass()
    try pair.other.restart(now: pair.road.now, losesStore: true)
    let keys = pair.other.road.keys
    #expect(pair.road.run(30 * second) { pair.areAllowed && (try? pair.back.relation?.keys) == keys })
    #expect(pair.main.events(.keyChanged).contains { $0.status == .ok })
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [true, false]) func anEstateThatMovesIsFollowed(isMutable: Bool) throws {
    let pair = try Pair(8) { $0.isMutable = isMutable }
    try pair.expectThatMessagesPass()
    pair.other.address = Address(ipv4: 0x0a00_0044, port: 4444)
    let isBack = pair.road.run(40 * second) { (try? pair.back.relation?.address) == pair.other.address }
    #expect(isBack)
    try pair.expectThatMessagesPass()
  }

  @Test func aMainGivesWayToAnEstateThatIsNone() throws {
    let pair = try Pair(9, connects: false)
    try pair.main.connect(to: pair.other, now: pair.road.now)
    #expect(pair.road.run(second) { pair.areAllowed })
    #expect(pair.main.road.byID.count == 1)
  }

  @Test func twoMainsThatJoinEachOtherAtOnceAgree() throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let pair = try Pair(seed, connects: false) { $0.isMain = true }
      try pair.main.connect(to: pair.other, now: pair.road.now)
      pair.road.delay = 1...30
      pair.road.loss = seed > 5 ? 20 : 0
      #expect(pair.road.run(60 * second) { pair.areAllowed }, "seed \(seed)")
      pair.road.loss = 0
      try pair.expectThatMessagesPass()
      #expect(pair.main.road.byID.count == 1)
      #expect(pair.other.road.byID.count == 1)
    }
  }

  /// Somebody else with keys and a role of his own, who names the id that is the other's.
  @Test(arguments: [AcceptMode.once, .always], [true, false])
  func nobodyTakesARemoteOverByItsId(accept: AcceptMode, isMutable: Bool) throws {
    let pair = try Pair(10) {
      $0.isMutable = isMutable
      $0.accept = accept
    }
    try pair.expectThatMessagesPass()
    let before = try pair.back.relation
    let thief = try Node("thief", port: 9, seed: 77, now: pair.road.now) { $0.accept = .always }
    pair.road.nodes.append(thief)
    let id = try thief.road.addRemote(name: nil, address: pair.main.address)
    let main = try #require(pair.there.relation)
    thief.road.setRole("main", Role(acceptance: .accepted, keys: main.keys), isStored: false)
    try thief.road.remote(id).standing = .stranger(main)
    pair.road.isRecording = true
    try thief.road.connect(id, now: pair.road.now)
    pair.road.run(20 * second)
    let nearID = try pair.back.nearID
    #expect(
      pair.road.tape.contains {
        $0.from == thief.address && $0.head.packetKind == .request && $0.head.destination == nearID
      })
    #expect(try pair.back.relation == before)
    try pair.expectThatMessagesPass()
  }

  /// The host adds an estate by its address alone while that joins it, and that join ends first.
  @Test func twoJoinsAtOneAddressMakeOneRemote() throws {
    let pair = try Pair(35, connects: false) { $0.isMain = true }
    let isOurs = { (datagram: VirtualRoad.Datagram) in datagram.to == pair.other.address }
    pair.road.watch = { $0.head.packetKind == .request || $0.head.packetKind == .response }
    defer { pair.road.watch = { _ in true } }
    pair.road.run(second)
    #expect(pair.main.road.halfDoneJoins == 1 && pair.main.road.remoteCount == 0)
    let id = try pair.main.road.addRemote(name: nil, address: pair.other.address)
    try pair.main.road.connect(id, now: pair.road.now)
    pair.road.watch = { !isOurs($0) || $0.head.packetKind != .request }
    pair.road.run(4 * second)
    pair.road.watch = { _ in true }
    #expect(pair.road.run(60 * second) { pair.main.road.remotes.first?.isAllowed == true })
    #expect(pair.main.road.remotes.map { $0.id } == [id])
    try pair.expectThatMessagesPass()
  }

  @Test(arguments: [AcceptMode.never, .once]) func keysThatAreNoneAreNeitherKeptNorTaken(accept: AcceptMode) throws {
    let main = try Node("main", port: 1, seed: 1) {
      $0.isMain = true
      $0.accept = accept
    }
    let road = VirtualRoad(seed: 1)
    road.nodes = [main]
    let stranger = try Node("stranger", port: 2, seed: 2)
    for (number, none) in [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)].enumerated() {
      for isVerify in [true, false] {
        let body = Forger.joinBody(stranger) {
          if isVerify { $0.verifyKey = none } else { $0.publicKey = none }
        }
        let from = Address(ipv4: 0x0c00_0000 + UInt32(number), port: isVerify ? 5 : 6)
        road.inject(Forger.packet(.join, .request, from: 2, coat: body), from: from, to: main.address)
        road.run(10 * millisecond)
        road.inject(Forger.packet(.join, .ack, from: 2, coat: []), from: from, to: main.address)
        road.run(10 * millisecond)
      }
    }
    #expect(main.road.byID.isEmpty && main.road.roles.isEmpty && main.events.isEmpty)
    #expect(main.store.records.keys.allSatisfy { !$0.hasPrefix("remote/") && !$0.hasPrefix("role/remote/") })
    #expect(main.road.statistics[.invalidJoin] == 4)
  }
}
