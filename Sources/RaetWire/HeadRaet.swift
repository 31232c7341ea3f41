import CPosix

/// Heads of kind 0: lines of a key, a space and a number in hex, ended by an empty line (PROTOCOL 2.1).
enum HeadRaet {
  /// What such a head begins with.
  private static let opening: StaticString = "ri RAET\n"
  /// The opening with the three lines that every head has, without the last line's end.
  private static let template: StaticString = "ri RAET\npl 0000\nhl 00\nfg 00"
  private static let lineEnd: UInt8 = 0x0a
  private static let space: UInt8 = 0x20

  static func recognizes(_ start: UnsafeRawPointer, _ count: Int) -> Bool {
    count >= opening.utf8CodeUnitCount && memcmp(start, opening.utf8Start, opening.utf8CodeUnitCount) == 0
  }

  /// Reads the fields and returns the head's length, its end included.
  static func parse(_ start: UnsafeRawPointer, _ count: Int, into fields: inout HeadFields) throws(WireError) -> Int {
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    let end = min(count, WireLimit.head)
    let beyond: WireError = count > WireLimit.head ? .headTooLong : .headUnterminated
    var at = opening.utf8CodeUnitCount
    while true {
      guard at < end else { throw beyond }
      if bytes[at] == lineEnd { return at &+ 1 }
      // The shortest line has a key, a space, a digit and its end.
      guard at &+ 4 < end else { throw beyond }
      guard bytes[at &+ 2] == space else { throw .headSyntax }
      let key = UInt16(bytes[at]) << 8 | UInt16(bytes[at &+ 1])
      at = at &+ 3
      if key == HeadKey.stamp {
        let first = at
        while at < end, bytes[at] != lineEnd { at = at &+ 1 }
        guard at < end else { throw beyond }
        try fields.takeStamp(Decimal.parse(UnsafeRawBufferPointer(start: start + first, count: at &- first)))
      } else {
        let value = try hexadecimal(bytes, &at, end, beyond)
        try fields.take(key, value)
      }
      at = at &+ 1
    }
  }

  /// Reads 1 to 8 hex digits up to the line's end, where it leaves `at`.
  @inline(__always)
  private static func hexadecimal(
    _ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, _ beyond: WireError
  ) throws(WireError) -> UInt32 {
    var value: UInt32 = 0
    let first = at
    while at < end {
      let byte = bytes[at]
      if byte == lineEnd {
        guard at &- first >= 1, at &- first <= 8 else { throw .number }
        return value
      }
      guard let digit = Hex.value(byte) else { throw .number }
      value = value << 4 | UInt32(digit)
      at = at &+ 1
    }
    throw beyond
  }

  /// How long the head gets.
  static func length(_ head: Head) -> Int {
    var length = template.utf8CodeUnitCount &+ 2
    head.eachField(
      number: { _, value in length = length &+ 4 &+ Hex.digits(value) },
      stamp: { stamp in length = length &+ 4 &+ Decimal.fixedLength(stamp) })
    return length
  }

  /// Writes the head to memory that has room for `headLength` bytes.
  static func write(_ head: Head, headLength: Int, packetLength: Int, to start: UnsafeMutableRawPointer) {
    memcpy(start, template.utf8Start, template.utf8CodeUnitCount)
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    Hex.write(UInt32(truncatingIfNeeded: packetLength), digits: 4, to: bytes + 11)
    Hex.write(UInt32(truncatingIfNeeded: headLength), digits: 2, to: bytes + 19)
    Hex.write(UInt32(head.flags.rawValue), digits: 2, to: bytes + 25)
    var next = bytes + template.utf8CodeUnitCount
    head.eachField(
      number: { key, value in
        writeKey(key, to: &next)
        let digits = Hex.digits(value)
        Hex.write(value, digits: digits, to: next)
        next += digits
      },
      stamp: { stamp in
        writeKey(HeadKey.stamp, to: &next)
        next += Decimal.writeFixed(stamp, to: next)
      })
    next[0] = lineEnd
    next[1] = lineEnd
  }

  @inline(__always)
  private static func writeKey(_ key: UInt16, to next: inout UnsafeMutablePointer<UInt8>) {
    next[0] = lineEnd
    next[1] = UInt8(truncatingIfNeeded: key >> 8)
    next[2] = UInt8(truncatingIfNeeded: key)
    next[3] = space
    next += 4
  }
}
