/// How a message is cut into pages after it was packed (PROTOCOL 13.2).
public struct Pagination: Equatable, Sendable {
  /// Bytes of the body in each page but the last.
  public let pieceLength: Int
  /// How many pages there are.
  public let count: Int
  private let bodyLength: Int

  /// For a body behind heads of this length; nil when it takes more pages than `pc` can tell. A message that fits one
  /// page is one page; pieces of a longer one leave `PageLimit.spare` bytes.
  public init?(bodyLength: Int, headLength: Int) {
    guard bodyLength >= 0, bodyLength <= WireLimit.message else { return nil }
    self.bodyLength = bodyLength
    guard headLength &+ bodyLength > PageLimit.page else {
      pieceLength = bodyLength
      count = 1
      return
    }
    pieceLength = PageLimit.page &- PageLimit.spare &- headLength
    guard pieceLength > 0 else { return nil }
    count = (bodyLength &+ pieceLength &- 1) / pieceLength
    guard count <= PageLimit.pages else { return nil }
  }

  /// Which of the body's bytes a page carries, empty for pages that do not exist.
  public func range(of number: Int) -> Range<Int> {
    guard number >= 0, number < count else { return 0..<0 }
    let start = number &* pieceLength
    return start..<min(start &+ pieceLength, bodyLength)
  }
}
