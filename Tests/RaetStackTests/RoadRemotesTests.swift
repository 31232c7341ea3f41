import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Remotes as the host sees them: found, kept connected, let be, removed.
@Suite struct RoadRemotesTests {
  @Test func connectKeepsTryingEverMoreSeldom() throws {
    let pair = try Pair(1, connects: false)
    pair.road.loss = 100
    pair.road.isRecording = true
    pair.road.run(600 * second)
    let attempts = Set(pair.road.tape.map { $0.head.transaction }).count
    // 5 s for each attempt, and between them 1, 2, 4, ... 30 s.
    #expect((16...22).contains(attempts), "\(attempts)")
    pair.road.loss = 0
    #expect(pair.road.run(36 * second) { pair.areAllowed })
  }

  @Test func aFailureIsToldOnceUntilItChanges() throws {
    let pair = try Pair(2, connects: false)
    pair.road.loss = 100
    pair.road.run(600 * second)
    #expect(pair.other.events(.joined).map { $0.status } == [.timedOut])
  }

  @Test func connectComesBackWhenTheRemoteDoes() throws {
    let pair = try Pair(3)
    pair.road.nodes = [pair.other]
    pair.road.run(300 * second)
    try pair.main.restart(now: pair.road.now)
    pair.road.nodes = [pair.main, pair.other]
    #expect(pair.road.run(45 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
  }

  @Test func disconnectSendsNothingOfItsOwnAccord() throws {
    let pair = try Pair(4)
    let id = try pair.there.id
    try pair.other.road.disconnect(id, now: pair.road.now)
    pair.road.run(5 * second)
    pair.road.isRecording = true
    pair.road.run(60 * second)
    let own = pair.road.tape.filter {
      $0.from == pair.other.address && !$0.head.flags.contains(.correspondent)
    }
    #expect(own.isEmpty)
    // It still answers, and sends what it is told to.
    try pair.expectThatMessagesPass()
    try pair.other.road.connect(id, now: pair.road.now)
    pair.main.road = try Node("main", port: 1, seed: 99) { $0.isMain = true }.road
    pair.road.isRecording = true
    pair.road.run(30 * second)
    #expect(pair.road.tape.contains { $0.from == pair.other.address && $0.head.transactionKind == .join })
  }

  @Test func handlesAreNeverUsedTwiceAndListedInOrder() throws {
    let node = try Node("node", port: 1, seed: 5)
    var handles: [UInt64] = []
    for port in 10..<60 as Range<UInt16> {
      let id = try node.road.addRemote(name: "r\(port)", address: Address(ipv4: 1, port: port))
      if port % 3 == 0 { try node.road.removeRemote(id, now: 0) } else { handles.append(id) }
    }
    #expect(Set(handles).count == handles.count)
    var listed: [UInt64] = []
    var last: UInt64 = 0
    while let next = try? node.road.remote(after: last) {
      listed.append(next)
      last = next
    }
    #expect(listed == handles)
    #expect(throws: Status.notFound) { try node.road.remote(7777) }
    #expect(throws: Status.notFound) { try node.road.findRemote(name: "r12") }
    #expect(throws: Status.exists) { try node.road.addRemote(name: "r10", address: Address(ipv4: 9, port: 9)) }
    #expect(throws: Status.invalid) { try node.road.addRemote(name: "node", address: Address(ipv4: 9, port: 9)) }
    #expect(throws: Status.invalid) { try node.road.addRemote(name: "", address: Address(ipv4: 9, port: 9)) }
  }

  @Test func thereAreNoMoreRemotesThanSet() throws {
    let node = try Node("node", port: 1, seed: 6) { $0.maxRemotes = 5 }
    for port in 10..<15 as Range<UInt16> {
      _ = try node.road.addRemote(name: nil, address: Address(ipv4: 1, port: port))
    }
    #expect(throws: Status.again) { try node.road.addRemote(name: nil, address: Address(ipv4: 1, port: 99)) }
    #expect(node.road.byID.count == 5)
  }

  @Test func removingEndsAllThatIsUnderWayAndForgets() throws {
    let pair = try Pair(7)
    let there = try pair.there
    pair.road.loss = 100
    try pair.sendThere([1], tag: 1)
    try pair.sendThere(makeBody(2, 100_000), tag: 2)
    _ = try pair.other.road.join(there.id, timeout: Times.join, now: pair.road.now)
    pair.road.run(10 * millisecond)
    try pair.other.road.removeRemote(there.id, now: pair.road.now)
    pair.road.run(millisecond)
    let ends = pair.other.events(.failed).sorted { $0.tag < $1.tag }.map { $0.status }
    #expect(ends == [.unknown, .canceled])
    #expect(pair.other.events(.joined).contains { $0.status == .canceled })
    #expect(pair.other.events(.remoteGone).count == 1)
    #expect(!pair.other.store.records.keys.contains { $0.contains("remote/estate") })
    pair.road.loss = 0
    // What still comes from it is of nobody.
    pair.road.run(20 * second)
    let id = try pair.other.road.addRemote(name: nil, address: pair.main.address)
    try pair.other.road.connect(id, now: pair.road.now)
    #expect(pair.road.run(40 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
  }

  @Test func oneMainServesMany() throws {
    let road = VirtualRoad(seed: 8)
    let main = try Node("main", port: 1, seed: 1, now: road.now) {
      $0.isMain = true
      $0.accept = .once
    }
    road.nodes = [main]
    for number in 0..<12 {
      let node = try Node("node\(number)", port: UInt16(10 + number), seed: 100 + UInt64(number), now: road.now) {
        $0.accept = .once
      }
      road.nodes.append(node)
      try node.connect(to: main, now: road.now)
    }
    road.loss = 10
    let others = road.nodes.dropFirst()
    let areAll = road.run(60 * second) {
      others.allSatisfy { main.isAllowed($0.name) && $0.isAllowed("main") }
    }
    #expect(areAll)
    for (number, node) in others.enumerated() {
      try node.send(makeBody(number, 5000), to: node.remote("main").id, now: road.now)
      try main.send(makeBody(100 + number, 5000), to: main.remote(node.name).id, now: road.now)
    }
    #expect(road.run(60 * second) { main.bodies.count == 12 && others.allSatisfy { $0.bodies.count == 1 } })
    for (number, node) in others.enumerated() { #expect(node.bodies == [makeBody(100 + number, 5000)]) }
    let names = Set(main.events(.message).compactMap { $0.name })
    #expect(names == Set(others.map { $0.name }))
  }

  @Test func aFailureIsToldAgainToWhoConnectsAnew() throws {
    let pair = try Pair(8, connects: false) { $0.accept = .never }
    pair.road.run(20 * second)
    let pending = pair.other.events(.joined).count
    #expect(pending > 0)
    let there = try #require(pair.other.road.byID.first).key
    try pair.other.road.connect(there, now: pair.road.now)
    pair.road.run(20 * second)
    #expect(pair.other.events(.joined).count == pending)
    try pair.other.road.disconnect(there, now: pair.road.now)
    try pair.other.road.connect(there, now: pair.road.now)
    pair.road.run(20 * second)
    #expect(pair.other.events(.joined).count > pending)
  }
}
