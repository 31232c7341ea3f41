import RaetCrypto
import RaetWire
import Testing

@testable import RaetStack

/// Secret keys go in and out of records without passing through what reads and writes these (PROTOCOL 8.2).
@Suite struct SecretFieldTests {
  private let digits = "00112233445566778899aabbccddeeff0123456789ABCDEFfedcba9876543210"
  private let zeros = String(repeating: "0", count: 64)

  private func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

  /// The digits that were taken, and what is left.
  private func take(_ field: SecretField, _ record: [UInt8], _ kind: BodyKind) -> (digits: String?, left: [UInt8]) {
    var record = record
    let key = field.take(from: &record, kind)
    return (key.map { key in key.withBytes { Hex.encode([UInt8]($0)) } }, record)
  }

  @Test(arguments: [BodyKind.json, .msgpack])
  func whatIsPutInIsTakenOut(kind: BodyKind) throws {
    var fields = Mapping()
    fields.append("role", .string("a \"sighex\": \"\(digits)\" b"))
    fields.append("sighex", SecretField.blank)
    fields.append("prihex", SecretField.blank)
    let blank = try ValueCodec.encode(fields, kind, indent: true)
    var record = blank
    let (one, other) = ([UInt8](1...32), [UInt8](101...132))
    #expect(one.withUnsafeBytes { SecretField.sign.put($0, into: &record, kind) })
    #expect(other.withUnsafeBytes { SecretField.encrypt.put($0, into: &record, kind) })
    let read = try record.withUnsafeBytes { try ValueCodec.decodeMapping(kind, $0) }
    #expect(read["sighex"] == .string(Hex.encode(one)) && read["prihex"] == .string(Hex.encode(other)))
    #expect(read["role"] == fields["role"])
    let (first, left) = take(.sign, record, kind)
    let (second, rest) = take(.encrypt, left, kind)
    #expect(first == Hex.encode(one) && second == Hex.encode(other))
    #expect(rest == blank)
  }

  @Test func allFormsOfOtherWritersAreRead() {
    let lower = digits.lowercased()
    for text in [
      "{\"sighex\":\"\(digits)\"}", "{\n  \"sighex\"\t:\r\n \"\(digits)\",\"prihex\":\"\"}",
      "{\"a\":\"\\\"sighex\\\"\",\"sighex\": \"\(digits)\"}",
    ] {
      let (key, left) = take(.sign, bytes(text), .json)
      #expect(key == lower)
      #expect(left == bytes(text.split(separator: digits, omittingEmptySubsequences: false).joined(separator: zeros)))
    }
    for header: [UInt8] in [[0xd9, 64], [0xda, 0, 64], [0xdb, 0, 0, 0, 64]] {
      for name in [[0xa6] + bytes("sighex"), [0xd9, 6] + bytes("sighex")] {
        let (key, left) = take(.sign, [0x81] + name + header + bytes(digits), .msgpack)
        #expect(key == lower)
        #expect(left == [0x81] + name + header + bytes(zeros))
      }
    }
  }

  @Test func whatIsNoKeyIsLeftAlone() {
    let texts = [
      "", "s", "\"sighex\"", "sighex: \(digits)", "{\"sighex\":\"\(digits)", "{\"sighex\":\"\(digits)0\"}",
      "{\"sighex\":\"\(digits.dropLast())\"}", "{\"sighex\":\"\(digits.dropLast())g\"}", "{\"sighex\" \"\(digits)\"}",
      "{\"sighex\":null}", "{\"Sighex\":\"\(digits)\"}",
      "{\"sighex\":\"\(digits)\",\"sighex\":\"\(digits)\"}",
    ]
    for text in texts {
      let (key, left) = take(.sign, bytes(text), .json)
      #expect(key == nil && left == bytes(text), "\(text)")
    }
    let name: [UInt8] = [0x81, 0xa6] + bytes("sighex")
    for tail: [UInt8] in [[], [0xd9], [0xd9, 64], [0xd9, 63] + bytes(digits), [0xc4, 64] + bytes(digits), [0xc0]] {
      let (key, left) = take(.sign, name + tail, .msgpack)
      #expect(key == nil && left == name + tail)
    }
  }

  @Test(arguments: [BodyKind.json, .msgpack])
  func aCutRecordHasNoKeyAndDoesNoHarm(kind: BodyKind) throws {
    var fields = Mapping()
    fields.append("prihex", .string(digits))
    fields.append("sighex", .string(digits))
    let whole = try ValueCodec.encode(fields, kind, indent: true)
    for length in 0..<whole.count - 4 { #expect(take(.sign, [UInt8](whole[..<length]), kind).digits == nil) }
  }
}
