import RaetWire
import Testing

@Suite struct ValueTests {
  private func decode(_ kind: BodyKind, _ body: [UInt8]) throws -> Mapping {
    try body.withUnsafeBytes { try ValueCodec.decodeMapping(kind, $0) }
  }

  private func mapping(_ entries: (String, Value)...) -> Mapping {
    Mapping(entries.map { Mapping.Entry(key: $0.0, value: $0.1) })
  }

  private var sample: Mapping {
    mapping(
      ("name", .string("alpha")), ("ha", .array([.string("127.0.0.1"), .int(7530)])), ("main", .bool(true)),
      ("natted", .bool(false)), ("role", .null), ("sid", .int(-3)), ("half", .double(-2.5)),
      ("inner", .map(mapping(("empty", .map(Mapping())), ("none", .array([]))))),
      ("big", .int(Int64.max)), ("small", .int(Int64.min)))
  }

  @Test(arguments: [BodyKind.json, .msgpack])
  func readsWhatItWrites(_ kind: BodyKind) throws {
    #expect(try decode(kind, ValueCodec.encode(sample, kind)) == sample)
    #expect(try decode(kind, ValueCodec.encode(sample, kind, indent: true)) == sample)
    let texts = mapping(("", .string("")), ("é", .string("中文 😀\u{0}\u{7f}\"\\/\n")), ("e\u{301}", .int(1)))
    #expect(try decode(kind, ValueCodec.encode(texts, kind)) == texts)
  }

