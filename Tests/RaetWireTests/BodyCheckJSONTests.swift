import RaetWire
import Testing

@Suite struct BodyCheckJSONTests {
  private func check(_ body: [UInt8]) throws {
    try body.withUnsafeBytes { try BodyCheck.requireMapping(.json, $0) }
  }

  @Test(arguments: [
    "", "{}", " \t\r\n{ } \n", #"{"":0}"#, #"{"a":[],"b":{},"c":[[{}]]}"#, #"{"a":{"a":{"a":1}},"b":{"a":1}}"#,
    #"{"a":[true,false,null]}"#, #"{ "a" : [ 1 , 2 ] , "b" : "c" }"#,
    #"{"n":[0,-0,1,-1,10,1.5,-0.0,1e5,1E+5,1e-5,0e0,123456789012345678901234567890]}"#,
    #"{"n":[1.7976931348623157e308,-1.7976931348623157e308,1e-400,0e999999999999999999999,0.0000000001e318]}"#,
    #"{"s":"\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\ude00 plain text of more than eight bytes"}"#,
    "{\"\u{1f600}\":1,\"\u{2f600}\":2,\"\u{f600}\":3,\"\u{600}\":4,\"\u{200}\":5,\"\u{1f601}\":6,\"\u{1f640}\":7}",
    "{\"é中文😀\":\"\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}\"}",
  ])
  func takesMappings(_ body: String) throws {
    try check(bytes(body))
  }

