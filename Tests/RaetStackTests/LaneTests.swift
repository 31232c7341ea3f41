import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

@Suite struct LaneTests {
  private func make(_ change: (inout LaneSettings) -> Void) throws -> Lane {
    var settings = LaneSettings()
    settings.name = "one"
    change(&settings)
    return try Lane.make(settings, entropy: SeededEntropy(seed: 1), now: 0)
  }

  @Test func aYardNeedsANameAndAPathThatCanBe() throws {
    #expect(try make { _ in }.path == "/var/cache/raet/lane.one.uxd")
    let wrong: [(inout LaneSettings) -> Void] = [
      { $0.name = nil }, { $0.name = "" }, { $0.name = "a b" }, { $0.name = "a.b" }, { $0.lane = "" },
      { $0.lane = "a/b" }, { $0.folder = "relative" }, { $0.folder = "" },
      { $0.folder = "/" + String(repeating: "f", count: 100) },
    ]
    for change in wrong {
      #expect { try make(change) } throws: { ($0 as? RoadFailure)?.status == .invalid }
    }
  }

  @Test func timeNeverRunsBack() throws {
    let yard = try VirtualYard("one", seed: 1)
    let id = try yard.lane.addRemote(name: "other")
    try yard.send(mapping(1, 10), to: id, timeout: second, now: 10 * second)
    try yard.send(mapping(2, 10), to: id, timeout: second, now: 0)
    if let full = yard.lane.takeReady() { yard.lane.blocked(0, to: full, now: 0) }
    yard.lane.service(now: 11 * second)
    yard.takeEvents()
    #expect(yard.events(.failed).count == 2)
    #expect(yard.events.allSatisfy { $0.time == 11 * second })
  }

  @Test func eventsThatNobodyTakesHaveALimit() throws {
    let yard = try VirtualYard("me", seed: 1)
    for number in 0..<(LaneLimit.events + 10) {
      let id = try yard.lane.addRemote(name: "y")
      try yard.lane.removeRemote(id, now: UInt64(number))
    }
    #expect(!yard.lane.takesPages)
    #expect(yard.count(.dropEvent) == 10)
  }
}
