import CPosix

/// The limits that the wire sets to pages and names of a lane, in one place (PROTOCOL 13.4).
public enum PageLimit {
  /// The longest page, in bytes.
  public static let page = 65_535
  /// What a piece of a book with several pages leaves unused: the reference reckons with a longer head.
  public static let spare = 2
  /// The most pages of a message: `pc` has four digits.
  public static let pages = 65_535
  /// The longest name of a yard or lane, in bytes; the path that it is part of limits it further.
  public static let name = 100
  /// The longest path of a yard's socket, in bytes: `sun_path` holds one more, a NUL.
  public static let path = 107
}

/// The session id of a yard: field `si`, 18 hex digits, random and new for each start (PROTOCOL 13.2).
public struct PageSession: Equatable, Sendable {
  /// How many digits it has.
  public static let digits = 18
  /// Bytes of randomness that make one.
  public static let seedLength = 9
  private let high: UInt8
  private let low: UInt64

  /// The session of `seedLength` random bytes; nil when there are fewer.
  public init?(_ seed: UnsafeRawBufferPointer) {
    guard seed.count >= PageSession.seedLength else { return nil }
    high = seed[0]
    low = seed.loadUnaligned(fromByteOffset: 1, as: UInt64.self)
  }

  /// Reads 18 digits; nil for other bytes. They must be there.
  @inline(__always)
  init?(digits: UnsafePointer<UInt8>) {
    var value: UInt64 = 0
    var first: UInt64 = 0
    for at in 0..<PageSession.digits {
      guard let digit = Hex.value(digits[at]) else { return nil }
      if at == 2 { (first, value) = (value, 0) }
      value = value << 4 | UInt64(digit)
    }
    high = UInt8(truncatingIfNeeded: first)
    low = value
  }

  /// Writes 18 digits.
  func write(to out: UnsafeMutablePointer<UInt8>) {
    Hex.write(UInt32(high), digits: 2, to: out)
    Hex.write(UInt32(truncatingIfNeeded: low >> 32), digits: 8, to: out + 2)
    Hex.write(UInt32(truncatingIfNeeded: low), digits: 8, to: out + 10)
  }
}

/// A page that came: its head's fields, and where its parts lie (PROTOCOL 13.2). Valid as long as the page's bytes.
public struct ReceivedPage {
  /// How the body is written: JSON or msgpack; field `pk`.
  public let kind: BodyKind
  /// Name of the yard that says it sent this; field `sn`.
  public let source: UnsafeRawBufferPointer
  /// Name of the yard it is for; field `dn`.
  public let destination: UnsafeRawBufferPointer
  /// The sender's session; field `si`.
  public let session: PageSession
  /// The book's id within it; field `bi`.
  public let book: UInt32
  /// Which of the book's pages this is, from 0; field `pn`.
  public let number: Int
  /// How many pages the book has; field `pc`.
  public let count: Int
  /// The part of the body that it carries.
  public let piece: UnsafeRawBufferPointer
}

/// Heads of pages: nine lines of a key, a space and a value, in one order, ended by an empty line (PROTOCOL 13.2).
public enum PageHead {
  private static let opening: StaticString = "ri RAET\nvn 0\npk "
  private static let versionAt = 11
  /// Where the digit of `pk` stands.
  static let kindAt = 16
  private static let sourceKey: StaticString = "\nsn "
  private static let destinationKey: StaticString = "\ndn "
  private static let sessionKey: StaticString = "\nsi "
  private static let bookKey: StaticString = "\nbi "
  /// What follows `bi`: its numbers are filled in.
  private static let tail: StaticString = "\npn 0000\npc 0000\n\n"
  /// Where the numbers of the tail stand, from its end.
  private static let numberFromEnd = 14
  private static let countFromEnd = 6
  private static let lineEnd: UInt8 = 0x0a

  // MARK: Names.

  /// True when a yard can have this name: it stands in a line of the head, and between dots in the name of a socket.
  public static func isName(_ name: String) -> Bool {
    var name = name
    return name.withUTF8 { isName(UnsafeRawBufferPointer($0)) }
  }

