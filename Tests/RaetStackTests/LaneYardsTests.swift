import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

@Suite struct LaneYardsTests {
  private let one: VirtualYard
  private let other: VirtualYard
  private let lane: VirtualLane

  init() throws {
    one = try VirtualYard("one", seed: 1) { $0.maxRemotes = 3 }
    other = try VirtualYard("other", seed: 2)
    lane = VirtualLane(one, other)
  }

  @Test func aYardIsAddedOnceAndFoundByItsName() throws {
    let id = try one.add(other)
    #expect(try one.lane.findRemote(name: "other") == id)
    #expect(try one.lane.remote(id).path == "/var/cache/raet/lane.other.uxd")
    #expect(throws: Status.exists) { try one.add(other) }
    #expect(throws: Status.invalid) { try one.add(one) }
    #expect(throws: Status.notFound) { try one.lane.findRemote(name: "nobody") }
    for name in ["", "a b", "a/b", "a.b", String(repeating: "n", count: 101)] {
      #expect(throws: Status.invalid) { try one.lane.addRemote(name: name) }
    }
  }

  @Test func yardsAreListedInTheOrderTheyCame() throws {
    let ids = try ["a", "b", "c"].map { try one.lane.addRemote(name: $0) }
    try one.lane.removeRemote(ids[1], now: 0)
    #expect(try one.lane.remote(after: 0) == ids[0])
    #expect(try one.lane.remote(after: ids[0]) == ids[2])
    #expect(try one.lane.remote(after: ids[1]) == ids[2])
    #expect(throws: Status.notFound) { try one.lane.remote(after: ids[2]) }
  }

  @Test func aYardThatIsForgottenEndsItsMessages() throws {
    let id = try one.add(other)
    try one.send(mapping(1, 10), to: id)
    try one.lane.removeRemote(id, now: 0)
    lane.run()
    #expect(one.events.map { $0.kind } == [.failed, .remoteGone])
    #expect(one.events.first?.status == .canceled && other.bodies.isEmpty)
    #expect(throws: Status.notFound) { try one.lane.removeRemote(id, now: 0) }
    // Met anew it is another, and so is the session.
    #expect(try one.add(other) != id)
  }

  @Test func strangersGiveWayToEachOtherButNotWhomTheHostAdded() throws {
    _ = try one.lane.addRemote(name: "mine")
    for (number, name) in ["a", "b", "c", "d"].enumerated() {
      let stranger = try VirtualYard(name, seed: UInt64(number))
      let id = try stranger.lane.addRemote(name: "one")
      try stranger.send(mapping(1, 10), to: id)
      for page in stranger.pages(of: try stranger.lane.remote(id)) {
        one.receive(page, from: name, now: UInt64(number) + 1)
      }
    }
    one.takeEvents()
    #expect(one.bodies.count == 4)
    #expect(one.events(.remoteGone).map { $0.name } == ["a", "b"])
    #expect(throws: Never.self) { try one.lane.findRemote(name: "mine") }
    _ = try one.lane.addRemote(name: "second")
    _ = try one.lane.addRemote(name: "third")
    #expect(throws: Status.again) { try one.lane.addRemote(name: "fourth") }
    // Now there is no place for a stranger.
    let stranger = try VirtualYard("e", seed: 9)
    let id = try stranger.lane.addRemote(name: "one")
    try stranger.send(mapping(1, 10), to: id)
    for page in stranger.pages(of: try stranger.lane.remote(id)) { one.receive(page, from: "e") }
    #expect(one.count(.failedAddremote) == 1)
  }

  @Test func booksThatNeverEndKeepNoPlaces() throws {
    for (number, name) in ["a", "b", "c", "d"].enumerated() {
      let stranger = try VirtualYard(name, seed: UInt64(number))
      let id = try stranger.lane.addRemote(name: "one")
      try stranger.send(mapping(1, 100_000), to: id)
      let first = try #require(stranger.pages(of: try stranger.lane.remote(id)).first)
      one.receive(first, from: name, now: UInt64(number) + 1)
    }
    one.takeEvents()
    #expect(one.events(.remoteGone).map { $0.name } == ["a"] && one.count(.dropLimit) == 1)
    #expect(one.lane.transfers().count == 3)
    #expect(throws: Never.self) { try one.add(other) }
    #expect(one.lane.transfers().count == 2 && one.lane.gatheringBytes < 300_000)
  }

  @Test func whoIsGoneIsForgottenUnlessTheHostAddedIt() throws {
    let id = try other.add(one)
    try other.send(mapping(1, 10), to: id)
    lane.run()
    let back = try one.lane.findRemote(name: "other")
    other.isOpen = false
    try one.send(mapping(2, 10), to: back, tag: 5)
    lane.run()
    #expect(one.events(.failed).map { $0.status } == [.dead])
    #expect(one.events(.remoteGone).count == 1 && one.events(.dead).isEmpty)
    #expect(throws: Status.notFound) { try one.lane.remote(back) }
  }

  @Test func whomTheHostAddedIsDeadUntilItComesBack() throws {
    let id = try one.add(other)
    other.isOpen = false
    try one.send(mapping(1, 10), to: id)
    try one.send(mapping(2, 10), to: id)
    lane.run()
    #expect(one.events(.failed).map { $0.status } == [.dead, .dead])
    let isAlive = try one.lane.remote(id).isAlive
    #expect(one.events(.dead).count == 1 && !isAlive)
    try one.send(mapping(3, 10), to: id)
    lane.run()
    #expect(one.events(.failed).count == 3 && one.events(.dead).count == 1)
    other.isOpen = true
    try one.send(mapping(4, 10), to: id)
    lane.run()
    #expect(one.events(.alive).count == 1 && one.events(.delivered).count == 1)
    #expect(try one.lane.remote(id).isAlive)
  }
}
