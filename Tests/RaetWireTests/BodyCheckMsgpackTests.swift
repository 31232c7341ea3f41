import RaetWire
import Testing

@Suite struct BodyCheckMsgpackTests {
  private func check(_ body: [UInt8]) throws {
    try body.withUnsafeBytes { try BodyCheck.requireMapping(.msgpack, $0) }
  }

  private static let kilobyte = [UInt8](repeating: 0x61, count: 300)

  /// Bodies by name.
  static let taken: [(name: String, body: [UInt8])] = [
    ("no bytes", []),
    ("empty", [0x80]),
    ("map16", hex("de0001 a161 01")),
    ("map32", hex("df00000001 a161 01")),
    (
      "numbers",
      hex(
        "8b 00 7f 01 e0 02 cc01 03 cd0001 04 ce00000001 05 cf0000000000000001 06 d080 07 d18000 08 d280000000 09 d38000000000000000 0a ff"
      )
    ),
    ("floats", hex("82 01 ca7fc00000 02 cb7ff0000000000000")),
    ("words", hex("83 01 c0 02 c2 03 c3")),
    ("old text", hex("82 a161 a3616263 da0001 62 db00000001 63")),
    ("new text", hex("81 d90161 d903616263")),
    ("long text", hex("81 a161 da012c") + kilobyte),
    ("bytes", hex("83 01 c402ff00 02 c50002ff00 03 c600000002ff00")),
    ("keys that are plain values", hex("86 c0 01 c2 02 ff 03 ca00000000 04 c40161 05 a161 06")),
    ("keys twice", hex("82 a161 01 a161 02")),
    ("arrays", hex("81 a161 93 90 dc0001 01 dd00000001 02")),
    ("mappings", hex("82 a161 81 a162 80 a163 81 a164 01")),
  ]

  @Test(arguments: taken)
  func takesByName(_ input: (name: String, body: [UInt8])) throws {
    try check(input.body)
  }

  /// Bodies by name, and the error that each must be refused with.
  static let refused: [(name: String, body: [UInt8], error: BodyError)] = [
    ("array", hex("9101"), .notMapping),
    ("text", hex("a161"), .notMapping),
    ("number", hex("01"), .notMapping),
    ("reserved type", hex("c1"), .notMapping),
    ("reserved type inside", hex("81 a161 c1"), .malformed),
    ("value missing", hex("81 a161"), .malformed),
    ("key missing", hex("81"), .malformed),
    ("count cut", hex("de00"), .malformed),
    ("count above what is left", hex("df7fffffff a161 01"), .malformed),
    ("count that would overflow", hex("dfffffffff a161 01"), .malformed),
    ("array's count above what is left", hex("81 a161 ddffffffff 01"), .malformed),
    ("counts that add up above what is left", hex("82 a161 93 01 02 a162"), .malformed),
    ("text longer than what is left", hex("81 a161 dbffffffff 61"), .malformed),
    ("bytes longer than what is left", hex("81 a161 c6ffffffff 61"), .malformed),
    ("number cut", hex("81 a161 cf00"), .malformed),
    ("text's length cut", hex("81 a161 da00"), .malformed),
    ("trailing", hex("80 00"), .trailing),
    ("two mappings", hex("80 80"), .trailing),
    ("fixext1", hex("81 a161 d40100"), .extensionType),
    ("fixext16", hex("81 a161 d801") + [UInt8](repeating: 0, count: 16), .extensionType),
    ("ext8", hex("81 a161 c7010100"), .extensionType),
    ("ext32", hex("81 a161 c9ffffffff0100"), .extensionType),
    ("timestamp", hex("81 a161 d6ff00000000"), .extensionType),
    ("ext as a key", hex("81 d40100 01"), .extensionType),
    ("array as a key", hex("81 90 01"), .key),
    ("mapping as a key", hex("81 80 01"), .key),
    ("text not UTF-8", hex("81 a161 a1ff"), .notUTF8),
    ("raw16 not UTF-8", hex("81 a161 da0003 eda080"), .notUTF8),
    ("str8 not UTF-8", hex("81 a161 d901ff"), .notUTF8),
    ("key not UTF-8", hex("81 a1ff 01"), .notUTF8),
    ("long text not UTF-8 at its end", hex("81 a161 da012d") + kilobyte + [0xc3], .notUTF8),
  ]

  @Test(arguments: refused)
  func refusesByName(_ input: (name: String, body: [UInt8], error: BodyError)) {
    #expect(throws: input.error, "\(input.name)") { try check(input.body) }
  }

  @Test func takes512LevelsAndNoMore() throws {
    func nested(_ depth: Int) -> [UInt8] { hex("81 a161") + [UInt8](repeating: 0x91, count: depth - 1) + [0xc0] }
    try check(nested(512))
    #expect(throws: BodyError.tooDeep) { try check(nested(513)) }
    #expect(throws: BodyError.tooDeep) { try check(nested(100_000)) }
    #expect(throws: BodyError.tooDeep) {
      try check((0..<100_000).flatMap { _ in hex("81 a161") } + [0x80])
    }
  }

  @Test(arguments: [BodyKind.raw, .none])
  func otherKindsPass(_ kind: BodyKind) throws {
    try [0xc1, 0xff].withUnsafeBytes { try BodyCheck.requireMapping(kind, $0) }
    try BodyCheck.requireMapping(kind, UnsafeRawBufferPointer(start: nil, count: 0))
  }

  @Test(arguments: BodyKind.allCases)
  func refusesBodiesAboveTheLimit(_ kind: BodyKind) {
    let body = [UInt8](repeating: 0x80, count: WireLimit.body + 1)
    #expect(throws: BodyError.tooLong) { try body.withUnsafeBytes { try BodyCheck.requireMapping(kind, $0) } }
  }
}
