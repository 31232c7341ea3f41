/// Steps through a JSON body.
struct JSONCursor: BodyCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// The next byte that is no blank; it stays unread.
  private mutating func peek() throws(RouteError) -> UInt8 {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x0a, 0x0d, 0x09: at &+= 1
      default: return bytes[at]
      }
    }
    throw .malformed
  }

  mutating func isAtMapping() throws(RouteError) -> Bool { try peek() == UInt8(ascii: "{") }

  mutating func openMapping() throws(RouteError) -> BodyGroup {
    guard try peek() == UInt8(ascii: "{") else { throw .malformed }
    at &+= 1
    return BodyGroup(left: 0, isMapping: true)
  }

  mutating func openArray() throws(RouteError) -> BodyGroup? {
    guard try peek() == UInt8(ascii: "[") else {
      try skip()
      return nil
    }
    at &+= 1
    return BodyGroup(left: 0, isMapping: false)
  }

  mutating func next(_ group: inout BodyGroup) throws(RouteError) -> Bool {
    let byte = try peek()
    if byte == UInt8(ascii: group.isMapping ? "}" : "]") {
      at &+= 1
      return false
    }
    if group.isFirst {
      group.isFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw .malformed }
      at &+= 1
      _ = try peek()
    }
    return true
  }

  mutating func key() throws(RouteError) -> BodyText? {
    let text = try text()
    guard try peek() == UInt8(ascii: ":") else { throw .malformed }
    at &+= 1
    return text
  }

  mutating func value() throws(RouteError) -> BodyValue {
    let first = try peek()
    switch first {
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      try skip()
      return .other
    default: return read(try word())
    }
  }

  /// Reads a string whose quote is next.
  private mutating func text() throws(RouteError) -> BodyText {
    guard try peek() == UInt8(ascii: "\"") else { throw .malformed }
    at &+= 1
    let start = at
    var isEscaped = false
    while at < bytes.count {
      if bytes.count &- at >= 8, Self.holdsNoMark(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) {
        at &+= 8
        continue
      }
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at &+= 1
        return BodyText(range: start..<(at &- 1), isEscaped: isEscaped)
      case UInt8(ascii: "\\"):
        isEscaped = true
        at &+= 2
      default: at &+= 1
      }
    }
    throw .malformed
  }

  /// Whether none of 8 bytes is a quote or a backslash; bytes with their high bit may be taken for such.
  @inline(__always)
  private static func holdsNoMark(_ word: UInt64) -> Bool {
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5c)
    return ((quotes &- ones) | (backslashes &- ones) | word) & highBits == 0
  }

  mutating func skip() throws(RouteError) {
    var depth = 0
    repeat {
      switch try peek() {
      case UInt8(ascii: "\""): _ = try text()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth &+= 1
        at &+= 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { throw .malformed }
        depth &-= 1
        at &+= 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { throw .malformed }
        at &+= 1
      default: _ = try word()
      }
    } while depth > 0
  }

  /// Steps over a number or a word.
  private mutating func word() throws(RouteError) -> Range<Int> {
    let start = at
    while at < bytes.count {
      switch bytes[at] {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): at &+= 1
      default:
        guard at > start else { throw .malformed }
        return start..<at
      }
    }
    throw .malformed
  }

  private func read(_ word: Range<Int>) -> BodyValue {
    var digits = UnsafeRawBufferPointer(rebasing: bytes[word])
    if digits.elementsEqual("null".utf8) { return .null }
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits = UnsafeRawBufferPointer(rebasing: digits.dropFirst()) }
    guard digits.count >= 1, digits.count <= 18 else { return .other }
    var number: UInt64 = 0
    for digit in digits {
      guard digit >= 0x30, digit <= 0x39 else { return .other }
      number = number &* 10 &+ UInt64(digit &- 0x30)
    }
    return isNegative ? .negative(-Int64(number)) : .number(number)
  }
}

// Text with its escapes resolved.
extension JSONCursor {
  func string(_ text: BodyText) -> String? {
    let raw = UnsafeRawBufferPointer(rebasing: bytes[text.range])
    guard text.isEscaped else { return String(validating: raw, as: UTF8.self) }
    var out: [UInt8] = []
    out.reserveCapacity(raw.count)
    var rest = raw[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        out.append(byte)
        continue
      }
      guard let character = Self.escape(&rest) else { return nil }
      out.append(contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter)
    }
    return String(validating: out, as: UTF8.self)
  }

  private static func escape(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Unicode.Scalar? {
    guard let mark = rest.popFirst() else { return nil }
    switch mark {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(mark)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let first = codeUnit(&rest) else { return nil }
      guard first & 0xfc00 == 0xd800 else { return Unicode.Scalar(first) }
      guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"),
        let second = codeUnit(&rest), second & 0xfc00 == 0xdc00
      else { return nil }
      return Unicode.Scalar(0x10000 &+ (first & 0x3ff) << 10 &+ second & 0x3ff)
    default: return nil
    }
  }

  private static func codeUnit(_ rest: inout Slice<UnsafeRawBufferPointer>) -> UInt32? {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = rest.popFirst().flatMap(RouteText.hexValue) else { return nil }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }
}
