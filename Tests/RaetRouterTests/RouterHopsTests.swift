import RaetStack
import Testing

@testable import RaetRouter

@Suite struct RouterHopsTests {
  @Test func aMessageEndsOnceWhenTheNextOneHasIt() throws {
    let here = Process()
    _ = here.estate("beta")
    _ = try here.send("beta//s", tag: 3)
    #expect(here.events().isEmpty)
    #expect(here.end(here.stacks.sent.first))
    #expect(here.events() == ["DELIVERED ok 3"])
    #expect(!here.end(here.stacks.sent.first), "it has ended")
  }

  @Test(arguments: [Status.timedOut, .unknown, .dead, .nack]) func aMessageThatFailsSaysHow(status: Status) throws {
    let here = Process()
    _ = here.estate("beta")
    _ = try here.send("beta//s")
    here.end(here.stacks.sent.first, status)
    #expect(here.events() == ["FAILED \(status) 7"])
  }

  @Test func endsOfMessagesThatTheHostSentByItselfAreNotTheRouters() throws {
    let here = Process()
    _ = here.estate("beta")
    _ = try here.send("beta//s")
    let sent = try #require(here.stacks.sent.first)
    var event = Event(.delivered)
    event.tag = sent.tag
    event.transaction = sent.transaction + 1
    #expect(!here.router.ended(event, port: sent.target.port, now: 0))
    event.transaction = sent.transaction
    #expect(!here.router.ended(event, port: Process.lane, now: 0))
    #expect(here.router.ended(event, port: sent.target.port, now: 0))
  }

  @Test func aReportAfterTheEndMakesItUndelivered() throws {
    let here = Process()
    let beta = here.estate("beta")
    _ = try here.send("beta/nobody/s")
    let id = try #require(here.stacks.sent.first?.route?.id)
    here.end(here.stacks.sent.first)
    here.route("beta// > alpha//", more: ",\"re\":\(id),\"status\":-6", from: beta)
    #expect(here.events() == ["DELIVERED ok 7", "UNDELIVERED notFound 7"])
    here.route("beta// > alpha//", more: ",\"re\":\(id),\"status\":-6", from: beta)
    #expect(here.events().isEmpty, "once")
    #expect(here.router.hops.isEmpty)
  }

  @Test func aReportOnAMessageOfTheLifeBeforeIsIgnored() throws {
    let before = Process(chance: 0x5eed_0000_0001)
    _ = before.estate("beta")
    _ = try before.send("beta/nobody/s")
    let old = try #require(before.stacks.sent.first?.route?.id)
    let here = Process(chance: 0x5eed_0000_0002)
    let beta = here.estate("beta")
    _ = try here.send("beta/nobody/s")
    #expect(here.stacks.sent.first?.route?.id != old)
    here.end(here.stacks.sent.first)
    here.route("beta// > alpha//", more: ",\"re\":\(old),\"status\":-6", from: beta)
    #expect(here.events() == ["DELIVERED ok 7"])
  }

  @Test func aReportBeforeTheEndIsToldAfterIt() throws {
    let here = Process()
    let beta = here.estate("beta")
    _ = try here.send("beta/nobody/s")
    here.route("beta// > alpha//", more: ",\"re\":1,\"status\":-6", from: beta)
    #expect(here.events().isEmpty)
    here.end(here.stacks.sent.first)
    #expect(here.events() == ["DELIVERED ok 7", "UNDELIVERED notFound 7"])
  }

  @Test func reportsCountOnlyFromTheOneTheMessageWasSentTo() throws {
    let here = Process()
    _ = here.estate("beta")
    let gamma = here.estate("gamma")
    let worker = here.yard("worker")
    _ = try here.send("beta//s", confirms: true)
    here.end(here.stacks.sent.first)
    for liar in [gamma, worker] {
      here.route("beta// > alpha//", more: ",\"re\":1,\"status\":0", from: liar)
      here.route("beta// > alpha//", more: ",\"re\":1,\"status\":-6", from: liar)
    }
    #expect(here.events().isEmpty)
    #expect(here.router.value(.reportIgnored) == 4)
  }

