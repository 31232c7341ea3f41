import CPosix

/// A message's body while its pages come in: the reference's RxBook (PROTOCOL 13.2).
///
/// It begins with page 0, as it does in the reference: all pieces but the last are as long as that one, and so each tells
/// where it belongs. The memory is the caller's.
public struct PageGathering {
  /// What came of a page.
  public enum Inserted: Equatable, Sendable {
    /// It was missing.
    case fresh
    /// It was there already; the first copy stays.
    case duplicate
  }

  /// How many pages the book has.
  public let count: Int
  /// Bytes of each piece but the last.
  public let pieceLength: Int
  /// How the body is written.
  public let kind: BodyKind
  /// Bytes that the body has at most; exactly so many once the last page has come.
  public private(set) var length: Int
  /// Bytes that came.
  public private(set) var receivedLength = 0
  private var received = 0
  private var present: [UInt64]

  /// Begins with a book's first page; it is not inserted yet. `limit` is the longest body to take, in bytes.
  ///
  /// `.pageNumber`: it is not page 0; `.pieceLength`: it is empty though others follow; `.messageLength`: the message is
  /// longer than the limit, even with the shortest last page.
  public init(first page: ReceivedPage, limit: Int) throws(PageError) {
    guard page.number == 0 else { throw .pageNumber }
    guard page.count > 1, !page.piece.isEmpty else { throw .pieceLength }
    // Both have 16 bits.
    guard (page.count &- 1) &* page.piece.count < limit else { throw .messageLength }
    count = page.count
    pieceLength = page.piece.count
    kind = page.kind
    length = page.count &* page.piece.count
    present = [UInt64](repeating: 0, count: (page.count &+ 63) / 64)
  }

  /// Takes a page into `room`, which holds `count * pieceLength` bytes. The errors leave all as it was: `.pageChanged`,
  /// `.pageNumber`, `.pieceLength`.
  public mutating func insert(
    _ page: ReceivedPage, into room: UnsafeMutableRawBufferPointer
  ) throws(PageError) -> Inserted {
    guard page.count == count, page.kind == kind else { throw .pageChanged }
    guard page.number >= 0, page.number < count else { throw .pageNumber }
    let isLast = page.number == count &- 1
    let start = page.number &* pieceLength
    guard isLast ? page.piece.count <= pieceLength : page.piece.count == pieceLength,
      start &+ page.piece.count <= room.count, let from = page.piece.baseAddress, let to = room.baseAddress,
      !page.piece.isEmpty
    else { throw .pieceLength }
    let bit: UInt64 = 1 << UInt64(page.number & 63)
    if present[page.number >> 6] & bit != 0 { return .duplicate }
    present[page.number >> 6] |= bit
    memcpy(to + start, from, page.piece.count)
    received &+= 1
    receivedLength &+= page.piece.count
    if isLast { length = start &+ page.piece.count }
    return .fresh
  }

  /// Calls `body` with the place in the room of each piece that came.
  public func forEachPiece(_ body: (Range<Int>) -> Void) {
    for number in 0..<count where present[number >> 6] & (1 << UInt64(number & 63)) != 0 {
      let start = number &* pieceLength
      body(start..<min(start &+ pieceLength, length))
    }
  }

  /// Whether all pages are there.
  public var isComplete: Bool { received == count }
}
