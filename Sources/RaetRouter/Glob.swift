/// A pattern in which * stands for any text, none included (PROTOCOL 14.5).
struct Glob: Equatable, Sendable {
  /// What stands between the stars, one more than there are stars.
  private let pieces: [[UInt8]]

  /// Reads a pattern; %XX is the byte itself, so that %2A is a star that must be there. nil when it is not written well.
  init?(_ text: ArraySlice<UInt8>) {
    var pieces: [[UInt8]] = []
    for piece in RouteText.split(text, at: UInt8(ascii: "*")) {
      guard let plain = RouteText.unescape(piece) else { return nil }
      pieces.append(plain)
    }
    self.pieces = pieces
  }

  /// Whether all of a text matches. Takes no longer than the product of both lengths.
  func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matches($0) }
  }

  private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = pieces.first, let last = pieces.last else { return false }
    guard pieces.count > 1 else { return text.count == first.count && text.elementsEqual(first) }
    guard text.count >= first.count &+ last.count, text.starts(with: first),
      text[(text.count &- last.count)...].elementsEqual(last)
    else { return false }
    var at = first.count
    let end = text.count &- last.count
    for piece in pieces[1..<(pieces.count &- 1)] where !piece.isEmpty {
      guard let found = find(piece, text, at, end) else { return false }
      at = found &+ piece.count
    }
    return true
  }

  /// Where a piece stands first within a part of a text.
  private func find(_ piece: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ from: Int, _ end: Int) -> Int? {
    var at = from
    while at &+ piece.count <= end {
      if text[at..<(at &+ piece.count)].elementsEqual(piece) { return at }
      at &+= 1
    }
    return nil
  }
}
