import RaetIO
import Testing

/// Keys of records as a store of the host's gets them (PROTOCOL 8.1).
@Suite struct EncodedKeyTests {
  @Test(arguments: [
    ("local/estate.json", "local/estate.json"), ("role/local/role.msgpack", "role/local/role.msgpack"),
    ("remote/estate.other.json", "remote/estate.other.json"),
    ("role/remote/role.x/../../local/role.json", "role/remote/role.x%2F..%2F..%2Flocal%2Frole.json"),
    ("role/remote/role...json", "role/remote/role.%2E.json"), ("remote/estate.a b.json", "remote/estate.a%20b.json"),
    ("remote/estate.a%2Fb.json", "remote/estate.a%252Fb.json"),
  ])
  func aNameIsNoPath(key: String, encoded: String) {
    #expect(EncodedKey.encode(key) == encoded)
    #expect(EncodedKey.decode(encoded) == key)
  }

  @Test(arguments: ["", "other/x.json", "remote/x.json", "remote/estate.json", "remote/estate.a.txt"])
  func whatIsNoRecordHasNoKey(key: String) {
    #expect(EncodedKey.encode(key) == nil && EncodedKey.decode(key) == nil)
  }
}
