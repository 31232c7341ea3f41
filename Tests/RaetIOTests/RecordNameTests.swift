import Testing

@testable import RaetIO

@Suite struct RecordNameTests {
  private let code = FileNameCode(foldsCase: false)
  private let folding = FileNameCode(foldsCase: true)

  private func encoded(_ name: String, _ code: FileNameCode) -> String {
    String(decoding: code.encode([UInt8](name.utf8)), as: UTF8.self)
  }

  @Test(arguments: Names.plain)
  func leavesPlainNamesAsTheyAre(_ name: String) {
    #expect(encoded(name, code) == name)
  }

  @Test func encodesWhatIsNotPlain() {
    #expect(encoded("..", code) == "%2E.")
    #expect(encoded(".a.b", code) == "%2Ea.b")
    #expect(encoded("a/b c", code) == "a%2Fb%20c")
    #expect(encoded("%41", code) == "%2541")
    #expect(encoded("\u{fc}\0", code) == "%C3%BC%00")
    #expect(encoded("Bob", folding) == "%42ob")
  }

  @Test(arguments: Names.plain + Names.other)
  func decodesWhatItEncodes(_ name: String) {
    for code in [code, folding] {
      #expect(code.decode(code.encode([UInt8](name.utf8))) == [UInt8](name.utf8))
    }
  }

  @Test func makesFileNamesOfAnyBytes() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let name = (0..<Int.random(in: 1...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let file = code.encode(name)
      #expect(code.decode(file) == name, "\(name)")
      #expect(!file.contains(UInt8(ascii: "/")) && !file.contains(0) && file.allSatisfy { $0 < 0x7f && $0 > 0x20 })
      #expect(file.first != UInt8(ascii: "."))
    }
  }

  @Test(arguments: ["a%41", "%", "%4", "100%", "%zz", "%2f", "%2E%2E", "a b", "\u{fc}"])
  func takesWhatItNeverWritesAsTheReferencesName(_ file: String) {
    #expect(code.decode([UInt8](file.utf8)) == [UInt8](file.utf8))
  }

  @Test(arguments: Names.plain + Names.other, ["json", "msgpack"])
  func takesKeysApartAndPutsThemTogether(_ name: String, _ ending: String) throws {
    for (folder, start) in [(StoreFolder.remote, "remote/estate."), (.remoteRole, "role/remote/role.")] {
      let key = "\(start)\(name).\(ending)"
      let record = try #require(RecordName(key: key))
      #expect(record.folder == folder)
      #expect(record.name == [UInt8](name.utf8))
      #expect(record.ending == ending)
      #expect(record.key == key)
      #expect(RecordName.decode(record.fileName(code), in: folder, code) == record)
    }
  }

  @Test func takesKeysWithoutNameApart() throws {
    for (key, folder) in [("local/estate.json", StoreFolder.local), ("role/local/role.msgpack", .localRole)] {
      let record = try #require(RecordName(key: key))
      #expect(record.folder == folder)
      #expect(record.name == nil)
      #expect(record.key == key)
    }
  }

  @Test(arguments: [
    "", "/", "local", "local/", "local/estate", "local/estate.", "local/estate.txt", "local/estate.a.json",
    "local/role.json", "/local/estate.json", "./local/estate.json", "local//estate.json", "local/estate.json/",
    "local/estate.json\0", "\0local/estate.json", "local/../local/estate.json", "remote/estate.json",
    "remote/estate..json", "remote/estate.a", "remote/estate.a.txt", "remote/role.a.json", "remote/a.json",
    "role/local/role.a.json", "role/local/estate.json", "role/remote/role.json", "role/remote/estate.a.json",
    "role/role.a.json", "Local/estate.json", "local/Estate.json", "local/estate.JSON",
  ])
  func refusesOtherKeys(_ key: String) {
    #expect(RecordName(key: key) == nil)
  }

  @Test func knowsNoFileNamesThatAreNotText() {
    let file = [UInt8]("estate.".utf8) + [0xff] + [UInt8](".json".utf8)
    #expect(RecordName.decode(file, in: .remote, code)?.key == nil)
  }
}
