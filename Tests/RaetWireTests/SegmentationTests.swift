import RaetWire
import Testing

@Suite struct SegmentationTests {
  private func message(_ kind: HeadKind, ids: UInt32 = 2) -> Head {
    var head = Head()
    head.headKind = kind
    head.source = ids
    head.destination = ids
    head.session = ids
    head.transaction = ids
    head.bodyKind = .json
    head.coatKind = .nacl
    head.footKind = .nacl
    return head
  }

  @Test(arguments: HeadKind.allCases)
  func cutsOnlyWhatDoesNotFit(_ kind: HeadKind) throws {
    let head = message(kind)
    let room = 1024 - 64 - (head.encodedLength(coatLength: 0) ?? 0)
    let whole = try #require(Segmentation(coatLength: room, head: head, foot: .nacl))
    #expect(whole.count == 1)
    #expect(whole.range(of: 0) == 0..<room)
    #expect(whole.head(of: 0, message: head) == head)
    let cut = try #require(Segmentation(coatLength: room + 1, head: head, foot: .nacl))
    #expect(cut.count == 2)
    #expect(cut.head(of: 0, message: head)?.flags == .segment)
    let empty = try #require(Segmentation(coatLength: 0, head: head, foot: .nacl))
    #expect(empty.count == 1)
    #expect(empty.range(of: 0) == 0..<0)
  }

  @Test(arguments: HeadKind.allCases, [1_000, 5_054, 100_000, 20_000_000, 56_000_000, 67_107_840])
  func everyDatagramFits(_ kind: HeadKind, _ length: Int) throws {
    for ids: UInt32 in [2, 0xffff_ffff] {
      let head = message(kind, ids: ids)
      let cut = try #require(Segmentation(coatLength: length, head: head, foot: .nacl))
      var covered = 0
      var longest = 0
      for number in 0..<cut.count {
        let range = try #require(cut.range(of: number))
        guard range.lowerBound == covered, !range.isEmpty else {
          Issue.record("piece \(number) does not follow")
          return
        }
        guard number == cut.count - 1 || range.count == cut.pieceLength else {
          Issue.record("piece \(number) is shorter")
          return
        }
        covered = range.upperBound
        guard let segment = cut.head(of: number, message: head),
          let headLength = segment.encodedLength(coatLength: range.count)
        else {
          Issue.record("no head for piece \(number)")
          return
        }
        longest = max(longest, headLength + range.count + 64)
      }
      #expect(covered == length)
      #expect(longest <= 1024)
    }
  }

  /// Figures of a recorded conversation: 5,054 bytes in a raet head of 70 bytes and in a JSON head of 116.
  @Test func cutsWhereTheReferenceCuts() throws {
    var head = message(.raet)
    head.transaction = 5
    #expect(try #require(Segmentation(coatLength: 5054, head: head, foot: .nacl)).pieceLength == 1024 - 70 - 27 - 64)
    head.headKind = .json
    #expect(try #require(Segmentation(coatLength: 5054, head: head, foot: .nacl)).pieceLength == 1024 - 116 - 36 - 64)
  }

  @Test func refusesWhatCannotBeCut() {
    let head = message(.raet)
    #expect(Segmentation(coatLength: -1, head: head, foot: .nacl) == nil)
    #expect(Segmentation(coatLength: 67_107_841, head: head, foot: .nacl) == nil)
    #expect(Segmentation(coatLength: Int.max, head: head, foot: .nacl) == nil)
  }

  @Test func hasNoPieceBeyondTheLast() throws {
    let head = message(.raet)
    let cut = try #require(Segmentation(coatLength: 5_000, head: head, foot: .nacl))
    #expect(cut.range(of: cut.count) == nil)
    #expect(cut.range(of: UInt32.max) == nil)
    #expect(cut.head(of: cut.count, message: head) == nil)
  }
}
