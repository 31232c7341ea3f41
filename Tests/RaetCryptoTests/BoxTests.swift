import Testing

@testable import RaetCrypto

/// The vector of NaCl's tests/box.c.
private enum BoxVector {
  static let aliceSecret = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
  static let alicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
  static let bobSecret = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
  static let bobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
  static let nonce = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37"
  static let plain = """
    be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc
    e5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb31
    0e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde
    048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f93776384864
    5e0705
    """
  static let sealed = """
    f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce
    48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c972
    71d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae
    90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b3
    7973f622a43d14a6599b1f654cb45a74e355a5
    """
}

@Suite struct BoxTests {
  private let memory = SecretMemory()
  private let nonce = hex(BoxVector.nonce)

  private func pair() throws -> (alice: SharedKey, bob: SharedKey) {
    let alice = try PrivateKey(secret: hex(BoxVector.aliceSecret), memory: memory)
    let bob = try PrivateKey(secret: hex(BoxVector.bobSecret), memory: memory)
    let shared = try SharedKey.agree(alice, bob.publicKey, memory: memory)
    return (shared, try SharedKey.agree(bob, alice.publicKey, memory: memory))
  }

  @Test func sealsAndOpensAsNaClDoes() throws {
    let alice = try PrivateKey(secret: hex(BoxVector.aliceSecret), memory: memory)
    #expect(bytes(of: alice.publicKey.raw) == hex(BoxVector.alicePublic))
    #expect(alice.withSecret { [UInt8]($0) } == hex(BoxVector.aliceSecret))
    let keys = try pair()
    #expect(keys.alice.seal(hex(BoxVector.plain), nonce: nonce) == hex(BoxVector.sealed))
    #expect(keys.bob.open(hex(BoxVector.sealed), nonce: nonce) == hex(BoxVector.plain))
  }

  @Test(arguments: [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ])
  func refusesKeysOfLowOrder(_ text: String) throws {
    let mine = try PrivateKey(secret: hex(BoxVector.aliceSecret), memory: memory)
    var highBitSet = hex(text)
    highBitSet[31] |= 0x80
    for theirs in [key(text), try #require(highBitSet.withUnsafeBytes { Key32($0) })] {
      let theirs = PublicKey(raw: theirs)
      #expect(theirs.isLowOrder)
      #expect(throws: CryptoError.lowOrderKey) { try SharedKey.agree(mine, theirs, memory: memory) }
    }
  }

  @Test func takesOrdinaryKeys() throws {
    #expect(!PublicKey(raw: key(BoxVector.bobPublic)).isLowOrder)
    for _ in 0..<20 {
      #expect(!(try PrivateKey.generate(entropy: SodiumEntropy(), memory: memory).publicKey.isLowOrder))
    }
  }

  @Test func refusesWhatWasTamperedWith() throws {
    let keys = try pair()
    let sealed = keys.alice.seal([UInt8](repeating: 0x5a, count: 100), nonce: nonce)
    for at in sealed.indices {
      var forged = sealed
      forged[at] ^= 1
      #expect(keys.bob.open(forged, nonce: nonce) == nil)
    }
    for at in nonce.indices {
      var other = nonce
      other[at] ^= 1
      #expect(keys.bob.open(sealed, nonce: other) == nil)
    }
    for count in 0..<sealed.count { #expect(keys.bob.open([UInt8](sealed[..<count]), nonce: nonce) == nil) }
    #expect(keys.bob.open(sealed + [0], nonce: nonce) == nil)
    let stranger = try PrivateKey.generate(entropy: SodiumEntropy(), memory: memory)
    let other = try SharedKey.agree(stranger, PublicKey(raw: key(BoxVector.alicePublic)), memory: memory)
    #expect(other.open(sealed, nonce: nonce) == nil)
  }

  @Test func writesNothingWhenForged() throws {
    let keys = try pair()
    var sealed = keys.alice.seal([UInt8](repeating: 0x5a, count: 100), nonce: nonce)
    sealed[50] ^= 1
    let before = sealed
    #expect(!keys.bob.openInPlace(&sealed, at: 0, to: 0, nonce: nonce))
    #expect(sealed == before)
  }

  @Test func sealsNothingIntoSixteenBytes() throws {
    let keys = try pair()
    let sealed = keys.alice.seal([], nonce: nonce)
    #expect(sealed.count == SharedKey.overhead)
    #expect(keys.bob.open(sealed, nonce: nonce) == [])
  }

  @Test(arguments: [0, 1, 15, 16, 17, 63, 64, 100, 5_000])
  func sealsAndOpensInPlaceWhateverTheOverlap(_ count: Int) throws {
    let keys = try pair()
    let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let expected = keys.alice.seal(plain, nonce: nonce)
    for (from, to) in [(0, 0), (16, 0), (0, 16), (5, 0), (0, 5), (24, 3)] {
      var buffer = [UInt8](repeating: 0, count: count + 64)
      buffer.replaceSubrange(from..<from + count, with: plain)
      keys.alice.sealInPlace(&buffer, count, at: from, to: to, nonce: nonce)
      #expect([UInt8](buffer[to..<to + count + 16]) == expected)

      buffer = [UInt8](repeating: 0, count: from) + expected
      buffer += [UInt8](repeating: 0, count: 64)
      #expect(keys.bob.openInPlace(&buffer, at: from, count: expected.count, to: to, nonce: nonce))
      #expect([UInt8](buffer[to..<to + count]) == plain)
    }
  }

  @Test(arguments: [0, 31, 33, 64])
  func refusesSecretsOfOtherLengths(_ count: Int) {
    #expect(throws: CryptoError.invalidKey) { try PrivateKey(secret: [UInt8](repeating: 1, count: count)) }
  }

  @Test func makesKeysFromEntropyAlone() throws {
    let entropy = CountingEntropy()
    let key = try PrivateKey.generate(entropy: entropy, memory: memory)
    #expect(key.withSecret { [UInt8]($0) } == [UInt8](0..<32))
    entropy.isDry = true
    #expect(throws: CryptoError.noRandomness) { try PrivateKey.generate(entropy: entropy, memory: memory) }
  }
}

extension SharedKey {
  fileprivate func sealInPlace(_ buffer: inout [UInt8], _ count: Int, at from: Int, to: Int, nonce: [UInt8]) {
    nonce.withUnsafeBytes { nonce in
      buffer.withUnsafeMutableBytes { bytes in
        guard let nonce = nonce.baseAddress, let start = bytes.baseAddress else { return }
        seal(UnsafeRawBufferPointer(start: start + from, count: count), nonce: nonce, into: start + to)
      }
    }
  }

  fileprivate func openInPlace(
    _ buffer: inout [UInt8], at from: Int, count: Int? = nil, to: Int, nonce: [UInt8]
  ) -> Bool {
    nonce.withUnsafeBytes { nonce in
      buffer.withUnsafeMutableBytes { bytes in
        guard let nonce = nonce.baseAddress, let start = bytes.baseAddress else { return false }
        let sealed = UnsafeRawBufferPointer(start: start + from, count: count ?? bytes.count - from)
        return open(sealed, nonce: nonce, into: start + to)
      }
    }
  }
}
