import RaetWire
import Testing

@Suite struct ReassemblyTests {
  private func head(_ segment: UInt32, of count: UInt32, length: UInt32) -> Head {
    var head = Head()
    head.segment = segment
    head.segmentCount = count
    head.messageLength = length
    head.bodyKind = .json
    head.coatKind = .nacl
    head.footKind = .nacl
    head.flags = .segment
    return head
  }

  private func insert(_ reassembly: inout Reassembly, _ head: Head, _ piece: [UInt8]) throws -> Reassembly.Inserted {
    try piece.withUnsafeBytes { try reassembly.insert(head, $0) }
  }

  private func coat(_ reassembly: Reassembly) -> [UInt8]? {
    reassembly.withCoat { [UInt8](UnsafeRawBufferPointer($0)) }
  }

  @Test func joinsPiecesInAnyOrder() throws {
    let message = (0..<10_007).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var random = SeededGenerator(seed: 7)
    for piece in [1, 7, 100, 863, 5_004, 10_006] {
      let count = (message.count + piece - 1) / piece
      let order = Array(0..<count).shuffled(using: &random)
      let lengthOf = { (number: Int) in min(piece, message.count - number * piece) }
      let first = head(UInt32(order[0]), of: UInt32(count), length: UInt32(message.count))
      var reassembly = try Reassembly(first: first, pieceLength: lengthOf(order[0]), limit: message.count)
      #expect(reassembly.pieceLength == piece)
      for number in order {
        #expect(!reassembly.isComplete)
        #expect(coat(reassembly) == nil)
        let part = Array(message[(number * piece)..<(number * piece + lengthOf(number))])
        let head = head(UInt32(number), of: UInt32(count), length: UInt32(message.count))
        #expect(try insert(&reassembly, head, part) == .fresh)
        #expect(reassembly.contains(UInt32(number)))
      }
      #expect(reassembly.isComplete)
      #expect(reassembly.receivedLength == message.count)
      #expect(coat(reassembly) == message)
    }
  }

  @Test func takesAMessageOfOneSegment() throws {
    let only = head(0, of: 1, length: 5)
    var reassembly = try Reassembly(first: only, pieceLength: 5, limit: 5)
    #expect(try insert(&reassembly, only, [1, 2, 3, 4, 5]) == .fresh)
    #expect(coat(reassembly) == [1, 2, 3, 4, 5])
    #expect(throws: WireError.segmentLength) { try Reassembly(first: only, pieceLength: 4, limit: 5) }
  }

  @Test func theFirstCopyOfASegmentStays() throws {
    var reassembly = try Reassembly(first: head(1, of: 2, length: 6), pieceLength: 3, limit: 6)
    #expect(try insert(&reassembly, head(1, of: 2, length: 6), [4, 5, 6]) == .fresh)
    #expect(try insert(&reassembly, head(1, of: 2, length: 6), [7, 8, 9]) == .duplicate)
    #expect(reassembly.received == 1)
    #expect(try insert(&reassembly, head(0, of: 2, length: 6), [1, 2, 3]) == .fresh)
    #expect(coat(reassembly) == [1, 2, 3, 4, 5, 6])
  }

  /// Beginnings by name: segment, count, `ml`, length of the piece, limit.
  static let refused: [(name: String, numbers: [Int], error: WireError)] = [
    ("sc 0", [0, 0, 10, 10, 100], .segmentCount),
    ("sc above the limit", [0, 131_073, 1_000_000, 10, 1_000_000], .segmentCount),
    ("sn equal to sc", [2, 2, 10, 5, 100], .segmentNumber),
    ("sn huge", [0xffff_ffff, 2, 10, 5, 100], .segmentNumber),
    ("ml 0", [0, 2, 0, 5, 100], .messageLength),
    ("ml above the caller's limit", [0, 2, 101, 60, 100], .messageLength),
    ("ml above the protocol's limit", [0, 131_072, 67_107_841, 512, Int.max], .messageLength),
    ("empty piece", [0, 2, 10, 0, 100], .segmentLength),
    ("piece longer than the message", [0, 2, 10, 11, 100], .segmentLength),
    ("piece that leaves nothing", [0, 2, 10, 10, 100], .segmentLength),
    ("piece that leaves more than a piece", [0, 2, 10, 4, 100], .segmentLength),
    ("last piece longer than the others", [1, 2, 10, 6, 100], .segmentLength),
    ("last piece that leaves no equal pieces", [2, 3, 10, 3, 100], .segmentLength),
    ("last piece that is the message", [1, 2, 10, 10, 100], .segmentLength),
    ("many segments of few bytes", [5, 1_000, 999, 1, 1_000], .segmentLength),
  ]

