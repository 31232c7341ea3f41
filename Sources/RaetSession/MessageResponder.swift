import RaetCrypto
import RaetWire

/// A message of several segments from the side that receives it (Messengent in the reference's source; PROTOCOL 7.1).
/// One of a single datagram is delivered as it comes and needs no state.
public final class MessageResponder {
  /// What to do when its time has come.
  public enum Step {
    /// Ask again for what is missing.
    case ask
    /// Give up: nothing came any more.
    case end
    case wait
  }

  /// The answer to a segment that asked for one.
  public enum Answer: Equatable {
    /// All up to the highest are there: go on.
    case acknowledge(highest: UInt32)
    /// These are missing, in lists of the length that a packet holds.
    case resend([UInt32])
  }

  /// The most segments asked for at once: what a sender may have under way.
  private static let mostMissing = 4 * WireLimit.misseds

  /// The transfer's id for the host.
  public let id: UInt64
  /// The session it belongs to.
  public let session: UInt32
  /// The transaction id.
  public let transaction: UInt32
  /// The head of the first segment that came: kinds of coat, foot and body for all.
  public let head: Head
  /// The keys to open it with, as they were when it began.
  public let key: SharedKey?
  /// What has arrived.
  public private(set) var reassembly: Reassembly
  private var timer: RedoTimer
  private var lastHeard: UInt64

  /// Starts with the first segment that came; throws when it cannot be part of a message of `limit` bytes at most.
  /// No initializer, since a class whose initializer throws leaks in Embedded Swift, and peers choose the segment.
  public static func begin(
    id: UInt64, head: Head, piece: UnsafeRawBufferPointer, key: SharedKey?, limit: Int, now: UInt64
  ) throws(WireError) -> MessageResponder {
    var reassembly = try Reassembly(first: head, pieceLength: piece.count, limit: limit)
    _ = try reassembly.insert(head, piece)
    return MessageResponder(id: id, head: head, key: key, reassembly: reassembly, now: now)
  }

  private init(id: UInt64, head: Head, key: SharedKey?, reassembly: Reassembly, now: UInt64) {
    self.id = id
    session = head.session
    transaction = head.transaction
    self.head = head
    self.key = key
    self.reassembly = reassembly
    timer = RedoTimer(Times.missing, now: now)
    lastHeard = now
  }

  /// When `step(now:)` has something to do.
  public var due: UInt64 { min(timer.due, lastHeard.after(Times.silentMessage)) }

  /// A segment came. Throws when it does not fit to the others.
  public func receive(_ head: Head, piece: UnsafeRawBufferPointer, now: UInt64) throws(WireError) {
    _ = try reassembly.insert(head, piece)
    lastHeard = now
    timer = RedoTimer(Times.missing, now: now)
  }

  /// What to answer to a segment that asks, or when nothing comes.
  public var answer: Answer {
    let missing = reassembly.missing(from: 0, limit: MessageResponder.mostMissing)
    return missing.isEmpty ? .acknowledge(highest: reassembly.highest) : .resend(missing)
  }

  /// What is due.
  public func step(now: UInt64) -> Step {
    if now >= lastHeard.after(Times.silentMessage) { return .end }
    guard now >= timer.due else { return .wait }
    timer.again(now: now)
    return .ask
  }
}
