import RaetWire
import Testing

@Suite struct HeadRaetTests {
  /// Inputs by name, and the error that each must be refused with.
  static let refused: [(name: String, datagram: [UInt8], error: WireError)] = [
    ("no bytes", [], .empty),
    ("one byte", [0x72], .headUnrecognized),
    ("65,507 bytes", [UInt8](repeating: 0x72, count: 65_507), .datagramTooLong),
    (
      "65,507 bytes behind a good head", raetDatagram(["se 1"], coat: [UInt8](repeating: 0, count: 65_453)),
      .datagramTooLong
    ),
    ("1,281 bytes", raetDatagram([], coat: [UInt8](repeating: 0, count: 1_252)), .datagramTooLong),
    ("other protocol", bytes("ri TEAR\npl 0000\n\n"), .headUnrecognized),
    ("opening only", bytes("ri RAET\n"), .headUnterminated),
    ("head without end", bytes("ri RAET\npl 0020\nhl 20\nfg 00\n"), .headUnterminated),
    ("head without end, cut in a number", bytes("ri RAET\npl 0020\nhl 20\nfg 0"), .headUnterminated),
    ("head that ends after its opening", bytes("ri RAET\n\n"), .fieldMissing),
    ("pl missing", raet(["hl HL", "fg 00"]), .fieldMissing),
    ("hl missing", raet(["pl PL", "fg 00"]), .fieldMissing),
    ("fg missing", raet(["pl PL", "hl HL"]), .fieldMissing),
    ("line without a space", raetDatagram(["se2", "de 4"]), .headSyntax),
    ("line with two spaces", raetDatagram(["se  2"]), .number),
    ("line with a tab", raetDatagram(["se\t2"]), .headSyntax),
    ("line with a carriage return", raetDatagram(["se 2\r"]), .number),
    ("line with a space at its end", raetDatagram(["se 2 "]), .number),
    ("key of three letters", raetDatagram(["sex 2"]), .headSyntax),
    ("key of one letter", raetDatagram(["s 2", "de 2"]), .headSyntax),
    ("key in capitals", raetDatagram(["SE 2"]), .unknownField),
    ("key unknown", raetDatagram(["zz 2"]), .unknownField),
    ("bl", raetDatagram(["bl 2"]), .unknownField),
    ("cl", raetDatagram(["cl 2"]), .unknownField),
    ("a flag as a field", raetDatagram(["cf 1"]), .unknownField),
    ("ri again", raetDatagram(["ri RAET"]), .number),
    ("key twice", raetDatagram(["se 2", "se 2"]), .fieldTwice),
    ("pl twice", raetDatagram(["pl PL"]), .fieldTwice),
    ("dt twice", raetDatagram(["dt 1.000000", "dt 1.000000"]), .fieldTwice),
    ("number missing", raetDatagram(["se ", "de 2"]), .number),
    ("number not hex", raetDatagram(["se g"]), .number),
    ("-1", raetDatagram(["se -1"]), .number),
    ("+1", raetDatagram(["se +1"]), .number),
    ("0x1", raetDatagram(["se 0x1"]), .number),
    ("1_0", raetDatagram(["se 1_0"]), .number),
    ("number of 9 digits", raetDatagram(["se 100000000"]), .number),
    ("number of 9 digits with a leading zero", raetDatagram(["se 000000001"]), .number),
    ("digits that are not ASCII", raetDatagram(["se \u{0661}"]), .number),
    ("NUL in a number", raetDatagram(["se 1\0"]), .number),
    ("hl too small", raet(["pl PL", "hl 1a", "fg 00"]), .headLength),
    ("hl too large", raet(["pl PL", "hl ff", "fg 00"]), .headLength),
    ("hl huge", raet(["pl PL", "hl ffffffff", "fg 00"]), .headLength),
    ("pl too small", raet(["pl 001c", "hl HL", "fg 00"]), .packetLength),
    ("pl too large", raet(["pl ffff", "hl HL", "fg 00"]), .packetLength),
    ("pl huge", raet(["pl ffffffff", "hl HL", "fg 00"]), .packetLength),
    ("cut behind the head", Array(raetDatagram([], coat: [1, 2, 3]).dropLast()), .packetLength),
    ("lengthened", raetDatagram([], coat: [1, 2, 3]) + [4], .packetLength),
    ("vn 1", raetDatagram(["vn 1"]), .version),
    ("hk 1", raetDatagram(["hk 1"]), .headKind),
    ("hk 2", raetDatagram(["hk 2"]), .headKind),
    ("pk 10", raetDatagram(["pk 10"]), .packetKind),
    ("pk ff", raetDatagram(["pk ff"]), .packetKind),
    ("pk 104", raetDatagram(["pk 104"]), .packetKind),
    ("tk 5", raetDatagram(["tk 5"]), .transactionKind),
    ("tk ff", raetDatagram(["tk ff"]), .transactionKind),
    ("tk 101", raetDatagram(["tk 101"]), .transactionKind),
    ("bk 4", raetDatagram(["bk 4"]), .bodyKind),
    ("bk 101", raetDatagram(["bk 101"]), .bodyKind),
    ("ck 2", raetDatagram(["ck 2"]), .coatKind),
    ("ck 3", raetDatagram(["ck 3"]), .coatKind),
    ("ck ff", raetDatagram(["ck ff"]), .coatKind),
    ("ck 101", raetDatagram(["ck 101"]), .coatKind),
    ("fk 2", raetDatagram(["fk 2", "fl 40"]), .footKind),
    ("fk 3", raetDatagram(["fk 3", "fl 8"]), .footKind),
    ("fk ff", raetDatagram(["fk ff"]), .footKind),
    ("fk 101", raetDatagram(["fk 101"]), .footKind),
    ("fl above what is there", raetDatagram(["fk 1", "fl 40"], coat: [UInt8](repeating: 0, count: 63)), .footLength),
    ("fl without fk", raetDatagram(["fl 40"], coat: [UInt8](repeating: 0, count: 64)), .footLength),
    ("fk without fl", raetDatagram(["fk 1"], coat: [UInt8](repeating: 0, count: 64)), .footLength),
    ("fl not that of fk", raetDatagram(["fk 1", "fl 41"], coat: [UInt8](repeating: 0, count: 65)), .footLength),
    ("fl huge", raetDatagram(["fk 1", "fl ffffffff"], coat: [UInt8](repeating: 0, count: 64)), .footLength),
    ("fg not hex", raetDatagram([], flags: "0g"), .number),
    ("fg above a byte", raetDatagram([], flags: "100"), .number),
    ("dt nan", raetDatagram(["dt nan"]), .number),
    ("dt inf", raetDatagram(["dt inf"]), .number),
    ("dt -inf", raetDatagram(["dt -inf"]), .number),
    ("dt hex", raetDatagram(["dt 0x1p3"]), .number),
    ("dt 1_0", raetDatagram(["dt 1_0.0"]), .number),
    ("dt with a plus", raetDatagram(["dt +1.0"]), .number),
    ("dt empty", raetDatagram(["dt ", "se 1"]), .number),
    ("dt overflowing", raetDatagram(["dt 1e400"]), .number),
    ("dt beyond its range", raetDatagram(["dt 1e12"]), .number),
    ("dt with a letter after it", raetDatagram(["dt 1.0f"]), .number),
    ("sc 0", raetDatagram(["sc 0"]), .segmentCount),
    ("sc huge", raetDatagram(["sc 5f5e100", "ml 5f5e100"]), .segmentCount),
    ("sc above the limit", raetDatagram(["sc 20001", "ml 3000000"]), .segmentCount),
    ("sn equal to sc", raetDatagram(["sn 2", "sc 2", "ml 100"]), .segmentNumber),
    ("sn without sc", raetDatagram(["sn 1"]), .segmentNumber),
    ("sn -1", raetDatagram(["sn -1", "sc 2", "ml 100"]), .number),
    ("sn ffffffff", raetDatagram(["sn ffffffff", "sc 2", "ml 100"]), .segmentNumber),
    ("sn beyond all in an ack", raetDatagram(["pk 1", "sn 20000"]), .segmentNumber),
    ("ml 0 with segments", raetDatagram(["sc 2"]), .messageLength),
    ("ml below sc", raetDatagram(["sc 3", "ml 2"]), .messageLength),
    ("ml above the limit", raetDatagram(["sc 2", "ml 3fffc01"]), .messageLength),
  ]

