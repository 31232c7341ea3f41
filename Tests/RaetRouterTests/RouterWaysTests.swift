import RaetStack
import Testing

@testable import RaetRouter

/// Every rule of where a message goes, as a table: who sent it, its route, and what becomes of it at the estate "alpha"
/// whose yard is "manor", with the estates beta and gamma, and the yards worker and other.
@Suite struct RouterWaysTests {
  enum From: Sendable { case beta, worker }
  enum End: Equatable, Sendable {
    case host(String)
    case sent(String)
    case dropped
    case refused
  }

  static let table: [(From, String, End)] = [
    // From the road.
    (.beta, "beta// > //", .host("beta// > //")),
    (.beta, "beta/x/s > alpha//jobs", .host("beta/x/s > alpha//jobs")),
    (.beta, "beta// > alpha/manor/jobs", .host("beta// > alpha/manor/jobs")),
    (.beta, "beta// > /manor/", .host("beta// > /manor/")),
    (.beta, "beta// > alpha/worker/s", .sent("worker beta// > alpha/worker/s")),
    (.beta, "beta/x/ > /worker/", .sent("worker beta/x/ > /worker/")),
    (.beta, "beta// > alpha/nobody/s", .dropped),
    (.beta, "beta// > gamma//", .dropped),
    (.beta, "beta// > gamma/worker/", .dropped),
    (.beta, "// > //", .refused),
    (.beta, "/worker/ > //", .refused),
    // From the lane.
    (.worker, "/worker/ > //", .host("alpha/worker/ > //")),
    (.worker, "alpha/worker/s > //jobs", .host("alpha/worker/s > //jobs")),
    (.worker, "/worker/ > alpha/manor/", .host("alpha/worker/ > alpha/manor/")),
    (.worker, "/worker/ > /other/s", .sent("other alpha/worker/ > /other/s")),
    (.worker, "/worker/ > alpha/other/", .sent("other alpha/worker/ > alpha/other/")),
    (.worker, "/worker/ > beta//", .sent("beta alpha/worker/ > beta//")),
    (.worker, "/worker/ > beta/x/s", .sent("beta alpha/worker/ > beta/x/s")),
    (.worker, "/worker/ > nowhere//", .dropped),
    (.worker, "/worker/ > alpha/nobody/", .dropped),
    // Never back to where it came from.
    (.worker, "/worker/ > alpha/worker/s", .dropped),
    (.worker, "// > //", .refused),
    (.worker, "alpha// > //", .refused),
  ]

  @Test(arguments: table) func eachWayIsTaken(from: From, route: String, end: End) {
    let here = Process()
    let beta = here.estate("beta")
    _ = here.estate("gamma")
    let worker = here.yard("worker")
    _ = here.yard("other")
    here.route(route, from: from == .beta ? beta : worker)
    let events = here.events()
    let out = here.out()
    switch end {
    case .host(let text):
      #expect(events == ["MESSAGE " + text])
      #expect(out.isEmpty)
    case .sent(let text):
      #expect(events.isEmpty)
      #expect(out == [text])
    case .dropped:
      #expect(events.isEmpty && out.isEmpty)
      #expect(here.router.value(.undelivered) == 1)
    case .refused:
      #expect(events.count == 1 && events[0].hasPrefix("REFUSED"))
      #expect(out.isEmpty)
    }
  }

