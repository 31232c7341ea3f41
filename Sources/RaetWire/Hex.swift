/// Hexadecimal digits.
public enum Hex {
  /// The value of a digit of either case.
  @inline(__always)
  static func value(_ byte: UInt8) -> UInt8? {
    let decimal = byte &- 0x30
    if decimal <= 9 { return decimal }
    let letter = (byte | 0x20) &- 0x61
    return letter <= 5 ? letter &+ 10 : nil
  }

  /// How many digits a number has without leading zeros.
  @inline(__always)
  static func digits(_ value: UInt32) -> Int {
    value == 0 ? 1 : (35 &- value.leadingZeroBitCount) >> 2
  }

  /// Writes the lowest digits of a number, in lower case.
  @inline(__always)
  static func write(_ value: UInt32, digits: Int, to out: UnsafeMutablePointer<UInt8>) {
    var rest = value
    var at = digits
    while at > 0 {
      at = at &- 1
      out[at] = digit(UInt8(truncatingIfNeeded: rest & 0xf))
      rest >>= 4
    }
  }

  @inline(__always)
  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? value &+ 0x30 : value &+ 0x57
  }

  /// Text of twice as many digits, in lower case.
  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count &* 2)
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 0xf))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Writes twice as many digits, in lower case, into memory of the caller's; false when that is not as long.
  public static func encode(_ bytes: UnsafeRawBufferPointer, into digits: UnsafeMutableRawBufferPointer) -> Bool {
    guard digits.count.isMultiple(of: 2), digits.count / 2 == bytes.count else { return false }
    for at in bytes.indices {
      digits[2 &* at] = digit(bytes[at] >> 4)
      digits[2 &* at &+ 1] = digit(bytes[at] & 0xf)
    }
    return true
  }

  /// Reads half as many bytes into memory of the caller's; false when there are not as many digits, or others among them.
  public static func decode(_ digits: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
    guard digits.count.isMultiple(of: 2), digits.count / 2 == bytes.count else { return false }
    for at in bytes.indices {
      guard let high = value(digits[2 &* at]), let low = value(digits[2 &* at &+ 1]) else { return false }
      bytes[at] = high << 4 | low
    }
    return true
  }

  /// The bytes that text of hex digits stands for, when they are exactly `count`.
  public static func decode(_ text: String, count: Int) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2), digits.count / 2 == count else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var at = 0
    while at < digits.count {
      guard let high = value(digits[at]), let low = value(digits[at &+ 1]) else { return nil }
      bytes.append(high << 4 | low)
      at = at &+ 2
    }
    return bytes
  }
}