  @Test(arguments: [
    (0, "DELIVERED ok 7"), (-6, "FAILED notFound 7"), (-14, "FAILED rejected 7"), (99, "FAILED unknown 7"),
  ])
  func withConfirmTheLastRoutersWordIsTheEnd(status: Int, event: String) throws {
    let here = Process()
    let beta = here.estate("beta")
    _ = try here.send("beta//s", confirms: true)
    #expect(here.stacks.sent.first?.route?.confirms == true)
    here.end(here.stacks.sent.first)
    #expect(here.events().isEmpty)
    here.route("beta// > alpha//", more: ",\"re\":1,\"status\":\(status)", from: beta)
    #expect(here.events() == [event])
  }

  @Test func withConfirmAndNoWordItIsUnknownAtTheLimit() throws {
    let here = Process()
    _ = here.estate("beta")
    _ = try here.send("beta//s", confirms: true, timeout: 500)
    here.end(here.stacks.sent.first)
    #expect(here.router.deadline == 1_500)
    here.router.expire(now: 1_499)
    #expect(here.events().isEmpty)
    here.router.expire(now: 1_500)
    #expect(here.events() == ["FAILED unknown 7"])
    #expect(here.router.deadline == .max)
  }

  @Test func whatCannotBePlacedIsReportedToARouterThatAsks() {
    let here = Process()
    let beta = here.estate("beta")
    let worker = here.yard("worker")
    here.route("beta// > alpha/nobody/", more: ",\"id\":5", from: beta)
    here.route("/worker/ > nowhere//", more: ",\"id\":6", from: worker)
    here.route("/worker/ > nowhere//", from: worker)
    #expect(here.out() == ["beta re 5 -6", "worker re 6 -6"])
  }

  @Test func whatIsRefusedIsReportedToARouterThatAsks() {
    let here = Process()
    let worker = here.yard("worker")
    here.route("/liar/ > //", more: ",\"id\":6", from: worker)
    #expect(here.out() == ["worker re 6 -14"])
  }

  @Test func aReportGoesBackTheWayOfTheMessageWithItsNumberThere() throws {
    let here = Process()
    let beta = here.estate("beta")
    let worker = here.yard("worker")
    here.route("/worker/ > beta/x/", more: ",\"id\":77", from: worker)
    let id = try #require(here.stacks.sent.first?.route?.id)
    #expect(id != 77)
    here.end(here.stacks.sent.first)
    #expect(here.out().count == 1)
    here.route("beta// > alpha/worker/", more: ",\"re\":\(id),\"status\":-6", from: beta)
    #expect(here.out() == ["worker re 77 -6"])
    #expect(here.events().isEmpty)
  }

  @Test func whatCannotBeHandedOnIsReported() {
    let here = Process()
    _ = here.estate("beta")
    let worker = here.yard("worker")
    here.route("/worker/ > beta/x/", more: ",\"id\":77", from: worker)
    here.end(here.stacks.sent.first, .timedOut)
    #expect(here.out().last == "worker re 77 \(Status.timedOut.rawValue)")
    here.route("/worker/ > beta/x/", from: worker)
    here.end(here.stacks.sent.last, .timedOut)
    #expect(here.out().count == 1, "who does not ask gets no report")
    here.stacks.refusal = .again
    here.route("/worker/ > beta/x/", more: ",\"id\":78", from: worker)
    #expect(here.router.value(.reportLost) == 1, "the stack takes nothing at all")
  }

  @Test func aGoodEndIsReportedOnlyToWhoWantsToHearOfIt() {
    let here = Process()
    let beta = here.estate("beta")
    here.route("beta// > //", more: ",\"id\":5", from: beta)
    #expect(here.out().isEmpty)
    here.route("beta// > //", more: ",\"id\":6,\"confirm\":1", from: beta)
    #expect(here.out() == ["beta re 6 0"])
  }

