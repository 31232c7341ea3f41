import RaetWire
import Testing

@Suite struct JoinBodyTests {
  private static let verhex = String(repeating: "0a", count: 32)
  private static let pubhex = String(repeating: "f1", count: 32)

  private static let response = JoinBody(
    name: "alpha", mode: 1, kind: 7, nearID: 2, verifyKey: [UInt8](repeating: 0x0a, count: 32),
    publicKey: [UInt8](repeating: 0xf1, count: 32), role: "minion")

  private static let fields: [(key: String, value: Value)] = [
    ("name", .string("alpha")), ("mode", .int(1)), ("kind", .int(7)), ("uid", .int(2)), ("verhex", .string(verhex)),
    ("pubhex", .string(pubhex)), ("role", .string("minion")),
  ]

  private func decode(_ kind: BodyKind, _ body: [UInt8], response: Bool = true) throws -> JoinBody {
    try body.withUnsafeBytes { try JoinBody.decode(kind, $0, response: response) }
  }

  /// A body with one field changed, or left out for nil.
  private static func body(_ kind: BodyKind, _ key: String, _ value: Value?) throws -> [UInt8] {
    var mapping = Mapping()
    for field in fields {
      if field.key != key { mapping.append(field.key, field.value) } else if let value { mapping.append(key, value) }
    }
    return try ValueCodec.encode(mapping, kind)
  }

