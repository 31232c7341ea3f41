import CSodium

/// An Ed25519 public key: what signatures are checked with ("verhex" in bodies and files).
public struct VerifyKey: Hashable, Sendable {
  /// The key's bytes.
  public let raw: Key32

  /// A key of these bytes, whatever they are.
  public init(raw: Key32) {
    self.raw = raw
  }

  /// Whether the bytes are a point that a seed can lead to. Others never verify anything.
  public var isValid: Bool {
    raw.read { crypto_core_ed25519_is_valid_point($0) == 1 }
  }

  /// Whether the 64 bytes at `signature` sign `message` (PROTOCOL 2.6).
  public func verify(_ signature: UnsafeRawPointer, _ message: UnsafeRawBufferPointer) -> Bool {
    let signature = signature.assumingMemoryBound(to: UInt8.self)
    return raw.read { crypto_sign_verify_detached(signature, message.start, UInt64(message.count), $0) == 0 }
  }
}

/// An Ed25519 secret key ("sighex" in files is its seed). Wiped when freed.
public final class SigningKey {
  /// Bytes of a seed.
  public static let seedLength = 32
  /// Bytes of a signature.
  public static let signatureLength = 64

  /// The public key that belongs to it.
  public let verifyKey: VerifyKey
  /// libsodium's form: the seed, then the public key.
  private let secret: Secret

  /// Derives a key from its seed; `.invalidKey` unless that has 32 bytes, `.noMemory`.
  public init(seed: UnsafeRawBufferPointer, memory: SecretMemory) throws(CryptoError) {
    guard seed.count == SigningKey.seedLength, let seed = seed.start else { throw .invalidKey }
    let secret = try memory.allocate()
    self.secret = secret
    verifyKey = VerifyKey(raw: Key32(writtenBy: { _ = crypto_sign_seed_keypair($0, secret.start, seed) }))
    wipeStack()
  }

  /// Makes a new key; `.noRandomness`, `.noMemory`.
  public static func generate(entropy: any Entropy, memory: SecretMemory) throws(CryptoError) -> SigningKey {
    let seed = try memory.allocate()
    let bytes = UnsafeMutableRawBufferPointer(rebasing: seed.bytes[..<seedLength])
    guard entropy.fill(bytes) else { throw .noRandomness }
    return try SigningKey(seed: UnsafeRawBufferPointer(bytes), memory: memory)
  }

  /// Signs `message` and writes 64 bytes to `signature`, which may lie within the message.
  public func sign(_ message: UnsafeRawBufferPointer, into signature: UnsafeMutableRawPointer) {
    // libsodium reads the message again after it has written half of the signature.
    withUnsafeTemporaryAllocation(byteCount: SigningKey.signatureLength, alignment: 16) { made in
      guard let start = made.bindMemory(to: UInt8.self).baseAddress else { return }
      crypto_sign_detached(start, nil, message.start, UInt64(message.count), secret.start)
      signature.copyMemory(from: start, byteCount: SigningKey.signatureLength)
    }
    wipeStack()
  }

  /// Lends the 32 bytes of the seed to `body`.
  public func withSeed<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(UnsafeRawBufferPointer(rebasing: secret.bytes[..<SigningKey.seedLength]))
  }
}