  @Test func messagesWithoutARouteAreForThisProcess() {
    let here = Process()
    let beta = here.estate("beta")
    let worker = here.yard("worker")
    here.receive("{\"a\":1}", from: beta)
    here.receive("{\"a\":1}", from: worker)
    here.receive("bytes", from: beta, kind: .raw)
    here.receive("", from: beta, kind: .json)
    #expect(
      here.events() == [
        "MESSAGE beta// > -", "MESSAGE alpha/worker/ > -", "MESSAGE beta// > -", "MESSAGE beta// > -",
      ])
  }

  @Test func aWorkerSendsByItsManorAndTakesWhatComesByIt() throws {
    let here = Process(road: nil, lane: "worker")
    let manor = here.yard("manor")
    let other = here.yard("other")
    here.router.manor = "manor"
    _ = try here.send("beta/x/s", share: "mine")
    _ = try here.send("/other/s")
    _ = try here.send("/stranger/s")
    #expect(
      here.out() == ["manor /worker/mine > beta/x/s", "other /worker/ > /other/s", "manor /worker/ > /stranger/s"])
    here.route("beta/x/s > alpha/worker/mine", from: manor)
    #expect(here.events() == ["MESSAGE beta/x/s > alpha/worker/mine"])
    here.route("beta/x/s > alpha/worker/mine", from: other)
    #expect(here.events() == ["REFUSED /other/s the source beta/x/s is forged"])
  }

  @Test func theManorIsMetWhenItIsNeededFirst() throws {
    let here = Process(road: nil, lane: "worker")
    here.router.manor = "manor"
    #expect(throws: Status.notFound) { try here.send("beta//") }
    here.stacks.toMeet = "manor"
    _ = try here.send("beta//")
    _ = try here.send("gamma//")
    #expect(here.out() == ["manor /worker/ > beta//", "manor /worker/ > gamma//"])
    #expect(here.stacks.remotes.count == 1)
  }

  @Test func whatTheManorSendsBackIsNotSentToItAgain() {
    let here = Process(road: nil, lane: "worker")
    let manor = here.yard("manor")
    here.router.manor = "manor"
    here.route("beta/x/s > alpha/nobody/", from: manor)
    #expect(here.out().isEmpty)
    #expect(here.router.value(.undelivered) == 1)
  }

  @Test func aRelayHandsOnWithinItsLimitAndNeverBack() {
    for (limit, hops, isRelayed) in [(0, 0, false), (1, 0, true), (1, 1, false), (3, 2, true), (3, 3, false)] {
      let here = Process()
      let beta = here.estate("beta")
      _ = here.estate("gamma")
      here.router.relayLimit = UInt64(limit)
      here.route("beta// > gamma/x/", more: hops == 0 ? "" : ",\"hops\":\(hops)", from: beta)
      #expect(here.stacks.sent.count == (isRelayed ? 1 : 0), "limit \(limit), hops \(hops)")
      if isRelayed { #expect(here.stacks.sent.first?.route?.hops == UInt64(hops + 1)) }
      here.route("beta// > beta//", from: beta)
      #expect(here.stacks.sent.count == (isRelayed ? 1 : 0), "never back")
    }
  }

  @Test func hopsAreCountedUpToALimitOnEveryWay() {
    let here = Process()
    let worker = here.yard("worker")
    _ = here.estate("beta")
    here.route("/worker/ > beta//", more: ",\"hops\":16", from: worker)
    #expect(here.out().isEmpty)
    here.route("/worker/ > beta//", more: ",\"hops\":18446744073709551615", from: worker)
    #expect(here.out().isEmpty, "a number that does not fit is no route")
    here.route("/worker/ > beta//", more: ",\"hops\":15", from: worker)
    #expect(here.stacks.sent.first?.route?.hops == 16)
  }

  @Test func estatesNotKnownAreReachedByTheOneThatIsSet() throws {
    let here = Process()
    _ = here.estate("relay")
    #expect(throws: Status.notFound) { try here.send("far//s") }
    here.router.via = "relay"
    _ = try here.send("far//s")
    #expect(here.out() == ["relay alpha/manor/ > far//s"])
  }

  @Test func messagesToThisProcessItselfArriveAtOnce() throws {
    let here = Process()
    _ = try here.send("alpha//s", "{\"a\":1}", share: "mine")
    _ = try here.send("//s")
    #expect(
      here.events() == [
        "MESSAGE alpha/manor/mine > alpha//s", "DELIVERED ok 7", "MESSAGE alpha/manor/ > //s", "DELIVERED ok 7",
      ])
  }

  @Test func aWorkersOwnEstateIsItsManor() throws {
    let here = Process(road: nil, lane: "worker")
    here.router.manor = "manor"
    here.router.estateSetting = "alpha"
    #expect(throws: Status.notFound, "no manor yet") { try here.send("alpha//s") }
    let manor = here.yard("manor")
    _ = try here.send("alpha//s")
    _ = try here.send("alpha,beta//s")
    _ = try here.send("beta,alpha//s")
    _ = try here.send("beta,alpha/worker/s")
    #expect(here.stacks.sent.map { $0.route?.choice } == [nil, nil, "beta,alpha", "beta,alpha"])
    #expect(
      here.out() == [
        "manor alpha/worker/ > alpha//s", "manor alpha/worker/ > //s", "manor alpha/worker/ > beta//s",
        "manor alpha/worker/ > beta/worker/s",
      ])
    #expect(here.events().isEmpty)
    _ = try here.send("//s")
    _ = try here.send("alpha/worker/s")
    here.route("beta// > alpha//s", from: manor)
    #expect(
      here.events() == [
        "MESSAGE alpha/worker/ > //s", "DELIVERED ok 7", "MESSAGE alpha/worker/ > alpha/worker/s", "DELIVERED ok 7",
        "MESSAGE beta// > alpha//s",
      ])
  }

  /// Another estate may have a yard of the same name, and which estate it is in, such a worker does not know.
  @Test func aWorkerThatKnowsNoEstateDoesNotTakeAnothersYardForItsOwn() throws {
    let here = Process(road: nil, lane: "press")
    #expect(throws: Status.notFound) { try here.send("beta/press/s") }
    let manor = here.yard("manor")
    here.router.manor = "manor"
    _ = try here.send("beta/press/s")
    #expect(here.out() == ["manor /press/ > beta/press/s"])
    here.route("beta// > alpha/press/s", from: manor)
    #expect(here.events() == ["MESSAGE beta// > alpha/press/s"])
  }

  @Test func whoHoldsTheRoadIsTheManorWhateverIsSet() throws {
    let here = Process(lane: "press")
    _ = here.yard("manor")
    here.router.manor = "manor"
    _ = try here.send("alpha//s")
    #expect(here.events() == ["MESSAGE alpha/press/ > alpha//s", "DELIVERED ok 7"])
  }

  @Test func sharesThatNobodyAnnouncedDoNotExist() {
    let here = Process()
    let beta = here.estate("beta")
    #expect(here.router.setShare("jobs", true))
    here.route("beta// > //jobs", from: beta)
    here.route("beta// > //other", more: ",\"id\":5", from: beta)
    #expect(here.events() == ["MESSAGE beta// > //jobs"])
    #expect(here.out() == ["beta re 5 \(Status.notFound.rawValue)"])
  }
}
