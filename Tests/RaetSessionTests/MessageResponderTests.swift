import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

/// A message of several segments as it arrives (PROTOCOL 7.1, 7.2).
@Suite struct MessageResponderTests {
  static let piece = [UInt8](repeating: 7, count: 10)

  static func head(_ number: UInt32, of count: UInt32 = 6, length: UInt32 = 55) -> Head {
    var head = Head()
    head.segment = number
    head.segmentCount = count
    head.messageLength = length
    head.session = 2
    head.transaction = 9
    return head
  }

  static func begin(_ number: UInt32, limit: Int = 1000) throws -> MessageResponder {
    try piece.withUnsafeBytes { (bytes) throws -> MessageResponder in
      try MessageResponder.begin(id: 1, head: head(number), piece: bytes, key: nil, limit: limit, now: 0)
    }
  }

  static func tell(_ message: MessageResponder, _ head: Head, _ piece: [UInt8] = piece, now: UInt64 = 0) throws {
    try piece.withUnsafeBytes { try message.receive(head, piece: $0, now: now) }
  }

  @Test func itAsksForWhatIsMissingBelowTheHighest() throws {
    let message = try Self.begin(0)
    #expect(message.answer == .acknowledge(highest: 0))
    try Self.tell(message, Self.head(3))
    #expect(message.answer == .resend([1, 2]))
    try Self.tell(message, Self.head(1))
    try Self.tell(message, Self.head(2))
    #expect(message.answer == .acknowledge(highest: 3))
    try Self.tell(message, Self.head(4))
    try Self.tell(message, Self.head(5), [1, 2, 3, 4, 5])
    #expect(message.reassembly.isComplete)
  }

  @Test func whatContradictsTheFirstSegmentChangesNothing() throws {
    let message = try Self.begin(0)
    let wrong = [
      Self.head(1, of: 7), Self.head(1, length: 56), Self.head(6),
    ]
    for head in wrong { #expect(throws: WireError.self) { try Self.tell(message, head) } }
    #expect(throws: WireError.self) { try Self.tell(message, Self.head(1), [1]) }
    #expect(message.answer == .acknowledge(highest: 0))
    #expect(message.reassembly.received == 1)
  }

  @Test func oneAboveTheLimitDoesNotBegin() {
    #expect(throws: WireError.self) { try Self.begin(0, limit: 54) }
    #expect(throws: Never.self) { try Self.begin(0, limit: 55) }
  }

  @Test func itAsksByItselfWhenNothingComesAndGivesUpAtLast() throws {
    let message = try Self.begin(2)
    var asked: [UInt64] = []
    while case .ask = message.step(now: message.due) { asked.append(message.due) }
    #expect(asked.count > 100)
    guard case .end = message.step(now: Times.silentMessage) else { return fail("no end") }
  }

  @Test func eachSegmentPutsItsQuestionOff() throws {
    let message = try Self.begin(0)
    for round in 1...50 as ClosedRange<UInt64> {
      let now = round * 150 * millisecond
      guard case .wait = message.step(now: now) else { return fail("asked at \(now)") }
      try Self.tell(message, Self.head(1), now: now)
    }
  }
}