  /// True when a lane can have this name, which may hold dots.
  public static func isLaneName(_ name: String) -> Bool {
    var name = name
    return name.withUTF8 { (utf8) -> Bool in
      guard utf8.count >= 1, utf8.count <= PageLimit.name else { return false }
      return utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: ".") }
    }
  }

  static func isName(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 1, bytes.count <= PageLimit.name else { return false }
    for byte in bytes where !isNameByte(byte) { return false }
    return true
  }

  /// Printable ASCII but the space, the slash and the dot.
  @inline(__always)
  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "/") && byte != UInt8(ascii: ".")
  }

  // MARK: Reading.

  /// Reads a page's head. Allocates nothing.
  public static func parse(_ page: UnsafeRawBufferPointer) throws(PageError) -> ReceivedPage {
    guard page.count <= PageLimit.page else { throw .tooLong }
    guard let start = page.baseAddress, page.count > kindAt, memcmp(start, opening.utf8Start, 8) == 0 else {
      throw .headUnrecognized
    }
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    guard memcmp(start + 8, opening.utf8Start + 8, opening.utf8CodeUnitCount &- 8) == 0 else {
      let isVersion = memcmp(start + 8, opening.utf8Start + 8, versionAt &- 8) == 0
      throw isVersion && bytes[versionAt] != UInt8(ascii: "0") ? .version : .headSyntax
    }
    guard let kind = kind(ofPack: bytes[kindAt]) else { throw .packKind }
    var reader = Reader(bytes: bytes, end: page.count, at: kindAt &+ 1)
    try reader.key(sourceKey)
    let source = try reader.name()
    try reader.key(destinationKey)
    let destination = try reader.name()
    try reader.key(sessionKey)
    let session = try reader.session()
    try reader.key(bookKey)
    let book = try reader.number(most: 8)
    let (number, count) = try reader.tail(tail)
    guard count >= 1 else { throw .pageCount }
    guard number < count else { throw .pageNumber }
    let piece = UnsafeRawBufferPointer(rebasing: page[reader.at...])
    return ReceivedPage(
      kind: kind, source: source, destination: destination, session: session, book: book, number: number, count: count,
      piece: piece)
  }

  private static func kind(ofPack digit: UInt8) -> BodyKind? {
    switch digit {
    case UInt8(ascii: "0"): .json
    case UInt8(ascii: "1"): .msgpack
    default: nil
    }
  }

  /// Goes through a head from field to field.
  private struct Reader {
    let bytes: UnsafePointer<UInt8>
    let end: Int
    var at: Int

    @inline(__always)
    mutating func key(_ key: StaticString) throws(PageError) {
      guard end &- at > 4, memcmp(bytes + at, key.utf8Start, 4) == 0 else { throw .headSyntax }
      at = at &+ 4
    }

    @inline(__always)
    mutating func name() throws(PageError) -> UnsafeRawBufferPointer {
      let first = at
      while at < end, bytes[at] != lineEnd {
        guard isNameByte(bytes[at]), at &- first < PageLimit.name else { throw .name }
        at = at &+ 1
      }
      guard at > first else { throw .name }
      return UnsafeRawBufferPointer(start: bytes + first, count: at &- first)
    }

    @inline(__always)
    mutating func session() throws(PageError) -> PageSession {
      guard end &- at > PageSession.digits, let session = PageSession(digits: bytes + at) else { throw .number }
      at = at &+ PageSession.digits
      return session
    }

    /// Reads hex digits, at most eight, up to the end of the line.
    @inline(__always)
    mutating func number(most: Int) throws(PageError) -> UInt32 {
      var value: UInt32 = 0
      let first = at
      while at < end, bytes[at] != lineEnd {
        guard at &- first < most, let digit = Hex.value(bytes[at]) else { throw .number }
        value = value << 4 | UInt32(digit)
        at = at &+ 1
      }
      guard at > first else { throw .number }
      return value
    }

    /// Reads `pn` and `pc` and the head's end.
    @inline(__always)
    mutating func tail(_ form: StaticString) throws(PageError) -> (number: Int, count: Int) {
      let length = form.utf8CodeUnitCount
      guard end &- at >= length else { throw .headSyntax }
      let last = at &+ length
      guard memcmp(bytes + at, form.utf8Start, 4) == 0,
        memcmp(bytes + last - 10, form.utf8Start + length - 10, 4) == 0,
        bytes[last &- 2] == lineEnd, bytes[last &- 1] == lineEnd
      else { throw .headSyntax }
      at = last &- numberFromEnd
      let number = try number(most: 4)
      guard at == last &- 10 else { throw .number }
      at = last &- countFromEnd
      let count = try self.number(most: 4)
      guard at == last &- 2 else { throw .number }
      at = last
      return (Int(number), Int(count))
    }
  }

  // MARK: Writing.

  /// The beginning that all heads from one yard to another have in a session, up to the number of the book.
  public static func prefix(source: String, destination: String, session: PageSession) -> [UInt8] {
    var prefix: [UInt8] = []
    let digits = [UInt8](unsafeUninitializedCapacity: PageSession.digits) { room, count in
      if let start = room.baseAddress { session.write(to: start) }
      count = PageSession.digits
    }
    append(opening, to: &prefix)
    prefix.append(UInt8(ascii: "0"))
    append(sourceKey, to: &prefix)
    prefix += source.utf8
    append(destinationKey, to: &prefix)
    prefix += destination.utf8
    append(sessionKey, to: &prefix)
    prefix += digits
    append(bookKey, to: &prefix)
    return prefix
  }

  private static func append(_ text: StaticString, to bytes: inout [UInt8]) {
    bytes += UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// How long a head with this prefix gets, its end included.
  public static func length(prefix: [UInt8], book: UInt32) -> Int {
    prefix.count &+ Hex.digits(book) &+ tail.utf8CodeUnitCount
  }

  /// Writes the head of a book's page 0 to memory that has room for it. `kind` is JSON or msgpack.
  public static func write(
    prefix: [UInt8], kind: BodyKind, book: UInt32, pages: Int, to start: UnsafeMutableRawPointer
  ) {
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    prefix.withUnsafeBytes { if let from = $0.baseAddress { memcpy(start, from, $0.count) } }
    bytes[kindAt] = kind == .msgpack ? UInt8(ascii: "1") : UInt8(ascii: "0")
    let digits = Hex.digits(book)
    Hex.write(book, digits: digits, to: bytes + prefix.count)
    let tailStart = prefix.count &+ digits
    memcpy(start + tailStart, tail.utf8Start, tail.utf8CodeUnitCount)
    let end = bytes + tailStart + tail.utf8CodeUnitCount
    Hex.write(UInt32(truncatingIfNeeded: pages), digits: 4, to: end - countFromEnd)
  }

  /// Makes the head of one of a book's pages that of another: they differ in nothing but `pn`.
  public static func setNumber(_ number: Int, _ head: UnsafeMutableRawBufferPointer) {
    guard head.count > tail.utf8CodeUnitCount, let start = head.baseAddress else { return }
    let end = start.assumingMemoryBound(to: UInt8.self) + head.count
    Hex.write(UInt32(truncatingIfNeeded: number), digits: 4, to: end - numberFromEnd)
  }
}