  @Test func writesJSONAsPythonDoes() throws {
    let small = mapping(
      ("name", .string("a\"b")), ("uid", .int(2)), ("ha", .array([.string(""), .int(0)])), ("none", .array([])),
      ("map", .map(Mapping())), ("x", .null))
    #expect(
      text(try ValueCodec.encode(small, .json))
        == #"{"name":"a\"b","uid":2,"ha":["",0],"none":[],"map":{},"x":null}"#)
    #expect(
      text(try ValueCodec.encode(small, .json, indent: true)) == """
        {
          "name": "a\\"b",
          "uid": 2,
          "ha": [
            "",
            0
          ],
          "none": [],
          "map": {},
          "x": null
        }
        """)
    #expect(try ValueCodec.encode(mapping(("k", .string("é😀"))), .json).allSatisfy { $0 < 0x80 })
  }

  @Test func writesMsgpackInTheOldStyle() throws {
    let long = String(repeating: "x", count: 40)
    let body = try ValueCodec.encode(
      mapping(("a", .string(long)), ("b", .bytes([1, 2])), ("c", .int(200)), ("d", .uint(UInt64.max))), .msgpack)
    #expect(
      body == [0x84, 0xa1, 0x61, 0xda, 0, 40] + bytes(long) + hex("a162 a20102 a163 ccc8 a164 cfffffffffffffffff"))
  }

  @Test func readsMsgpackOfBothStyles() throws {
    let new = hex("85 a161 d90178 d90162 c402ff00 a163 ca3fc00000 a164 cfffffffffffffffff a165 d3ffffffffffffffff")
    #expect(
      try decode(.msgpack, new)
        == mapping(
          ("a", .string("x")), ("b", .bytes([255, 0])), ("c", .double(1.5)), ("d", .uint(UInt64.max)), ("e", .int(-1))))
    #expect(try decode(.msgpack, hex("81 da0001 61 db00000001 78")) == mapping(("a", .string("x"))))
  }

  @Test func anEmptyMappingIsNoBytesOnTheWire() throws {
    for kind in [BodyKind.json, .msgpack, .none] {
      #expect(try decode(kind, []) == Mapping())
    }
    #expect(try ValueCodec.encode(Mapping(), .json) == [])
    #expect(try ValueCodec.encode(Mapping(), .msgpack) == [])
    #expect(text(try ValueCodec.encode(Mapping(), .json, indent: true)) == "{}")
    #expect(try ValueCodec.encode(Mapping(), .msgpack, indent: true) == [0x80])
    #expect(try decode(.json, bytes(" {} ")) == Mapping())
    #expect(try decode(.msgpack, [0x80]) == Mapping())
  }

  /// Bodies by name, and the error that each must be refused with.
  static let refused: [(name: String, kind: BodyKind, body: [UInt8], error: BodyError)] = [
    ("raw", .raw, [], .kind),
    ("none with bytes", .none, [1], .kind),
    ("JSON number beyond 64 bits", .json, bytes(#"{"a":9223372036854775808}"#), .number),
    ("JSON key with NUL", .json, bytes(#"{"a\u0000":1}"#), .key),
    (
      "JSON 33 deep", .json, bytes(String(repeating: #"{"a":"#, count: 32) + "[]" + String(repeating: "}", count: 32)),
      .tooDeep
    ),
    ("JSON keys twice", .json, bytes(#"{"a":1,"a":2}"#), .keyTwice),
    ("msgpack keys twice", .msgpack, hex("82 a161 01 d90161 02"), .keyTwice),
    ("msgpack key a number", .msgpack, hex("81 01 01"), .key),
    ("msgpack key bytes", .msgpack, hex("81 c40161 01"), .key),
    ("msgpack key nil", .msgpack, hex("81 c0 01"), .key),
    (
      "msgpack 33 deep", .msgpack,
      [UInt8](repeating: 0x81, count: 1) + hex("a161") + [UInt8](repeating: 0x91, count: 32) + [1], .tooDeep
    ),
    ("too long", .json, bytes("{") + [UInt8](repeating: 0x20, count: 65_535) + bytes("}"), .tooLong),
  ]

  @Test(arguments: refused)
  func refusesByName(_ input: (name: String, kind: BodyKind, body: [UInt8], error: BodyError)) {
    #expect(throws: input.error, "\(input.name)") { try decode(input.kind, input.body) }
  }

  @Test func takesWhatIsJustDeepEnough() throws {
    let json = String(repeating: #"{"a":"#, count: 31) + "[]" + String(repeating: "}", count: 31)
    #expect(try decode(.json, bytes(json)).entries.count == 1)
    let msgpack = hex("81 a161") + [UInt8](repeating: 0x91, count: 31) + [1]
    let deepest = try decode(.msgpack, msgpack)
    #expect(try ValueCodec.encode(deepest, .msgpack) == msgpack)
    #expect(try decode(.json, ValueCodec.encode(deepest, .json)) == deepest)
  }

  @Test func writesNothingThatItWouldNotRead() throws {
    var deep = Value.null
    for _ in 0..<32 { deep = .array([deep]) }
    for kind in [BodyKind.json, .msgpack] {
      #expect(throws: BodyError.tooDeep) { try ValueCodec.encode(mapping(("a", deep)), kind) }
      let long = Value.string(String(repeating: "x", count: 65_536))
      #expect(throws: BodyError.tooLong) { try ValueCodec.encode(mapping(("a", long)), kind) }
    }
    #expect(throws: BodyError.number) { try ValueCodec.encode(mapping(("a", .double(.nan))), .json) }
    #expect(throws: BodyError.number) { try ValueCodec.encode(mapping(("a", .uint(UInt64.max))), .json) }
    #expect(throws: BodyError.kind) { try ValueCodec.encode(mapping(("a", .bytes([1]))), .json) }
    #expect(throws: BodyError.notUTF8) { try ValueCodec.encode(mapping(("a", .bytes([0xff]))), .msgpack) }
    #expect(throws: BodyError.key) { try ValueCodec.encode(mapping(("a\u{0}", .null)), .json) }
    #expect(throws: BodyError.kind) { try ValueCodec.encode(sample, .raw) }
    #expect(throws: BodyError.kind) { try ValueCodec.encode(sample, .none) }
  }

  @Test func findsKeysByTheirBytes() {
    let both = mapping(("e\u{301}", .int(1)), ("é", .int(2)))
    #expect(both["é"] == .int(2))
    #expect(both["e\u{301}"] == .int(1))
    #expect(both["e"] == nil)
  }
}
