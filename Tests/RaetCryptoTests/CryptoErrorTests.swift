import Testing

@testable import RaetCrypto

@Suite struct CryptoErrorTests {
  @Test func initialisesMoreThanOnce() throws {
    try Sodium.initialize()
    try Sodium.initialize()
  }

  @Test func comparesAllBytesOfSecrets() {
    let one: [UInt8] = [1, 2, 3, 4]
    for at in one.indices {
      var other = one
      other[at] ^= 0x80
      #expect(!equal(one, other, 4))
      #expect(equal(one, other, at))
    }
    #expect(equal(one, one, 4))
    #expect(!equal(one, one, -1))
  }

  @Test func wipesAllBytes() {
    var secret: [UInt8] = [1, 2, 3, 4]
    secret.withUnsafeMutableBytes { ConstantTime.wipe(UnsafeMutableRawBufferPointer(rebasing: $0[..<3])) }
    #expect(secret == [0, 0, 0, 4])
    ConstantTime.wipe(UnsafeMutableRawBufferPointer(start: nil, count: 0))
  }

  private func equal(_ one: [UInt8], _ other: [UInt8], _ count: Int) -> Bool {
    one.withUnsafeBytes { one in
      other.withUnsafeBytes { other in
        guard let one = one.baseAddress, let other = other.baseAddress else { return false }
        return ConstantTime.equal(one, other, count: count)
      }
    }
  }
}
