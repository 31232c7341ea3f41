import RaetStack
import Testing

@testable import RaetRouter

/// Who may send what: every kind of rule as a table, and every way to claim what is not so.
@Suite struct RouterTrustTests {
  /// Rules, who sends, the route, a further member of the body, and whether it is let in.
  struct Case: Sendable {
    let rules: String
    let from: From
    let route: String
    var body = ""
    let isLetIn: Bool
  }
  enum From: Sendable { case beta, guest, relay, worker, other }

  private static func row(_ rules: String, _ from: From, _ route: String, _ isLetIn: Bool, _ body: String = "") -> Case
  {
    Case(rules: rules, from: from, route: route, body: body, isLetIn: isLetIn)
  }

  static let table: [Case] = [
    row("", .beta, "beta// > //s", true),
    // By estate, role and kind.
    row("allow estate=beta", .beta, "beta// > //s", true),
    row("allow estate=beta", .guest, "guest// > //s", false),
    row("allow estate=b*a", .beta, "beta// > //s", true),
    row("allow estate=BETA", .beta, "beta// > //s", false),
    row("allow role=minion*", .beta, "beta// > //s", true),
    row("allow role=minion*", .guest, "guest// > //s", false),
    row("allow kind=1", .beta, "beta// > //s", true),
    row("allow kind=1", .guest, "guest// > //s", false),
    row("allow kind=1", .worker, "/worker/ > //s", false),
    // By yard, user and group, and by the way it came.
    row("allow yard=worker", .worker, "/worker/ > //s", true),
    row("allow yard=worker", .other, "/other/ > //s", false),
    row("allow yard=x", .beta, "beta/x/ > //s", true),
    row("allow uid=1000", .worker, "/worker/ > //s", true),
    row("allow uid=0", .worker, "/worker/ > //s", false),
    row("allow uid=1000", .beta, "beta// > //s", false),
    row("allow gid=100", .worker, "/worker/ > //s", false),
    row("allow on=lane/*", .worker, "/worker/ > //s", true),
    row("allow on=lane/*", .beta, "beta// > //s", false),
    row("allow on=road/alpha", .beta, "beta// > //s", true),
    row("allow estate=alpha", .worker, "/worker/ > //s", true),
    // By where it goes.
    row("allow share=jobs", .beta, "beta// > //jobs", true),
    row("allow share=jobs", .beta, "beta// > //other", false),
    row("allow share=", .beta, "beta// > //", true),
    row("allow share=", .beta, "beta// > //x", false),
    row("allow toestate=alpha toyard=manor", .beta, "beta// > //s", true),
    row("allow toyard=manor", .beta, "beta// > /worker/", false),
    row("allow toyard=worker", .beta, "beta// > alpha/worker/", true),
    row("allow toestate=beta", .worker, "/worker/ > beta//", true),
    row("allow toestate=beta", .worker, "/worker/ > guest//", false),
    // By what it is.
    row("allow body=json", .beta, "beta// > //s", true),
    row("allow body=msgpack", .beta, "beta// > //s", false),
    row("allow field:cmd=ping*", .beta, "beta// > //s", true, ",\"cmd\":\"ping.all\""),
    row("allow field:cmd=ping*", .beta, "beta// > //s", true, ",\"\\u0063md\":\"\\u0070ing\""),
    row("allow field:cmd=ping*", .beta, "beta// > //s", false, ",\"cmd\":\"exec\""),
    row("allow field:cmd=ping*", .beta, "beta// > //s", false, ",\"cmd\":7"),
    row("allow field:cmd=*", .beta, "beta// > //s", false),
    row("refuse field:cmd=exec\nallow", .beta, "beta// > //s", false, ",\"cmd\":\"exec\""),
    row("refuse field:cmd=exec\nallow", .beta, "beta// > //s", false, ",\"cmd\":[\"exec\"]"),
    row("refuse field:cmd=exec\nallow", .beta, "beta// > //s", true, ",\"cmd\":\"ping\""),
    row("refuse field:cmd=exec\nallow", .beta, "beta// > //s", true),
    row("allow field:cmd%20a=%2A", .beta, "beta// > //s", true, ",\"cmd a\":\"*\""),
    // The first that matches; all patterns of a line; nothing else.
    row("refuse estate=beta\nallow", .beta, "beta// > //s", false),
    row("allow estate=beta\nrefuse", .beta, "beta// > //s", true),
    row("allow estate=beta share=jobs", .beta, "beta// > //other", false),
    row("# nothing\n\nallow estate=beta # so", .beta, "beta// > //s", true),
    row("allow estate=nobody", .beta, "beta// > //s", false),
    // Who is claimed by another.
    row("", .relay, "beta// > //s", false),
    row("allow", .relay, "beta// > //s", false),
    row("allow estate=beta", .relay, "beta// > //s", false),
    row("allow estate=beta via=relay", .relay, "beta// > //s", true),
    row("allow estate=beta via=relay", .guest, "beta// > //s", false),
    row("allow estate=beta via=*", .guest, "beta// > //s", true),
    row("allow estate=beta via=*", .beta, "beta// > //s", true),
    row("allow estate=beta via=relay", .beta, "beta// > //s", false),
    row("allow role=minion* via=relay", .relay, "beta// > //s", false),
    row("allow estate=* via=*", .relay, "alpha// > //s", false),
    row("refuse via=relay\nallow via=*", .relay, "beta// > //s", false),
  ]

