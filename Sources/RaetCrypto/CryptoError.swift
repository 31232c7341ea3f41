import CSodium

/// Why something cryptographic could not be done.
public enum CryptoError: Error, Equatable, Sendable {
  /// libsodium could not be initialised.
  case unavailable
  /// A key does not have its length.
  case invalidKey
  /// A public key lies in a small subgroup: what is encrypted with it anyone can read.
  case lowOrderKey
  /// The source of randomness has none.
  case noRandomness
  /// There is no memory.
  case noMemory
}

/// The library all cryptography comes from.
public enum Sodium {
  /// Initialises libsodium; needed before anything else here, harmless when repeated, safe from any thread.
  public static func initialize() throws(CryptoError) {
    guard sodium_init() >= 0 else { throw .unavailable }
  }
}

/// Comparing and wiping secrets.
public enum ConstantTime {
  /// Whether two runs of `count` bytes are equal; takes the same time wherever they differ.
  public static func equal(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer, count: Int) -> Bool {
    count >= 0 && sodium_memcmp(one, other, count) == 0
  }

  /// Sets all bytes to zero, also where nothing reads them afterwards.
  public static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    sodium_memzero(start, bytes.count)
  }
}
