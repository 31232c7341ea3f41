import RaetCrypto
import RaetWire

/// What an event tells. The raw values are those of `RAET_EV_...` in raet.h.
public enum EventKind: UInt32, Sendable {
  case message = 1
  case delivered = 2
  case failed = 3
  case writable = 4
  case joined = 5
  case allowed = 6
  case alive = 7
  case dead = 8
  case reaped = 9
  case keyPending = 10
  case keyChanged = 11
  case remoteAdded = 12
  case remoteGone = 13
  case error = 14
  case closed = 15
  case undelivered = 16
  case refused = 17
}

extension EventKind {
  /// Its name for the log.
  var text: String { name.withUTF8Buffer { String(decoding: $0, as: UTF8.self) } }

  /// The name of the constant in raet.h, without its beginning.
  public var name: StaticString {
    switch self {
    case .message: return "MESSAGE"
    case .delivered: return "DELIVERED"
    case .failed: return "FAILED"
    case .writable: return "WRITABLE"
    case .joined: return "JOINED"
    case .allowed: return "ALLOWED"
    case .alive: return "ALIVE"
    case .dead: return "DEAD"
    case .reaped: return "REAPED"
    case .keyPending: return "KEY_PENDING"
    case .keyChanged: return "KEY_CHANGED"
    case .remoteAdded: return "REMOTE_ADDED"
    case .remoteGone: return "REMOTE_GONE"
    case .error: return "ERROR"
    case .closed: return "CLOSED"
    case .undelivered: return "UNDELIVERED"
    case .refused: return "REFUSED"
    }
  }
}

/// A body that came: the bytes stay where they were decrypted, and are wiped with the last reference.
public struct ReceivedBody {
  /// The bytes, in a buffer that holds more.
  let storage: WipedBytes
  let range: Range<Int>
  /// How they are to be read.
  public let kind: BodyKind

  init(storage: WipedBytes, range: Range<Int>, kind: BodyKind) {
    self.storage = storage
    self.range = range
    self.kind = kind
  }

  /// A copy of bytes that came by no wire; nil when there is no memory.
  public init?(copying bytes: UnsafeRawBufferPointer, kind: BodyKind) {
    guard let copy = WipedBytes(copying: bytes) else { return nil }
    self.init(storage: copy, range: 0..<bytes.count, kind: kind)
  }

  /// The body's bytes, valid as long as this value.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: storage.bytes[range])
  }
}

/// Something that happened, for the host.
public struct Event {
  /// What happened.
  public let kind: EventKind
  /// How it ended.
  public var status = Status.ok
  /// `errno`, with `Status.io`.
  public var systemError: Int32 = 0
  /// The remote it concerns, or 0.
  public var remote: UInt64 = 0
  /// The host's transaction that it ends, or 0.
  public var transaction: UInt64 = 0
  /// The host's mark of a message.
  public var tag: UInt64 = 0
  /// When it happened.
  public var time: UInt64 = 0
  /// The body of a message; nil when it is empty.
  public var body: ReceivedBody?
  /// The kind of the message's body.
  public var bodyKind = BodyKind.none
  /// The name of the remote or of the role, or what failed.
  public var name: String?
  /// Who sent a message on a lane, as the kernel told.
  public var credentials: Credentials?

  /// An event with nothing but its kind.
  public init(_ kind: EventKind) {
    self.kind = kind
  }
}
