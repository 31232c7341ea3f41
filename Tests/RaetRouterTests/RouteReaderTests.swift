import RaetWire
import Testing

@testable import RaetRouter

/// The route found in bodies and put into them, without the rest being touched.
@Suite struct RouteReaderTests {
  private func read(_ body: String, fields: [String] = []) throws -> RoutedBody {
    try Array(body.utf8).withUnsafeBytes { bytes in try RoutedBody.read(.json, bytes, fields: fields) }
  }

  private func splice(_ body: [UInt8], _ kind: BodyKind, _ route: Route) throws -> [UInt8] {
    try body.withUnsafeBytes { bytes in
      let out = try RoutedBody.read(kind, bytes).with(route, in: bytes)
      return [UInt8](UnsafeRawBufferPointer(out.bytes))
    }
  }

  static let route = Route(source: Place(estate: "a", yard: "b\"\\\n"), destination: Place(share: "ü"))
  static let routeJSON = #"{"src":["a","b\"\\\u000a",null],"dst":[null,null,"ü"]}"#

  static let spliced: [(String, String)] = [
    ("", #"{"route":@}"#), ("{}", #"{"route":@}"#), (" { } ", #" {"route":@ } "#),
    (#"{"a":1}"#, #"{"route":@,"a":1}"#), (#"{ "a" : [1, {"route":2}] }"#, #"{"route":@, "a" : [1, {"route":2}] }"#),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null]},"a":"x"}"#, #"{"route":@,"a":"x"}"#),
    (
      #"{"a":"}\"route","ro\u0075te" : {"dst":["x",null,null],"src":["","",""]} }"#,
      #"{"a":"}\"route","ro\u0075te" : @ }"#
    ),
  ]

  @Test(arguments: spliced) func aRouteTakesThePlaceOfTheOneBefore(body: String, expected: String) throws {
    let out = try splice(Array(body.utf8), .json, RouteReaderTests.route)
    let expected = expected.split(separator: "@", omittingEmptySubsequences: false)
    #expect(String(decoding: out, as: UTF8.self) == "\(expected[0])\(RouteReaderTests.routeJSON)\(expected[1])")
    #expect(try read(String(decoding: out, as: UTF8.self)).route == RouteReaderTests.route)
  }

  @Test func membersOfTheRouteThatAreNotKnownGoOnWithIt() throws {
    let body = #"{"route":{"new":[1,{"a":2}],"src":[null,null,null],"dst":["b",null,null],"x":null},"z":1}"#
    let out = try splice(Array(body.utf8), .json, RouteReaderTests.route)
    let text = String(decoding: out, as: UTF8.self)
    #expect(text == #"{"route":"# + RouteReaderTests.routeJSON.dropLast() + #","new":[1,{"a":2}],"x":null},"z":1}"#)
  }

  @Test(arguments: [BodyKind.json, .msgpack]) func allOfARouteComesBack(kind: BodyKind) throws {
    var route = RouteReaderTests.route
    route.id = 1 << 40
    route.confirms = true
    route.hops = 16
    route.choice = "a,b"
    route.report = Route.Report(id: 200, status: -300)
    let out = try splice([], kind, route)
    #expect(try out.withUnsafeBytes { bytes in try RoutedBody.read(kind, bytes).route } == route)
    try out.withUnsafeBytes { bytes in try BodyCheck.requireMapping(kind, bytes) }
  }

  @Test func msgpackBodiesGetOneMemberMore() throws {
    for count in [0, 1, 14, 15, 16, 65_535] {
      var body: [UInt8]
      if count <= 15 {
        body = [0x80 | UInt8(count)]
      } else if count < 65_536 {
        body = [0xde, UInt8(count >> 8), UInt8(count & 255)]
      } else {
        body = []
      }
      for index in 0..<count { body += [0xcd, UInt8(index >> 8), UInt8(index & 255), 0xc0] }
      let out = try splice(body, .msgpack, RouteReaderTests.route)
      try out.withUnsafeBytes { bytes in
        try BodyCheck.requireMapping(.msgpack, bytes)
        #expect(try RoutedBody.read(.msgpack, bytes).route == RouteReaderTests.route)
      }
      let again = try splice(out, .msgpack, Route(source: Place(), destination: Place()))
      #expect(again.suffix(count * 4) == body.suffix(count * 4))
    }
  }

  static let noRoutes: [(String, RouteError)] = [
    (#"{"route":1}"#, .route), (#"{"route":null}"#, .route), (#"{"route":[]}"#, .route), (#"{"route":{}}"#, .route),
    (#"{"route":{"src":[null,null,null]}}"#, .route),
    (#"{"route":{"src":[null,null],"dst":[null,null,null]}}"#, .route),
    (#"{"route":{"src":[null,null,null,null],"dst":[null,null,null]}}"#, .route),
    (#"{"route":{"src":[1,null,null],"dst":[null,null,null]}}"#, .route),
    (#"{"route":{"src":["a\u0000b",null,null],"dst":[null,null,null]}}"#, .route),
    (#"{"route":{"src":["\ud800",null,null],"dst":[null,null,null]}}"#, .route),
    (#"{"route":{"src":{},"dst":[null,null,null]}}"#, .route),
    (#"{"route":{"src":[null,null,null],"src":[null,null,null],"dst":[null,null,null]}}"#, .twice),
    (#"{"route":{"src":[null,null,null],"\u0073rc":["a",null,null],"dst":[null,null,null]}}"#, .twice),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null],"id":-1}}"#, .route),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null],"id":1.5}}"#, .route),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null],"id":"1"}}"#, .route),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null],"hops":99999999999999999999}}"#, .route),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null],"re":1}}"#, .route),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null],"re":1,"status":9999999999}}"#, .route),
    (#"{"route":{"src":[null,null,null],"dst":[null,null,null],"any":1}}"#, .route),
    ("[]", .malformed), ("{", .malformed), (#"{"a"}"#, .malformed), (#"{"a":1 "b":2}"#, .malformed),
    (#"{"a":"x\"#, .malformed), (#"{"a":]}"#, .malformed), (#"{"route":{"src":[null,"#, .malformed),
  ]

  @Test(arguments: noRoutes) func whatIsNoRouteIsRefused(body: String, error: RouteError) {
    #expect(throws: error) { try read(body) }
  }

  @Test func longPartsAndRoutesAreRefused() {
    let long = String(repeating: "a", count: 256)
    #expect(throws: RouteError.route) { try read(#"{"route":{"src":["\#(long)",null,null],"dst":[null,null,null]}}"#) }
    let huge = String(repeating: "a", count: RouterLimit.route)
    #expect(throws: RouteError.tooLong) {
      try read(#"{"route":{"x":"\#(huge)","src":[null,null,null],"dst":[null,null,null]}}"#)
    }
  }

  @Test func aMsgpackBodyWithTwoRoutesIsRefused() throws {
    let one = try splice([], .msgpack, RouteReaderTests.route)
    let two = [0x82] + one.dropFirst() + one.dropFirst()
    #expect(throws: RouteError.twice) { try two.withUnsafeBytes { bytes in try RoutedBody.read(.msgpack, bytes) } }
    let field: [UInt8] = [0x82, 0xa1, 0x63, 0xa1, 0x61, 0xa1, 0x63, 0xa1, 0x62]
    #expect(throws: RouteError.twice) {
      try field.withUnsafeBytes { bytes in try RoutedBody.read(.msgpack, bytes, fields: ["c"]) }
    }
  }

  /// A length may not count its own bytes to those that follow it.
  @Test(arguments: [[0xd9, 3], [0xda, 0, 3], [0xdb, 0, 0, 0, 3], [0xdc, 0, 3], [0xdd, 0, 0, 0, 3]] as [[UInt8]])
  func aMsgpackLengthAboveWhatFollowsIsRefused(head: [UInt8]) {
    let body = [0x81, 0xa1, 0x61] + head + [0x61, 0x61]
    #expect(throws: RouteError.malformed) {
      try body.withUnsafeBytes { bytes in try RoutedBody.read(.msgpack, bytes, fields: ["a"]) }
    }
  }

  @Test func fieldsAreFoundByTheirNames() throws {
    let body = try read(
      #"{"cmd":"a","n":1,"\u00e9":"\ud83d\ude00","x":{"cmd":"b"}}"#, fields: ["cmd", "n", "é", "y", "x"])
    #expect(body.fields == [.text("a"), .other, .text("😀"), .absent, .other])
    let long = String(repeating: "a", count: RouterLimit.field + 1)
    #expect(try read(#"{"cmd":"\#(long)"}"#, fields: ["cmd"]).fields == [.other])
  }

  /// Whatever the bytes are, nothing traps, and what is taken can be spliced.
  @Test func anyBytesEndWithARouteOrAnError() throws {
    var seed: UInt64 = 7
    func next() -> UInt64 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return seed >> 33
    }
    let json = Array(
      #"{"a":"x\u0041","route":{"src":["a",null,""],"dst":["b","c",null],"id":7,"z":[{}]},"b":[1,-2.5e3]}"#.utf8)
    let msgpack = try splice(
      [0x82, 0xa1, 0x61, 0x93, 1, 2, 0xc0, 0xa1, 0x62, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0], .msgpack, RouteReaderTests.route)
    for round in 0..<60_000 {
      let kind: BodyKind = round.isMultiple(of: 2) ? .json : .msgpack
      var body = kind == .json ? json : msgpack
      for _ in 0...(next() % 4) {
        switch next() % 4 {
        case 0: body[Int(next() % UInt64(body.count))] = UInt8(truncatingIfNeeded: next())
        case 1: body.removeSubrange(Int(next() % UInt64(body.count))...)
        case 2: body.insert(UInt8(truncatingIfNeeded: next()), at: Int(next() % UInt64(body.count + 1)))
        default: body[Int(next() % UInt64(body.count))] ^= UInt8(1 << (next() % 8))
        }
        if body.isEmpty { break }
      }
      _ = try? splice(body, kind, RouteReaderTests.route)
    }
  }
}
