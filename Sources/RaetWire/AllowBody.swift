/// The bodies of the allow handshake (PROTOCOL 6.4): raw bytes at fixed places, integers big-endian.
public enum AllowBody {
  /// What a hello begins with, so that it is longer than its answer: 64 digits `0`.
  public static let helloPlain: UInt8 = 0x30

  /// Hello: 200 bytes.
  public enum Hello {
    /// Bytes in all.
    public static let length = 200
    /// Filler; also what the box holds.
    public static let plain = 0..<64
    /// The initiator's short-term public key.
    public static let shortKey = 64..<96
    /// Box of `plain`, from the initiator's short-term to the responder's long-term key.
    public static let box = 96..<176
    /// The box's nonce.
    public static let nonce = 176..<200
  }

  /// Cookie: 104 bytes.
  public enum Cookie {
    /// Bytes in all.
    public static let length = 104
    /// Box of a `CookieContent`, from the responder's long-term to the initiator's short-term key.
    public static let box = 0..<80
    /// The box's nonce.
    public static let nonce = 80..<104
  }

  /// Initiate: 328 bytes.
  public enum Initiate {
    /// Bytes in all.
    public static let length = 328
    /// The initiator's short-term public key.
    public static let shortKey = 0..<32
    /// The cookie, as it came.
    public static let cookie = 32..<56
    /// Box of an initiate's content, from short-term to short-term key.
    public static let box = 56..<304
    /// The box's nonce.
    public static let nonce = 304..<328
  }

  /// What the box of an initiate holds: 232 bytes.
  public enum InitiateContent {
    /// Bytes in all.
    public static let length = 232
    /// The initiator's long-term public key.
    public static let longKey = 0..<32
    /// Vouch: box of the initiator's short-term public key, from long-term to long-term key.
    public static let vouch = 32..<80
    /// The vouch's nonce.
    public static let vouchNonce = 80..<104
    /// The initiator's domain name, filled up with spaces. Nothing depends on it.
    public static let domain = 104..<232
    /// What the domain is filled up with.
    public static let filler: UInt8 = 0x20
  }

  /// What the box of a cookie holds: 64 bytes.
  public struct CookieContent: Equatable, Sendable {
    /// Bytes in all.
    public static let length = 64
    /// The responder's short-term public key, 32 bytes.
    public var shortKey: [UInt8]
    /// The responder's id for the initiator; not 0.
    public var source: UInt32
    /// The initiator's id for the responder; not 0.
    public var destination: UInt32
    /// The cookie, 24 bytes.
    public var cookie: [UInt8]

    /// A content of these parts; keys and cookies of other lengths make `encode` return nil.
    public init(shortKey: [UInt8], source: UInt32, destination: UInt32, cookie: [UInt8]) {
      self.shortKey = shortKey
      self.source = source
      self.destination = destination
      self.cookie = cookie
    }

    /// Reads an opened box. `.malformed` when it has not the right length, `.fieldValue` when an id is 0.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(BodyError) -> CookieContent {
      guard bytes.count == length else { throw .malformed }
      let source = number(bytes, 32)
      let destination = number(bytes, 36)
      guard source != 0, destination != 0 else { throw .fieldValue }
      return CookieContent(
        shortKey: slice(bytes, 0..<32), source: source, destination: destination, cookie: slice(bytes, 40..<64))
    }

    /// The bytes to seal; nil when a part has not its length.
    public func encode() -> [UInt8]? {
      guard shortKey.count == 32, cookie.count == 24 else { return nil }
      return shortKey + Self.bigEndian(source) + Self.bigEndian(destination) + cookie
    }

    private static func slice(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> [UInt8] {
      [UInt8](UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
    private static func number(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
      UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }
    private static func bigEndian(_ value: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }
  }
}
