import CJansson

/// The one floating-point field of a head, `dt` (PROTOCOL 2.4). It is within `WireLimit.stamp`, not infinite and no NaN.
enum Decimal {
  /// Reads a decimal number, formed as in JSON: no sign `+`, no hex, no `inf` or `nan`, nothing left over.
  static func parse(_ text: UnsafeRawBufferPointer) throws(WireError) -> Double {
    guard let start = text.baseAddress, JSONNumber.length(text) == text.count else { throw .number }
    var error = json_error_t()
    // jansson rounds correctly and does not depend on the host's locale.
    let flags = Int(JSON_DECODE_ANY) | Int(JSON_DECODE_INT_AS_REAL)
    guard let value = json_loadb(start.assumingMemoryBound(to: CChar.self), text.count, flags, &error) else {
      throw .number
    }
    let number = json_real_value(value)
    json_decref(value)
    return number
  }

  /// A number in millionths, rounded as C's `%f` does: to nearest, a tie to even.
  private static func millionths(_ value: Double) -> UInt64 {
    let whole = abs(value).rounded(.towardZero)
    let fraction = abs(value) - whole
    let product = fraction * 1e6
    var rounded = product.rounded(.toNearestOrEven)
    // What the product lost decides where the product itself shows a tie.
    let lost = (-product).addingProduct(fraction, 1e6)
    if product - rounded == 0.5, lost > 0 { rounded += 1 }
    if product - rounded == -0.5, lost < 0 { rounded -= 1 }
    // Both fit, since the value is below `WireLimit.stamp`.
    guard let seconds = UInt64(exactly: whole), let part = UInt64(exactly: rounded) else { return 0 }
    return seconds &* 1_000_000 &+ part
  }

  /// How long the number gets, written with six places.
  static func fixedLength(_ value: Double) -> Int {
    digits(millionths(value) / 1_000_000) &+ 7 &+ (value.sign == .minus ? 1 : 0)
  }

  /// Writes the number with six places, as Python's `{:f}`, and returns its length.
  static func writeFixed(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> Int {
    let length = fixedLength(value)
    var rest = millionths(value)
    var at = length
    var place = 0
    while at > (value.sign == .minus ? 1 : 0) {
      at = at &- 1
      if place == 6 {
        out[at] = 0x2e
      } else {
        out[at] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      place = place &+ 1
    }
    if value.sign == .minus { out[0] = 0x2d }
    return length
  }

  /// How many decimal digits a number has.
  static func digits(_ value: UInt64) -> Int {
    var count = 1
    var rest = value / 10
    while rest > 0 {
      count = count &+ 1
      rest /= 10
    }
    return count
  }

  /// Writes a whole number of so many digits.
  static func write(_ value: UInt64, digits: Int, to out: UnsafeMutablePointer<UInt8>) {
    var rest = value
    var at = digits
    while at > 0 {
      at = at &- 1
      out[at] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }
}
