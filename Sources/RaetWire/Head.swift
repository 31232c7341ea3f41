/// The head of a datagram: what it is, between whom, and of which transaction (PROTOCOL 2.4).
///
/// Lengths are no part of it: they come from the datagram and go into it with `parse` and `encode`.
public struct Head: Equatable, Sendable {
  /// `hk`: how it is written.
  public var headKind: HeadKind = .raet
  /// `pk`.
  public var packetKind: PacketKind = .message
  /// `tk`.
  public var transactionKind: TransactionKind = .message
  /// `se`: the sender's own id for the receiver; 0 while it has none.
  public var source: UInt32 = 0
  /// `de`: the receiver's id for the sender; 0 while the sender does not know it.
  public var destination: UInt32 = 0
  /// `si`: the session's id; 0 only in join.
  public var session: UInt32 = 0
  /// `ti`: the transaction's id.
  public var transaction: UInt32 = 0
  /// `dt`: seconds, of no defined origin; within `WireLimit.stamp`. Unused by the reference.
  public var stamp: Double = 0
  /// `oi`: order index. Unused by the reference.
  public var order: UInt32 = 0
  /// `sn`: the segment's number, from 0; in an ack the highest seen.
  public var segment: UInt32 = 0
  /// `sc`: how many segments the message has.
  public var segmentCount: UInt32 = 1
  /// `ml`: bytes of the whole coat before it was cut into segments; 0 when it was not.
  public var messageLength: UInt32 = 0
  /// `bk`.
  public var bodyKind: BodyKind = .none
  /// `ck`.
  public var coatKind: CoatKind = .none
  /// `fk`; `fl` follows from it.
  public var footKind: FootKind = .none
  /// `fg`.
  public var flags: PacketFlags = []

  /// A head with all fields at their defaults, as the wire leaves them out.
  public init() {}
}

/// A parsed head, and where the parts of its datagram lie: head, coat, foot (PROTOCOL 2).
public struct PacketLayout: Equatable, Sendable {
  /// The head's fields.
  public var head: Head
  /// Bytes of the head, its end included.
  public var headLength: Int
  /// Bytes of the coat, which follows the head.
  public var coatLength: Int
  /// Bytes of the foot, which follows the coat and ends the datagram.
  public var footLength: Int

  /// Where the coat lies in the datagram.
  public var coat: Range<Int> { headLength..<(headLength &+ coatLength) }
  /// What the foot signs: head and coat.
  public var signed: Range<Int> { 0..<(headLength &+ coatLength) }
  /// Where the foot lies in the datagram.
  public var foot: Range<Int> { (headLength &+ coatLength)..<(headLength &+ coatLength &+ footLength) }
}

extension Head {
  /// Parses the head of a whole datagram and checks all that a datagram by itself can tell, but the ids: those are left to
  /// `requireValidNumbers()` (PROTOCOL 4). Allocates nothing, unless there is a `dt`.
  public static func parse(_ datagram: UnsafeRawBufferPointer) throws(WireError) -> PacketLayout {
    guard datagram.count > 0, let start = datagram.baseAddress else { throw .empty }
    guard datagram.count <= WireLimit.received else { throw .datagramTooLong }
    var fields = HeadFields()
    if HeadRaet.recognizes(start, datagram.count) {
      let length = try HeadRaet.parse(start, datagram.count, into: &fields)
      return try fields.layout(.raet, headLength: length, datagramLength: datagram.count)
    }
    if HeadJSON.recognizes(start, datagram.count) {
      let length = try HeadJSON.parse(start, datagram.count, into: &fields)
      return try fields.layout(.json, headLength: length, datagramLength: datagram.count)
    }
    throw .headUnrecognized
  }

  /// Checks flags and ids as far as they do not depend on what the receiver knows: no broadcast; `si` is 0 in join and
  /// only there; `se` and `de` are not 0, but those that a join cannot have yet (PROTOCOL 4, 6.2).
  public func requireValidNumbers() throws(WireError) {
    guard !flags.contains(.broadcast) else { throw .broadcast }
    guard transactionKind == .join else {
      guard session != 0 else { throw .session }
      guard source != 0, destination != 0 else { throw .estate }
      return
    }
    guard session == 0 else { throw .session }
    let initiatorsID = flags.contains(.correspondent) ? destination : source
    guard initiatorsID != 0 else { throw .estate }
  }

  /// Writes the head for a coat of so many bytes and returns the head's length. nil when `out` is too small or has no
  /// place for it, when the head were longer than `WireLimit.head`, the datagram's length does not fit `pl`, or the stamp
  /// is out of range. Byte for byte as the reference writes it.
  public func encode(coatLength: Int, into out: UnsafeMutableRawBufferPointer) -> Int? {
    guard let length = encodedLength(coatLength: coatLength), length <= out.count, let start = out.baseAddress else {
      return nil
    }
    let packetLength = length &+ coatLength &+ footKind.length
    guard packetLength <= 0xffff else { return nil }
    switch headKind {
    case .raet: HeadRaet.write(self, headLength: length, packetLength: packetLength, to: start)
    case .json: HeadJSON.write(self, headLength: length, packetLength: packetLength, to: start)
    }
    return length
  }

  /// How long the head gets for a coat of so many bytes, which may be one that has yet to be cut. nil when `encode` would
  /// have no way to write it.
  public func encodedLength(coatLength: Int) -> Int? {
    guard coatLength >= 0, coatLength <= WireLimit.message, abs(stamp) < WireLimit.stamp else { return nil }
    let length =
      switch headKind {
      case .raet: HeadRaet.length(self)
      case .json: HeadJSON.length(self)
      }
    return length <= WireLimit.head ? length : nil
  }
}
