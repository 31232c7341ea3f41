import RaetWire

/// A heartbeat from the side that asks (Aliver in the reference's source; PROTOCOL 6.5). The side that is asked keeps
/// no state: it answers each request as it comes.
public struct AliveInitiator {
  /// What an answer means.
  public enum Answer {
    /// The remote is there and knows the session.
    case alive
    /// It is there, and has refused this one.
    case refused
    /// It is there, and has seen later sessions of ours than this one.
    case stale
    /// It is there, and rejects us.
    case rejected
    /// It is there, and has forgotten the join.
    case unjoined
    /// It is there, and has forgotten the session.
    case unallowed
    /// A packet that has no place here.
    case misplaced
  }

  /// What to do when its time has come.
  public enum Step {
    case request
    case dead
    case wait
  }

  private var timer: RedoTimer
  private let limit: UInt64
  /// The transaction id.
  public let transaction: UInt32
  /// The session it belongs to.
  public let session: UInt32
  /// The host's transaction that it ends, 0 for none.
  public let host: UInt64

  /// Starts with the request that the caller sends now. `timeout` in nanoseconds.
  public init(transaction: UInt32, session: UInt32, host: UInt64, timeout: UInt64, now: UInt64) {
    self.transaction = transaction
    self.session = session
    self.host = host
    timer = RedoTimer(Times.alivePacket, now: now)
    limit = now.after(timeout)
  }

  /// When `step(now:)` has something to do.
  public var due: UInt64 { min(timer.due, limit) }

  /// A verified answer came that matches by session and transaction.
  public func receive(_ kind: PacketKind) -> Answer {
    switch kind {
    case .ack: return .alive
    case .nack: return .stale
    case .refuse: return .refused
    case .reject: return .rejected
    case .unjoined: return .unjoined
    case .unallowed: return .unallowed
    case .message, .resend, .request, .response, .hello, .cookie, .initiate, .renew, .pend, .done: return .misplaced
    }
  }

  /// What is due.
  public mutating func step(now: UInt64) -> Step {
    if now >= limit { return .dead }
    guard now >= timer.due else { return .wait }
    timer.again(now: now)
    return .request
  }
}
