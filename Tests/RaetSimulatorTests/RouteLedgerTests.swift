import RaetStack
import RaetWire
import Testing

@testable import RaetSimulator

/// What the account of routed messages takes for wrong.
@Suite struct RouteLedgerTests {
  private func ledger(confirms: Bool = false) -> (RouteLedger, [UInt8]) {
    var ledger = RouteLedger()
    let body = RouteLedger.body(0, 40, .json)
    ledger.add(
      RouteLedger.Entry(
        sender: 1, process: 7, receivers: [2], share: "open", source: "answers", confirms: confirms, isForged: false,
        content: body.content, time: 1))
    return (ledger, body.bytes)
  }

  private func arrive(_ ledger: inout RouteLedger, _ body: [UInt8], at process: Int = 2, share: String = "open")
    -> Promise?
  {
    body.withUnsafeBytes { ledger.arrived($0, at: process, share: share).1?.promise }
  }

  private func event(_ kind: EventKind, _ status: Status = .ok) -> Event {
    var event = Event(kind)
    event.status = status
    return event
  }

  @Test(arguments: [BodyKind.json, .msgpack]) func aBodyIsKnownByItsNumber(kind: BodyKind) {
    for number in [0, 35, 4711] {
      let body = RouteLedger.body(number, 3000, kind).bytes
      #expect(body.withUnsafeBytes { RouteLedger.number($0) } == number)
    }
  }

  @Test func aMessageComesOnce() {
    var (ledger, body) = ledger()
    #expect(arrive(&ledger, body) == nil)
    #expect(arrive(&ledger, body) == .once)
  }

  @Test func aMessageComesWhereItIsFor() {
    var (ledger, body) = ledger()
    #expect(arrive(&ledger, body, at: 3) == .exact)
    #expect(arrive(&ledger, body, share: "secret") == .exact)
    #expect(arrive(&ledger, Array("{}".utf8)) == .exact)
    #expect(arrive(&ledger, body.map { $0 == UInt8(ascii: "x") ? UInt8(ascii: "y") : $0 }) == .exact)
  }

  @Test func whatIsConfirmedHasCome() {
    var (ledger, body) = ledger(confirms: true)
    #expect(ledger.reported(event(.delivered), process: 7)?.promise == .report)
    (ledger, body) = self.ledger(confirms: true)
    #expect(arrive(&ledger, body) == nil)
    #expect(ledger.reported(event(.delivered), process: 7) == nil)
    #expect(ledger.reported(event(.failed, .unknown), process: 7)?.promise == .report, "a second report")
  }

  @Test func whatHasFailedForCertainDoesNotCome() {
    var (ledger, body) = ledger(confirms: true)
    #expect(ledger.reported(event(.failed, .rejected), process: 7) == nil)
    #expect(arrive(&ledger, body) == .report)
    (ledger, body) = self.ledger(confirms: true)
    #expect(ledger.reported(event(.failed, .unknown), process: 7) == nil)
    #expect(arrive(&ledger, body) == nil)
  }

  @Test func undeliveredComesAfterDelivered() {
    var (ledger, _) = ledger()
    #expect(ledger.reported(event(.undelivered, .dead), process: 7)?.promise == .report)
    (ledger, _) = self.ledger()
    #expect(ledger.reported(event(.delivered), process: 7) == nil && ledger.unreported == 0)
    #expect(ledger.reported(event(.undelivered, .dead), process: 7) == nil)
    #expect(ledger.reported(event(.undelivered, .dead), process: 7)?.promise == .report)
  }

  @Test func aMessageThatGoesRoundAndRoundIsSeen() {
    var (ledger, _) = ledger()
    for _ in 0..<64 { #expect(ledger.handsOn(0) == nil) }
    #expect(ledger.handsOn(0)?.promise == .limits)
  }
}
