import RaetSession
import RaetStack
import RaetWire
import Testing

@testable import RaetSimulator

/// The judge of runs of lanes says what is wrong, and nothing when all is well.
@Suite struct LaneLedgerTests {
  private func message(_ body: [UInt8], kind: BodyKind = .json, process: Int32 = 1) -> Event {
    var event = Event(.message)
    event.bodyKind = kind
    event.credentials = Credentials(pid: process, uid: 0, gid: 0)
    event.body = body.withUnsafeBytes { ReceivedBody(copying: $0, kind: kind) }
    return event
  }

  private func end(_ tag: UInt64, _ status: Status = .ok) -> Event {
    var event = Event(status == .ok ? .delivered : .failed)
    event.tag = tag
    event.status = status
    return event
  }

  private func ledger(_ bodies: [UInt8]...) -> LaneLedger {
    var ledger = LaneLedger()
    for body in bodies { ledger.sent(body, .json, from: 0, to: 1, process: 1) }
    return ledger
  }

  private func arrives(_ ledger: inout LaneLedger, _ event: Event, from sender: Int = 0) -> Promise? {
    ledger.arrived(event, at: 1, process: 2, from: sender)?.promise
  }

  @Test func whatArrivesAsItWasSentIsWell() {
    var ledger = ledger([1], [2])
    #expect(arrives(&ledger, message([1])) == nil && arrives(&ledger, message([2])) == nil)
    #expect(ledger.reported(end(0), by: 0, process: 1, socket: 5) == nil)
    #expect(ledger.reported(end(1), by: 0, process: 1, socket: 5) == nil)
    #expect(ledger.unreported == 0 && ledger.lost { _ in true }.lost == nil)
  }

  @Test func whatWasNeverSentSoIsNotExact() {
    var ledger = ledger([1])
    #expect(arrives(&ledger, message([9])) == .exact)
    #expect(arrives(&ledger, message([1]), from: 3) == .exact)
    #expect(arrives(&ledger, message([1], kind: .msgpack)) == .exact)
    #expect(arrives(&ledger, message([1], process: 666)) == .exact)
  }

  @Test func whatComesAgainOrOutOfOrderIsSeen() {
    var ledger = ledger([1], [2], [3])
    #expect(arrives(&ledger, message([2])) == nil)
    #expect(arrives(&ledger, message([2])) == .once)
    #expect(arrives(&ledger, message([1])) == .exact)
    #expect(arrives(&ledger, message([3])) == nil)
  }

  @Test func reportsThatAreNotTrueAreSeen() {
    var ledger = ledger([1], [2], [3])
    #expect(ledger.reported(end(0, .dead), by: 0, process: 1, socket: nil) == nil)
    #expect(arrives(&ledger, message([1])) == .report)
    #expect(arrives(&ledger, message([2])) == nil)
    #expect(ledger.reported(end(1, .timedOut), by: 0, process: 1, socket: nil)?.promise == .report)
    #expect(ledger.reported(end(2), by: 0, process: 1, socket: 7) == nil)
    #expect(ledger.reported(end(2), by: 0, process: 1, socket: 7)?.promise == .report)
    #expect(ledger.reported(end(9), by: 0, process: 1, socket: 7)?.promise == .report)
    #expect(ledger.lost { $0 == 7 }.lost == 2)
    #expect(ledger.lost { _ in false } == (nil, 1))
  }

  @Test func aProcessThatDiedOwesNoReports() {
    var ledger = ledger([1])
    #expect(ledger.unreported == 1)
    ledger.died(1)
    #expect(ledger.unreported == 0)
  }
}
