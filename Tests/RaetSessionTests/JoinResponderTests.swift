import RaetWire
import Testing

@testable import RaetSession

/// The table of PROTOCOL 6.2.3, and what may go to an address that nobody has proved.
@Suite struct JoinResponderTests {
  enum Place: CaseIterable { case pending, answered, farPended }

  static func join(_ place: Place, bytes: Int = 250) -> JoinResponder {
    var join = JoinResponder(
      transaction: 3, isVacuous: true, body: joinBody(), farID: 2, nearID: 5, isPended: place == .pending,
      bytes: bytes, now: 0)
    if place == .farPended { _ = join.receive(.pend, bytes: 60, now: 0) }
    return join
  }

  @Test(arguments: Place.allCases) func eachPacketDoesWhatTheTableSays(place: Place) {
    let isPending = place == .pending
    let known: [PacketKind: String] = [
      .request: "again", .pend: isPending ? "misplaced" : "wait", .ack: isPending ? "misplaced" : "complete",
      // The reference's nack to a response means that its join is complete.
      .nack: isPending ? "end" : "wait", .refuse: "end", .reject: "end",
    ]
    for kind in PacketKind.all {
      var join = Self.join(place)
      #expect("\(join.receive(kind, bytes: 60, now: 1))" == known[kind] ?? "misplaced", "\(kind)")
    }
  }

  @Test func itGivesThreeTimesWhatItGotAndNoByteMore() {
    for bytes in [1, 54, 253, 1024] {
      var join = Self.join(.answered, bytes: bytes)
      var spent = 0
      var got = bytes
      var chance = Chance(seed: UInt64(bytes))
      for _ in 0..<1000 {
        let size = chance.number(1...1024)
        if chance.happens(20) {
          _ = join.receive(.request, bytes: size, now: 0)
          got += size
        } else if join.spend(size) {
          spent += size
        }
        #expect(spent <= 3 * got)
      }
      #expect(spent > 0)
    }
  }

  @Test func muchThatCameDoesNotBecomeABurst() {
    var join = Self.join(.answered)
    for _ in 0..<10_000 { _ = join.receive(.request, bytes: 1024, now: 0) }
    var burst = 0
    while join.spend(263) { burst += 263 }
    #expect(burst <= 16 * WireLimit.datagram)
  }

  @Test func itAnswersAgainEverLaterAndGivesUp() {
    var join = Self.join(.answered)
    var sent: [UInt64] = []
    while case .respond = join.step(now: join.due) { sent.append(join.due / millisecond) }
    #expect(sent.prefix(4) == [300, 700, 1500, 3100])
    guard case .end = join.step(now: Times.joinAnswered) else { return fail("no end") }
  }

  @Test(arguments: [Place.pending, .farPended]) func aPendedJoinIsForgottenWhenNobodyAsks(place: Place) {
    var join = Self.join(place)
    // Somebody asks again in time.
    _ = join.receive(.request, bytes: 250, now: 100 * second)
    var ended: UInt64 = 0
    for _ in 0..<1000 where ended == 0 {
      let due = join.due
      if case .end = join.step(now: due) { ended = due }
    }
    #expect(ended == 100 * second + Times.pendedJoin)
  }

  @Test func itGivesWayToANewerJoinAndAfterSilenceToAny() {
    var join = Self.join(.answered)
    #expect(join.givesWay(to: 4, now: 0) && !join.givesWay(to: 2, now: 0))
    #expect(!join.givesWay(to: 2, now: Times.joinSilent - 1) && join.givesWay(to: 2, now: Times.joinSilent))
    _ = join.receive(.request, bytes: 250, now: Times.joinSilent)
    #expect(!join.givesWay(to: 2, now: Times.joinSilent))
  }

  @Test func acceptedItAnswersAtOnce() {
    var join = Self.join(.pending)
    #expect(join.isPended && !join.isAnswered)
    join.respond(now: 10 * second)
    #expect(!join.isPended && join.isAnswered)
    #expect(join.due == 10 * second + Times.joinResponse.first)
  }
}
