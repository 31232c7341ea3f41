import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Who the estate is: from the settings, else from the store, else made once (PROTOCOL 8.2).
@Suite struct IdentityTests {
  static func secret(_ byte: UInt8) -> SecretKeyBytes? {
    [UInt8](repeating: byte, count: 32).withUnsafeBytes { try? SecretKeyBytes.copy(of: $0) }
  }

  @Test func itIsMadeOnceAndThenAsStored() throws {
    let node = try Node("node", port: 1, seed: 1)
    let keys = node.road.keys
    node.settings.name = nil
    try node.restart(now: 5)
    #expect(node.road.name == "node" && node.road.role == "node" && node.road.keys == keys)
  }

  @Test func settingsThatContradictTheStoreAreAnError() throws {
    let node = try Node("node", port: 1, seed: 2) { $0.role = "role" }
    let records = node.store.records
    let settings = node.settings
    let changes: [(inout RoadSettings) -> Void] = [
      { $0.name = "other" }, { $0.role = "other" }, { $0.signSeed = Self.secret(1) },
      { $0.privateKey = Self.secret(1) },
    ]
    for change in changes {
      node.settings = settings
      change(&node.settings)
      do {
        try node.restart(now: 0)
        Issue.record("taken all the same")
      } catch let failure as RoadFailure { #expect(failure.status == .store) }
      #expect(node.store.records == records)
    }
  }

  @Test func keysOfTheSettingsAreUsedAndStored() throws {
    let node = try Node("node", port: 1, seed: 3) {
      $0.signSeed = Self.secret(7)
      $0.privateKey = Self.secret(9)
    }
    let keys = node.road.keys
    node.settings.signSeed = nil
    node.settings.privateKey = nil
    try node.restart(now: 0)
    #expect(node.road.keys == keys)
  }

  @Test func namesAreTextThatFitsAFile() {
    for good in ["a", "node.one", "with space", "Ä", String(repeating: "x", count: 200)] {
      #expect(Identity.isName(good), "\(good)")
    }
    for bad in ["", "a\u{0}b", String(repeating: "x", count: 201), String(repeating: "Ä", count: 60)] {
      #expect(!Identity.isName(bad), "\(bad.count)")
    }
  }

  @Test func withoutNameOrRandomnessThereIsNoRoad() throws {
    var settings = RoadSettings(address: Address(ipv4: 1, port: 1))
    let entropy = SeededEntropy(seed: 1)
    func status() -> Status? {
      do {
        _ = try Road.make(settings, store: VirtualStore(), entropy: entropy, now: 0)
        return nil
      } catch { return error.status }
    }
    #expect(status() == .invalid)
    settings.name = "node"
    entropy.isDry = true
    #expect(status() == .crypto)
    entropy.isDry = false
    #expect(status() == nil)
  }

  @Test func aDiskThatTakesNoIdentityStopsTheStart() {
    var settings = RoadSettings(address: Address(ipv4: 1, port: 1))
    settings.name = "node"
    for writes in 0..<2 {
      let store = VirtualStore()
      store.writesLeft = writes
      #expect(throws: RoadFailure.self) {
        try Road.make(settings, store: store, entropy: SeededEntropy(seed: 1), now: 0)
      }
    }
  }
}
