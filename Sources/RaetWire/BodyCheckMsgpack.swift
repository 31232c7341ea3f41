/// Walks through a msgpack body of either style without building anything.
struct MsgpackCheck {
  /// An open array or mapping.
  private struct Container {
    /// Values still to come; in a mapping keys count as well.
    var left: UInt64
    let isMapping: Bool
  }

  /// What a value's first bytes say.
  private enum Item {
    case plain(length: UInt64)
    case text(length: UInt64)
    case container(Container)
  }

  private let bytes: UnsafeRawBufferPointer
  private let depth: Int
  private let uniqueTextKeys: Bool
  private var at = 0
  private var open: [Container] = []
  private var keys = KeyLog()

  /// Refuses all but one mapping, at most `depth` deep. With `uniqueTextKeys`, keys must be text and not be there twice.
  static func requireMapping(
    _ bytes: UnsafeRawBufferPointer, depth: Int, uniqueTextKeys: Bool
  ) throws(BodyError) {
    guard let first = bytes.first else { return }
    guard first & 0xf0 == 0x80 || first == 0xde || first == 0xdf else { throw .notMapping }
    var check = MsgpackCheck(bytes, depth, uniqueTextKeys)
    try check.walk()
  }

  private init(_ bytes: UnsafeRawBufferPointer, _ depth: Int, _ uniqueTextKeys: Bool) {
    self.bytes = bytes
    self.depth = depth
    self.uniqueTextKeys = uniqueTextKeys
  }

  private var left: UInt64 { UInt64(bytes.count &- at) }

  private mutating func walk() throws(BodyError) {
    repeat {
      let isKey = beginValue()
      switch try item() {
      case .plain(let length):
        guard !isKey || !uniqueTextKeys else { throw .key }
        try skip(length)
      case .text(let length): try text(length, isKey: isKey)
      case .container(let container):
        guard !isKey else { throw .key }
        try enter(container)
      }
      try leaveComplete()
    } while !open.isEmpty
    guard at == bytes.count else { throw .trailing }
  }

  /// Counts a value of the innermost container, and tells whether it is a key.
  private mutating func beginValue() -> Bool {
    guard let last = open.indices.last else { return false }
    let isKey = open[last].isMapping && open[last].left.isMultiple(of: 2)
    open[last].left = open[last].left &- 1
    return isKey
  }

  private mutating func enter(_ container: Container) throws(BodyError) {
    guard open.count < depth else { throw .tooDeep }
    // Each value takes a byte at least.
    guard container.left <= left else { throw .malformed }
    open.append(container)
    if uniqueTextKeys, container.isMapping { keys.open() }
  }

  private mutating func leaveComplete() throws(BodyError) {
    while let last = open.last, last.left == 0 {
      open.removeLast()
      if uniqueTextKeys, last.isMapping { try keys.close() }
    }
  }

  private mutating func skip(_ length: UInt64) throws(BodyError) {
    guard length <= left else { throw .malformed }
    at = at &+ Int(length)
  }

  private mutating func text(_ length: UInt64, isKey: Bool) throws(BodyError) {
    let start = at
    try skip(length)
    let text = UnsafeRawBufferPointer(rebasing: bytes[start..<at])
    guard UTF8Check.isValid(text) else { throw .notUTF8 }
    guard isKey, uniqueTextKeys else { return }
    var hash = KeyHash()
    hash.add(text)
    try keys.add(hash.value)
  }

  /// Reads a value's type, and its length where it has one.
  private mutating func item() throws(BodyError) -> Item {
    let type = UInt8(truncatingIfNeeded: try number(1))
    switch type {
    case 0x00...0x7f, 0xe0...0xff, 0xc0, 0xc2, 0xc3: return .plain(length: 0)
    case 0x80...0x8f: return .container(Container(left: UInt64(type & 0x0f) &* 2, isMapping: true))
    case 0x90...0x9f: return .container(Container(left: UInt64(type & 0x0f), isMapping: false))
    case 0xa0...0xbf: return .text(length: UInt64(type & 0x1f))
    case 0xc4...0xc6: return .plain(length: try number(1 << Int(type &- 0xc4)))
    case 0xca: return .plain(length: 4)
    case 0xcb: return .plain(length: 8)
    case 0xcc...0xcf: return .plain(length: 1 << UInt64(type &- 0xcc))
    case 0xd0...0xd3: return .plain(length: 1 << UInt64(type &- 0xd0))
    case 0xd9...0xdb: return .text(length: try number(1 << Int(type &- 0xd9)))
    case 0xdc, 0xdd: return .container(Container(left: try number(2 << Int(type &- 0xdc)), isMapping: false))
    case 0xde, 0xdf: return .container(Container(left: try number(2 << Int(type &- 0xde)) &* 2, isMapping: true))
    case 0xc1: throw .malformed
    default: throw .extensionType
    }
  }

  /// Reads a big-endian number of up to 4 bytes.
  private mutating func number(_ length: Int) throws(BodyError) -> UInt64 {
    guard bytes.count &- at >= length else { throw .malformed }
    var value: UInt64 = 0
    var step = 0
    while step < length {
      value = value << 8 | UInt64(bytes[at &+ step])
      step = step &+ 1
    }
    at = at &+ length
    return value
  }
}
