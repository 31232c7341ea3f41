import Glibc
import RaetStack
import Testing

@testable import RaetIO

private let fourKeys = [
  "local/estate.json", "role/local/role.json", "remote/estate.beta.json", "role/remote/role.gamma.json",
]

@Suite struct FileStoreTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func open() throws -> FileStore { try FileStore.open(folder: folder.path) }

  @Test func keepsRecordsOverReopening() throws {
    let keys = fourKeys + fourKeys.map { "\($0.dropLast(4))msgpack" }
    do {
      let store = try open()
      for (at, key) in keys.enumerated() {
        #expect(try store.load(key) == nil)
        try store.save(key, [9])
        try store.save(key, [UInt8(at)])
      }
    }
    let store = try open()
    #expect(try store.keys().sorted() == keys.sorted())
    for (at, key) in keys.enumerated() { #expect(try store.load(key) == [UInt8(at)]) }
    for key in keys {
      try store.remove(key)
      try store.remove(key)
      #expect(try store.load(key) == nil)
    }
    #expect(try store.keys() == [])
  }

  @Test(arguments: sizes)
  func keepsRecordsOfAnySize(_ size: Int) throws {
    let store = try open()
    try store.save("local/estate.json", pattern(size))
    #expect(try store.load("local/estate.json") == pattern(size))
  }

  @Test func refusesRecordsThatAreTooLong() throws {
    let store = try open()
    try store.save("local/estate.json", [1])
    #expect(throws: StoreError.tooLarge) { try store.save("local/estate.json", pattern(StoreLimit.record + 1)) }
    #expect(try store.load("local/estate.json") == [1])
    try folder.write("local/estate.msgpack", pattern(StoreLimit.record + 1))
    #expect(throws: StoreError.tooLarge) { try store.load("local/estate.msgpack") }
  }

  @Test(arguments: Names.plain)
  func keepsTheReferencesFileNames(_ name: String) throws {
    let store = try open()
    for key in ["remote/estate.\(name).json", "role/remote/role.\(name).msgpack"] {
      try store.save(key, [7])
      #expect(folder.read(key) == [7])
    }
  }

  @Test(arguments: Names.other)
  func keepsOtherNamesUnderEncodedFileNames(_ name: String) throws {
    let store = try open()
    let keys = ["remote/estate.\(name).json", "role/remote/role.\(name).msgpack"]
    for key in keys { try store.save(key, [7]) }
    for place in ["remote", "role/remote"] {
      let files = folder.names(place)
      #expect(files.count == 1 && files.allSatisfy { $0.contains("%") })
    }
    #expect(folder.names() == [".raet-lock", "local", "remote", "role"])
    #expect(try store.keys().sorted() == keys.sorted())
    for key in keys { #expect(try store.load(key) == [7]) }
    for key in keys { try store.remove(key) }
    #expect(folder.names("remote") == [] && folder.names("role/remote") == [])
  }

  @Test(arguments: ["a b", "\u{fc}ber", "100%", "a%41", "~"])
  func takesOverTheReferencesFilesOfSuchNames(_ name: String) throws {
    try folder.makeFolders(["local", "remote", "role", "role/local", "role/remote"])
    let key = "remote/estate.\(name).json"
    try folder.write(key, [1])
    let store = try open()
    #expect(try store.keys() == [key])
    #expect(try store.load(key) == [1])
    try store.save(key, [2])
    #expect(!folder.exists(key))
    #expect(try store.keys() == [key])
    #expect(try store.load(key) == [2])
    try folder.write(key, [1])
    try store.remove(key)
    #expect(folder.names("remote") == [])
  }

  @Test func keepsNamesApartThatDifferInCaseOnly() throws {
    let store = try FileStore.open(folder: folder.path, foldsCase: true)
    try store.save("remote/estate.Bob.json", [1])
    try store.save("remote/estate.bob.json", [2])
    try store.save("remote/estate.BOB.json", [3])
    #expect(try store.load("remote/estate.Bob.json") == [1])
    #expect(try store.load("remote/estate.bob.json") == [2])
    #expect(Set(folder.names("remote").map { $0.lowercased() }).count == 3)
    #expect(try store.keys().count == 3)
    try folder.write("remote/estate.Eve.json", [4])
    #expect(try store.load("remote/estate.Eve.json") == [4])
    #expect(try store.load("remote/estate.eve.json") == nil)
  }

  @Test(arguments: ["a%2Fb", "%25", "%2E.", "a%20b"])
  func leavesARecordAloneWhoseFileHasTheNameOfAnother(_ name: String) throws {
    let store = try open()
    let file = [UInt8]("estate.\(name).json".utf8)
    let other = try #require(RecordName(.remote, file: file[...]))
    let owner = try #require(RecordName.decode(file, in: .remote, FileNameCode(foldsCase: false)))
    let (key, owned) = (try #require(other.key), try #require(owner.key))
    #expect(key != owned)
    try store.save(owned, [1])
    try store.save(key, [2])
    #expect(try store.load(owned) == [1] && store.load(key) == [2])
    try store.remove(key)
    #expect(try store.load(owned) == [1] && store.load(key) == nil)
  }

  @Test func refusesKeysOfNoRecord() throws {
    let store = try open()
    for key in ["", "local/estate.txt", "../x.json", "remote/../estate.a.json", "local/estate.json\0"] {
      #expect(throws: StoreError.system(EINVAL)) { try store.load(key) }
      #expect(throws: StoreError.system(EINVAL)) { try store.save(key, [1]) }
      #expect(throws: StoreError.system(EINVAL)) { try store.remove(key) }
    }
  }

  @Test func refusesNamesThatAreTooLongForAFile() throws {
    let store = try open()
    let longest = String(repeating: "x", count: 243)
    try store.save("remote/estate.\(longest).json", [1])
    #expect(try store.load("remote/estate.\(longest).json") == [1])
    for name in [longest + "x", String(repeating: "\u{fc}", count: 100)] {
      #expect(throws: StoreError.system(ENAMETOOLONG)) { try store.save("remote/estate.\(name).json", [1]) }
      #expect(try store.load("remote/estate.\(name).json") == nil)
      try store.remove("remote/estate.\(name).json")
    }
    #expect(folder.names("remote").count == 1)
  }

  @Test func passesOverOtherFiles() throws {
    let store = try open()
    for name in ["notes.txt", "estate.json.bak", "estate.a.json~", "role.a.json", "estate..json"] {
      try folder.write("remote/\(name)", [1])
    }
    #expect(try store.keys() == [])
  }

  @Test func replacesFilesAsAWhole() throws {
    let store = try open()
    try store.save("local/estate.json", pattern(1_000))
    try #require(link(folder.at("local/estate.json"), folder.at("witness")) == 0)
    try store.save("local/estate.json", [1])
    // The old file was not written to.
    #expect(folder.read("witness") == pattern(1_000))
  }

  @Test func clearsAwayWhatACrashLeft() throws {
    _ = try open()
    let leftovers = ["local", "remote", "role/local", "role/remote"].map { "\($0)/.raet-new" }
    for leftover in leftovers { try folder.write(leftover, [1]) }
    let store = try open()
    for leftover in leftovers { #expect(!folder.exists(leftover)) }
    try folder.write("local/.raet-new", [1])
    try store.save("local/estate.json", [2])
    #expect(folder.names("local") == ["estate.json"])
    #expect(try store.load("local/estate.json") == [2])
  }

  @Test func leavesNothingBehindWhenItCannotReplace() throws {
    let store = try open()
    try folder.makeFolders(["local/estate.json"])
    #expect(throws: StoreError.system(EISDIR)) { try store.save("local/estate.json", [1]) }
    #expect(folder.names("local") == ["estate.json"])
  }

  @Test func keepsTheOldRecordWhenTheDiskIsFull() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      let store = try FileStore.open(folder: path)
      try store.save("local/estate.json", pattern(500))
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1_000, rlim_max: rlim_t.max)
      try #require(setrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit) == 0)
      #expect(throws: StoreError.system(EFBIG)) { try store.save("local/estate.json", pattern(1_001)) }
      #expect(try store.load("local/estate.json") == pattern(500))
      try store.save("local/estate.json", pattern(1_000))
    }
    #expect(folder.names("local") == ["estate.json"])
    #expect(folder.read("local/estate.json") == pattern(1_000))
  }
}
