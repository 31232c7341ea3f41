/// How a message's coat is cut into segments: the reference's TxTray (PROTOCOL 7.2).
///
/// All pieces but the last are equally long, and none is longer than a datagram has room for whatever its number. Up to
/// 65,535 segments the cut is the reference's.
public struct Segmentation: Equatable, Sendable {
  /// Bytes of the coat.
  public let coatLength: Int
  /// Bytes of each piece but the last, which may be shorter.
  public let pieceLength: Int
  /// How many segments there are, at least 1.
  public let count: UInt32

  /// Cuts a coat whose message has this head; of it, kinds, ids and the foot's kind count, not the fields of segments.
  /// nil when the coat is longer than `WireLimit.message`, or the head leaves no room for a piece.
  public init?(coatLength: Int, head: Head, foot: FootKind) {
    guard coatLength >= 0, coatLength <= WireLimit.message else { return nil }
    var whole = head
    whole.footKind = foot
    whole.segment = 0
    whole.segmentCount = 1
    whole.messageLength = 0
    guard let headLength = whole.encodedLength(coatLength: coatLength) else { return nil }
    self.coatLength = coatLength
    if headLength + coatLength + foot.length <= WireLimit.datagram {
      pieceLength = coatLength
      count = 1
      return
    }
    // Room for `sn`, `sc` and `ml` with numbers up to 65,535: as much as the reference leaves. What is cut into more
    // segments needs one digit more in two fields.
    let growth = head.headKind == .raet ? 27 : 36
    for growth in [growth, growth + 2] {
      let piece = WireLimit.datagram - headLength - growth - foot.length
      guard piece > 0, headLength + growth <= WireLimit.head else { return nil }
      let count = (coatLength + piece - 1) / piece
      if count <= 0xffff || (growth > 36 || growth == 29) && count <= Int(WireLimit.segments) {
        pieceLength = piece
        self.count = UInt32(count)
        return
      }
    }
    return nil
  }

  /// Where segment `number` lies in the coat; nil when there is none of this number.
  public func range(of number: UInt32) -> Range<Int>? {
    guard number < count else { return nil }
    // Within the coat's length, since the number is below the count.
    let start = Int(number) &* pieceLength
    return start..<min(start &+ pieceLength, coatLength)
  }

  /// The head of segment `number`, from the message's; nil when there is none of this number.
  public func head(of number: UInt32, message: Head) -> Head? {
    guard number < count else { return nil }
    var head = message
    guard count > 1 else { return head }
    head.segment = number
    head.segmentCount = count
    head.messageLength = UInt32(coatLength)
    head.flags.insert(.segment)
    return head
  }
}
