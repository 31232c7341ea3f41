import RaetSession
import RaetWire

/// Another process on the lane as this one knows it (RemoteYard in the reference's source).
public final class Yard {
  /// Whether messages to it can leave.
  enum Outlet {
    /// Nothing waits.
    case idle
    /// It is in the queue of those that have something to send.
    case ready
    /// Its socket's queue is full: it is tried again then at the latest.
    case blocked(until: UInt64)
  }

  /// Whether the yard is there.
  enum Presence {
    case unknown
    case alive
    case dead
  }

  /// The host's handle.
  public let id: UInt64
  /// Its place in the lane's table; used again after it was removed.
  public let slot: Int
  /// Its name.
  public let name: String
  let nameBytes: [UInt8]
  /// The path of its socket.
  public let path: String
  /// True when the host has added it: it stays known when its process ends.
  public internal(set) var isAdded: Bool
  /// Its process, as the kernel told with its last page; nil before.
  public internal(set) var credentials: Credentials?
  var presence = Presence.unknown
  /// When it was heard of last, or added.
  var heard: UInt64

  // Out.
  var outlet = Outlet.idle
  /// How long it was left alone when its socket took nothing; 0 once it took something.
  var pause: UInt64 = 0
  /// Messages that wait, the first one perhaps half sent.
  var queue = WaitingMessages<OutgoingBook>()
  /// Bytes of their bodies.
  var queuedBytes = 0
  var owesWritable = false
  /// What all heads to it begin with; nil before the first message.
  var prefix: [UInt8]?
  /// The last book's id.
  var lastBook: UInt32 = 0

  // In.
  /// Its session; nil before its first page.
  var session: PageSession?
  /// Books half received, oldest first.
  var books: [IncomingBook] = []

  init(id: UInt64, slot: Int, name: String, path: String, isAdded: Bool, now: UInt64) {
    self.id = id
    self.slot = slot
    self.name = name
    nameBytes = [UInt8](name.utf8)
    self.path = path
    self.isAdded = isAdded
    heard = now
  }

  /// True when a page of it came, or it took one, and it was not found dead since.
  public var isAlive: Bool {
    if case .alive = presence { return true }
    return false
  }

  /// Bytes of messages that wait.
  public var queued: Int { queuedBytes }

  /// When the lane has to look at it next.
  var due: UInt64 {
    var due = queue.due
    if case .blocked(let until) = outlet { due = min(due, until) }
    for book in books { due = min(due, book.heard.after(LaneLimit.bookSilence)) }
    return due
  }
}

/// Who sent something over a Unix socket, as the kernel tells.
public struct Credentials: Equatable, Sendable {
  /// The process's id.
  public let pid: Int32
  /// Its effective user.
  public let uid: UInt32
  /// Its effective group.
  public let gid: UInt32

  /// These numbers.
  public init(pid: Int32, uid: UInt32, gid: UInt32) {
    self.pid = pid
    self.uid = uid
    self.gid = gid
  }
}
