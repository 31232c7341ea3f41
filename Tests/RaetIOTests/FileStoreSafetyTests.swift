import Glibc
import RaetStack
import Testing

@testable import RaetIO

private let folders = ["local", "remote", "role", "role/local", "role/remote"]

/// Who can read and write a store, and what stands in its way.
@Suite struct FileStoreSafetyTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func open(_ below: String = "") throws -> FileStore { try FileStore.open(folder: folder.path + below) }

  @Test func makesFoldersAndFilesForTheOwnerAlone() throws {
    let store = try open("/a/b/store//")
    for name in ["a", "a/b", "a/b/store"] { #expect(folder.mode(name) == 0o700) }
    for name in folders { #expect(folder.mode("a/b/store/\(name)") == 0o700) }
    for key in ["local/estate.json", "role/local/role.json"] {
      try store.save(key, [1])
      #expect(folder.mode("a/b/store/\(key)") == 0o600)
    }
    #expect(folder.mode("a/b/store/.raet-lock") == 0o600)
  }

  @Test func closesWhatTheReferenceLeftOpen() throws {
    try folder.makeFolders(["."] + folders, mode: 0o775)
    for key in ["local/estate.json", "role/local/role.json", "remote/estate.beta.json"] {
      try folder.write(key, [1], mode: 0o644)
    }
    let store = try open()
    #expect(folder.mode(".") == 0o755)
    for name in folders { #expect(folder.mode(name) == 0o700) }
    #expect(try store.load("role/local/role.json") == [1])
    #expect(folder.mode("role/local/role.json") == 0o600)
    #expect(try store.load("remote/estate.beta.json") == [1])
    #expect(folder.mode("remote/estate.beta.json") == 0o644)
    try store.save("remote/estate.beta.json", [2])
    #expect(folder.mode("remote/estate.beta.json") == 0o600)
  }

  @Test func leavesAFolderOfAllUsersAsItIs() throws {
    try folder.makeFolders(["."], mode: 0o1777)
    _ = try open()
    #expect(folder.mode(".") == 0o1777)
  }

  @Test func isLockedWithinAProcess() throws {
    var first: FileStore? = try open()
    #expect(throws: StoreError.locked) { try open() }
    #expect(first != nil)
    first = nil
    _ = try open()
  }

  @Test func isLockedBetweenProcesses() async throws {
    var first: FileStore? = try open()
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      #expect(throws: StoreError.locked) { try FileStore.open(folder: path) }
    }
    #expect(first != nil)
    first = nil
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      try FileStore.open(folder: path).save("local/estate.json", [1])
    }
    #expect(try open().load("local/estate.json") == [1])
  }

  @Test func aForkedProcessDoesNotGiveBackTheLock() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      var store: FileStore? = try FileStore.open(folder: path)
      #expect(store != nil)
      let child = forkProcess()
      if child == 0 {
        store = nil
        _exit(0)
      }
      try #require(child > 0 && waitpid(child, nil, 0) == child)
      #expect(throws: StoreError.locked) { try FileStore.open(folder: path) }
      store = nil
    }
  }

  @Test func aForkedProcessDoesNotKeepTheLock() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      var store: FileStore? = try FileStore.open(folder: path)
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      var byte: UInt8 = 0
      let child = forkProcess()
      if child == 0 {
        // Until the parent is gone or says so.
        close(ends[1])
        _ = read(ends[0], &byte, 1)
        _exit(store == nil ? 1 : 0)
      }
      store = nil
      _ = try FileStore.open(folder: path)
      close(ends[1])
      #expect(child > 0 && waitpid(child, nil, 0) == child)
    }
  }

  @Test func followsNoLinkInPlaceOfTheFolder() throws {
    try folder.makeFolders(["real"])
    try #require(symlink("real", folder.at("link")) == 0)
    for path in ["/link", "/link/"] { #expect(throws: StoreError.unsafe) { try open(path) } }
    #expect(folder.names("real") == [])
    try #require(symlink("nowhere", folder.at("dangling")) == 0)
    #expect(throws: StoreError.unsafe) { try open("/dangling") }
  }

  @Test(arguments: folders)
  func followsNoLinkInPlaceOfAFolderInIt(_ name: String) throws {
    let elsewhere = try TemporaryFolder()
    try folder.makeFolders(folders.filter { name.hasPrefix("\($0)/") })
    try #require(symlink(elsewhere.path, folder.at(name)) == 0)
    #expect(throws: StoreError.unsafe) { try open() }
    #expect(elsewhere.names() == [])
  }

  @Test func followsNoLinkInPlaceOfAFile() throws {
    let elsewhere = try TemporaryFolder()
    try elsewhere.write("file", [5])
    let store = try open()
    let key = "role/local/role.json"
    try #require(symlink(elsewhere.at("file"), folder.at(key)) == 0)
    #expect(throws: StoreError.unsafe) { try store.load(key) }
    try store.save(key, [1])
    #expect(!folder.isLink(key))
    #expect(elsewhere.read("file") == [5])
    try #require(unlink(folder.at(key)) == 0)
    try #require(symlink(elsewhere.at("file"), folder.at(key)) == 0)
    try #require(symlink(elsewhere.at("file"), folder.at("role/local/.raet-new")) == 0)
    try store.remove(key)
    try store.save(key, [1])
    #expect(elsewhere.read("file") == [5])
  }

  @Test func followsNoLinkInPlaceOfTheLock() throws {
    try #require(symlink("elsewhere", folder.at(".raet-lock")) == 0)
    #expect(throws: StoreError.unsafe) { try open() }
    #expect(!folder.exists("elsewhere"))
  }

  @Test(.timeLimit(.minutes(1)))
  func readsOrdinaryFilesOnlyAndDoesNotBlock() throws {
    let store = try open()
    try #require(mkfifo(folder.at("local/estate.json"), 0o600) == 0)
    #expect(throws: StoreError.unsafe) { try store.load("local/estate.json") }
    try folder.makeFolders(["local/estate.msgpack"])
    #expect(throws: StoreError.unsafe) { try store.load("local/estate.msgpack") }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func refusesWhatBelongsToSomebodyElse() throws {
    let somebody: uid_t = 65_534
    for name in folders {
      do { _ = try open() }
      try #require(chown(folder.at(name), somebody, gid_t(somebody)) == 0)
      #expect(throws: StoreError.unsafe) { try open() }
      try #require(chown(folder.at(name), 0, 0) == 0)
    }
    let store = try open()
    try store.save("local/estate.json", [1])
    try #require(chown(folder.at("local/estate.json"), somebody, gid_t(somebody)) == 0)
    #expect(throws: StoreError.unsafe) { try store.load("local/estate.json") }
    try #require(chown(folder.path, somebody, gid_t(somebody)) == 0)
    #expect(throws: StoreError.unsafe) { try open() }
    try #require(chown(folder.path, 0, 0) == 0)
  }

  @Test func saysWhatIsWrongWithAPath() throws {
    try folder.write("file", [1])
    #expect(throws: StoreError.system(ENOTDIR)) { try open("/file") }
    #expect(throws: StoreError.system(ENOTDIR)) { try open("/file/store") }
    #expect(throws: StoreError.system(EINVAL)) { try FileStore.open(folder: "") }
    #expect(throws: StoreError.system(EINVAL)) { try open("/a\0b") }
    #expect(folder.names() == ["file"])
  }
}

/// Swift hides fork(), as little may be done after it.
@_silgen_name("fork") private func forkProcess() -> pid_t
