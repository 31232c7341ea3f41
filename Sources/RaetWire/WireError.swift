/// Why a datagram or a segment was refused. Each is counted; none is answered (PROTOCOL 4).
public enum WireError: UInt8, Error, Equatable, Sendable, CaseIterable {
  /// There are no bytes.
  case empty
  /// Longer than `WireLimit.received`.
  case datagramTooLong
  /// Begins like no known head.
  case headUnrecognized
  /// The end of the head is missing.
  case headUnterminated
  /// The head goes on after `WireLimit.head` bytes.
  case headTooLong
  /// A line of the head, or the JSON of it, is not formed as it must be.
  case headSyntax
  /// A field that does not exist.
  case unknownField
  /// A field that is there twice.
  case fieldTwice
  /// `pl`, `hl` or `fg` is missing.
  case fieldMissing
  /// A number has other digits than it may have, too many of them, or is out of range.
  case number
  /// `hl` is not the true length of the head.
  case headLength
  /// `pl` is not the true length of the datagram.
  case packetLength
  /// `vn` is not 0.
  case version
  /// `hk` is not the kind of the head that carries it.
  case headKind
  /// `pk` is unknown.
  case packetKind
  /// `tk` is unknown.
  case transactionKind
  /// `bk` is unknown.
  case bodyKind
  /// `ck` is unknown or reserved.
  case coatKind
  /// `fk` is unknown or reserved.
  case footKind
  /// `fl` does not belong to `fk`, or there are not so many bytes.
  case footLength
  /// The broadcast flag is set.
  case broadcast
  /// `si` is 0 outside join, or not 0 in it.
  case session
  /// `se` or `de` is 0 where it must not be.
  case estate
  /// `sc` is 0, more than `WireLimit.segments`, or does not fit `ml`.
  case segmentCount
  /// `sn` is not below `sc`.
  case segmentNumber
  /// A piece has not the length that `ml` and `sc` leave for it.
  case segmentLength
  /// `sc`, `ml`, `bk` or `ck` differ from those of the message's first segment.
  case segmentChanged
  /// `ml` is 0 or longer than may be taken.
  case messageLength
  /// No memory for the message.
  case noMemory

  /// How many cases there are; `rawValue` runs from 0 to below it, so that it can index counters.
  public static let count = 29

  /// The name of the counter of such refusals. Static.
  public var name: StaticString {
    switch self {
    case .empty: "empty"
    case .datagramTooLong: "datagram_too_long"
    case .headUnrecognized: "head_unrecognized"
    case .headUnterminated: "head_unterminated"
    case .headTooLong: "head_too_long"
    case .headSyntax: "head_syntax"
    case .unknownField: "unknown_field"
    case .fieldTwice: "field_twice"
    case .fieldMissing: "field_missing"
    case .number: "number"
    case .headLength: "head_length"
    case .packetLength: "packet_length"
    case .version: "version"
    case .headKind: "head_kind"
    case .packetKind: "packet_kind"
    case .transactionKind: "transaction_kind"
    case .bodyKind: "body_kind"
    case .coatKind: "coat_kind"
    case .footKind: "foot_kind"
    case .footLength: "foot_length"
    case .broadcast: "broadcast"
    case .session: "session"
    case .estate: "estate"
    case .segmentCount: "segment_count"
    case .segmentNumber: "segment_number"
    case .segmentLength: "segment_length"
    case .segmentChanged: "segment_changed"
    case .messageLength: "message_length"
    case .noMemory: "no_memory"
    }
  }
}

/// Why a body was refused, by the receiver or before it is sent (PROTOCOL 2.8).
public enum BodyError: UInt8, Error, Equatable, Sendable, CaseIterable {
  /// Not formed as its kind demands, or cut short.
  case malformed
  /// Formed well, but the outermost value is not a mapping.
  case notMapping
  /// Nested deeper than allowed.
  case tooDeep
  /// Longer than allowed.
  case tooLong
  /// Bytes follow the outermost value.
  case trailing
  /// Text that is not UTF-8, or a lone surrogate in JSON.
  case notUTF8
  /// A key that is there twice in one mapping.
  case keyTwice
  /// A key of a mapping that is no plain value, or no text where it must be.
  case key
  /// A number that neither 64 bits nor a double can hold.
  case number
  /// An extension type of msgpack: RAET has no use for any.
  case extensionType
  /// The kind of body cannot hold this.
  case kind
  /// A field that must be there is not.
  case fieldMissing
  /// A field has another type than it must have.
  case fieldType
  /// A field's value is out of its range, or empty.
  case fieldValue
  /// No memory.
  case noMemory
}
