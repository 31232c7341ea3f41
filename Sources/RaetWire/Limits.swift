/// All limits that the wire sets, in one place (PROTOCOL 2.9 and 11).
public enum WireLimit {
  /// The longest datagram sent, in bytes.
  public static let datagram = 1024
  /// The longest datagram taken, in bytes: the reference's get some bytes longer than what is sent here when a message has
  /// more than 65,535 segments.
  public static let received = 1280
  /// The longest head, its end included, in bytes: its length is told by two hex digits.
  public static let head = 255
  /// The longest coat of a message before it is cut into segments, in bytes.
  public static let message = 67_107_840
  /// The most segments of a message. The reference stops at 65,535; messages near the limit of length need some more.
  public static let segments: UInt32 = 131_072
  /// Bytes of a signed foot.
  public static let foot = 64
  /// What a coat adds to a body: authenticator (16 bytes) and nonce (24 bytes).
  public static let coatOverhead = 40
  /// Bytes of the nonce at the end of a coat.
  public static let nonce = 24
  /// The longest message body, in bytes.
  public static let body = message - coatOverhead
  /// The deepest nesting in a message's body.
  public static let bodyDepth = 512
  /// The most keys of a JSON body's mappings that are open at one place of it.
  public static let openKeys = 4_194_304
  /// The longest body of a control packet, and the longest stored record, in bytes.
  public static let controlBody = 64 * 1024
  /// The deepest nesting in a control body or a record.
  public static let controlDepth = 32
  /// The longest name or role, in bytes of UTF-8.
  public static let name = 255
  /// The most segment numbers in one request to send segments again.
  public static let misseds = 64
  /// How many of a session's latest transaction ids are remembered one by one (PROTOCOL 7.4).
  public static let transactionWindow: UInt32 = 16_384
  /// Transaction stamps (`dt`) reach to this many seconds on either side of 0.
  public static let stamp = 1e12
}
