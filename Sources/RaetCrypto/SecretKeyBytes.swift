/// The 32 bytes of a secret key as a host or a store gives them, until a key is made of them. Wiped when freed; as long as
/// that they lie in a secret memory of their own, so that any thread may let go of them.
public final class SecretKeyBytes {
  /// Bytes of a key.
  public static let count = 32

  private let secret: Secret

  private init(_ secret: Secret) {
    self.secret = secret
  }

  /// Zeros, to be written; `.noMemory`.
  public static func make() throws(CryptoError) -> SecretKeyBytes {
    SecretKeyBytes(try SecretMemory().allocate())
  }

  /// A copy; `.invalidKey` unless it has 32 bytes, `.noMemory`.
  public static func copy(of source: UnsafeRawBufferPointer) throws(CryptoError) -> SecretKeyBytes {
    guard source.count == count else { throw .invalidKey }
    let made = try make()
    made.withBytes { $0.copyMemory(from: source) }
    return made
  }

  /// Lends the bytes to `body`, to be read or written.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeMutableRawBufferPointer(rebasing: secret.bytes[..<SecretKeyBytes.count]))
  }

  /// Whether both are the same key; takes the same time wherever they differ.
  public func isEqual(to other: SecretKeyBytes) -> Bool {
    withBytes { one in
      other.withBytes { other in
        guard let one = one.baseAddress, let other = other.baseAddress else { return false }
        return ConstantTime.equal(one, other, count: SecretKeyBytes.count)
      }
    }
  }
}
