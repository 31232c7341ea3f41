/// Whether bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Check {
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at < bytes.count {
      if bytes.count &- at >= 8, bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & highBits == 0 {
        at = at &+ 8
        continue
      }
      let length = sequence(bytes, at)
      guard length > 0 else { return false }
      at = at &+ length
    }
    return true
  }

  /// The length of the character at `at`, which is within the bytes; 0 when it is none.
  @inline(__always)
  static func sequence(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
    let first = bytes[at]
    if first < 0x80 { return 1 }
    let left = bytes.count &- at
    if first >= 0xc2, first <= 0xdf { return left >= 2 && isTail(bytes[at &+ 1]) ? 2 : 0 }
    if first & 0xf0 == 0xe0 {
      guard left >= 3, isTail(bytes[at &+ 1]), isTail(bytes[at &+ 2]) else { return 0 }
      let second = bytes[at &+ 1]
      if first == 0xe0, second < 0xa0 { return 0 }
      if first == 0xed, second >= 0xa0 { return 0 }
      return 3
    }
    if first >= 0xf0, first <= 0xf4 {
      guard left >= 4, isTail(bytes[at &+ 1]), isTail(bytes[at &+ 2]), isTail(bytes[at &+ 3]) else { return 0 }
      let second = bytes[at &+ 1]
      if first == 0xf0, second < 0x90 { return 0 }
      if first == 0xf4, second >= 0x90 { return 0 }
      return 4
    }
    return 0
  }

  @inline(__always)
  private static func isTail(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }
}
