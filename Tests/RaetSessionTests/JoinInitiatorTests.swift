import RaetWire
import Testing

@testable import RaetSession

/// The table of PROTOCOL 6.2.2.
@Suite struct JoinInitiatorTests {
  enum Place: CaseIterable { case requested, pended, deciding }

  static func join(_ place: Place, isVacuous: Bool = false, timeout: UInt64 = Times.join) -> JoinInitiator {
    var join = JoinInitiator(transaction: 3, isVacuous: isVacuous, host: 0, timeout: timeout, now: 0)
    switch place {
    case .requested: break
    case .pended: _ = join.receive(.pend, now: 0)
    case .deciding: join.pendHere(joinBody(), now: 0)
    }
    return join
  }

  static func answer(_ kind: PacketKind, _ place: Place, isVacuous: Bool = false) -> String {
    var join = join(place, isVacuous: isVacuous)
    return "\(join.receive(kind, now: 1))"
  }

  @Test(arguments: Place.allCases) func eachPacketDoesWhatTheTableSays(place: Place) {
    let known: [PacketKind: String] = [
      .response: "judge", .pend: place == .deciding ? "misplaced" : "wait", .refuse: "refused", .nack: "refused",
      .reject: "rejected", .renew: place == .deciding ? "misplaced" : "renew",
    ]
    for kind in PacketKind.all { #expect(Self.answer(kind, place) == known[kind] ?? "misplaced", "\(kind)") }
    #expect(Self.answer(.renew, place, isVacuous: true) == "misplaced")
  }

  @Test func aForgottenPendDoesNotMakeItForgetWhatItDecides() {
    var join = Self.join(.deciding)
    _ = join.receive(.pend, now: 1)
    #expect(join.pendingBody == joinBody())
    #expect(join.isPended)
  }

  @Test func itAsksAgainEverLaterAndGivesUp() {
    var join = Self.join(.requested)
    var sent: [UInt64] = []
    while true {
      let now = join.due
      guard case .request = join.step(now: now) else { break }
      sent.append(now / second)
    }
    #expect(sent == [1, 3])
    guard case .end(pended: false) = join.step(now: Times.join) else { return fail("no end") }
  }

  @Test func pendedItAsksEverySixtySecondsAndEndsAsPended() {
    var join = Self.join(.pended, timeout: 130 * second)
    var sent: [UInt64] = []
    while case .request = join.step(now: join.due) { sent.append(join.due / second) }
    #expect(sent.count == 2)
    guard case .end(pended: true) = join.step(now: 130 * second) else { return fail("no end") }
  }

  @Test func decidingItLooksEverySecond() {
    var join = Self.join(.deciding)
    #expect(join.due == Times.acceptancePoll)
    guard case .poll(joinBody()) = join.step(now: join.due) else { return fail("no look") }
    #expect(join.due == 2 * Times.acceptancePoll)
    guard case .wait = join.step(now: Times.acceptancePoll + 1) else { return fail("no wait") }
    guard case .end(pended: true) = join.step(now: Times.join) else { return fail("no end") }
  }

  @Test func itIsNeverDueWithNothingToDo() {
    for place in Place.allCases {
      var join = Self.join(place, timeout: 200 * second)
      for _ in 0..<300 {
        let due = join.due
        if case .wait = join.step(now: due) { Issue.record("\(place): nothing to do at \(due)") }
        if due >= 200 * second { break }
        #expect(join.due > due)
      }
    }
  }
}