  @Test(arguments: refused)
  func refusesByName(_ input: (name: String, datagram: [UInt8], error: WireError)) {
    #expect(throws: input.error, "\(input.name)") { try parse(input.datagram) }
  }

  @Test func takesDatagramsOf1280Bytes() throws {
    #expect(try parse(raetDatagram([], coat: [UInt8](repeating: 0, count: 1_251))).coatLength == 1_251)
  }

  @Test func aHeadMayHave255BytesAndNoMore() throws {
    // Zeros before numbers make the head as long as wanted.
    let lines = ["se", "de", "si", "ti", "tk", "oi", "sn", "sc", "ml", "bk", "ck", "fk", "pk", "vn", "hk", "fl"]
      .map { $0 == "sc" ? "sc 00000001" : "\($0) 00000000" }
    let long = raetDatagram(lines + ["dt 0.00000000"])
    #expect(long.count == 27 + 16 * 12 + 14 + 2)
    let longest = raetDatagram(lines + ["dt 0." + String(repeating: "0", count: 28)])
    #expect(longest.count == 255)
    #expect(try parse(longest).headLength == 255)
    let tooLong = bytes(
      text(longest).replacingFirst("hl ff", with: "hl 100").replacingFirst("pl 00ff", with: "pl 0100"))
    #expect(tooLong.count == 256)
    #expect(throws: WireError.headTooLong) { try parse(tooLong) }
    let endless = bytes("ri RAET\n") + [UInt8](repeating: 0x30, count: 900)
    #expect(throws: WireError.headSyntax) { try parse(endless) }
    let endlessNumber = bytes("ri RAET\ndt ") + [UInt8](repeating: 0x30, count: 900)
    #expect(throws: WireError.headTooLong) { try parse(endlessNumber) }
  }

