import CPosix

/// A message's coat while its segments come in: the reference's RxTray (PROTOCOL 7.2).
///
/// One buffer holds the coat, one bit a segment tells what is there. All pieces but the last are equally long, so any one
/// of them tells where each belongs.
public struct Reassembly {
  /// What came of a segment.
  public enum Inserted: Equatable, Sendable {
    /// It was missing.
    case fresh
    /// It was there already; the first copy stays.
    case duplicate
  }

  /// How many segments the message has.
  public let count: UInt32
  /// Bytes of the whole coat: what this takes of a budget for memory.
  public let length: Int
  /// Bytes of each piece but the last.
  public let pieceLength: Int
  /// The highest number of a segment that came.
  public private(set) var highest: UInt32 = 0
  /// How many different segments came.
  public private(set) var received: UInt32 = 0
  /// How many bytes of the coat came.
  public private(set) var receivedLength = 0

  private let bodyKind: BodyKind
  private let coatKind: CoatKind
  private var present: [UInt64]
  private let buffer: CoatBuffer

  /// Begins with any segment of a message; it is not inserted yet. `limit` is the longest coat to take, in bytes.
  ///
  /// `.segmentCount` and `.segmentNumber`: `sc` is 0 or too large, `sn` is not below it; `.messageLength`: `ml` is 0 or above
  /// the limit; `.segmentLength`: a piece of this length cannot be part of such a message; `.noMemory`.
  public init(first head: Head, pieceLength: Int, limit: Int) throws(WireError) {
    guard head.segmentCount >= 1, head.segmentCount <= WireLimit.segments else { throw .segmentCount }
    guard head.segment < head.segmentCount else { throw .segmentNumber }
    let length = Int(head.messageLength)
    guard length >= 1, length <= limit, length <= WireLimit.message else { throw .messageLength }
    count = head.segmentCount
    self.length = length
    self.pieceLength = try Self.regularPiece(of: head, length, pieceLength)
    bodyKind = head.bodyKind
    coatKind = head.coatKind
    guard let buffer = CoatBuffer(count: length) else { throw .noMemory }
    self.buffer = buffer
    present = [UInt64](repeating: 0, count: (Int(count) &+ 63) / 64)
  }

  /// The length of all pieces but the last, worked out from one of any number.
  private static func regularPiece(of head: Head, _ length: Int, _ piece: Int) throws(WireError) -> Int {
    guard piece >= 1, piece <= length else { throw .segmentLength }
    let before = Int(head.segmentCount) &- 1
    if before == 0 {
      guard piece == length else { throw .segmentLength }
      return piece
    }
    if Int(head.segment) < before {
      // What the last one is left with; the product is below 2^44.
      let last = length &- piece &* before
      guard last >= 1, last <= piece else { throw .segmentLength }
      return piece
    }
    let others = (length &- piece) / before
    guard others &* before == length &- piece, others >= piece else { throw .segmentLength }
    return others
  }

  /// Takes a segment. The errors leave all as it was: `.segmentChanged`, `.segmentNumber`, `.segmentLength`.
  public mutating func insert(_ head: Head, _ piece: UnsafeRawBufferPointer) throws(WireError) -> Inserted {
    guard head.segmentCount == count, Int(head.messageLength) == length, head.bodyKind == bodyKind,
      head.coatKind == coatKind
    else { throw .segmentChanged }
    guard head.segment < count else { throw .segmentNumber }
    let number = Int(head.segment)
    // Below `length`, as `init` has proved for the last piece.
    let start = number &* pieceLength
    guard piece.count == min(pieceLength, length &- start), let source = piece.baseAddress else { throw .segmentLength }
    let bit: UInt64 = 1 << UInt64(number & 63)
    if present[number >> 6] & bit != 0 { return .duplicate }
    present[number >> 6] |= bit
    memcpy(buffer.start + start, source, piece.count)
    highest = max(highest, head.segment)
    received = received &+ 1
    receivedLength = receivedLength &+ piece.count
    return .fresh
  }

  /// Whether all segments are there.
  public var isComplete: Bool { received == count }

  /// Whether segment `number` is there.
  public func contains(_ number: UInt32) -> Bool {
    guard number < count else { return false }
    return present[Int(number >> 6)] & (1 << UInt64(number & 63)) != 0
  }

  /// The first missing segments from `first` to below `highest`, `limit` of them at most.
  public func missing(from first: UInt32 = 0, limit: Int) -> [UInt32] {
    var missing: [UInt32] = []
    var number = first
    while number < highest, missing.count < limit {
      let word = ~present[Int(number >> 6)] >> UInt64(number & 63)
      if word == 0 {
        number = (number | 63) &+ 1
        continue
      }
      number = number &+ UInt32(truncatingIfNeeded: word.trailingZeroBitCount)
      if number < highest { missing.append(number) }
      number = number &+ 1
    }
    return missing
  }

  /// Lets `body` read the whole coat, or change it in place, as when it is opened. nil while segments are missing.
  public func withCoat<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result? {
    guard isComplete else { return nil }
    return body(UnsafeMutableRawBufferPointer(start: buffer.start, count: length))
  }
}

/// Memory for a coat, shared by copies of its `Reassembly`. It is not touched before a segment is, so that the system gives
/// it page by page.
private final class CoatBuffer {
  let start: UnsafeMutableRawPointer

  init?(count: Int) {
    guard let start = malloc(count) else { return nil }
    self.start = start
  }

  deinit { free(start) }
}
