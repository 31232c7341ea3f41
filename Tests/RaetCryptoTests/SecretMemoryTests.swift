import Testing

@testable import RaetCrypto

@Suite struct SecretMemoryTests {
  @Test func wipesWhatComesBack() throws {
    let memory = SecretMemory()
    let neighbour = try memory.allocate()
    neighbour.bytes.copyBytes(from: [UInt8](repeating: 0xaa, count: 64))
    var slot: Secret? = try memory.allocate()
    let bytes = try #require(slot?.bytes)
    bytes.copyBytes(from: [UInt8](repeating: 0x5a, count: 64))
    #expect([UInt8](bytes) == [UInt8](repeating: 0x5a, count: 64))
    slot = nil
    // The neighbour keeps the page; the slot can still be looked at.
    #expect([UInt8](bytes) == [UInt8](repeating: 0, count: 64))
    #expect(neighbour.bytes.allSatisfy { $0 == 0xaa })
  }

  @Test func wipesEveryKindOfKey() throws {
    let memory = SecretMemory()
    let neighbour = try memory.allocate()
    let slots = try #require(neighbour.bytes.baseAddress)
    let secret = [UInt8](1...32)
    var signing: SigningKey? = try SigningKey(seed: secret, memory: memory)
    var mine: PrivateKey? = try PrivateKey(secret: secret, memory: memory)
    var shared: SharedKey? = try mine.map { try SharedKey.agree($0, $0.publicKey, memory: memory) }
    let page = UnsafeRawBufferPointer(start: slots + 64, count: 3 * 64)
    for slot in 0..<3 { #expect(page[slot * 64..<slot * 64 + 32].contains { $0 != 0 }) }
    #expect(signing != nil && shared != nil)
    signing = nil
    mine = nil
    shared = nil
    #expect(page.allSatisfy { $0 == 0 })
  }

  @Test func hasRoomForManyAndGivesPagesBack() throws {
    let memory = SecretMemory()
    var secrets: [Secret] = []
    for number in 0..<1_000 {
      let secret = try memory.allocate()
      #expect(secret.bytes.allSatisfy { $0 == 0 })
      secret.bytes.storeBytes(of: UInt32(number), as: UInt32.self)
      secrets.append(secret)
    }
    for (number, secret) in secrets.enumerated() {
      #expect(secret.bytes.load(as: UInt32.self) == UInt32(number))
    }
    // Of 16 pages only the last has room. Every third slot goes, and its place is taken again before a new page is.
    #expect(memory.pageCount == 1)
    secrets = secrets.enumerated().filter { $0.offset % 3 != 0 }.map(\.element)
    #expect(memory.pageCount == 16)
    for _ in 0..<16 * 63 - 666 { secrets.append(try memory.allocate()) }
    #expect(memory.pageCount == 0)
    secrets.shuffle()
    secrets.removeAll()
    #expect(memory.pageCount == 1)
  }

  @Test func livesAsLongAsItsKeys() throws {
    var memory: SecretMemory? = SecretMemory()
    let key = try SigningKey(seed: [UInt8](0..<32), memory: try #require(memory))
    memory = nil
    #expect(memory == nil)
    #expect(key.verifyKey.verify(key.sign([1, 2, 3]), [1, 2, 3]))
  }
}
