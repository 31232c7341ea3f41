/// Intervals and limits of time in nanoseconds (PROTOCOL 5). The protocol's own first, then ours.
public enum Times {
  /// One second in nanoseconds.
  public static let second: UInt64 = 1_000_000_000
  /// One millisecond in nanoseconds.
  public static let millisecond: UInt64 = 1_000_000

  // The protocol's.

  /// A join's request is sent again after 1 s, then ever later up to 4 s.
  public static let joinRequest = Redo(first: second, most: 4 * second)
  /// A join's response is sent again after 0.1 s, then ever later up to 2 s.
  public static let joinResponse = Redo(first: 100 * millisecond, most: 2 * second)
  /// A join that waits for a person is asked about every 60 s.
  public static let joinPended = Redo(first: 60 * second, most: 60 * second)
  /// A join ends after 5 s.
  public static let join = 5 * second
  /// Packets of an allow are sent again after 0.25 s, then ever later up to 1 s.
  public static let allowPacket = Redo(first: 250 * millisecond, most: second)
  /// An allow ends after 4 s.
  public static let allow = 4 * second
  /// A heartbeat is sent again after 0.25 s, then ever later up to 1 s.
  public static let alivePacket = Redo(first: 250 * millisecond, most: second)
  /// A heartbeat without an answer for 2 s makes the remote dead.
  public static let alive = 2 * second
  /// An unanswered segment is sent again after 0.2 s, then ever later, as long as the round trip is not known.
  public static let segment = Redo(first: 200 * millisecond, most: 500 * millisecond)
  /// What is missing of a message is asked for again after 0.2 s, then ever later up to 0.5 s.
  public static let missing = Redo(first: 200 * millisecond, most: 500 * millisecond)

  // Ours.

  /// On roads whose round trip is known to be short, segments wait less than the protocol's figure, down to this.
  public static let segmentLeast = 20 * millisecond
  /// On roads with a long round trip, segments wait longer than the protocol's figure, up to this.
  public static let segmentMost = 4 * second
  /// As long as the round trip is not known, segments wait up to this.
  public static let segmentUnknown = 2 * second
  /// A join that fails is begun anew after 1 s, then ever later up to 30 s.
  public static let joinAnew = Redo(first: second, most: 30 * second)
  /// A join that waited for a person at the remote and was ended there is begun anew sooner than that.
  public static let pendedJoinAnew = Redo(first: second, most: 5 * second)
  /// An allow that fails is begun anew after 0.5 s, then ever later up to 8 s.
  public static let allowAnew = Redo(first: second / 2, most: 8 * second)
  /// Heartbeats to a dead remote come ever more seldom, down to one in this time.
  public static let deadHeartbeat = 10 * second
  /// While a join waits for a person, the store is looked at for a change from outside this often.
  public static let acceptancePoll = second
  /// A join that was answered is kept for this long: its ack may be lost, and the handshake that shows so may be, too.
  public static let joinAnswered = 30 * second
  /// A pended join is forgotten when it was not asked about for this long.
  public static let pendedJoin = 190 * second
  /// A join from which nothing came for this long gives way to any other of the same estate.
  public static let joinSilent = second
  /// A half received message is given up when nothing of it came for this long.
  public static let silentMessage = 60 * second
  /// In a session that is over, a message is asked about for this long.
  public static let inquiry = 2 * second
  /// And this often.
  public static let inquiryAgain = 500 * millisecond
}

/// How a packet is sent again: after `first`, then in doubling intervals up to `most`, in nanoseconds.
public struct Redo: Equatable, Sendable {
  /// The first interval.
  public let first: UInt64
  /// The longest interval.
  public let most: UInt64

  /// An interval that doubles from `first` up to `most`.
  public init(first: UInt64, most: UInt64) {
    self.first = first
    self.most = most
  }
}

/// When a packet is due to be sent again.
public struct RedoTimer: Equatable, Sendable {
  private let redo: Redo
  private var interval: UInt64
  /// The time it is due.
  public private(set) var due: UInt64

  /// Starts with the first interval.
  public init(_ redo: Redo, now: UInt64) {
    self.redo = redo
    interval = redo.first
    due = now.after(redo.first)
  }

  /// The packet was sent again: the interval doubles.
  public mutating func again(now: UInt64) {
    interval = min(interval.after(interval), redo.most)
    due = now.after(interval)
  }
}

extension UInt64 {
  /// The point in time that lies `period` later; the last one there is when the sum is too large.
  public func after(_ period: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(period)
    return overflow ? .max : sum
  }

  /// The time that has passed since `earlier`; 0 when that lies ahead.
  public func since(_ earlier: UInt64) -> UInt64 {
    self > earlier ? self &- earlier : 0
  }
}