  @Test(arguments: refused)
  func refusesToBeginByName(_ input: (name: String, numbers: [Int], error: WireError)) {
    let numbers = input.numbers
    let first = head(UInt32(numbers[0]), of: UInt32(numbers[1]), length: UInt32(numbers[2]))
    #expect(throws: input.error, "\(input.name)") {
      try Reassembly(first: first, pieceLength: numbers[3], limit: numbers[4])
    }
  }

  @Test func refusesWhatChangesOnTheWay() throws {
    let first = head(0, of: 3, length: 8)
    var reassembly = try Reassembly(first: first, pieceLength: 3, limit: 8)
    var other = head(1, of: 3, length: 8)
    other.bodyKind = .msgpack
    #expect(throws: WireError.segmentChanged) { try insert(&reassembly, other, [1, 2, 3]) }
    other = head(1, of: 3, length: 8)
    other.coatKind = .none
    #expect(throws: WireError.segmentChanged) { try insert(&reassembly, other, [1, 2, 3]) }
    #expect(throws: WireError.segmentChanged) { try insert(&reassembly, head(1, of: 4, length: 8), [1, 2, 3]) }
    #expect(throws: WireError.segmentChanged) { try insert(&reassembly, head(1, of: 3, length: 9), [1, 2, 3]) }
    #expect(throws: WireError.segmentNumber) { try insert(&reassembly, head(3, of: 3, length: 8), [1, 2, 3]) }
    #expect(throws: WireError.segmentLength) { try insert(&reassembly, head(1, of: 3, length: 8), [1, 2]) }
    #expect(throws: WireError.segmentLength) { try insert(&reassembly, head(1, of: 3, length: 8), [1, 2, 3, 4]) }
    #expect(throws: WireError.segmentLength) { try insert(&reassembly, head(2, of: 3, length: 8), [1, 2, 3]) }
    #expect(throws: WireError.segmentLength) { try insert(&reassembly, head(1, of: 3, length: 8), []) }
    #expect(reassembly.received == 0)
    #expect(reassembly.highest == 0)
  }

  @Test func namesMissingSegmentsBelowTheHighest() throws {
    var reassembly = try Reassembly(first: head(0, of: 300, length: 300), pieceLength: 1, limit: 300)
    #expect(reassembly.missing(limit: 10) == [])
    var front = reassembly
    for number: UInt32 in 0..<5 {
      _ = try insert(&front, head(number, of: 300, length: 300), [0])
      #expect(front.missing(limit: 10) == [])
    }
    for number: UInt32 in [1, 64, 65, 130, 200] {
      _ = try insert(&reassembly, head(number, of: 300, length: 300), [0])
    }
    #expect(reassembly.highest == 200)
    let expected = (0..<200).map { UInt32($0) }.filter { ![1, 64, 65, 130].contains($0) }
    #expect(reassembly.missing(limit: 1_000) == expected)
    #expect(reassembly.missing(limit: 3) == [0, 2, 3])
    #expect(reassembly.missing(from: 63, limit: 2) == [63, 66])
    #expect(reassembly.missing(from: 199, limit: 5) == [199])
    #expect(reassembly.missing(from: 200, limit: 5) == [])
    #expect(reassembly.missing(from: UInt32.max, limit: 5) == [])
    #expect(reassembly.missing(limit: 0) == [])
  }

  @Test func aLargeMessageTakesMemoryOnlyWhereItCame() throws {
    // As many as one sender may begin; their pages are not touched.
    var all: [Reassembly] = []
    for _ in 0..<8 {
      let first = head(0, of: 78_000, length: 67_080_000)
      var reassembly = try Reassembly(first: first, pieceLength: 860, limit: WireLimit.message)
      _ = try insert(&reassembly, first, [UInt8](repeating: 1, count: 860))
      all.append(reassembly)
    }
    #expect(all.allSatisfy { $0.receivedLength == 860 })
  }
}
