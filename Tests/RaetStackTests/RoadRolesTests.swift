import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Roles, their keys, and what a decision on them does (PROTOCOL 6.3).
@Suite struct RoadRolesTests {
  @Test func aRoleThatIsRejectedCutsItsRemoteOff() throws {
    let pair = try Pair(1)
    try pair.expectThatMessagesPass()
    try pair.sendBack(makeBody(1, 200_000), tag: 5)
    pair.road.run(2 * millisecond)
    try pair.main.road.setAcceptance(.rejected, of: "other", now: pair.road.now)
    #expect(try !pair.back.isJoined)
    pair.road.run(second)
    #expect(pair.main.events(.failed).map { [$0.tag] } == [[5]])
    let bodies = pair.main.bodies.count
    try pair.sendThere([1, 2])
    pair.road.run(40 * second)
    #expect(pair.main.bodies.count == bodies)
    #expect(!pair.areAllowed)
    try pair.main.road.setAcceptance(.accepted, of: "other", now: pair.road.now)
    #expect(pair.road.run(60 * second) { pair.areAllowed && pair.main.bodies.count == bodies + 1 })
  }

  @Test func aRoleRejectedInTheMiddleOfAHandshakeAndAcceptedAgainIsJoinedAtOnce() throws {
    let pair = try Pair(4)
    // The other side answers a hello, and hears no more of that handshake.
    pair.road.watch = { $0.head.packetKind != .initiate }
    defer { pair.road.watch = { _ in true } }
    _ = try pair.main.road.allow(pair.back.id, timeout: Times.allow, now: pair.road.now)
    pair.road.run(second / 10)
    guard case .responding = try pair.there.allow else { throw Status.state }
    try pair.other.road.setAcceptance(.rejected, of: "main", now: pair.road.now)
    pair.road.watch = { _ in true }
    pair.road.run(100 * second)
    #expect(!pair.areAllowed)
    try pair.other.road.setAcceptance(.accepted, of: "main", now: pair.road.now)
    #expect(pair.road.run(2 * second) { pair.areAllowed })
    try pair.expectThatMessagesPass()
  }

  @Test func aPinnedRoleIsTakenAndNoOtherKeysForIt() throws {
    let road = VirtualRoad(seed: 2)
    let main = try Node("main", port: 1, seed: 1) { $0.isMain = true }
    let friend = try Node("friend", port: 2, seed: 2) { $0.accept = .once }
    let thief = try Node("thief", port: 3, seed: 3) {
      $0.accept = .once
      $0.role = "friend"
    }
    road.nodes = [main, friend, thief]
    try main.road.pin("friend", friend.road.keys, now: road.now)
    #expect(throws: Status.exists) { try main.road.pin("friend", thief.road.keys, now: road.now) }
    try thief.connect(to: main, now: road.now)
    road.run(second)
    try friend.connect(to: main, now: road.now)
    #expect(road.run(5 * second) { main.isAllowed("friend") && friend.isAllowed("main") })
    #expect(!main.isAllowed("thief") && !thief.isAllowed("main"))
    #expect(main.events(.keyPending).isEmpty)
    #expect(main.events(.keyChanged).map { $0.status } == [.rejected])
  }

  @Test func rolesAreListedInOrderAndForgottenWhenNobodyHasThem() throws {
    let pair = try Pair(3)
    let keys = pair.other.road.keys
    for name in ["zeta", "a", "Ärger", "b"] { try pair.main.road.pin(name, keys, now: 0) }
    var names: [String] = []
    while let next = try? pair.main.road.role(after: names.last ?? "") { names.append(next) }
    #expect(names == ["a", "b", "other", "zeta", "Ärger"])
    #expect(throws: Status.state) { try pair.main.road.forgetRole("other", now: 0) }
    #expect(throws: Status.notFound) { try pair.main.road.forgetRole("nobody", now: 0) }
    try pair.main.road.forgetRole("zeta", now: 0)
    #expect(throws: Status.notFound) { try pair.main.road.role("zeta") }
    try pair.main.restart(now: pair.road.now)
    #expect(throws: Status.notFound) { try pair.main.road.role("zeta") }
    #expect(try pair.main.road.role("a").acceptance == .accepted)
    #expect(throws: Status.invalid) { try pair.main.road.pin("", keys, now: 0) }
  }

  @Test func whatAnotherProgramWritesCountsWithinASecondWhileAJoinWaits() throws {
    let pair = try RoadJoinTests.pair(4, main: .laterByFile, other: .once)
    try pair.other.connect(to: pair.main, now: pair.road.now)
    pair.road.run(500 * millisecond)
    try RoadJoinTests.decide(.laterByFile, pair.main, on: "other", .accepted, now: pair.road.now)
    #expect(pair.road.run(1100 * millisecond) { pair.areAllowed })
  }

  @Test func twoEstatesMayShareARole() throws {
    let road = VirtualRoad(seed: 5)
    let main = try Node("main", port: 1, seed: 1) {
      $0.isMain = true
      $0.accept = .once
    }
    let one = try Node("one", port: 2, seed: 2) {
      $0.accept = .once
      $0.role = "shared"
    }
    let two = try Node("two", port: 3, seed: 2) {
      $0.accept = .once
      $0.role = "shared"
    }
    road.nodes = [main, one, two]
    try one.connect(to: main, now: road.now)
    try two.connect(to: main, now: road.now)
    #expect(road.run(5 * second) { main.isAllowed("one") && main.isAllowed("two") })
    try main.send([1], to: main.remote("one").id, now: road.now)
    try main.send([2], to: main.remote("two").id, now: road.now)
    #expect(road.run(5 * second) { one.bodies == [[1]] && two.bodies == [[2]] })
  }

  /// A role that the store did not take is newer than the store: nobody has changed it there.
  @Test func aStoreThatFailedIsNotTakenForADecision() throws {
    let pair = try Pair(9)
    try pair.main.road.setAcceptance(.pending, of: "other", now: pair.road.now)
    pair.main.store.fails = true
    pair.main.road.setRole("other", Role(acceptance: .accepted, keys: pair.other.road.keys), isStored: true)
    pair.main.road.refreshRole("other")
    #expect(try pair.main.road.role("other").acceptance == .accepted)
    pair.main.store.fails = false
    pair.main.road.refreshRole("other")
    pair.main.road.refreshRole("other")
    #expect(try pair.main.road.role("other").acceptance == .accepted)
    try pair.main.restart(now: pair.road.now)
    #expect(try pair.main.road.role("other").acceptance == .accepted)
  }

  @Test func otherKeysAreToldOfAgainOnceAPersonHasDecided() throws {
    let pair = try Pair(12)
    let thief = try Node("thief", port: 9, seed: 77)
    func steal() {
      let body = Forger.joinBody(thief) { $0.role = "other" }
      let from = Address(ipv4: 0x0d00_0000, port: UInt16(truncatingIfNeeded: pair.road.now / millisecond))
      pair.road.inject(Forger.packet(.join, .request, from: 2, coat: body), from: from, to: pair.main.address)
      pair.road.run(second)
    }
    steal()
    steal()
    #expect(pair.main.events(.keyChanged).count == 1)
    try pair.main.road.setAcceptance(.accepted, of: "other", now: pair.road.now)
    steal()
    #expect(pair.main.events(.keyChanged).count == 2)
  }
}
