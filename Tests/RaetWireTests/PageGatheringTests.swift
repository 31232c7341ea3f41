import RaetWire
import Testing

@Suite struct PageGatheringTests {
  /// Calls `body` with a page of these numbers and this piece.
  private func with<R>(
    _ number: Int, of count: Int, _ piece: [UInt8], pack: Int = 0, _ body: (ReceivedPage) throws -> R
  ) throws -> R {
    func digits(_ number: Int) -> String {
      let text = String(number, radix: 16)
      return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }
    let head =
      "ri RAET\nvn 0\npk \(pack)\nsn a\ndn b\nsi 660bbe5fbc3770bfc3\nbi 1\npn \(digits(number))\npc \(digits(count))\n\n"
    return try (bytes(head) + piece).withUnsafeBytes { try body(try PageHead.parse($0)) }
  }

  private func begin(_ count: Int, _ piece: [UInt8], limit: Int = 1 << 20) throws -> PageGathering {
    try with(0, of: count, piece) { try PageGathering(first: $0, limit: limit) }
  }

  private func insert(
    _ gathering: inout PageGathering, _ room: inout [UInt8], _ number: Int, of count: Int, _ piece: [UInt8],
    pack: Int = 0
  ) throws -> PageGathering.Inserted {
    try with(number, of: count, piece, pack: pack) { page in
      try room.withUnsafeMutableBytes { try gathering.insert(page, into: $0) }
    }
  }

  @Test func putsPiecesTogetherInAnyOrder() throws {
    let body = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for length in [1, 7, 100, 499, 999] {
      let count = (body.count + length - 1) / length
      let piece = { (number: Int) in Array(body[(number * length)..<min((number + 1) * length, body.count)]) }
      var random = SeededGenerator(seed: UInt64(length))
      var gathering = try begin(count, piece(0))
      var room = [UInt8](repeating: 0, count: gathering.length)
      for number in Array(0..<count).shuffled(using: &random) {
        #expect(!gathering.isComplete)
        #expect(try insert(&gathering, &room, number, of: count, piece(number)) == .fresh)
      }
      #expect(gathering.isComplete)
      #expect(gathering.length == body.count && gathering.receivedLength == body.count)
      #expect(Array(room[..<gathering.length]) == body)
    }
  }

  @Test func theFirstCopyOfAPageStays() throws {
    var gathering = try begin(2, [1, 2, 3])
    var room = [UInt8](repeating: 0, count: gathering.length)
    #expect(try insert(&gathering, &room, 0, of: 2, [1, 2, 3]) == .fresh)
    #expect(try insert(&gathering, &room, 0, of: 2, [7, 8, 9]) == .duplicate)
    #expect(gathering.receivedLength == 3 && !gathering.isComplete)
    #expect(try insert(&gathering, &room, 1, of: 2, [4]) == .fresh)
    #expect(Array(room[..<gathering.length]) == [1, 2, 3, 4])
  }

  @Test func beginsWithPageZeroOfSeveral() throws {
    #expect(throws: PageError.pageNumber) { try with(1, of: 2, [1]) { try PageGathering(first: $0, limit: 100) } }
    #expect(throws: PageError.pieceLength) { try begin(1, [1]) }
    #expect(throws: PageError.pieceLength) { try begin(2, []) }
  }

  @Test func aBookLongerThanTheLimitIsNotBegun() throws {
    // With a last page of one byte it would be just as long.
    #expect(try begin(3, [1, 2, 3, 4], limit: 9).length == 12)
    #expect(throws: PageError.messageLength) { try begin(3, [1, 2, 3, 4], limit: 8) }
    #expect(throws: PageError.messageLength) { try begin(65_535, [1, 2, 3, 4], limit: 200_000) }
  }

  @Test func pagesThatContradictTheFirstAreRefusedAndChangeNothing() throws {
    var gathering = try begin(3, [1, 2])
    var room = [UInt8](repeating: 0, count: gathering.length)
    _ = try insert(&gathering, &room, 0, of: 3, [1, 2])
    let before = room
    #expect(throws: PageError.pageChanged) { try insert(&gathering, &room, 1, of: 4, [3, 4]) }
    #expect(throws: PageError.pageChanged) { try insert(&gathering, &room, 1, of: 2, [3, 4]) }
    #expect(throws: PageError.pageChanged) { try insert(&gathering, &room, 1, of: 3, [3, 4], pack: 1) }
    for (number, piece) in [(1, [3]), (1, [3, 4, 5]), (1, []), (2, []), (2, [5, 6, 7])] as [(Int, [UInt8])] {
      #expect(throws: PageError.pieceLength) { try insert(&gathering, &room, number, of: 3, piece) }
    }
    #expect(room == before && gathering.receivedLength == 2 && !gathering.isComplete)
    #expect(try insert(&gathering, &room, 2, of: 3, [5]) == .fresh)
    #expect(try insert(&gathering, &room, 1, of: 3, [3, 4]) == .fresh)
    #expect(Array(room[..<gathering.length]) == [1, 2, 3, 4, 5])
  }

  @Test func memoryThatIsTooSmallIsNotWrittenBeyond() throws {
    var gathering = try begin(3, [1, 2])
    var room = [UInt8](repeating: 9, count: 3)
    _ = try insert(&gathering, &room, 0, of: 3, [1, 2])
    #expect(throws: PageError.pieceLength) { try insert(&gathering, &room, 1, of: 3, [3, 4]) }
    #expect(room == [1, 2, 9])
  }

  @Test func takesAsManyPagesAsThereCanBe() throws {
    let count = PageLimit.pages
    var gathering = try begin(count, [1])
    var room = [UInt8](repeating: 0, count: gathering.length)
    for number in [0, 63, 64, 65_533, 65_534] {
      #expect(try insert(&gathering, &room, number, of: count, [2]) == .fresh)
      #expect(try insert(&gathering, &room, number, of: count, [2]) == .duplicate)
    }
    #expect(gathering.receivedLength == 5 && gathering.length == count)
  }
}
