import RaetCrypto
import RaetIO
import RaetSession
import RaetStack

/// Records of any content: a start loads what it can or says what is wrong, never makes the own identity anew, and what
/// it loads works.
func fuzzStores(_ bytes: UnsafeRawBufferPointer) {
  let store = MemoryStore(keepsSecretKeys: true)
  guard let before = Estate("main", port: 1, isMain: true, store: store) else { return }
  let keys = before.road.keys
  var input = Reader(bytes)
  let names = [
    "remote/estate.other0.json", "remote/estate.other1.msgpack", "role/remote/role.other0.json",
    "role/remote/role.other1.msgpack", "remote/estate.x.json", "local/estate.json", "role/local/role.json",
    "local/estate.msgpack",
  ]
  var isOwnUntouched = true
  while !input.isAtEnd {
    let name = names[Int(input.byte()) % names.count]
    if name.contains("local/") { isOwnUntouched = false }
    try? store.save(name, input.piece(Int(input.short() % 1000)))
  }
  guard let main = Estate("main", port: 1, isMain: true, store: store) else {
    return require(!isOwnUntouched, "a record of somebody else keeps the estate from starting")
  }
  require(!isOwnUntouched || main.road.keys == keys, "another identity")
  guard let other = Estate("healthy", port: 9, isMain: false) else { return }
  var road = FuzzRoad([main, other])
  road.connect(other)
  road.requireHealth(other)
}
