import RaetWire
import Testing

@Suite struct HeadTests {
  static let kinds = HeadKind.allCases

  private func head(_ change: (inout Head) -> Void) -> Head {
    var head = Head()
    head.source = 1
    head.destination = 2
    head.session = 3
    head.transaction = 4
    change(&head)
    return head
  }

  @Test func takesIdsThatAreNotZeroOutsideJoin() throws {
    try head { _ in }.requireValidNumbers()
    #expect(throws: WireError.estate) { try head { $0.source = 0 }.requireValidNumbers() }
    #expect(throws: WireError.estate) { try head { $0.destination = 0 }.requireValidNumbers() }
    #expect(throws: WireError.session) { try head { $0.session = 0 }.requireValidNumbers() }
  }

  @Test func takesTheIdsThatAJoinCanHave() throws {
    let join = head {
      $0.transactionKind = .join
      $0.session = 0
    }
    try join.requireValidNumbers()
    var vacuous = join
    vacuous.destination = 0
    try vacuous.requireValidNumbers()
    vacuous.flags = .correspondent
    #expect(throws: WireError.estate) { try vacuous.requireValidNumbers() }
    var answer = join
    answer.flags = .correspondent
    answer.source = 0
    try answer.requireValidNumbers()
    answer.flags = []
    #expect(throws: WireError.estate) { try answer.requireValidNumbers() }
    var numbered = join
    numbered.session = 1
    #expect(throws: WireError.session) { try numbered.requireValidNumbers() }
  }

  @Test func refusesBroadcasts() {
    #expect(throws: WireError.broadcast) { try head { $0.flags = [.broadcast] }.requireValidNumbers() }
  }

  @Test(arguments: kinds)
  func writesWhatItReads(_ kind: HeadKind) throws {
    var random = SeededGenerator(seed: 1)
    func number() -> UInt32 {
      Bool.random(using: &random)
        ? 0 : UInt32.random(in: 0...UInt32.max, using: &random) >> UInt32.random(in: 0...31, using: &random)
    }
    for _ in 0..<3_000 {
      var head = Head()
      head.headKind = kind
      head.packetKind = PacketKind.allCases.randomElement(using: &random) ?? .message
      head.transactionKind = TransactionKind.allCases.randomElement(using: &random) ?? .message
      head.source = number()
      head.destination = number()
      head.session = number()
      head.transaction = number()
      head.order = number()
      if Bool.random(using: &random) {
        head.segmentCount = UInt32.random(in: 1...WireLimit.segments, using: &random)
        head.segment = UInt32.random(in: 0..<head.segmentCount, using: &random)
        head.messageLength = UInt32.random(in: head.segmentCount...67_107_840, using: &random)
      }
      head.bodyKind = BodyKind.allCases.randomElement(using: &random) ?? .none
      head.coatKind = CoatKind.allCases.randomElement(using: &random) ?? .none
      head.footKind = FootKind.allCases.randomElement(using: &random) ?? .none
      head.flags = PacketFlags(rawValue: UInt8.random(in: 0...255, using: &random))
      if Bool.random(using: &random) {
        head.stamp = Double(Int.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random)) / 64
      }
      let coatLength = Int.random(in: 0...600, using: &random)
      let written = try #require(encode(head, coatLength: coatLength))
      #expect(written.count == head.encodedLength(coatLength: coatLength))
      let layout = try parse(written + [UInt8](repeating: 0, count: coatLength + head.footKind.length))
      #expect(layout.head == head)
      #expect(layout.headLength == written.count)
      #expect(layout.coatLength == coatLength)
    }
  }

  @Test(arguments: kinds)
  func writesNoHeadThatCannotBeRead(_ kind: HeadKind) {
    var head = Head()
    head.headKind = kind
    #expect(encode(head, coatLength: -1) == nil)
    #expect(encode(head, coatLength: 0x10000) == nil)
    #expect(encode(head, coatLength: Int.max) == nil)
    #expect(head.encodedLength(coatLength: Int.max) == nil)
    for stamp in [Double.nan, .infinity, -.infinity, 1e12, -1e300] {
      head.stamp = stamp
      #expect(encode(head) == nil)
      #expect(head.encodedLength(coatLength: 0) == nil)
    }
  }

  @Test func defaultsAreLeftOut() {
    #expect(encode(Head()).map(text) == "ri RAET\npl 001d\nhl 1d\nfg 00\n\n")
    var json = Head()
    json.headKind = .json
    #expect(
      encode(json).map(text) == "{\"ri\":\"RAET\",\"pl\":\"000003b\",\"hl\":\"3b\",\"fg\":\"00\",\"hk\":1}\r\n\r\n")
  }
}