  static func scene(_ rules: String) throws -> (Process, (From) -> Target) {
    let here = Process()
    here.router.rules = try Rules(rules)
    let beta = here.estate("beta", role: "minion-7", kind: 1)
    let guest = here.estate("guest", kind: 3)
    let relay = here.estate("relay")
    let worker = here.yard("worker")
    let other = here.yard("other")
    return (
      here,
      { from in
        switch from {
        case .beta: return beta
        case .guest: return guest
        case .relay: return relay
        case .worker: return worker
        case .other: return other
        }
      }
    )
  }

  @Test(arguments: table) func eachRuleDecides(row: Case) throws {
    let (here, who) = try RouterTrustTests.scene(row.rules)
    here.route(row.route, from: who(row.from), body: row.body, uid: 1000)
    let events = here.events()
    if row.isLetIn {
      #expect(events.first?.hasPrefix("REFUSED") != true, "\(row)")
      #expect(events.count + here.stacks.sent.count == 1, "\(row)")
    } else {
      #expect(events.count == 1 && events[0].hasPrefix("REFUSED"), "\(row)")
      #expect(here.stacks.sent.isEmpty, "\(row)")
    }
  }

  /// What lies, how, and what it is corrected to when the rules say so; nil: it is refused all the same.
  static let lies: [(From, String, String?)] = [
    (.beta, "gamma// > //s", "beta//"),
    (.beta, "gamma/x/y > //s", "beta/x/y"),
    (.beta, "alpha// > //s", "beta//"),
    (.beta, "alpha/worker/ > //s", "beta/worker/"),
    (.beta, "// > //s", "beta//"),
    (.beta, "/worker/ > //s", "beta/worker/"),
    (.worker, "/other/ > //s", "alpha/worker/"),
    (.worker, "/manor/ > //s", "alpha/worker/"),
    (.worker, "beta// > //s", "alpha/worker/"),
    (.worker, "beta/worker/ > //s", "alpha/worker/"),
    (.worker, "// > //s", "alpha/worker/"),
  ]

  @Test(arguments: lies) func aForgedSourceIsRefusedOrCorrected(from: From, route: String, truth: String?) throws {
    for rules in ["", "allow", "forged refuse", "forged refuse\nallow"] {
      let (here, who) = try RouterTrustTests.scene(rules)
      here.route(route, from: who(from))
      let events = here.events()
      #expect(events.count == 1 && events[0].contains("forged"), "\(rules)")
      #expect(here.router.value(.refusedForged) == 1)
    }
    let (here, who) = try RouterTrustTests.scene("forged correct")
    here.route(route, from: who(from))
    #expect(here.events() == ["MESSAGE \(truth ?? "") > //s"])
  }

  /// What another handed on would become his own message, who may be allowed more than he who wrote it.
  @Test(arguments: [From.beta, .worker]) func whatWasHandedOnIsNotCorrected(from: From) throws {
    let (here, who) = try RouterTrustTests.scene("forged correct\nallow estate=beta\nallow yard=worker")
    here.route(from == .beta ? "gamma// > //s" : "/other/ > //s", more: ",\"hops\":1", from: who(from))
    let events = here.events()
    #expect(events.count == 1 && events[0].contains("forged"))
  }

