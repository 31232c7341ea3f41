import Testing

@testable import RaetCrypto

/// A vector of RFC 8032, 7.1.
struct SignatureVector: Sendable {
  let seed, verifyKey, message, signature: String

  static let all = [
    SignatureVector(
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      verifyKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
      signature: """
        e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
        5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
        """),
    SignatureVector(
      seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      verifyKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
      signature: """
        92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
        """),
    SignatureVector(
      seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      verifyKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
      signature: """
        6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
        18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
        """),
  ]
}

@Suite struct SigningTests {
  @Test(arguments: SignatureVector.all)
  func signsAndVerifiesAsTheStandardSays(_ vector: SignatureVector) throws {
    let key = try SigningKey(seed: hex(vector.seed))
    #expect(bytes(of: key.verifyKey.raw) == hex(vector.verifyKey))
    #expect(key.sign(hex(vector.message)) == hex(vector.signature))
    #expect(key.verifyKey.verify(hex(vector.signature), hex(vector.message)))
    #expect(key.verifyKey.isValid)
    #expect(key.withSeed { [UInt8]($0) } == hex(vector.seed))
  }

  @Test func refusesWhatWasTamperedWith() throws {
    let key = try SigningKey(seed: [UInt8](0..<32))
    let message = [UInt8](repeating: 0x5a, count: 200)
    let signature = key.sign(message)
    for at in 0..<64 {
      var forged = signature
      forged[at] ^= 1
      #expect(!key.verifyKey.verify(forged, message))
    }
    for at in message.indices {
      var forged = message
      forged[at] ^= 0x80
      #expect(!key.verifyKey.verify(signature, forged))
    }
    #expect(!key.verifyKey.verify(signature, [UInt8](message.dropLast())))
    #expect(!key.verifyKey.verify(signature, message + [0]))
    #expect(try !SigningKey(seed: [UInt8](1..<33)).verifyKey.verify(signature, message))
  }

  @Test func signsIntoTheMessageItself() throws {
    let key = try SigningKey(seed: [UInt8](0..<32))
    let message = [UInt8](repeating: 0x5a, count: 100) + [UInt8](repeating: 0, count: 64)
    var datagram = message
    datagram.withUnsafeMutableBytes { bytes in
      if let start = bytes.baseAddress { key.sign(UnsafeRawBufferPointer(bytes), into: start + 100) }
    }
    #expect([UInt8](datagram[100...]) == key.sign(message))
  }

  @Test(arguments: [0, 31, 33, 64])
  func refusesSeedsOfOtherLengths(_ count: Int) {
    #expect(throws: CryptoError.invalidKey) { try SigningKey(seed: [UInt8](repeating: 1, count: count)) }
  }

  @Test func makesKeysFromEntropyAlone() throws {
    let entropy = CountingEntropy()
    let key = try SigningKey.generate(entropy: entropy, memory: SecretMemory())
    #expect(key.withSeed { [UInt8]($0) } == [UInt8](0..<32))
    entropy.isDry = true
    #expect(throws: CryptoError.noRandomness) { try SigningKey.generate(entropy: entropy, memory: SecretMemory()) }
  }

  @Test func knowsKeysThatCannotBeOnes() {
    #expect(!VerifyKey(raw: Key32()).isValid)
    #expect(!VerifyKey(raw: key("01" + String(repeating: "00", count: 31))).isValid)
    #expect(!VerifyKey(raw: key(String(repeating: "ff", count: 32))).isValid)
    // R and S zero "verify" anything under a key of small order, where a library lets them.
    #expect(!VerifyKey(raw: Key32()).verify([UInt8](repeating: 0, count: 64), [1, 2, 3]))
  }
}
