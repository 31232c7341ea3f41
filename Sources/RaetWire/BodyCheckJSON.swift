/// Walks through a JSON body without building anything.
struct JSONCheck {
  /// What may come next.
  private enum Expected {
    case value
    case valueOrEnd
    case key
    case keyOrEnd
    case commaOrEnd
  }

  private enum Container {
    case array
    case object
  }

  /// The containers that are open, a bit each: no memory to ask for.
  private struct Containers {
    private static let wordBits = 64
    private var objects = InlineArray<8, UInt64>(repeating: 0)
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    var last: Container? { count > 0 ? self[count &- 1] : nil }

    private subscript(place: Int) -> Container {
      objects[place / Self.wordBits] >> UInt64(place % Self.wordBits) & 1 == 1 ? .object : .array
    }

    /// False when there are too many.
    mutating func append(_ container: Container) -> Bool {
      guard count < objects.count &* Self.wordBits else { return false }
      let bit: UInt64 = 1 << UInt64(count % Self.wordBits)
      switch container {
      case .object: objects[count / Self.wordBits] |= bit
      case .array: objects[count / Self.wordBits] &= ~bit
      }
      count = count &+ 1
      return true
    }

    mutating func popLast() -> Container? {
      let last = last
      if last != nil { count = count &- 1 }
      return last
    }
  }

  private let bytes: UnsafeRawBufferPointer
  private let depth: Int
  private var at = 0
  private var open = Containers()
  private var keys = KeyLog()

  /// Refuses all but one mapping, at most `depth` deep.
  static func requireMapping(_ bytes: UnsafeRawBufferPointer, depth: Int) throws(BodyError) {
    guard bytes.count > 0 else { return }
    var check = JSONCheck(bytes, depth)
    try check.walk()
  }

  private init(_ bytes: UnsafeRawBufferPointer, _ depth: Int) {
    self.bytes = bytes
    self.depth = depth
  }

  private mutating func walk() throws(BodyError) {
    guard try nextByte() == UInt8(ascii: "{") else { throw .notMapping }
    at = at &+ 1
    var expected = try enter(.object)
    while !open.isEmpty {
      let byte = try nextByte()
      switch expected {
      case .value: expected = try value(byte)
      case .valueOrEnd: expected = byte == UInt8(ascii: "]") ? try leave() : try value(byte)
      case .key:
        try key(byte)
        expected = .value
      case .keyOrEnd:
        if byte == UInt8(ascii: "}") {
          expected = try leave()
        } else {
          try key(byte)
          expected = .value
        }
      case .commaOrEnd: expected = try commaOrEnd(byte)
      }
    }
    skipBlanks()
    guard at == bytes.count else { throw .trailing }
  }

  private mutating func skipBlanks() {
    while at < bytes.count, bytes[at] <= 0x20 {
      switch bytes[at] {
      case 0x20, 0x0a, 0x0d, 0x09: at = at &+ 1
      default: return
      }
    }
  }

  /// The next byte that is no blank; it stays unread.
  private mutating func nextByte() throws(BodyError) -> UInt8 {
    skipBlanks()
    guard at < bytes.count else { throw .malformed }
    return bytes[at]
  }

  private mutating func enter(_ container: Container) throws(BodyError) -> Expected {
    guard open.count < depth, open.append(container) else { throw .tooDeep }
    switch container {
    case .array: return .valueOrEnd
    case .object:
      keys.open()
      return .keyOrEnd
    }
  }

  private mutating func leave() throws(BodyError) -> Expected {
    at = at &+ 1
    if open.popLast() == .object { try keys.close() }
    return .commaOrEnd
  }

  private mutating func commaOrEnd(_ byte: UInt8) throws(BodyError) -> Expected {
    switch (open.last, byte) {
    case (.object, UInt8(ascii: "}")), (.array, UInt8(ascii: "]")): return try leave()
    case (.object, UInt8(ascii: ",")):
      at = at &+ 1
      return .key
    case (.array, UInt8(ascii: ",")):
      at = at &+ 1
      return .value
    default: throw .malformed
    }
  }

  /// Reads a key and its colon.
  private mutating func key(_ byte: UInt8) throws(BodyError) {
    guard byte == UInt8(ascii: "\"") else { throw .malformed }
    var hash = KeyHash()
    try string(hash: &hash)
    try keys.add(hash.value)
    guard try nextByte() == UInt8(ascii: ":") else { throw .malformed }
    at = at &+ 1
  }

