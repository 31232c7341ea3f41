import Testing

@testable import RaetCrypto

@Suite struct Key32Tests {
  private let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

  @Test func keepsItsBytes() {
    #expect(bytes(of: key(text)) == hex(text))
    var copy = [UInt8](repeating: 0, count: 32)
    copy.withUnsafeMutableBytes { if let start = $0.baseAddress { key(text).copy(to: start) } }
    #expect(copy == hex(text))
    #expect(bytes(of: Key32()) == [UInt8](repeating: 0, count: 32))
  }

  @Test(arguments: [0, 1, 31, 33, 64])
  func refusesOtherLengths(_ count: Int) {
    #expect([UInt8](repeating: 7, count: count).withUnsafeBytes { Key32($0) } == nil)
  }

  @Test func differsWithEachBit() {
    let original = hex(text)
    for bit in 0..<256 {
      var changed = original
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      let other = changed.withUnsafeBytes { Key32($0) }
      #expect(other != key(text))
      #expect(other?.hashValue != key(text).hashValue)
    }
    #expect(key(text) == original.withUnsafeBytes { Key32($0) })
    #expect(key(text).hashValue == original.withUnsafeBytes { Key32($0) }?.hashValue)
  }
}
