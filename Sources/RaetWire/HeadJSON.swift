import CPosix

/// Heads of kind 1: a JSON object ended by two line ends (PROTOCOL 2.2).
enum HeadJSON {
  /// What such a head begins with: its first field must be `ri`.
  private static let opening: StaticString = #"{"ri":"RAET","#
  /// The fields that every head has.
  private static let template: StaticString = #"{"ri":"RAET","pl":"0000000","hl":"00","fg":"00""#
  private static let ending: StaticString = "}\r\n\r\n"

  static func recognizes(_ start: UnsafeRawPointer, _ count: Int) -> Bool {
    count >= opening.utf8CodeUnitCount && memcmp(start, opening.utf8Start, opening.utf8CodeUnitCount) == 0
  }

  /// Reads the fields and returns the head's length, its end included.
  static func parse(_ start: UnsafeRawPointer, _ count: Int, into fields: inout HeadFields) throws(WireError) -> Int {
    let head = UnsafeRawBufferPointer(start: start, count: min(count, WireLimit.head))
    var scanner = HeadScanner(bytes: head, at: opening.utf8CodeUnitCount)
    do throws(WireError) {
      while true {
        try scanner.field(into: &fields)
        if try scanner.next() == HeadScanner.brace { break }
      }
      return try scanner.end(ending)
    } catch {
      // What was cut off after the longest head is no syntax error.
      if error == .headUnterminated, count > WireLimit.head { throw .headTooLong }
      throw error
    }
  }

  /// How long the head gets.
  static func length(_ head: Head) -> Int {
    var length = template.utf8CodeUnitCount &+ ending.utf8CodeUnitCount
    head.eachField(
      number: { _, value in length = length &+ 6 &+ Decimal.digits(UInt64(value)) },
      stamp: { stamp in length = length &+ 6 &+ text(stamp).count })
    return length
  }

  /// Writes the head to memory that has room for `headLength` bytes.
  static func write(_ head: Head, headLength: Int, packetLength: Int, to start: UnsafeMutableRawPointer) {
    memcpy(start, template.utf8Start, template.utf8CodeUnitCount)
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    Hex.write(UInt32(truncatingIfNeeded: packetLength), digits: 7, to: bytes + 19)
    Hex.write(UInt32(truncatingIfNeeded: headLength), digits: 2, to: bytes + 34)
    Hex.write(UInt32(head.flags.rawValue), digits: 2, to: bytes + 44)
    var next = bytes + template.utf8CodeUnitCount
    head.eachField(
      number: { key, value in
        writeKey(key, to: &next)
        let digits = Decimal.digits(UInt64(value))
        Decimal.write(UInt64(value), digits: digits, to: next)
        next += digits
      },
      stamp: { stamp in
        writeKey(HeadKey.stamp, to: &next)
        for byte in text(stamp) {
          next[0] = byte
          next += 1
        }
      })
    memcpy(next, ending.utf8Start, ending.utf8CodeUnitCount)
  }

  /// The shortest text that gives the same number, as Python writes it too.
  private static func text(_ stamp: Double) -> [UInt8] { Array(stamp.description.utf8) }

  @inline(__always)
  private static func writeKey(_ key: UInt16, to next: inout UnsafeMutablePointer<UInt8>) {
    next[0] = HeadScanner.comma
    next[1] = HeadScanner.quote
    next[2] = UInt8(truncatingIfNeeded: key >> 8)
    next[3] = UInt8(truncatingIfNeeded: key)
    next[4] = HeadScanner.quote
    next[5] = HeadScanner.colon
    next += 6
  }
}

/// Reads a JSON head from its first to its last byte. Of JSON it takes what a head needs: one object, keys of two letters,
/// numbers and hex strings; blanks between them.
private struct HeadScanner {
  static let quote: UInt8 = 0x22
  static let comma: UInt8 = 0x2c
  static let colon: UInt8 = 0x3a
  static let brace: UInt8 = 0x7d

  let bytes: UnsafeRawBufferPointer
  var at: Int

  /// The byte after blanks, which it steps over.
  mutating func next() throws(WireError) -> UInt8 {
    skipBlanks()
    guard at < bytes.count else { throw .headUnterminated }
    let byte = bytes[at]
    guard byte == Self.comma || byte == Self.brace else { throw .headSyntax }
    at = at &+ 1
    return byte
  }

  /// Steps over the head's end, whose brace has been read, and returns where the coat begins.
  func end(_ ending: StaticString) throws(WireError) -> Int {
    let start = at &- 1
    let available = min(bytes.count &- start, ending.utf8CodeUnitCount)
    guard let base = bytes.baseAddress, memcmp(base + start, ending.utf8Start, available) == 0 else {
      throw .headSyntax
    }
    guard available == ending.utf8CodeUnitCount else { throw .headUnterminated }
    return start &+ available
  }

  /// Reads a key and its value.
  mutating func field(into fields: inout HeadFields) throws(WireError) {
    skipBlanks()
    guard bytes.count &- at >= 4 else { throw .headUnterminated }
    guard bytes[at] == Self.quote else { throw .headSyntax }
    guard bytes[at &+ 3] == Self.quote else { throw .unknownField }
    let key = UInt16(bytes[at &+ 1]) << 8 | UInt16(bytes[at &+ 2])
    at = at &+ 4
    skipBlanks()
    try expect(Self.colon)
    skipBlanks()
    switch key {
    case HeadKey.packetLength, HeadKey.headLength, HeadKey.flags:
      try fields.take(key, hexadecimal())
    case HeadKey.stamp:
      try fields.takeStamp(Decimal.parse(number()))
    default:
      try fields.take(key, whole())
    }
  }

  private mutating func skipBlanks() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at = at &+ 1 }
  }

  private mutating func expect(_ byte: UInt8) throws(WireError) {
    guard at < bytes.count else { throw .headUnterminated }
    guard bytes[at] == byte else { throw .headSyntax }
    at = at &+ 1
  }

  /// A string of 1 to 8 hex digits.
  private mutating func hexadecimal() throws(WireError) -> UInt32 {
    guard at < bytes.count else { throw .headUnterminated }
    guard bytes[at] == Self.quote else { throw .number }
    at = at &+ 1
    var value: UInt32 = 0
    let first = at
    while at < bytes.count, let digit = Hex.value(bytes[at]) {
      guard at &- first < 8 else { throw .number }
      value = value << 4 | UInt32(digit)
      at = at &+ 1
    }
    guard at < bytes.count else { throw .headUnterminated }
    guard bytes[at] == Self.quote, at > first else { throw .number }
    at = at &+ 1
    return value
  }

  /// The bytes of a number.
  private mutating func number() throws(WireError) -> UnsafeRawBufferPointer {
    guard at < bytes.count else { throw .headUnterminated }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
    let length = JSONNumber.length(rest)
    guard length > 0 else { throw .number }
    at = at &+ length
    return UnsafeRawBufferPointer(rebasing: rest[..<length])
  }

  /// A whole number that fits 32 bits and is not negative.
  private mutating func whole() throws(WireError) -> UInt32 {
    let text = try number()
    guard text.count <= 10 else { throw .number }
    var value: UInt64 = 0
    for byte in text {
      let digit = byte &- 0x30
      guard digit <= 9 else { throw .number }
      value = value &* 10 &+ UInt64(digit)
    }
    guard let small = UInt32(exactly: value) else { throw .number }
    return small
  }
}