  /// Reads a value, or the opening of one.
  private mutating func value(_ byte: UInt8) throws(BodyError) -> Expected {
    switch byte {
    case UInt8(ascii: "{"):
      at = at &+ 1
      return try enter(.object)
    case UInt8(ascii: "["):
      at = at &+ 1
      return try enter(.array)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
    return .commaOrEnd
  }

  private mutating func word(_ word: StaticString) throws(BodyError) {
    let length = word.utf8CodeUnitCount
    guard bytes.count &- at >= length, bytes[at..<(at &+ length)].elementsEqual(word) else { throw .malformed }
    at = at &+ length
  }

  private mutating func number() throws(BodyError) {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
    let length = JSONNumber.length(rest)
    guard length > 0 else { throw .malformed }
    guard JSONNumber.fitsDouble(UnsafeRawBufferPointer(rebasing: rest[..<length])) else { throw .number }
    at = at &+ length
  }
}

// Strings.
extension JSONCheck {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// A set high bit in the first of 8 bytes that is no character by itself, which is ASCII but for control characters, the
  /// quote and the backslash. Later bytes may have it without a reason; 0: all are plain.
  @inline(__always)
  private static func special(_ word: UInt64) -> UInt64 {
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5c)
    // What is borrowed reaches later bytes only, and bytes with a high bit are special by themselves.
    return ((word &- ones &* 0x20) | (quotes &- ones) | (backslashes &- ones) | word) & highBits
  }

  /// 8 bytes that must be there, the first in the lowest bits.
  @inline(__always)
  private func word(at place: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
  }

  /// Steps over bytes that are characters by themselves, 8 at a time.
  private mutating func skipPlain() {
    var place = at
    while bytes.count &- place >= 8 {
      let special = Self.special(word(at: place))
      guard special == 0 else {
        at = place &+ special.trailingZeroBitCount / 8
        return
      }
      place = place &+ 8
    }
    let rest = bytes.count &- place
    if rest > 0, bytes.count >= 8 {
      // The last 8 bytes without those that are done: the zeros that follow stop it.
      let last = word(at: bytes.count &- 8)
      place = place &+ Self.special(last >> UInt64(64 &- 8 &* rest)).trailingZeroBitCount / 8
    }
    at = place
  }

  /// Steps over a string whose quote is next.
  private mutating func string() throws(BodyError) {
    at = at &+ 1
    repeat {
      skipPlain()
      guard at < bytes.count else { throw .malformed }
    } while try character() != nil
  }

  /// As `string`, and feeds its characters to a hash.
  private mutating func string(hash: inout KeyHash) throws(BodyError) {
    at = at &+ 1
    while at < bytes.count {
      guard let character = try character() else { return }
      hash.add(character: character)
    }
    throw .malformed
  }

  /// Reads a character, or an escape that stands for one; nil for the quote that ends the string.
  private mutating func character() throws(BodyError) -> UInt32? {
    let byte = bytes[at]
    switch byte {
    case 0x22:
      at = at &+ 1
      return nil
    case 0x5c:
      at = at &+ 1
      return try escape()
    case 0x00..<0x20: throw .malformed
    case 0x20..<0x80:
      at = at &+ 1
      return UInt32(byte)
    default: return try longCharacter(byte)
    }
  }

  private mutating func longCharacter(_ first: UInt8) throws(BodyError) -> UInt32 {
    let length = UTF8Check.sequence(bytes, at)
    guard length > 1 else { throw .notUTF8 }
    var character = UInt32(first) & (0x7f >> UInt32(length))
    var step = 1
    while step < length {
      character = character << 6 | UInt32(bytes[at &+ step] & 0x3f)
      step = step &+ 1
    }
    at = at &+ length
    return character
  }

  /// Reads an escape, after its backslash.
  private mutating func escape() throws(BodyError) -> UInt32 {
    guard at < bytes.count else { throw .malformed }
    let byte = bytes[at]
    at = at &+ 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt32(byte)
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "f"): return 0x0c
    case UInt8(ascii: "n"): return 0x0a
    case UInt8(ascii: "r"): return 0x0d
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "u"): return try escapedCharacter()
    default: throw .malformed
    }
  }

  /// Reads four hex digits, and the second half of a surrogate pair.
  private mutating func escapedCharacter() throws(BodyError) -> UInt32 {
    let first = try codeUnit()
    guard first & 0xf800 == 0xd800 else { return first }
    guard first < 0xdc00, bytes.count &- at >= 2, bytes[at] == 0x5c, bytes[at &+ 1] == UInt8(ascii: "u") else {
      throw .notUTF8
    }
    at = at &+ 2
    let second = try codeUnit()
    guard second & 0xfc00 == 0xdc00 else { throw .notUTF8 }
    return 0x10000 &+ (first & 0x3ff) << 10 &+ second & 0x3ff
  }

  private mutating func codeUnit() throws(BodyError) -> UInt32 {
    guard bytes.count &- at >= 4 else { throw .malformed }
    var unit: UInt32 = 0
    var step = 0
    while step < 4 {
      guard let digit = Hex.value(bytes[at &+ step]) else { throw .malformed }
      unit = unit << 4 | UInt32(digit)
      step = step &+ 1
    }
    at = at &+ 4
    return unit
  }
}
