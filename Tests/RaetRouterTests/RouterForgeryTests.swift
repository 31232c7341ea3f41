import RaetStack
import RaetWire
import Testing

@testable import RaetRouter

/// Routes by the thousand, from those who may little: whatever they say of themselves, nothing of theirs passes as
/// another's, and nothing gets to where they may not send.
@Suite struct RouterForgeryTests {
  /// Chance from a seed (splitmix64).
  struct Chance {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
    mutating func pick<Item>(_ items: [Item]) -> Item { items[Int(next() % UInt64(items.count))] }
    mutating func isLucky(_ oneIn: UInt64) -> Bool { next() % oneIn == 0 }
  }

  static let estates: [String?] = [
    nil, nil, "", "alpha", "beta", "evil", "evil", "evil", "relay", "Alpha", "alpha ", "beta,evil", "role=beta",
    "%62eta", "be\u{301}ta", "b",
  ]
  static let yards: [String?] = [
    nil, "", "manor", "worker", "trusted", "rogue", "rogue", "rogue", "Manor", "manor/secret", "*", "t",
  ]
  static let shares: [String?] = [
    nil, "", "secret", "open", "open", "open", "open", "Secret", "secret ", "*", "//secret",
  ]
  static let choices = [
    "beta,relay", "alpha,beta", "beta,alpha", "role=beta", "role=evil", "kind=0", "kind=1", "evil,b",
  ]

  static func route(_ chance: inout Chance) -> Route {
    var route = Route(
      source: Place(estate: chance.pick(estates), yard: chance.pick(yards), share: chance.pick(shares)),
      destination: Place(estate: chance.pick(estates), yard: chance.pick(yards), share: chance.pick(shares)))
    if chance.isLucky(3) { route.id = chance.next() % 8 }
    if chance.isLucky(4) { route.confirms = true }
    if chance.isLucky(4) { route.hops = chance.pick([1, 2, 15, 16, 17, .max]) }
    if chance.isLucky(3) { route.choice = chance.pick(choices) }
    if chance.isLucky(12) { route.report = Route.Report(id: chance.next() % 8, status: chance.pick([0, -6, -14, 7])) }
    return route
  }

  static func body(_ route: Route, _ kind: BodyKind) throws -> [UInt8] {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    let body = try RoutedBody.read(kind, nothing).with(route, in: nothing)
    return withExtendedLifetime(body) { [UInt8](body.bytes) }
  }

  /// The manor of alpha, which relays. Beta may send to the share "secret", as may the yard "trusted" of this machine and
  /// what "relay" vouches for as beta's; all others to "open" alone, wherever that is.
  static let rules = """
    allow estate=beta share=secret
    allow estate=beta share=secret via=relay
    allow estate=alpha yard=trusted on=lane/* share=secret
    allow share=open
    """

  enum Liar: CaseIterable { case evil, rogue }

  @Test(arguments: [UInt64(1), 2, 3], Liar.allCases) func noForgedRouteGetsAroundTheRules(seed: UInt64, liar: Liar)
    throws
  {
    for corrects in [false, true] {
      var chance = Chance(state: seed)
      let here = Process()
      here.router.rules = try Rules(RouterForgeryTests.rules + (corrects ? "\nforged correct" : ""))
      here.router.relayLimit = 3
      let evil = here.estate("evil", kind: 1)
      _ = (here.estate("beta"), here.estate("relay"), here.yard("worker"), here.yard("trusted"))
      let rogue = here.yard("rogue")
      var passed = 0
      for _ in 0..<2_000 {
        let route = RouterForgeryTests.route(&chance)
        let kind = chance.pick([BodyKind.json, .msgpack])
        here.receive(
          try RouterForgeryTests.body(route, kind), from: liar == .evil ? evil : rogue, kind: kind, uid: 1000)
        while let told = here.router.nextEvent() {
          guard told.event.kind == .message else { continue }
          passed += 1
          #expect(told.share == "open", "\(route)")
          #expect(try Destination(try #require(told.source)).isProved(of: liar), "\(route)")
        }
        for sent in here.stacks.sent {
          let onward = try #require(sent.route)
          here.end(sent)
          if onward.report != nil { continue }
          passed += 1
          #expect(onward.destination.share == "open", "\(route)")
          #expect(Destination(onward.source).isProved(of: liar), "\(route)")
          #expect(onward.hops <= RouterLimit.hops)
        }
        here.stacks.sent = []
      }
      #expect(passed > 5, "seed \(seed): the test tests something")
    }
  }

  @Test(arguments: [UInt64(1), 2, 3]) func aWorkerBelievesItsManorAlone(seed: UInt64) throws {
    var chance = Chance(state: seed)
    let here = Process(road: nil, lane: "worker")
    here.router.manor = "manor"
    _ = (here.yard("manor"), here.yard("trusted"))
    let rogue = here.yard("rogue")
    var passed = 0
    for _ in 0..<2_000 {
      let route = RouterForgeryTests.route(&chance)
      here.receive(try RouterForgeryTests.body(route, .json), from: rogue, uid: 1000)
      while let told = here.router.nextEvent() {
        guard told.event.kind == .message else { continue }
        passed += 1
        #expect(told.source?.hasPrefix("/rogue/") == true, "\(route)")
      }
      for sent in here.stacks.sent where sent.route?.report == nil {
        passed += 1
        #expect(sent.route?.source.estate == nil && sent.route?.source.yard == "rogue", "\(route)")
      }
      here.stacks.sent = []
    }
    #expect(passed > 5, "seed \(seed): the test tests something")
  }
}

extension Destination {
  /// Whether it names who sent it, as the wire proves: an estate can say of itself which yard, a yard nothing.
  fileprivate func isProved(of liar: RouterForgeryTests.Liar) -> Bool {
    switch liar {
    case .evil: return estates == .one("evil")
    case .rogue: return estates == .one("alpha") && yard == "rogue"
    }
  }
}
