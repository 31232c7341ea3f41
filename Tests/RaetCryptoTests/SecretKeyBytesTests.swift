import Testing

@testable import RaetCrypto

@Suite struct SecretKeyBytesTests {
  private func key(_ byte: UInt8, count: Int = 32) throws -> SecretKeyBytes {
    try [UInt8](repeating: byte, count: count).withUnsafeBytes { try SecretKeyBytes.copy(of: $0) }
  }

  @Test func holdsACopy() throws {
    let key = try key(7)
    #expect(key.withBytes { [UInt8]($0) } == [UInt8](repeating: 7, count: 32))
    #expect(try key.isEqual(to: self.key(7)))
    #expect(try !key.isEqual(to: self.key(8)))
  }

  @Test func beginsWithZeros() throws {
    #expect(try SecretKeyBytes.make().withBytes { [UInt8]($0) } == [UInt8](repeating: 0, count: 32))
  }

  @Test(arguments: [0, 31, 33, 64]) func takesNoOtherLength(count: Int) {
    #expect(throws: CryptoError.invalidKey) { try key(1, count: count) }
  }
}
