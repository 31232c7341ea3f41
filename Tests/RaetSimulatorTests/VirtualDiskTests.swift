import RaetStack
import RaetWire
import Testing

@testable import RaetSimulator

/// The disk keeps records as a store does, and fails when it is told to.
@Suite struct VirtualDiskTests {
  private func disk(_ records: [String: [UInt8]] = [:]) throws -> VirtualDisk {
    let disk = VirtualDisk(seed: 1)
    for key in records.keys.sorted() { try disk.save(key, records[key] ?? []) }
    return disk
  }

  @Test func keepsRecords() throws {
    let disk = try disk(["b": [2], "a": [1]])
    try disk.save("a", [3])
    #expect(try disk.load("a") == [3] && disk.keys() == ["a", "b"])
    try disk.remove("a")
    try disk.remove("a")
    #expect(try disk.load("a") == nil && disk.keys() == ["b"])
  }

  @Test func aFullDiskTakesNothingAndLosesNothing() throws {
    let disk = try disk(["a": [1]])
    disk.health = .full
    #expect(throws: StoreError.system(28)) { try disk.save("a", [2]) }
    #expect(throws: StoreError.system(28)) { try disk.remove("a") }
    #expect(try disk.load("a") == [1])
    disk.mend()
    try disk.save("a", [2])
    #expect(try disk.load("a") == [2] && disk.failures == 2)
  }

  @Test func aFailingDiskFailsSometimes() throws {
    let disk = try disk()
    disk.health = .failing(30)
    for number in 0..<200 { try? disk.save("\(number)", [0]) }
    #expect((20...100).contains(disk.failures) && disk.records.count == 200 - disk.failures)
  }

  @Test func aCrashInAWriteEndsTheProgram() throws {
    var isThere: Set<Bool> = []
    for seed in 1...20 as ClosedRange<UInt64> {
      let disk = VirtualDisk(seed: seed)
      disk.writesToCrash = 1
      try disk.save("a", [1])
      #expect(!disk.hasCrashed)
      #expect(throws: StoreError.self) { try disk.save("b", [2]) }
      #expect(disk.hasCrashed)
      // Nothing that a dead program does counts.
      #expect(throws: StoreError.self) { try disk.save("c", [3]) }
      isThere.insert(disk.records["b"] != nil)
      #expect(disk.records["c"] == nil && disk.records["a"] == [1])
      disk.reopen()
      try disk.save("c", [3])
      #expect(try disk.load("c") == [3])
    }
    #expect(isThere == [true, false])
  }

  @Test func theLastWriteCanBeLost() throws {
    let disk = try disk(["a": [1]])
    try disk.save("a", [2])
    disk.loseLastWrite()
    #expect(try disk.load("a") == [1])
  }

  @Test func anOlderStateCanBePutBack() throws {
    let disk = try disk(["role/local/role.json": [1]])
    for number in 1...5 as ClosedRange<UInt8> { try disk.save("a", [number]) }
    #expect(disk.putBack(2))
    #expect(try disk.load("a") == [2])
    let keyless = try self.disk(["a": [1], "b": [1]])
    #expect(!keyless.putBack(0))
  }

  @Test func partOfItCanBeLost() throws {
    let disk = try disk(["local/estate.json": [1], "remote/estate.x.json": [2]])
    disk.keep { $0.hasPrefix("local/") }
    #expect(try disk.keys() == ["local/estate.json"])
  }

  @Test func damageIsOfTheKindAskedForAndIsMended() throws {
    let good: [String: [UInt8]] = [
      "local/estate.json": [UInt8](1...20), "role/local/role.json": [UInt8](1...20), "remote/estate.x.json": [7, 7],
    ]
    let disk = try disk(good)
    disk.damage(ownIdentity: false)
    #expect(disk.wasDamaged && !disk.isOwnIdentityDamaged)
    #expect(disk.records["remote/estate.x.json"] != [7, 7])
    #expect(disk.records["local/estate.json"] == good["local/estate.json"])
    disk.damage(ownIdentity: true)
    disk.damage(ownIdentity: true)
    #expect(disk.isOwnIdentityDamaged && disk.records.filter { $0.key.contains("local/") } != good)
    disk.mend()
    for key in ["local/estate.json", "role/local/role.json"] { #expect(disk.records[key] == good[key]) }
  }

  @Test func itKnowsTheSessionsThatAreStored() throws {
    var fields = Mapping()
    fields.append("sid", .int(77))
    for (key, kind) in [("remote/estate.a.b.json", BodyKind.json), ("remote/estate.c.msgpack", .msgpack)] {
      let disk = try disk([key: ValueCodec.encode(fields, kind)])
      #expect(disk.sessions == [key.contains("a.b") ? "a.b" : "c": 77])
      disk.reopen()
      #expect(disk.sessions.count == 1)
    }
  }
}
