import RaetSession
import RaetStack
import RaetWire
import Testing

@testable import RaetSimulator

/// The ledger finds what it is there to find: else all runs could pass by mistake.
@Suite struct LedgerTests {
  private func send(_ ledger: inout Ledger, _ body: [UInt8] = [1, 2, 3]) {
    body.withUnsafeBytes { ledger.sent($0, .raw, from: 0, to: 1) }
  }

  /// A message without a body, which needs no buffer of the engine's.
  private var arrival: Event {
    var event = Event(.message)
    event.bodyKind = .raw
    return event
  }

  private func report(_ kind: EventKind, _ status: Status = .ok, tag: UInt64 = 0) -> Event {
    var event = Event(kind)
    event.status = status
    event.tag = tag
    return event
  }

  @Test func takesWhatIsRight() {
    var ledger = Ledger()
    send(&ledger, [])
    #expect(ledger.arrived(arrival, at: 1, from: 0) == nil)
    #expect(ledger.reported(report(.delivered), by: 0) == nil)
    #expect(ledger.contradiction() == nil && ledger.unreported == 0)
  }

  @Test func findsWhatComesTwice() {
    var ledger = Ledger()
    send(&ledger, [])
    #expect(ledger.arrived(arrival, at: 1, from: 0) == nil)
    #expect(ledger.arrived(arrival, at: 1, from: 0)?.promise == .once)
  }

  @Test func findsWhatWasNeverSentSo() {
    var ledger = Ledger()
    send(&ledger)
    #expect(ledger.arrived(arrival, at: 1, from: 0)?.promise == .exact)
    send(&ledger, [])
    #expect(ledger.arrived(arrival, at: 0, from: 1)?.promise == .exact)
    #expect(ledger.arrived(arrival, at: 1, from: nil)?.promise == .exact)
    var other = arrival
    other.bodyKind = .json
    #expect(ledger.arrived(other, at: 1, from: 0)?.promise == .exact)
  }

  @Test func findsASecondReportAndOneForNothing() {
    var ledger = Ledger()
    send(&ledger)
    #expect(ledger.reported(report(.delivered, tag: 1), by: 0)?.promise == .report)
    #expect(ledger.reported(report(.delivered), by: 1)?.promise == .report)
    #expect(ledger.reported(report(.delivered), by: 0) == nil)
    #expect(ledger.reported(report(.failed, .timedOut), by: 0)?.promise == .report)
  }

  @Test func findsReportsThatAreNotTrue() {
    var lost = Ledger()
    send(&lost, [])
    #expect(lost.unreported == 1)
    #expect(lost.reported(report(.delivered), by: 0) == nil)
    #expect(lost.contradiction()?.promise == .report)
    var arrived = Ledger()
    send(&arrived, [])
    #expect(arrived.reported(report(.failed, .timedOut), by: 0) == nil)
    #expect(arrived.contradiction() == nil)
    #expect(arrived.arrived(arrival, at: 1, from: 0) == nil)
    #expect(arrived.contradiction()?.promise == .report)
  }

  @Test(arguments: [true, false]) func takesUnknownAndTheDeadEitherWay(comes: Bool) {
    for isDead in [true, false] {
      var ledger = Ledger()
      send(&ledger, [])
      if isDead { #expect(ledger.died(0) == 1) }
      if !isDead { #expect(ledger.reported(report(.failed, .unknown), by: 0) == nil) }
      if comes { #expect(ledger.arrived(arrival, at: 1, from: 0) == nil) }
      #expect(ledger.contradiction() == nil && ledger.unreported == 0)
    }
  }

  @Test func theReportDoesNotDependOnTheOrderOfRuns() {
    let outcomes = (1...4).map { Simulation(seed: $0).run() }
    var (one, other, parts) = (Report(), Report(), Report())
    for outcome in outcomes { one.add(outcome) }
    for outcome in outcomes.reversed() { other.add(outcome) }
    for outcome in outcomes {
      var part = Report()
      part.add(outcome)
      parts.add(part)
    }
    #expect(one.text(seconds: 1) == other.text(seconds: 1) && one.text(seconds: 1) == parts.text(seconds: 1))
    #expect(!one.unmet.isEmpty && one.failures.isEmpty)
  }
}