  @Test func theFirstEstateAliveTakesIt() throws {
    let here = Process()
    let masters = [here.estate("m1", kind: 1, isAlive: false), here.estate("m2", kind: 1), here.estate("m3", kind: 1)]
    for text in ["m1,m2,m3//s", "kind=1//s"] {
      _ = try here.send(text)
      #expect(here.out() == ["m2 alpha/manor/ > m2//s"])
    }
    here.stacks.setAlive(masters[1], false)
    _ = try here.send("m1,m2,m3//s")
    #expect(here.out() == ["m3 alpha/manor/ > m3//s"])
    _ = try here.send("role=m1//s")
    #expect(here.out() == ["m1 alpha/manor/ > m1//s"], "the only one waits until it is alive")
    #expect(throws: Status.notFound) { try here.send("role=nobody//s") }
    #expect(throws: Status.notFound) { try here.send("x,y//s") }
  }

  @Test func theNextEstateTakesWhatTheFirstCertainlyDidNotGet() throws {
    let here = Process()
    let (m1, m2) = (here.estate("m1"), here.estate("m2"))
    _ = try here.send("m1,m2//s", "{\"job\":1}", tag: 9)
    let first = try #require(here.stacks.sent.first)
    here.stacks.setAlive(m1, false)
    here.router.changed(m1, now: 2_000)
    #expect(here.stacks.canceled == [first.transaction])
    here.end(first, .canceled)
    #expect(here.events().isEmpty)
    let second = try #require(here.stacks.sent.last)
    #expect(second.target == m2)
    #expect(second.text.hasPrefix("{\"route\":{\"src\":[\"alpha\",\"manor\",null],\"dst\":[\"m2\",null,\"s\"]"))
    #expect(second.text.hasSuffix("\"job\":1}"))
    here.end(second)
    #expect(here.events() == ["DELIVERED ok 9"])
    #expect(here.router.heldBytes == 0 && here.router.choosing.isEmpty)
  }

  @Test(arguments: ["m1,m2//s", "role=master//s", "kind=1//s"])
  func whatWaitsForTheDeadGoesToTheNextThatComes(_ destination: String) throws {
    let here = Process()
    let m1 = here.estate("m1", role: "master", kind: 1)
    let m2 = here.estate("m2", role: "master", kind: 1, isAlive: false)
    let third = here.estate("m3", role: "master", kind: 1, isAlive: false)
    let other = here.estate("other")
    for number in 0..<3 { _ = try here.send(destination, tag: UInt64(number)) }
    let sent = here.stacks.sent.map { $0.transaction }
    here.stacks.setAlive(m1, false)
    for remote in [m1, m2, other, third] { here.router.changed(remote, now: 2_000) }
    #expect(here.stacks.canceled.isEmpty, "nobody is there")
    here.stacks.setAlive(m2, true)
    for remote in [other, third] { here.router.changed(remote, now: 2_000) }
    #expect(here.stacks.canceled.isEmpty, "not theirs")
    here.router.changed(m2, now: 2_000)
    #expect(here.stacks.canceled == sent)
    here.end(here.stacks.sent.first, .canceled)
    #expect(here.stacks.sent.last?.target == m2)
    here.router.changed(m2, now: 2_000)
    #expect(here.stacks.canceled.count == 5, "what m2 has stays there")
  }

  @Test func whoMayNotHaveAMessageIsNotWaitedFor() throws {
    let here = Process()
    let worker = here.yard("worker")
    let (m1, m2) = (here.estate("m1", role: "master"), here.estate("m2", role: "master", isAlive: false))
    here.router.rules = try Rules("allow toestate=m1")
    here.route("/worker/ > //", more: ",\"any\":\"role=master\"", from: worker)
    #expect(here.stacks.sent.map { $0.target } == [m1])
    here.stacks.setAlive(m1, false)
    here.stacks.setAlive(m2, true)
    for remote in [m1, m2] { here.router.changed(remote, now: 2_000) }
    #expect(here.stacks.canceled.isEmpty)
  }

