import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Records with the reference's keys and fields (PROTOCOL 8.1, 8.2).
@Suite struct RecordsTests {
  @Test(arguments: ["other", "a.json", "estate.x", "Ä/..", ".msgpack", "\u{301}x", "\u{200d}x", "x\u{600}"])
  func aKeyTellsItsName(name: String) {
    for kind in [BodyKind.json, .msgpack] {
      let remote = RecordKey.parse(RecordKey.remote(name, kind), prefix: "remote/estate.")
      let role = RecordKey.parse(RecordKey.role(name, kind), prefix: "role/remote/role.")
      #expect(remote?.name == name && remote?.kind == kind && role?.name == name && role?.kind == kind)
    }
  }

  @Test func otherKeysAreNone() {
    for key in ["", "remote/estate.", "remote/estate..json", "remote/estate.a", "remote/a.json", "local/estate.json"] {
      #expect(RecordKey.parse(key, prefix: "remote/estate.") == nil, "\(key)")
    }
  }

  static func mapping(_ text: String) throws -> Mapping {
    try Array(text.utf8).withUnsafeBytes { try ValueCodec.decodeMapping(.json, $0) }
  }

  @Test func aRemoteNeedsNameIdAndAddressOnly() throws {
    let record = try #require(
      RemoteRecord(try Self.mapping(#"{"name":"a","uid":7,"ha":["10.0.0.1",7530],"surplus":[1]}"#)))
    #expect(record.name == "a" && record.role == "a" && record.nearID == 7 && record.farID == 0)
    #expect(record.session == 0 && !record.isMain && record.kind == 0 && !record.isJoined)
    for bad in [
      "{}", #"{"name":"","uid":7,"ha":["1.2.3.4",1]}"#, #"{"name":"a","uid":0,"ha":["1.2.3.4",1]}"#,
      #"{"name":"a","uid":-1,"ha":["1.2.3.4",1]}"#, #"{"name":"a","uid":4294967296,"ha":["1.2.3.4",1]}"#,
      #"{"name":"a","uid":7,"ha":["host.example",1]}"#, #"{"name":"a","uid":7,"ha":["1.2.3.4",65536]}"#,
      #"{"name":"a","uid":7,"ha":"1.2.3.4:1"}"#, #"{"name":1,"uid":7,"ha":["1.2.3.4",1]}"#,
    ] {
      #expect(RemoteRecord(try Self.mapping(bad)) == nil, "\(bad)")
    }
  }

  @Test func flagsMayBeNumbersOrNullAsTheReferenceWritesThem() throws {
    for (text, isJoined) in [("true", true), ("1", true), ("false", false), ("0", false), ("null", false)] {
      let fields = try Self.mapping(#"{"name":"a","uid":7,"fuid":3,"ha":["1.2.3.4",1],"joined":"# + text + "}")
      #expect(RemoteRecord(fields)?.isJoined == isJoined, "\(text)")
    }
  }

  @Test func aRoleNeedsKeysAndADecision() throws {
    let node = try Node("node", port: 1, seed: 1)
    for acceptance in [Acceptance.pending, .accepted, .rejected] {
      let role = Role(acceptance: acceptance, keys: node.road.keys)
      #expect(Role(role.fields("a")) == role)
    }
    let hex = String(repeating: "00", count: 32)
    for bad in [
      "{}", #"{"acceptance":3,"verhex":"\#(hex)","pubhex":"\#(hex)"}"#, #"{"verhex":"\#(hex)","pubhex":"\#(hex)"}"#,
      #"{"acceptance":1,"verhex":"00","pubhex":"\#(hex)"}"#, #"{"acceptance":1,"verhex":"\#(hex)"}"#,
    ] {
      #expect(Role(try Self.mapping(bad)) == nil, "\(bad)")
    }
  }
}
