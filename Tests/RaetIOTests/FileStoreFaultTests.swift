import Glibc
import RaetStack
import Testing

@testable import RaetIO

/// A disk that fails, is full, or is slow in taking what it is given.
@Suite struct FileStoreFaultTests {
  private let folder: TemporaryFolder
  private let store: FileStore
  private let key = "remote/estate.beta.json"

  init() throws {
    folder = try TemporaryFolder()
    store = try FileStore.open(folder: folder.path)
    try store.save(key, pattern(500))
  }

  @Test func makesARecordDurableStepByStep() throws {
    let calls = try watching(folder) { try store.save(key, [1]) }
    #expect(calls == ["write remote/.raet-new", "fsync remote/.raet-new", "renameat remote", "fsync remote"])
    #expect(try watching(folder) { try store.remove(key) } == ["fsync remote"])
    #expect(try watching(folder) { try store.remove(key) } == [])
    #expect(try watching(folder) { _ = try store.load(key) } == [])
  }

  @Test func makesNewFoldersDurable() throws {
    let other = try TemporaryFolder()
    let calls = try watching(other) { _ = try FileStore.open(folder: other.at("store")) }
    #expect(calls == ["fsync ", "fsync store", "fsync store", "fsync store", "fsync store/role", "fsync store/role"])
  }

  @Test(arguments: [
    [Fault.short(1), .short(99), .done], [.fail(EINTR), .done], [.short(100), .fail(EINTR), .short(0), .done],
  ])
  func writesOnWhereTheSystemStopped(_ faults: [Fault]) throws {
    let calls = try watching(folder, [.write: faults, .fsync: [.fail(EINTR)]]) { try store.save(key, pattern(1_000)) }
    #expect(calls.filter { $0.hasPrefix("write") }.count == faults.count)
    #expect(calls.filter { $0.hasPrefix("fsync") }.count == 3)
    #expect(try store.load(key) == pattern(1_000))
  }

  @Test(arguments: [
    (SystemCall.write, [Fault.fail(ENOSPC)], ENOSPC), (.write, [.short(100), .fail(EIO)], EIO),
    (.write, [.fail(EDQUOT)], EDQUOT), (.fsync, [.fail(EIO)], EIO), (.fsync, [.fail(ENOSPC)], ENOSPC),
    (.renameat, [.fail(EROFS)], EROFS), (.renameat, [.fail(EIO)], EIO),
  ])
  func keepsTheOldRecordAndLeavesNothingBehind(_ call: SystemCall, _ faults: [Fault], _ error: Int32) throws {
    _ = watching(folder, [call: faults]) {
      #expect(throws: StoreError.system(error)) { try store.save(key, pattern(600)) }
    }
    #expect(try store.load(key) == pattern(500))
    #expect(folder.names("remote") == ["estate.beta.json"])
    try store.save(key, [2])
    #expect(try store.load(key) == [2])
  }

  @Test func tellsWhenTheFolderMayNotBeOnDisk() throws {
    _ = watching(folder, [.fsync: [.done, .fail(EIO)]]) {
      #expect(throws: StoreError.system(EIO)) { try store.save(key, [1]) }
    }
    // Whole it is all the same.
    #expect(try store.load(key) == [1])
    _ = watching(folder, [.fsync: [.fail(EIO)]]) {
      #expect(throws: StoreError.system(EIO)) { try store.remove(key) }
    }
  }
}