  @Test func writesFieldsInTheReferencesOrder() throws {
    #expect(
      text(try Self.response.encode(.json))
        == #"{"name":"alpha","mode":1,"kind":7,"uid":2,"verhex":"\#(Self.verhex)","pubhex":"\#(Self.pubhex)","role":"minion"}"#
    )
    var request = Self.response
    request.nearID = nil
    #expect(
      text(try request.encode(.json))
        == #"{"name":"alpha","mode":1,"kind":7,"verhex":"\#(Self.verhex)","pubhex":"\#(Self.pubhex)","role":"minion"}"#)
  }

  @Test(arguments: [BodyKind.json, .msgpack])
  func readsWhatItWrites(_ kind: BodyKind) throws {
    #expect(try decode(kind, Self.response.encode(kind)) == Self.response)
    var request = Self.response
    request.nearID = nil
    #expect(try decode(kind, request.encode(kind), response: false) == request)
    // A request does not carry it; if one does, it does not count.
    #expect(try decode(kind, Self.response.encode(kind), response: false).nearID == nil)
    #expect(throws: BodyError.fieldMissing) { try decode(kind, request.encode(kind)) }
  }

  @Test func passesOverUnknownFieldsAndTakesUpperCaseKeys() throws {
    let body =
      #"{"x":[1],"name":"alpha","mode":1,"kind":7,"uid":2,"verhex":"\#(Self.verhex.uppercased())","#
      + #""pubhex":"\#(Self.pubhex.uppercased())","role":"minion"}"#
    #expect(try decode(.json, bytes(body)) == Self.response)
  }

  /// Fields by name: the value, nil for none, and the error that the body must be refused with.
  static let refused: [(name: String, key: String, value: Value?, error: BodyError)] =
    fields.map { ("\($0.key) missing", $0.key, nil, .fieldMissing) } + [
      ("name empty", "name", .string(""), .fieldValue),
      ("name with NUL", "name", .string("a\u{0}b"), .fieldValue),
      ("name of 256 bytes", "name", .string(String(repeating: "x", count: 256)), .fieldValue),
      ("name of 300 bytes", "name", .string(String(repeating: "é", count: 150)), .fieldValue),
      ("name a number", "name", .int(1), .fieldType),
      ("name null", "name", .null, .fieldType),
      ("name a list", "name", .array([.string("a")]), .fieldType),
      ("mode negative", "mode", .int(-1), .fieldValue),
      ("mode 256", "mode", .int(256), .fieldValue),
      ("mode true", "mode", .bool(true), .fieldType),
      ("mode 1.0", "mode", .double(1), .fieldType),
      ("mode null", "mode", .null, .fieldType),
      ("kind 256", "kind", .int(256), .fieldValue),
      ("kind text", "kind", .string("1"), .fieldType),
      ("uid 0", "uid", .int(0), .fieldValue),
      ("uid negative", "uid", .int(-1), .fieldValue),
      ("uid beyond 32 bits", "uid", .int(0x1_0000_0000), .fieldValue),
      ("uid text", "uid", .string("2"), .fieldType),
      ("verhex empty", "verhex", .string(""), .fieldValue),
      ("verhex short", "verhex", .string(String(verhex.dropLast())), .fieldValue),
      ("verhex short by a byte", "verhex", .string(String(verhex.dropLast(2))), .fieldValue),
      ("verhex long", "verhex", .string(verhex + "00"), .fieldValue),
      ("verhex not hex", "verhex", .string("0g" + verhex.dropFirst(2)), .fieldValue),
      ("verhex null", "verhex", .null, .fieldType),
      ("pubhex not hex", "pubhex", .string(" 1" + pubhex.dropFirst(2)), .fieldValue),
      ("pubhex a number", "pubhex", .int(1), .fieldType),
      ("role empty", "role", .string(""), .fieldValue),
      ("role with NUL", "role", .string("\u{0}"), .fieldValue),
      ("role of 300 bytes", "role", .string(String(repeating: "x", count: 300)), .fieldValue),
      ("role a mapping", "role", .map(Mapping()), .fieldType),
    ]

  @Test(arguments: refused)
  func refusesByName(_ input: (name: String, key: String, value: Value?, error: BodyError)) throws {
    for kind in [BodyKind.json, .msgpack] {
      let body = try Self.body(kind, input.key, input.value)
      #expect(throws: input.error, "\(input.name)") { try decode(kind, body) }
    }
  }

  @Test func refusesNamesThatAreNotUTF8() throws {
    let good = try Self.response.encode(.msgpack)
    let at = try #require(good.indices.first { good[$0...].starts(with: bytes("alpha")) })
    var bad = good
    bad[at] = 0xff
    #expect(throws: BodyError.notUTF8) { try decode(.msgpack, bad) }
  }

  @Test(arguments: ["/", "..", "../../etc/passwd", "a b", "Alpha", ".", "a/b", "\u{7f}\n", "é"])
  func takesNamesThatFilesMustNotHave(_ name: String) throws {
    var body = Self.response
    body.name = name
    body.role = name
    #expect(try decode(.json, body.encode(.json)) == body)
    #expect(try decode(.msgpack, body.encode(.msgpack)) == body)
  }

  @Test func refusesOtherKindsOfBodies() throws {
    #expect(throws: BodyError.kind) { try decode(.raw, Self.response.encode(.json)) }
    #expect(throws: BodyError.kind) { try Self.response.encode(.raw) }
    #expect(throws: BodyError.fieldMissing) { try decode(.json, []) }
    #expect(throws: BodyError.notMapping) { try decode(.json, bytes("[]")) }
  }

  @Test func writesNothingThatItWouldNotRead() {
    func refuses(_ change: (inout JoinBody) -> Void) {
      var body = Self.response
      change(&body)
      #expect(throws: BodyError.fieldValue) { try body.encode(.json) }
    }
    refuses { $0.name = "" }
    refuses { $0.name = String(repeating: "x", count: 256) }
    refuses { $0.role = "a\u{0}" }
    refuses { $0.verifyKey.removeLast() }
    refuses { $0.publicKey.append(0) }
    refuses { $0.nearID = 0 }
  }

  @Test func bit0OfTheModeMakesAMainEstate() {
    var body = Self.response
    #expect(body.isMain)
    body.mode = 0xfe
    #expect(!body.isMain)
  }
}
