import RaetWire
import Testing

@testable import RaetStack

@Suite struct LaneSettingsTests {
  private func path(_ folder: String, _ lane: String = "lane", _ yard: String = "y") -> String? {
    LaneSettings.path(folder: folder, lane: lane, yard: yard)
  }

  @Test func aPathIsMadeOfFolderLaneAndYard() {
    #expect(path("/run/x", "cherry", "main") == "/run/x/cherry.main.uxd")
    #expect(path("/run/x//", "a.b", "main") == "/run/x/a.b.main.uxd")
    #expect(path("/", "lane", "y") == "/lane.y.uxd")
  }

  @Test func whatCannotBeHasNone() {
    #expect(path("run") == nil)
    #expect(path("") == nil)
    #expect(path("/run", "", "y") == nil)
    #expect(path("/run", "a/b", "y") == nil)
    #expect(path("/run", "lane", "a.b") == nil)
    #expect(path("/run", "lane", "") == nil)
  }

  @Test func aPathFitsASocketSAddress() {
    let rest = "/lane.y.uxd".utf8.count
    #expect(path("/" + String(repeating: "f", count: PageLimit.path - rest - 1)) != nil)
    #expect(path("/" + String(repeating: "f", count: PageLimit.path - rest)) == nil)
  }
}