  /// Bodies by name, and the error that each must be refused with.
  static let refused: [(name: String, body: [UInt8], error: BodyError)] = [
    ("blanks only", bytes("  "), .malformed),
    ("array", bytes("[]"), .notMapping),
    ("string", bytes(#""a""#), .notMapping),
    ("number", bytes("1"), .notMapping),
    ("null", bytes("null"), .notMapping),
    ("byte order mark", [0xef, 0xbb, 0xbf] + bytes("{}"), .notMapping),
    ("open", bytes("{"), .malformed),
    ("open after a key", bytes(#"{"a""#), .malformed),
    ("open after a colon", bytes(#"{"a":"#), .malformed),
    ("open after a value", bytes(#"{"a":1"#), .malformed),
    ("open after a comma", bytes(#"{"a":1,"#), .malformed),
    ("open string", bytes(#"{"a":"b"#), .malformed),
    ("open escape", bytes(#"{"a":"\"#), .malformed),
    ("open code", bytes(#"{"a":"\u00"#), .malformed),
    ("comma at the end of a mapping", bytes(#"{"a":1,}"#), .malformed),
    ("comma at the end of an array", bytes(#"{"a":[1,]}"#), .malformed),
    ("comma only", bytes(#"{"a":[,]}"#), .malformed),
    ("no comma", bytes(#"{"a":[1 2]}"#), .malformed),
    ("no colon", bytes(#"{"a" 1}"#), .malformed),
    ("two colons", bytes(#"{"a"::1}"#), .malformed),
    ("wrong end of an array", bytes(#"{"a":[1}}"#), .malformed),
    ("wrong end of a mapping", bytes(#"{"a":1]"#), .malformed),
    ("key without quotes", bytes("{a:1}"), .malformed),
    ("key a number", bytes("{1:1}"), .malformed),
    ("single quotes", bytes("{'a':1}"), .malformed),
    ("trailing", bytes("{} x"), .trailing),
    ("two mappings", bytes("{}{}"), .trailing),
    ("NUL at the end", bytes("{}\0"), .trailing),
    ("word cut", bytes(#"{"a":tru}"#), .malformed),
    ("word in capitals", bytes(#"{"a":True}"#), .malformed),
    ("word and more", bytes(#"{"a":nulll}"#), .malformed),
    ("comment", bytes(#"{"a":1/**/}"#), .malformed),
    ("NaN", bytes(#"{"a":NaN}"#), .malformed),
    ("Infinity", bytes(#"{"a":-Infinity}"#), .malformed),
    ("leading zero", bytes(#"{"a":01}"#), .malformed),
    ("plus", bytes(#"{"a":+1}"#), .malformed),
    ("lone minus", bytes(#"{"a":-}"#), .malformed),
    ("lone point", bytes(#"{"a":1.}"#), .malformed),
    ("no whole part", bytes(#"{"a":.5}"#), .malformed),
    ("no exponent", bytes(#"{"a":1e}"#), .malformed),
    ("hex", bytes(#"{"a":0x10}"#), .malformed),
    ("1e400", bytes(#"{"a":1e400}"#), .number),
    ("-1e309", bytes(#"{"a":-1e309}"#), .number),
    ("just above the largest", bytes(#"{"a":1.7976931348623158e308}"#), .number),
    ("overflow by digits", bytes(#"{"a":1"# + String(repeating: "0", count: 309) + "}"), .number),
    ("overflow by exponent of any length", bytes(#"{"a":1e"# + String(repeating: "9", count: 9_999) + "}"), .number),
    ("control character", bytes("{\"a\":\"\u{1f}\"}"), .malformed),
    ("control character far in", bytes("{\"a\":\"plain text then\nmore plain text\"}"), .malformed),
    ("line end in a key", bytes("{\"a\n\":1}"), .malformed),
    ("NUL in a string", bytes("{\"a\":\"\0\"}"), .malformed),
    ("unknown escape", bytes(#"{"a":"\x41"}"#), .malformed),
    ("code not hex", bytes(#"{"a":"\u00g0"}"#), .malformed),
    ("lone high surrogate", bytes(#"{"a":"\ud83d"}"#), .notUTF8),
    ("lone high surrogate before text", bytes(#"{"a":"\ud83dabcdefgh"}"#), .notUTF8),
    ("lone low surrogate", bytes(#"{"a":"\ude00"}"#), .notUTF8),
    ("two high surrogates", bytes(#"{"a":"\ud83d\ud83d"}"#), .notUTF8),
    ("two low surrogates", bytes(#"{"a":"\ude00\ude00"}"#), .notUTF8),
    ("surrogates the wrong way", bytes(#"{"a":"\ude00\ud83d"}"#), .notUTF8),
    ("surrogate in a key", bytes(#"{"\ud83d":1}"#), .notUTF8),
    ("surrogate in UTF-8", bytes("{\"a\":\"") + [0xed, 0xa0, 0x80] + bytes("\"}"), .notUTF8),
    ("overlong", bytes("{\"a\":\"") + [0xc0, 0x80] + bytes("\"}"), .notUTF8),
    ("overlong of three", bytes("{\"a\":\"") + [0xe0, 0x9f, 0x80] + bytes("\"}"), .notUTF8),
    ("overlong of four", bytes("{\"a\":\"") + [0xf0, 0x8f, 0x80, 0x80] + bytes("\"}"), .notUTF8),
    ("above U+10FFFF", bytes("{\"a\":\"") + [0xf4, 0x90, 0x80, 0x80] + bytes("\"}"), .notUTF8),
    ("byte of no character", bytes("{\"a\":\"plain text") + [0xff] + bytes("\"}"), .notUTF8),
    ("tail only", bytes("{\"a\":\"") + [0x80] + bytes("\"}"), .notUTF8),
    ("character cut", bytes("{\"a\":\"") + [0xe4, 0xb8], .notUTF8),
    ("not UTF-8 between values", bytes("{\"a\":") + [0xff] + bytes("}"), .malformed),
    ("no-break space between values", bytes("{\"a\":\u{a0}1}"), .malformed),
    ("key twice", bytes(#"{"a":1,"b":2,"a":3}"#), .keyTwice),
    ("key twice, once escaped", bytes(#"{"aé😀":1,"\u0061\u00e9\ud83d\uDE00":2}"#), .keyTwice),
    ("empty key twice", bytes(#"{"":1,"":2}"#), .keyTwice),
    ("key twice far in", bytes(#"{"x":[{"y":{"a":1,"a":1}}]}"#), .keyTwice),
    ("key twice around a mapping", bytes(#"{"a":{"a":1,"b":2},"a":1}"#), .keyTwice),
    (
      "key twice of many", bytes("{" + (0..<100).map { "\"k\($0)\":0" }.joined(separator: ",") + #","k50":1}"#),
      .keyTwice
    ),
  ]

  @Test(arguments: refused)
  func refusesByName(_ input: (name: String, body: [UInt8], error: BodyError)) {
    #expect(throws: input.error, "\(input.name)") { try check(input.body) }
  }

  /// Arrays and objects mixed, as deep as may be, each closed by its own bracket.
  @Test func everyContainerEndsWithItsOwnBracket() throws {
    let isObject = (0..<512).map { $0 == 0 || $0 % 3 == 1 }
    let opening = isObject.map { $0 ? #"{"a":1,"b":"# : "[" }
    let closing = isObject.reversed().map { $0 ? "}" : "]" }
    let body = opening.joined() + "0" + closing.joined()
    try check(bytes(body))
    for place in [1, 62, 63, 64, 65, 128, 256, 511] {
      var wrong = closing
      wrong[511 - place] = isObject[place] ? "]" : "}"
      #expect(throws: BodyError.malformed) { try check(bytes(opening.joined() + "0" + wrong.joined())) }
    }
  }

  /// Keys count within their own mapping, whatever lies between them.
  @Test(arguments: [#"{"a":{"b":1,"c":{"b":1}},"b":2}"#, #"{"a":[{"a":1},{"a":2}],"c":{}}"#])
  func aKeyOfAnotherMappingIsAnotherKey(_ body: String) throws { try check(bytes(body)) }

  @Test(arguments: [
    #"{"a":{"b":1,"c":{"b":1}},"a":2}"#, #"{"c":{"x":{},"y":{},"x":1}}"#, #"{"a":[{"a":1}],"b":{},"a":3}"#,
  ])
  func aKeyIsRememberedWhileMappingsWithinAreRead(_ body: String) {
    #expect(throws: BodyError.keyTwice) { try check(bytes(body)) }
  }

  @Test func takes512LevelsAndNoMore() throws {
    func nested(_ depth: Int) -> [UInt8] {
      bytes(#"{"a":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}")
    }
    try check(nested(512))
    #expect(throws: BodyError.tooDeep) { try check(nested(513)) }
    let bottomless = bytes(#"{"a":"#) + [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: BodyError.tooDeep) { try check(bottomless) }
  }

  @Test func takesManyKeys() throws {
    let keys = (0..<20_000).map { "\"\($0)\":{\"a\":\($0)}" }.joined(separator: ",")
    try check(bytes("{" + keys + "}"))
  }

  /// Around the number of keys that need no memory of their own: nothing is forgotten when there are more.
  @Test(arguments: [1, 2, 11, 12, 13, 14, 15, 16, 17, 18, 40])
  func aKeyIsFoundTwiceAmongAnyNumber(_ count: Int) throws {
    let keys = (0..<count).map { "\"k\($0)\":{\"a\":[{\"b\":1,\"c\":2}],\"d\":3}" }
    try check(bytes("{" + keys.joined(separator: ",") + "}"))
    for place in 0..<count {
      let again = keys + ["\"k\(place)\":0"]
      #expect(throws: BodyError.keyTwice) { try check(bytes("{" + again.joined(separator: ",") + "}")) }
      let within = "{\"x\":{" + again.joined(separator: ",") + "},\"y\":1}"
      #expect(throws: BodyError.keyTwice) { try check(bytes(within)) }
    }
  }

  /// Strings are read 8 bytes at a time: what may not stand in one is found at each place of each length.
  @Test(arguments: [0x00, 0x1f, 0x22, 0x5c, 0x80, 0xff] as [UInt8])
  func aByteThatIsNoCharacterIsFoundAtEachPlace(_ byte: UInt8) throws {
    for length in 1..<28 {
      let text = [UInt8](repeating: UInt8(ascii: " "), count: length)
      try check(bytes(#"{"":""#) + text + bytes(#""}"#))
      for place in 0..<length {
        var wrong = text
        wrong[place] = byte
        #expect(throws: BodyError.self) { try check(bytes(#"{"":""#) + wrong + bytes(#""}"#)) }
      }
      for end in 0...length {
        #expect(throws: BodyError.malformed) { try check(bytes(#"{"":""#) + text.prefix(end)) }
      }
    }
  }
}
