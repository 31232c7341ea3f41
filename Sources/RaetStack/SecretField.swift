import RaetCrypto
import RaetWire

/// A secret key in the record of the own role, as hexadecimal digits (PROTOCOL 8.2). What reads and writes records keeps
/// copies of what it sees, which nobody wipes: so it sees zeros, and the digits are taken out before and put in after.
enum SecretField: CaseIterable {
  /// The seed of the signing key.
  case sign
  /// The secret key of boxes.
  case encrypt

  /// What stands in place of the digits.
  static var blank: Value { .string(String(repeating: "0", count: digitCount)) }
  private static let digitCount = 2 * SecretKeyBytes.count

  var name: StaticString {
    switch self {
    case .sign: "sighex"
    case .encrypt: "prihex"
    }
  }

  /// Takes the key out of a record, where zeros stand afterwards; nil when it is not there exactly once, or not valid.
  func take(from record: inout [UInt8], _ kind: BodyKind) -> SecretKeyBytes? {
    record.withUnsafeMutableBytes { (record) -> SecretKeyBytes? in
      guard let place = place(in: UnsafeRawBufferPointer(record), kind) else { return nil }
      let digits = UnsafeMutableRawBufferPointer(rebasing: record[place])
      let key: SecretKeyBytes
      do throws(CryptoError) { key = try SecretKeyBytes.make() } catch { return nil }
      guard key.withBytes({ Hex.decode(UnsafeRawBufferPointer(digits), into: $0) }) else { return nil }
      for at in digits.indices { digits[at] = UInt8(ascii: "0") }
      return key
    }
  }

  /// Puts a key of 32 bytes where a record has `blank`; false when it has none.
  func put(_ key: UnsafeRawBufferPointer, into record: inout [UInt8], _ kind: BodyKind) -> Bool {
    record.withUnsafeMutableBytes { (record) -> Bool in
      guard let place = place(in: UnsafeRawBufferPointer(record), kind) else { return false }
      return Hex.encode(key, into: UnsafeMutableRawBufferPointer(rebasing: record[place]))
    }
  }

  /// Where the digits are; nil when the field is missing, there twice, or of another length.
  private func place(in record: UnsafeRawBufferPointer, _ kind: BodyKind) -> Range<Int>? {
    var place: Range<Int>?
    for start in 1..<max(record.count, 1) where isName(record, at: start) {
      let end = start &+ name.utf8CodeUnitCount
      let found = kind == .json ? digitsJSON(record, start, end) : digitsMsgpack(record, start, end)
      guard let found else { continue }
      guard place == nil else { return nil }
      place = found
    }
    return place
  }

  private func isName(_ record: UnsafeRawBufferPointer, at start: Int) -> Bool {
    record[start...].prefix(name.utf8CodeUnitCount)
      .elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  /// After the name, both in quotes. In a text that only looks like it, the quotes have backslashes before them.
  private func digitsJSON(_ record: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Range<Int>? {
    func skipBlanks(_ at: inout Int) {
      while at < record.count, [0x20, 0x09, 0x0a, 0x0d].contains(record[at]) { at &+= 1 }
    }
    func skip(_ character: Unicode.Scalar, _ at: inout Int) -> Bool {
      guard at < record.count, record[at] == UInt8(ascii: character) else { return false }
      at &+= 1
      return true
    }
    var at = end
    guard record[start &- 1] == UInt8(ascii: "\""), skip("\"", &at) else { return nil }
    skipBlanks(&at)
    guard skip(":", &at) else { return nil }
    skipBlanks(&at)
    guard skip("\"", &at) else { return nil }
    let digits = at..<at &+ SecretField.digitCount
    at = digits.upperBound
    return skip("\"", &at) ? digits : nil
  }

  /// After the name, both with their lengths before them. No text that is UTF-8 holds these bytes.
  private func digitsMsgpack(_ record: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Range<Int>? {
    let length = UInt8(SecretField.digitCount)
    let before = record[start &- 1]
    guard before == 0xa6 || before == 6, end < record.count else { return nil }
    let header: [UInt8]
    switch record[end] {
    case 0xd9: header = [0xd9, length]
    case 0xda: header = [0xda, 0, length]
    case 0xdb: header = [0xdb, 0, 0, 0, length]
    default: return nil
    }
    let digits = end &+ header.count..<end &+ header.count &+ SecretField.digitCount
    guard record[end...].starts(with: header), digits.upperBound <= record.count else { return nil }
    return digits
  }
}
