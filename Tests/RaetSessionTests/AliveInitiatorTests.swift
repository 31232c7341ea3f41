import RaetWire
import Testing

@testable import RaetSession

/// The tables of PROTOCOL 6.5.
@Suite struct AliveInitiatorTests {
  static var alive: AliveInitiator {
    AliveInitiator(transaction: 4, session: 2, host: 9, timeout: Times.alive, now: 0)
  }

  @Test func eachPacketDoesWhatTheTableSays() {
    let known: [PacketKind: String] = [
      .ack: "alive", .nack: "stale", .refuse: "refused", .reject: "rejected", .unjoined: "unjoined",
      .unallowed: "unallowed",
    ]
    for kind in PacketKind.all { #expect("\(Self.alive.receive(kind))" == known[kind] ?? "misplaced", "\(kind)") }
  }

  @Test func itAsksAgainEverLaterAndThenCountsTheRemoteDead() {
    var alive = Self.alive
    var sent: [UInt64] = []
    while case .request = alive.step(now: alive.due) { sent.append(alive.due / millisecond) }
    #expect(sent.count == 3)
    guard case .wait = alive.step(now: Times.alive - 1) else { return fail("too early") }
    guard case .dead = alive.step(now: Times.alive) else { return fail("no end") }
  }
}