  @Test func readsFieldsInAnyOrderAndEitherCase() throws {
    let datagram = raet(
      [
        "fl 40", "fk 1", "ck 1", "bk 3", "ml 3FFFC00", "sc 20000", "sn 1ffff", "oi 7", "dt 12.5", "tk 0", "ti 0000000a",
        "si FFFFFFFF", "de 3", "se 2", "hk 0", "pk 0", "vn 0", "fg fD", "hl HL", "pl PL",
      ], coat: [UInt8](repeating: 1, count: 70))
    let layout = try parse(datagram)
    var head = Head()
    head.source = 2
    head.destination = 3
    head.session = 0xffff_ffff
    head.transaction = 10
    head.stamp = 12.5
    head.order = 7
    head.segment = 0x1ffff
    head.segmentCount = 0x20000
    head.messageLength = 0x3fffc00
    head.bodyKind = .msgpack
    head.coatKind = .nacl
    head.footKind = .nacl
    head.flags = [.ipv6, .dynamic, .nat, .again, .segment, .wait, .correspondent]
    #expect(layout.head == head)
    #expect(layout.coat == (datagram.count - 70)..<(datagram.count - 64))
    #expect(layout.foot == (datagram.count - 64)..<datagram.count)
    #expect(layout.signed == 0..<(datagram.count - 64))
  }

  @Test func writesFieldsInTheReferencesOrder() throws {
    var head = Head()
    head.packetKind = .done
    head.transactionKind = .alive
    head.source = 0xabcdef01
    head.destination = 1
    head.session = 0xffff_ffff
    head.transaction = 0x10
    head.stamp = 2.25
    head.order = 3
    head.segment = 0xf
    head.segmentCount = 0x10
    head.messageLength = 0x3fffc00
    head.bodyKind = .json
    head.coatKind = .nacl
    head.footKind = .nacl
    head.flags = [.wait, .correspondent]
    let written = try #require(encode(head, coatLength: 100))
    #expect(
      text(written) == """
        ri RAET
        pl 012a
        hl 86
        fg 05
        pk f
        se abcdef01
        de 1
        si ffffffff
        ti 10
        tk 4
        dt 2.250000
        oi 3
        sn f
        sc 10
        ml 3fffc00
        bk 1
        ck 1
        fk 1
        fl 40


        """)
    #expect(try parse(written + [UInt8](repeating: 0, count: 164)).head == head)
  }

  @Test func writesNothingWhereThereIsNoRoom() {
    let head = Head()
    var short = [UInt8](repeating: 0xee, count: 28)
    #expect(short.withUnsafeMutableBytes { head.encode(coatLength: 0, into: $0) } == nil)
    #expect(short == [UInt8](repeating: 0xee, count: 28))
    #expect(head.encode(coatLength: 0, into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == nil)
    #expect(head.encodedLength(coatLength: 0) == 29)
    var exact = [UInt8](repeating: 0xee, count: 29)
    #expect(exact.withUnsafeMutableBytes { head.encode(coatLength: 0, into: $0) } == 29)
  }
}
