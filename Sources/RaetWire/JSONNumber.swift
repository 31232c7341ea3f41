/// Numbers as JSON forms them.
enum JSONNumber {
  /// The length of the number that the bytes begin with, 0 when they begin with none.
  static func length(_ bytes: UnsafeRawBufferPointer) -> Int {
    var at = 0
    if at < bytes.count, bytes[at] == 0x2d { at = at &+ 1 }
    let whole = digits(bytes, at)
    // No leading zero but a lone one.
    guard whole > 0, whole == 1 || bytes[at] != 0x30 else { return 0 }
    at = at &+ whole
    if at < bytes.count, bytes[at] == 0x2e {
      let places = digits(bytes, at &+ 1)
      guard places > 0 else { return 0 }
      at = at &+ 1 &+ places
    }
    if at < bytes.count, bytes[at] | 0x20 == 0x65 {
      at = at &+ 1
      if at < bytes.count, bytes[at] == 0x2b || bytes[at] == 0x2d { at = at &+ 1 }
      let exponent = digits(bytes, at)
      guard exponent > 0 else { return 0 }
      at = at &+ exponent
    }
    return at
  }

  private static func digits(_ bytes: UnsafeRawBufferPointer, _ from: Int) -> Int {
    var at = from
    while at < bytes.count, bytes[at] &- 0x30 <= 9 { at = at &+ 1 }
    return at &- from
  }
}

extension JSONNumber {
  /// The first 17 digits of the largest double.
  private static let largest: UInt64 = 17_976_931_348_623_157

  /// Whether a number formed well is within the range of a double. Its length has no limit.
  static func fitsDouble(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    /// The first 17 digits from the first that is not 0.
    var leading: UInt64 = 0
    var digits = 0
    /// The power of ten of the first such digit.
    var power = -1
    var afterPoint = false
    while at < bytes.count {
      let digit = bytes[at] &- 0x30
      if digit <= 9 {
        let isLeading = digit != 0 || digits > 0
        if isLeading, digits < 17 {
          leading = leading &* 10 &+ UInt64(digit)
          digits = digits &+ 1
        }
        if afterPoint, !isLeading { power = power &- 1 }
        if !afterPoint, isLeading { power = power &+ 1 }
      } else if bytes[at] == 0x2e {
        afterPoint = true
      } else if bytes[at] | 0x20 == 0x65 {
        break
      }
      at = at &+ 1
    }
    guard digits > 0 else { return true }
    while digits < 17 {
      leading = leading &* 10
      digits = digits &+ 1
    }
    let total = power &+ exponent(bytes, at)
    return total < 308 || total == 308 && leading <= largest
  }

  /// The exponent that begins with the letter at `at`, held within 1e9 on either side; 0 when there is none.
  private static func exponent(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
    var at = at &+ 1
    guard at < bytes.count else { return 0 }
    let isNegative = bytes[at] == 0x2d
    if isNegative || bytes[at] == 0x2b { at = at &+ 1 }
    var value = 0
    while at < bytes.count {
      value = min(value &* 10 &+ Int(bytes[at] &- 0x30), 1_000_000_000)
      at = at &+ 1
    }
    return isNegative ? 0 &- value : value
  }
}
