import RaetWire
import Testing

@Suite struct MissedsBodyTests {
  private func decode(_ kind: BodyKind, _ body: [UInt8], below count: UInt32 = 100) throws -> [UInt32] {
    try body.withUnsafeBytes { try MissedsBody.decode(kind, $0, below: count) }
  }

  @Test func writesWhatTheReferenceWrites() throws {
    #expect(text(try MissedsBody.encode([3, 1, 2], .json)) == #"{"misseds":[3,1,2]}"#)
    #expect(try MissedsBody.encode([3, 200], .msgpack) == hex("81 a7") + bytes("misseds") + hex("92 03 ccc8"))
  }

  @Test(arguments: [BodyKind.json, .msgpack])
  func readsWhatItWrites(_ kind: BodyKind) throws {
    let most = (0..<64).map { UInt32($0) * 2_000 }
    let body = try MissedsBody.encode(most, kind)
    #expect(try decode(kind, body, below: 131_072) == most)
    // It goes into one datagram with the longest head, coat and foot.
    #expect(body.count <= 1024 - 255 - 40 - 64)
  }

  @Test func writesNeitherNoneNorTooMany() {
    #expect(throws: BodyError.fieldValue) { try MissedsBody.encode([], .json) }
    #expect(throws: BodyError.fieldValue) { try MissedsBody.encode([UInt32](0..<65), .json) }
    #expect(throws: BodyError.kind) { try MissedsBody.encode([1], .raw) }
  }

  @Test func takesMoreThanItSends() throws {
    let numbers = [UInt32](0..<200)
    let list = numbers.map { String($0) }.joined(separator: ",")
    #expect(try decode(.json, bytes("{\"misseds\":[\(list)]}"), below: 200) == numbers)
    #expect(try decode(.json, bytes(#"{"misseds":[]}"#)) == [])
  }

  /// Bodies by name, and the error that each must be refused with.
  static let refused: [(name: String, body: String, error: BodyError)] = [
    ("nothing", "", .fieldMissing),
    ("other fields only", #"{"missed":[1]}"#, .fieldMissing),
    ("negative", #"{"misseds":[1,-1]}"#, .fieldValue),
    ("equal to the count", #"{"misseds":[100]}"#, .fieldValue),
    ("beyond 32 bits", #"{"misseds":[4294967296]}"#, .fieldValue),
    ("beyond 64 bits", #"{"misseds":[18446744073709551616]}"#, .number),
    ("strings", #"{"misseds":["1"]}"#, .fieldType),
    ("fractions", #"{"misseds":[1.0]}"#, .fieldType),
    ("true", #"{"misseds":[true]}"#, .fieldType),
    ("lists", #"{"misseds":[[1]]}"#, .fieldType),
    ("null", #"{"misseds":null}"#, .fieldType),
    ("a number", #"{"misseds":1}"#, .fieldType),
    ("a mapping", #"{"misseds":{}}"#, .fieldType),
    ("a segment twice", #"{"misseds":[1,2,1]}"#, .fieldValue),
    ("no mapping", "[1,2]", .notMapping),
  ]

  @Test(arguments: refused)
  func refusesByName(_ input: (name: String, body: String, error: BodyError)) {
    #expect(throws: input.error, "\(input.name)") { try decode(.json, bytes(input.body)) }
  }

  @Test func refusesHugeNumbersInMsgpack() {
    let body = hex("81 a7") + bytes("misseds") + hex("91 cfffffffffffffffff")
    #expect(throws: BodyError.fieldValue) { try decode(.msgpack, body) }
  }
}
