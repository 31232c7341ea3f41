import Testing

@testable import RaetRouter

@Suite struct RouteTextTests {
  static let good: [(String, Destination)] = [
    ("", Destination(estates: .here)), ("//", Destination(estates: .here)),
    ("beta", Destination(estates: .one("beta"))), ("beta/x", Destination(estates: .one("beta"), yard: "x")),
    ("beta/x/s", Destination(estates: .one("beta"), yard: "x", share: "s")),
    ("//s", Destination(estates: .here, share: "s")), ("a,b//", Destination(estates: .several(["a", "b"]))),
    ("role=master//", Destination(estates: .role("master"))), ("kind=255//", Destination(estates: .kind(255))),
    ("a%2Cb//", Destination(estates: .one("a,b"))),
    ("a%2fb/%3D/%25", Destination(estates: .one("a/b"), yard: "=", share: "%")),
    ("role=a%2Cb//", Destination(estates: .role("a,b"))), ("é//ü", Destination(estates: .one("é"), share: "ü")),
  ]

  @Test(arguments: good) func destinationsAreRead(text: String, destination: Destination) throws {
    #expect(try Destination(text) == destination)
    #expect(try Destination(destination.text) == destination)
  }

  static let bad: [(String, TextError)] = [
    ("a/b/c/d", .slashes), ("%", .escape), ("a%2", .escape), ("a%zz", .escape), ("a,,b//", .estates), (",//", .estates),
    ("role=//", .estates), ("kind=256//", .estates), ("kind=x//", .estates), ("foo=x//", .estates),
    ("a,b=c//", .estates),
    ("a%00b//", .part), ("%ff//", .part), ("/" + String(repeating: "a", count: 256), .part),
    ((0..<17).map { "e\($0)" }.joined(separator: ","), .estates), (String(repeating: "a", count: 9_000), .part),
  ]

  @Test(arguments: bad) func whatIsNoDestinationIsRefused(text: String, error: TextError) {
    #expect(throws: error) { try Destination(text) }
  }

  @Test func anyPartComesBackFromItsText() throws {
    for part in ["a", "a/b", "%41", "x,y=z", "*", " ", "tab\t", "\u{7f}", "ünïcode", "a%2Fb"] {
      let place = Place(estate: part, yard: part, share: part)
      let read = try Destination(place.text)
      #expect(read == Destination(place), "\(part)")
    }
  }
}
