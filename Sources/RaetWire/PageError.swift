/// Why a page of a lane was refused. Each is counted; none is answered (PROTOCOL 13.3).
public enum PageError: UInt8, Error, Equatable, Sendable, CaseIterable {
  /// Longer than `PageLimit.page`.
  case tooLong
  /// Begins like no head of a page.
  case headUnrecognized
  /// A field is missing, in another place, or its line is not formed as it must be.
  case headSyntax
  /// `vn` is not 0.
  case version
  /// `pk` is unknown.
  case packKind
  /// `sn` or `dn` can be no yard's name.
  case name
  /// `si`, `bi`, `pn` or `pc` has other digits than it may have, or too many of them.
  case number
  /// `pc` is 0, or more than a message can have.
  case pageCount
  /// `pn` is not below `pc`.
  case pageNumber
  /// The piece is empty, or has not the length that the book's first page gave.
  case pieceLength
  /// `pk` or `pc` differs from that of the book's first page.
  case pageChanged
  /// The message is longer than may be taken.
  case messageLength
  /// No memory for the message.
  case noMemory

  /// What is wrong, for the log. Static.
  public var name: StaticString {
    switch self {
    case .tooLong: "page_too_long"
    case .headUnrecognized: "head_unrecognized"
    case .headSyntax: "head_syntax"
    case .version: "version"
    case .packKind: "pack_kind"
    case .name: "name"
    case .number: "number"
    case .pageCount: "page_count"
    case .pageNumber: "page_number"
    case .pieceLength: "piece_length"
    case .pageChanged: "page_changed"
    case .messageLength: "message_length"
    case .noMemory: "no_memory"
    }
  }
}
