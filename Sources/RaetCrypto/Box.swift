import CSodium

/// A Curve25519 public key: what boxes are made for ("pubhex" in bodies and files).
public struct PublicKey: Hashable, Sendable {
  /// The key's bytes.
  public let raw: Key32

  /// A key of these bytes, whatever they are.
  public init(raw: Key32) {
    self.raw = raw
  }

  /// Whether it lies in a small subgroup, so that secrets shared with it are known to everyone.
  public var isLowOrder: Bool {
    let anyScalar = Key32()  // clamped to 2^254 when used
    var isLowOrder = true
    _ = Key32(writtenBy: { product in
      anyScalar.read { scalar in
        raw.read { isLowOrder = crypto_scalarmult(product, scalar, $0) != 0 }
      }
    })
    return isLowOrder
  }
}

/// A Curve25519 secret key ("prihex" in files). Wiped when freed.
public final class PrivateKey {
  /// Bytes of a secret key.
  public static let length = 32

  /// The public key that belongs to it.
  public let publicKey: PublicKey
  private let secret: Secret

  /// Copies a secret key; `.invalidKey` unless it has 32 bytes, `.noMemory`.
  public convenience init(secret bytes: UnsafeRawBufferPointer, memory: SecretMemory) throws(CryptoError) {
    guard bytes.count == PrivateKey.length else { throw .invalidKey }
    let secret = try memory.allocate()
    secret.bytes.copyMemory(from: bytes)
    self.init(secret)
  }

  /// Makes a new key; `.noRandomness`, `.noMemory`.
  public static func generate(entropy: any Entropy, memory: SecretMemory) throws(CryptoError) -> PrivateKey {
    let secret = try memory.allocate()
    guard entropy.fill(UnsafeMutableRawBufferPointer(rebasing: secret.bytes[..<length])) else { throw .noRandomness }
    return PrivateKey(secret)
  }

  private init(_ secret: Secret) {
    self.secret = secret
    publicKey = PublicKey(raw: Key32(writtenBy: { _ = crypto_scalarmult_base($0, secret.start) }))
    wipeStack()
  }

  /// Lends the 32 bytes to `body`.
  public func withSecret<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(UnsafeRawBufferPointer(rebasing: secret.bytes[..<PrivateKey.length]))
  }

  fileprivate var start: UnsafePointer<UInt8> { UnsafePointer(secret.start) }
}

/// What two estates share: the key of boxes between one's secret and the other's public key (crypto_box of NaCl,
/// PROTOCOL 2.7). Wiped when freed.
public final class SharedKey {
  /// Bytes that a box is longer than what is in it; they come first.
  public static let overhead = 16
  /// Bytes of a nonce, which must never be used twice with one key.
  public static let nonceLength = 24

  private let secret: Secret

  private init(_ secret: Secret) {
    self.secret = secret
  }

  /// Derives the shared key; `.lowOrderKey` when everyone would know it, `.noMemory`. No initializer, since a class whose
  /// initializer throws leaks in Embedded Swift, and peers choose what is of low order.
  public static func agree(
    _ mine: PrivateKey, _ theirs: PublicKey, memory: SecretMemory
  ) throws(CryptoError) -> SharedKey {
    let secret = try memory.allocate()
    let status = theirs.raw.read { crypto_box_beforenm(secret.start, $0, mine.start) }
    wipeStack()
    guard status == 0 else { throw .lowOrderKey }
    return SharedKey(secret)
  }

  /// Writes the box of `plain`, `overhead` bytes longer, to `out`, which may overlap it. `nonce` has 24 bytes.
  public func seal(_ plain: UnsafeRawBufferPointer, nonce: UnsafeRawPointer, into out: UnsafeMutableRawPointer) {
    let out = out.assumingMemoryBound(to: UInt8.self)
    let nonce = nonce.assumingMemoryBound(to: UInt8.self)
    _ = crypto_box_easy_afternm(out, plain.start, UInt64(plain.count), nonce, secret.start)
    wipeStack()
  }

  /// Opens a box and writes what is in it, `overhead` bytes less, to `out`, which may overlap the box. False, with
  /// nothing written, when it is too short or not from who has the other key.
  public func open(
    _ sealed: UnsafeRawBufferPointer, nonce: UnsafeRawPointer, into out: UnsafeMutableRawPointer
  ) -> Bool {
    guard let start = sealed.start else { return false }
    let out = out.assumingMemoryBound(to: UInt8.self)
    let nonce = nonce.assumingMemoryBound(to: UInt8.self)
    defer { wipeStack() }
    return crypto_box_open_easy_afternm(out, start, UInt64(sealed.count), nonce, secret.start) == 0
  }
}
