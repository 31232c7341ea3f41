/// Steps through a msgpack body of either style.
struct MsgpackCursor: BodyCursor {
  /// What a value's first bytes say; for text the cursor is at its bytes, else behind what has no members.
  private enum Item {
    case null
    case number(UInt64)
    case negative(Int64)
    case text(length: UInt64)
    case array(UInt64)
    case mapping(UInt64)
    case other
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private var left: UInt64 { UInt64(max(0, bytes.count &- at)) }

  mutating func isAtMapping() throws(RouteError) -> Bool {
    guard at < bytes.count else { throw .malformed }
    return bytes[at] & 0xf0 == 0x80 || bytes[at] == 0xde || bytes[at] == 0xdf
  }

  mutating func openMapping() throws(RouteError) -> BodyGroup {
    guard case .mapping(let count) = try item() else { throw .malformed }
    return BodyGroup(left: count, isMapping: true)
  }

  mutating func openArray() throws(RouteError) -> BodyGroup? {
    let start = at
    if case .array(let count) = try item() { return BodyGroup(left: count, isMapping: false) }
    at = start
    try skip()
    return nil
  }

  mutating func next(_ group: inout BodyGroup) throws(RouteError) -> Bool {
    guard group.left > 0 else { return false }
    group.left &-= 1
    group.isFirst = false
    return true
  }

  mutating func key() throws(RouteError) -> BodyText? {
    if case .text(let text) = try value() { return text }
    return nil
  }

  mutating func value() throws(RouteError) -> BodyValue {
    let start = at
    switch try item() {
    case .null: return .null
    case .number(let number): return .number(number)
    case .negative(let number): return .negative(number)
    case .text(let length):
      let range = at..<(at &+ Int(length))
      at = range.upperBound
      return .text(BodyText(range: range, isEscaped: false))
    case .array, .mapping:
      at = start
      try skip()
      return .other
    case .other: return .other
    }
  }

  mutating func skip() throws(RouteError) {
    var values: UInt64 = 1
    while values > 0 {
      values &-= 1
      switch try item() {
      case .null, .number, .negative, .other: break
      case .text(let length): at &+= Int(length)
      case .array(let count): values &+= count
      case .mapping(let count): values &+= count &* 2
      }
      // Each value takes a byte at least.
      guard values <= left else { throw .malformed }
    }
  }

  func string(_ text: BodyText) -> String? {
    String(validating: UnsafeRawBufferPointer(rebasing: bytes[text.range]), as: UTF8.self)
  }

  private mutating func item() throws(RouteError) -> Item {
    let type = UInt8(truncatingIfNeeded: try number(1))
    switch type {
    case 0x00...0x7f: return .number(UInt64(type))
    case 0x80...0x8f: return .mapping(try checked(UInt64(type & 0x0f)))
    case 0x90...0x9f: return .array(try checked(UInt64(type & 0x0f)))
    case 0xa0...0xbf: return .text(length: try checked(UInt64(type & 0x1f)))
    case 0xc0: return .null
    case 0xc2, 0xc3: return .other
    case 0xc4...0xc6: return try pass(try number(1 << Int(type &- 0xc4)))
    case 0xca: return try pass(4)
    case 0xcb: return try pass(8)
    case 0xcc...0xcf: return .number(try number(1 << Int(type &- 0xcc)))
    case 0xd0: return Self.signed(Int64(Int8(truncatingIfNeeded: try number(1))))
    case 0xd1: return Self.signed(Int64(Int16(truncatingIfNeeded: try number(2))))
    case 0xd2: return Self.signed(Int64(Int32(truncatingIfNeeded: try number(4))))
    case 0xd3: return Self.signed(Int64(truncatingIfNeeded: try number(8)))
    case 0xd9...0xdb: return .text(length: try count(1 << Int(type &- 0xd9)))
    case 0xdc, 0xdd: return .array(try count(2 << Int(type &- 0xdc)))
    case 0xde, 0xdf: return .mapping(try count(2 << Int(type &- 0xde)))
    case 0xe0...0xff: return .negative(Int64(Int8(truncatingIfNeeded: type)))
    default: throw .malformed
    }
  }

  private static func signed(_ number: Int64) -> Item {
    number < 0 ? .negative(number) : .number(UInt64(number))
  }

  /// A length or a count: no more than there are bytes.
  private func checked(_ count: UInt64) throws(RouteError) -> UInt64 {
    guard count <= left else { throw .malformed }
    return count
  }

  /// Reads a length or a count. What is left is asked after its bytes are read, not in one expression with it.
  private mutating func count(_ length: Int) throws(RouteError) -> UInt64 {
    let count = try number(length)
    return try checked(count)
  }

  private mutating func pass(_ length: UInt64) throws(RouteError) -> Item {
    at &+= Int(try checked(length))
    return .other
  }

  /// Reads a big-endian number of up to 8 bytes.
  private mutating func number(_ length: Int) throws(RouteError) -> UInt64 {
    guard bytes.count &- at >= length else { throw .malformed }
    var value: UInt64 = 0
    for step in 0..<length { value = value << 8 | UInt64(bytes[at &+ step]) }
    at &+= length
    return value
  }
}
