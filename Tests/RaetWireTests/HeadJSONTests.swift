import RaetWire
import Testing

@Suite struct HeadJSONTests {
  /// Inputs by name, and the error that each must be refused with.
  static let refused: [(name: String, datagram: [UInt8], error: WireError)] = [
    ("opening only", bytes(#"{"ri":"RAET","#), .headUnterminated),
    ("ri not first", bytes(#"{"pl":"0000000","ri":"RAET"}"#), .headUnrecognized),
    ("no end", bytes(#"{"ri":"RAET","pl":"0000010","hl":"20","fg":"00""#), .headUnterminated),
    ("end cut", Array(jsonDatagram("").dropLast()), .headUnterminated),
    ("end without line ends", bytes(#"{"ri":"RAET","hk":1}        "#), .headSyntax),
    ("end of the other kind", bytes("{\"ri\":\"RAET\",\"hk\":1}\n\n\n\n"), .headSyntax),
    ("nothing follows ri", json(""), .headSyntax),
    ("comma at the end", jsonDatagram(#""se":1,"#), .headSyntax),
    ("no comma", jsonDatagram(#""se":1"de":2"#), .headSyntax),
    ("no colon", jsonDatagram(#""se" 1"#), .headSyntax),
    ("key without quotes", jsonDatagram("sebi:1"), .headSyntax),
    ("key of three letters", jsonDatagram(#""sen":1"#), .unknownField),
    ("key escaped", jsonDatagram(#""\u0073e":1"#), .unknownField),
    ("key unknown", jsonDatagram(#""zz":1"#), .unknownField),
    ("bl", jsonDatagram(#""bl":1"#), .unknownField),
    ("ri again", jsonDatagram(#""ri":"RAET""#), .number),
    ("key twice", jsonDatagram(#""se":1,"se":1"#), .fieldTwice),
    ("pl twice", jsonDatagram(#""pl":"PL""#), .fieldTwice),
    ("pl missing", json(#""hl":"HL","fg":"00","hk":1"#), .fieldMissing),
    ("hk missing", json(#""pl":"PL","hl":"HL","fg":"00""#), .headKind),
    ("hk 0", json(#""pl":"PL","hl":"HL","fg":"00","hk":0"#), .headKind),
    ("hk 2", json(#""pl":"PL","hl":"HL","fg":"00","hk":2"#), .headKind),
    ("pl a number", json(#""pl":100,"hl":"HL","fg":"00","hk":1"#), .number),
    ("pl empty", json(#""pl":"","hl":"HL","fg":"00","hk":1"#), .number),
    ("pl not hex", json(#""pl":"000 060","hl":"HL","fg":"00","hk":1"#), .number),
    ("pl of 9 digits", json(#""pl":"000000060","hl":"HL","fg":"00","hk":1"#), .number),
    ("pl untrue", json(#""pl":"0000001","hl":"HL","fg":"00","hk":1"#), .packetLength),
    ("hl untrue", json(#""pl":"PL","hl":"01","fg":"00","hk":1"#), .headLength),
    ("hl with 0x", json(#""pl":"PL","hl":"0x40","fg":"00","hk":1"#), .number),
    ("fg a number", json(#""pl":"PL","hl":"HL","fg":0,"hk":1"#), .number),
    ("fg above a byte", jsonDatagram("", flags: "100"), .number),
    ("number a string", jsonDatagram(#""se":"1""#), .number),
    ("number null", jsonDatagram(#""se":null"#), .number),
    ("number true", jsonDatagram(#""se":true"#), .number),
    ("number an array", jsonDatagram(#""se":[1]"#), .number),
    ("number an object", jsonDatagram(#""se":{}"#), .number),
    ("number missing", jsonDatagram(#""se":"#), .number),
    ("-1", jsonDatagram(#""se":-1"#), .number),
    ("+1", jsonDatagram(#""se":+1"#), .number),
    ("1.0", jsonDatagram(#""se":1.0"#), .number),
    ("1e3", jsonDatagram(#""se":1e3"#), .number),
    ("01", jsonDatagram(#""se":01"#), .number),
    ("4294967296", jsonDatagram(#""se":4294967296"#), .number),
    ("99999999999999999999", jsonDatagram(#""se":99999999999999999999"#), .number),
    ("dt a string", jsonDatagram(#""dt":"1.0""#), .number),
    ("dt NaN", jsonDatagram(#""dt":NaN"#), .number),
    ("dt Infinity", jsonDatagram(#""dt":Infinity"#), .number),
    ("dt 1e400", jsonDatagram(#""dt":1e400"#), .number),
    ("dt beyond its range", jsonDatagram(#""dt":1000000000000"#), .number),
    ("vn 1", jsonDatagram(#""vn":1"#), .version),
    ("pk 16", jsonDatagram(#""pk":16"#), .packetKind),
    ("tk 5", jsonDatagram(#""tk":5"#), .transactionKind),
    ("bk 255", jsonDatagram(#""bk":255"#), .bodyKind),
    ("ck 3", jsonDatagram(#""ck":3"#), .coatKind),
    ("fk 255", jsonDatagram(#""fk":255"#), .footKind),
    ("fl above what is there", jsonDatagram(#""fk":1,"fl":64"#, coat: [1, 2, 3]), .footLength),
    ("sn above sc", jsonDatagram(#""sn":3,"sc":2,"ml":100"#), .segmentNumber),
    ("sc 0", jsonDatagram(#""sc":0"#), .segmentCount),
    ("sc huge", jsonDatagram(#""sc":100000000,"ml":100"#), .segmentCount),
    ("above 255 bytes", jsonDatagram(String(repeating: " ", count: 250) + #""se":1"#), .headTooLong),
  ]

  @Test(arguments: refused)
  func refusesByName(_ input: (name: String, datagram: [UInt8], error: WireError)) {
    #expect(throws: input.error, "\(input.name)") { try parse(input.datagram) }
  }

  @Test func readsFieldsInAnyOrderWithBlanksBetween() throws {
    let datagram = json(
      #" "se" : 4294967295 ,"dt":1.5e0,"fg":"8E","hl":"HL", "pl":"PL", "hk":1,"ti":0 "#, coat: bytes("abc"))
    let layout = try parse(datagram)
    var head = Head()
    head.headKind = .json
    head.source = 0xffff_ffff
    head.stamp = 1.5
    head.flags = [.ipv6, .segment, .wait, .broadcast]
    #expect(layout.head == head)
    #expect(layout.coatLength == 3)
  }

  @Test func writesFieldsInTheReferencesOrder() throws {
    var head = Head()
    head.headKind = .json
    head.packetKind = .pend
    head.transactionKind = .join
    head.source = 0xffff_ffff
    head.destination = 1
    head.session = 2
    head.transaction = 10
    head.stamp = 0.1
    head.order = 3
    head.segment = 99
    head.segmentCount = 100
    head.messageLength = 67_107_840
    head.bodyKind = .msgpack
    head.coatKind = .nacl
    head.footKind = .nacl
    head.flags = [.again]
    let written = try #require(encode(head, coatLength: 7))
    let expected =
      #"{"ri":"RAET","pl":"0000103","hl":"bc","fg":"10","pk":14,"hk":1,"se":4294967295,"de":1,"si":2,"ti":10,"tk":1,"#
      + #""dt":0.1,"oi":3,"sn":99,"sc":100,"ml":67107840,"bk":3,"ck":1,"fk":1,"fl":64}"# + "\r\n\r\n"
    #expect(text(written) == expected)
    #expect(try parse(written + [UInt8](repeating: 0, count: 71)).head == head)
  }
}