  @Test(arguments: [true, false]) func aRemoteThatNobodyWaitsForCostsNoSearch(isAlive: Bool) throws {
    let here = Process()
    let master = here.estate("m1", role: "master", isAlive: false)
    let strangers = (0..<100).map { here.estate("stranger\($0)", isAlive: isAlive) }
    for _ in 0..<50 { _ = try here.send("role=master//s") }
    #expect(here.stacks.sent.allSatisfy { $0.target == master })
    here.stacks.looks = 0
    for stranger in strangers { here.router.changed(stranger, now: 2_000) }
    #expect(here.stacks.looks <= strangers.count * 51)
    #expect(isAlive || here.stacks.looks == strangers.count)
  }

  @Test func whatMayHaveArrivedIsNotSentToAnother() throws {
    let here = Process()
    let m1 = here.estate("m1")
    _ = here.estate("m2")
    _ = try here.send("m1,m2//s")
    here.stacks.setAlive(m1, false)
    here.router.changed(m1, now: 2_000)
    here.end(here.stacks.sent.first, .unknown)
    #expect(here.events() == ["FAILED unknown 7"])
    #expect(here.stacks.sent.count == 1)
  }

  @Test func whenAllFailTheLastStatusIsTold() throws {
    let here = Process()
    _ = (here.estate("m1"), here.estate("m2"))
    _ = try here.send("m1,m2//s")
    for _ in 0..<20 { here.end(here.stacks.sent.last, .timedOut) }
    #expect(here.events() == ["FAILED timedOut 7"])
    #expect(here.stacks.sent.count == RouterLimit.attempts)
  }

  @Test func aWorkersChoiceIsMadeByItsManor() throws {
    let worker = Process(road: nil, lane: "worker")
    _ = worker.yard("manor")
    worker.router.manor = "manor"
    _ = try worker.send("m1,m2//s")
    let sent = try #require(worker.stacks.sent.first)
    #expect(sent.route?.choice == "m1,m2")
    let here = Process()
    let port = here.yard("worker")
    _ = here.estate("m1", isAlive: false)
    _ = here.estate("m2")
    here.receive(sent.body, from: port)
    #expect(here.stacks.sent.first?.route?.choice == nil)
    #expect(here.out() == ["m2 alpha/worker/ > m2//s"])
    here.route("beta// > alpha//s", more: ",\"any\":\"m1,m2\"", from: here.estate("beta"))
    #expect(here.out().isEmpty, "who is on the road chooses himself")
    #expect(here.events() == ["MESSAGE beta// > alpha//s"])
  }

  @Test func aCanceledMessageGoesToNobodyElse() throws {
    let here = Process()
    _ = (here.estate("m1"), here.estate("m2"))
    let transaction = try here.send("m1,m2//s")
    try here.router.cancel(transaction, now: 0)
    #expect(here.stacks.canceled.count == 1)
    here.end(here.stacks.sent.first, .canceled)
    #expect(here.events() == ["FAILED canceled 7"])
    #expect(throws: Status.notFound) { try here.router.cancel(transaction, now: 0) }
  }

  @Test func messagesOfADetachedStackEnd() throws {
    let here = Process()
    _ = here.estate("beta")
    let worker = here.yard("worker")
    _ = try here.send("beta//s")
    here.route("/worker/ > beta//", more: ",\"id\":5", from: worker)
    here.router.detach(Process.road, now: 0)
    #expect(here.events() == ["FAILED unknown 7"])
    #expect(here.out().last == "worker re 5 \(Status.unknown.rawValue)")
    #expect(throws: Status.notFound) { try here.send("beta//s") }
  }

  @Test func tablesAreBounded() throws {
    let here = Process()
    let beta = here.estate("beta")
    for _ in 0..<(RouterLimit.passed + 50) {
      _ = try here.send("beta//s")
      here.end(here.stacks.sent.popLast())
      _ = here.router.nextEvent()
    }
    #expect(here.router.hops.count == RouterLimit.passed)
    for _ in 0..<(RouterLimit.audits + 50) { here.route("gamma// > //", from: beta) }
    #expect(here.router.audits == RouterLimit.audits)
    #expect(here.router.value(.auditLost) == 50)
  }
}
