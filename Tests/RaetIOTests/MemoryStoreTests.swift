import RaetIO
import RaetStack
import Testing

@Suite struct MemoryStoreTests {
  @Test func keepsRecordsWhileItLives() throws {
    let store = MemoryStore()
    #expect(try store.load("local/estate.json") == nil)
    try store.save("local/estate.json", [1])
    try store.save("remote/estate.a b.json", [2])
    try store.save("local/estate.json", [3])
    #expect(try store.load("local/estate.json") == [3])
    #expect(try store.keys().sorted() == ["local/estate.json", "remote/estate.a b.json"])
    try store.remove("local/estate.json")
    try store.remove("local/estate.json")
    #expect(try store.load("local/estate.json") == nil)
    #expect(try store.keys() == ["remote/estate.a b.json"])
  }

  @Test func secretKeysAreKeptOnlyWhenItIsToOutliveItsStack() throws {
    for keeps in [false, true] {
      let store = MemoryStore(keepsSecretKeys: keeps)
      try store.save("role/local/role.json", [1])
      #expect(try store.load("role/local/role.json") == (keeps ? [1] : nil))
      #expect(try store.keys().isEmpty == !keeps)
    }
  }

  @Test func refusesRecordsThatAreTooLong() throws {
    let store = MemoryStore()
    try store.save("local/estate.json", [UInt8](repeating: 1, count: StoreLimit.record))
    #expect(throws: StoreError.tooLarge) {
      try store.save("local/estate.json", [UInt8](repeating: 2, count: StoreLimit.record + 1))
    }
    #expect(try store.load("local/estate.json")?.first == 1)
  }
}