  @Test func aForgedRouteThatIsCorrectedStillMeetsTheRules() throws {
    let (here, who) = try RouterTrustTests.scene("forged correct\nallow estate=beta\nallow yard=other")
    here.route("beta// > //s", from: who(.guest))
    here.route("beta/other/ > //s", from: who(.worker))
    here.route("/other/ > //s", from: who(.worker))
    #expect(
      here.events() == [
        "REFUSED guest// no rule allows it", "REFUSED alpha/worker/ no rule allows it",
        "REFUSED alpha/worker/ no rule allows it",
      ])
  }

  @Test func messagesWithoutARouteMeetTheRulesToo() throws {
    let (here, who) = try RouterTrustTests.scene("allow estate=beta share=jobs")
    here.receive("{\"a\":1}", from: who(.beta))
    here.receive("raw", from: who(.beta), kind: .raw)
    here.receive("", from: who(.guest))
    #expect(here.events().allSatisfy { $0.hasPrefix("REFUSED") })
    #expect(here.router.value(.refusedRule) == 3)
  }

  @Test func whoBearsThisEstatesNameIsNeverBelieved() throws {
    let (here, _) = try RouterTrustTests.scene("forged correct\nallow via=*")
    let double = here.estate("alpha")
    here.route("alpha// > //s", from: double)
    #expect(here.events() == ["REFUSED alpha// the source alpha// is forged"])
  }

  @Test func aRuleOnlyForTheManorsUserIsNotMetByWhatComesThroughIt() throws {
    let here = Process(road: nil, lane: "worker")
    here.router.manor = "manor"
    here.router.rules = try Rules("allow uid=1000 share=admin\nallow share=jobs")
    let manor = here.yard("manor")
    here.route("beta/manor/ > /worker/admin", from: manor, uid: 1000)
    here.route("beta/x/ > /worker/admin", from: manor, uid: 1000)
    #expect(here.events().allSatisfy { $0.hasPrefix("REFUSED") })
    here.route("/manor/ > /worker/admin", from: manor, uid: 1000)
    here.route("beta/manor/ > /worker/jobs", from: manor, uid: 1000)
    #expect(here.events() == ["MESSAGE /manor/ > /worker/admin", "MESSAGE beta/manor/ > /worker/jobs"])
  }

  @Test func aChoiceOfEstatesDoesNotGetAroundRules() throws {
    for (rules, choice, sent) in [
      ("allow toestate=beta", "beta,guest", true), ("allow toestate=beta", "guest,worker", false),
      ("allow toestate=beta", "guest,beta", true), ("allow toestate=b*", "guest,bob", false),
      ("allow toestate=beta", "alpha,guest", false), ("allow toestate=beta", "kind=3", false),
      ("allow toestate=beta", "kind=1", true), ("allow toestate=beta", "role=guest", false),
    ] {
      let (here, who) = try RouterTrustTests.scene(rules)
      here.route("/worker/ > beta//s", more: ",\"any\":\"\(choice)\"", from: who(.worker))
      #expect(here.out() == (sent ? ["beta alpha/worker/ > beta//s"] : []), "\(rules): \(choice)")
      if !sent { #expect(here.router.value(.refusedRule) == 1) }
    }
  }

  @Test func aChoiceOfOneIsNone() throws {
    for choice in ["guest", "", "%", "foo=x"] {
      let (here, who) = try RouterTrustTests.scene("allow toestate=beta")
      here.route("/worker/ > beta//s", more: ",\"any\":\"\(choice)\"", from: who(.worker))
      #expect(here.out().isEmpty && here.events().isEmpty, "\(choice)")
      #expect(here.router.value(.undelivered) == 1)
    }
  }

  @Test func whatIsToldOfARefusalSaysWhoWhatAndWhy() throws {
    let (here, who) = try RouterTrustTests.scene("allow estate=nobody\nrefuse share=jobs")
    here.route("beta/x/y > /manor/jobs", from: who(.beta))
    let told = try #require(here.router.nextEvent())
    #expect(told.event.kind == .refused)
    #expect(told.event.status == .rejected)
    #expect(told.event.time == 1_000)
    #expect(told.source == "beta/x/y")
    #expect(told.destination == "/manor/jobs")
    #expect(told.share == "jobs")
    #expect(told.event.name == "the rule in line 2 refuses it")
  }

  /// Of several estates, the first one alive that the rules allow, this one among them.
  @Test(arguments: [
    ("refuse toestate=alpha\nallow", "alpha,beta", "beta"), ("allow", "alpha,beta", "alpha"),
    ("refuse toestate=beta\nallow", "beta,alpha", "alpha"), ("allow", "beta,alpha", "beta"),
    ("refuse toestate=alpha\nrefuse toestate=beta\nallow", "alpha,beta", ""),
    ("refuse toestate=alpha\nallow", "alpha,nowhere", ""),
  ])
  func oneOfSeveralIsTheFirstAllowed(rules: String, estates: String, chosen: String) throws {
    let (here, who) = try RouterTrustTests.scene(rules)
    here.route("/worker/ > -//s", more: ",\"any\":\"\(estates)\"", from: who(.worker))
    let out = here.out()
    let events = here.events()
    #expect(out.count == (chosen == "beta" ? 1 : 0) && out.allSatisfy { $0.hasPrefix("beta ") }, "\(out)")
    #expect(events.contains { $0.hasPrefix("MESSAGE") } == (chosen == "alpha"), "\(events)")
    #expect(events.contains { $0.hasPrefix("REFUSED") } == chosen.isEmpty, "\(events)")
  }

  /// What a process that knows of no estate takes for its own, whatever estate is named, meets the rules as its own.
  @Test func anEstateThatMeansNothingGetsRoundNoRule() throws {
    for estate in ["", "alpha", "zzz"] {
      let here = Process(road: nil, lane: "press")
      here.router.rules = try Rules("refuse toestate= share=admin\nallow")
      let desk = here.yard("desk")
      here.route("/desk/ > \(estate)/press/admin", from: desk)
      #expect(here.events().first?.hasPrefix("REFUSED") == true, "\(estate)")
      here.route("/desk/ > \(estate)/press/jobs", from: desk)
      #expect(here.events().first?.hasPrefix("MESSAGE") == true, "\(estate)")
    }
  }
}
