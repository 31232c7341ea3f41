/// How many datagrams of messages may be under way to a remote, and how fast they follow each other (PROTOCOL 7.3).
///
/// Grows with what is answered, shrinks with what is lost: by one a datagram up to a threshold, then by one a round
/// trip; to half once a round trip when something is missing; to the least when nothing is answered any more.
public struct SendWindow: Sendable {
  /// The window at first, in datagrams.
  public static let initial = 16
  /// The window after silence.
  static let least = 8
  /// The threshold at first: the default receive buffer of the system holds some ninety datagrams.
  static let firstThreshold = 64
  /// How many datagrams may leave at once before pacing spreads them over their interval.
  static let burst: UInt64 = 32
  /// How many may leave at once however short the round trip is.
  static let longestBurst: UInt64 = 48

  private let most: Int
  private var size = SendWindow.initial
  private var threshold = SendWindow.firstThreshold
  /// Answered since the window last grew above the threshold.
  private var grown = 0
  /// Losses of before this time have shrunk the window already.
  private var shrunk: UInt64 = 0
  private var nextDeparture: UInt64 = 0
  private var variation: UInt64 = 0
  /// How often what was sent was not answered in time since the round trip was last measured. What is sent again
  /// measures nothing (RFC 6298, 3), so that only more patience finds out that the way has become longer.
  private var silences: UInt64 = 0
  /// Datagrams sent and neither answered nor given up.
  public private(set) var inFlight = 0
  /// The smoothed round-trip time in nanoseconds, 0 before the first measure.
  public private(set) var roundTrip: UInt64 = 0

  /// A window that never grows above `most` datagrams.
  public init(most: Int) {
    self.most = max(most, SendWindow.least)
    size = min(size, self.most)
  }

  /// How many more datagrams may be under way.
  public var room: Int { max(0, size &- inFlight) }

  /// Half of the window: how many datagrams may go without asking for an answer.
  public var half: Int { max(1, size / 2) }

  /// When the next datagram may leave; a time that has passed: now.
  public var departure: UInt64 { nextDeparture }

  /// How long to wait for an answer before a segment is sent again.
  public var patience: UInt64 {
    guard roundTrip > 0 else { return min(Times.segment.first << silences, Times.segmentUnknown) }
    let usual = min(max(roundTrip.after(4 &* variation), Times.segmentLeast), Times.segmentMost)
    return min(usual << silences, max(usual, Times.segment.most))
  }

  /// A datagram left. Paced are all; one that is not counted takes no room.
  public mutating func sent(now: UInt64, isCounted: Bool = true) {
    if isCounted { inFlight &+= 1 }
    let interval = (roundTrip > 0 ? roundTrip : Times.segmentLeast) / UInt64(size &+ size / 4)
    let credit = max(interval &* SendWindow.burst, Times.millisecond)
    let step = max(interval, credit / SendWindow.longestBurst)
    nextDeparture = max(nextDeparture, now > credit ? now &- credit : 0).after(step)
  }

  /// `count` datagrams were answered; the one that asked for the answer left at `sentAt`, nil when it left twice.
  public mutating func answered(_ count: Int, sentAt: UInt64?, now: UInt64) {
    let wasFull = inFlight &* 2 >= size
    inFlight = max(0, inFlight &- count)
    if let sentAt { measure(now.since(sentAt)) }
    guard wasFull else { return }
    if size < threshold {
      size = min(size &+ count, most)
    } else {
      grown &+= count
      if grown >= size {
        grown = 0
        size = min(size &+ 1, most)
      }
    }
  }

  /// `count` datagrams will not be answered by themselves: a message ended.
  public mutating func forgotten(_ count: Int) {
    inFlight = max(0, inFlight &- count)
  }

  /// Something that left before is missing at the remote.
  public mutating func lost(now: UInt64) {
    guard now >= shrunk else { return }
    shrunk = now.after(max(roundTrip, Times.millisecond))
    threshold = max(size / 2, SendWindow.least)
    size = threshold
    grown = 0
  }

  /// `count` datagrams were not answered in time.
  public mutating func timedOut(_ count: Int, now: UInt64) {
    inFlight = max(0, inFlight &- count)
    guard now >= shrunk else { return }
    shrunk = now.after(patience)
    silences = min(silences &+ 1, 8)
    // As long as the round trip is not known, it may just be longer than our patience.
    if roundTrip > 0 { threshold = max(size / 2, SendWindow.least) }
    size = SendWindow.least
    grown = 0
  }

  /// RFC 6298, section 2.
  private mutating func measure(_ sample: UInt64) {
    let sample = min(max(sample, 1), Times.segmentMost)
    silences = 0
    guard roundTrip > 0 else {
      roundTrip = sample
      variation = sample / 2
      return
    }
    let difference = sample > roundTrip ? sample &- roundTrip : roundTrip &- sample
    variation = (3 &* variation &+ difference) / 4
    roundTrip = max(1, (7 &* roundTrip &+ sample) / 8)
  }
}
