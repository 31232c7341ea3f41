/// The 32 bytes of a public key. Comparing takes the same time wherever two keys differ.
public struct Key32: Hashable, Sendable {
  /// Bytes in a key.
  public static let count = 32

  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// All bytes zero.
  public init() {
    words = (0, 0, 0, 0)
  }

  /// Copies a key; nil unless `bytes` are exactly 32.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Key32.count else { return nil }
    words = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
  }

  /// Writes the 32 bytes to `destination`.
  public func copy(to destination: UnsafeMutableRawPointer) {
    withBytes { bytes in
      UnsafeMutableRawBufferPointer(start: destination, count: Key32.count).copyMemory(from: bytes)
    }
  }

  /// Lends the 32 bytes to `body`.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    withUnsafeBytes(of: words) { body($0) }
  }

  /// Whether both have the same bytes.
  public static func == (one: Key32, other: Key32) -> Bool {
    let differing =
      (one.words.0 ^ other.words.0) | (one.words.1 ^ other.words.1)
      | (one.words.2 ^ other.words.2) | (one.words.3 ^ other.words.3)
    return differing == 0
  }

  /// Feeds the bytes to `hasher`.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}
