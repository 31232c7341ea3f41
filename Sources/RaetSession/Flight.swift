import RaetCrypto
import RaetWire

/// The segments of one message under way: which were sent, which asked for an answer, which have to be sent again
/// (PROTOCOL 7.2, 7.3). A message of a single datagram is one segment.
public struct Flight {
  /// A run of segments whose last one asked for an answer.
  private struct Burst {
    let last: UInt32
    let count: Int
    let sentAt: UInt64
    /// True when its last segment left before: its answer measures nothing.
    let isAgain: Bool
  }

  /// What the remote has said of this message.
  private enum Answers {
    /// Nothing yet, and there is still time.
    case none
    /// Nothing in time: it may have no room for the message, so that it is only asked, with the last segment.
    case missing
    /// It knows the message.
    case come
    /// It knows the message, and has not answered in time: whatever is sent next asks it.
    case overdue

    /// The next segment asks for an answer, whatever else.
    var isWanted: Bool {
      switch self {
      case .none, .come: false
      case .missing, .overdue: true
      }
    }
    /// The remote knows the message.
    var isKnown: Bool {
      switch self {
      case .none, .missing: false
      case .come, .overdue: true
      }
    }
  }

  /// A segment to be sent.
  public struct Segment: Equatable {
    /// Its number.
    public let number: UInt32
    /// Ask for an answer.
    public let wait: Bool
    /// It was sent before, and the remote knows the message: flag `af`.
    public let again: Bool

    /// A segment to be sent.
    public init(number: UInt32, wait: Bool, again: Bool) {
      self.number = number
      self.wait = wait
      self.again = again
    }
  }

  /// The session it belongs to.
  public let session: UInt32
  /// The transaction id.
  public let transaction: UInt32
  /// How the coat is cut.
  public let segmentation: Segmentation
  /// The first segment never sent.
  private var next: UInt32 = 0
  /// Segments to send again, from `lostIndex` on.
  private var lost: [UInt32] = []
  private var lostIndex = 0
  private var bursts: [Burst] = []
  /// Sent since the last segment that asked for an answer.
  private var open = 0
  private var answers = Answers.none
  /// The highest segment known to have arrived with all before it, and one more.
  private var arrived: UInt32 = 0
  private var interval: UInt64 = 0
  private var lastSent: UInt64 = 0
  private var lastResend: UInt64 = 0
  private var lastMissed: UInt32?
  /// Some segment has been sent more than once.
  public private(set) var isResent = false

  /// A flight in which nothing was sent yet.
  public init(session: UInt32, transaction: UInt32, segmentation: Segmentation) {
    self.session = session
    self.transaction = transaction
    self.segmentation = segmentation
  }

  /// True when each segment has been sent at least once: the remote may have the message.
  public var isSentWhole: Bool { next >= segmentation.count }
  /// Datagrams counted in the window.
  public var inFlight: Int { bursts.reduce(open) { $0 &+ $1.count } }
  /// Bytes of the coat known to have arrived.
  public var arrivedBytes: Int {
    segmentation.range(of: arrived)?.lowerBound ?? (arrived == 0 ? 0 : segmentation.coatLength)
  }
  /// True when there is a segment that may be sent now, were there room.
  public var hasMore: Bool { lostIndex < lost.count || mayGoOn }
  /// True when there are segments that were never sent, and the remote is not known to lack room for them.
  private var mayGoOn: Bool {
    switch answers {
    case .none, .come, .overdue: !isSentWhole
    case .missing: false
    }
  }

  /// When silence has to be taken for loss.
  public var due: UInt64 {
    guard interval > 0 else { return .max }
    if let first = bursts.first { return first.sentAt.after(interval) }
    // What has left counts against the window, and nothing of it asks for an answer: if the window has shrunk meanwhile,
    // only time helps.
    return hasMore && open == 0 ? .max : lastSent.after(interval)
  }

  /// Takes the next segment to send; the window has room for it, and for `roomAfter` more afterwards.
  public mutating func take(window: inout SendWindow, now: UInt64) -> Segment? {
    let number: UInt32
    let isRepeat = lostIndex < lost.count
    if isRepeat {
      number = lost[lostIndex]
      lostIndex &+= 1
      if lostIndex == lost.count {
        lost.removeAll(keepingCapacity: true)
        lostIndex = 0
      }
      isResent = true
    } else {
      guard mayGoOn else { return nil }
      number = next
      next &+= 1
    }
    // What asks again after silence takes no place in the window: of many messages that are not answered, as when the
    // remote has no room for them, the others would be left none.
    let isProbe = answers.isWanted && isRepeat
    window.sent(now: now, isCounted: !isProbe)
    if !isProbe { open &+= 1 }
    lastSent = now
    if interval == 0 { interval = window.patience }
    let wait = answers.isWanted || !hasMore || open >= window.half || window.room == 0
    if case .overdue = answers { answers = .come }
    if wait {
      bursts.append(Burst(last: number, count: open, sentAt: now, isAgain: isRepeat))
      open = 0
    }
    return Segment(number: number, wait: wait, again: isRepeat && answers.isKnown)
  }

  /// The remote has all segments up to `highest` and wants more.
  public mutating func acknowledge(highest: UInt32, window: inout SendWindow, now: UInt64) {
    answers = .come
    lastMissed = nil
    interval = window.patience
    guard highest < next else { return }
    arrived = max(arrived, highest &+ 1)
    while let first = bursts.first, first.last <= highest { answer(first, window: &window, now: now) }
    if lostIndex < lost.count {
      lost = lost[lostIndex...].filter { $0 > highest }
      lostIndex = 0
    }
  }

  /// The remote lacks these segments; it has all others below the last of them.
  public mutating func resend(_ missed: [UInt32], window: inout SendWindow, now: UInt64) {
    answers = .come
    interval = window.patience
    guard let first = missed.first, let last = missed.last, last < next,
      zip(missed, missed.dropFirst()).allSatisfy({ $0 < $1 })
    else { return }
    // Long lists come in several packets: only the first of them answers a burst.
    let isContinued = lastMissed.map { first > $0 } ?? false
    lastMissed = missed.count >= WireLimit.misseds ? last : nil
    if !isContinued {
      if bursts.isEmpty {
        window.answered(open, sentAt: nil, now: now)
        open = 0
      }
      // What is on its way again already is not sent a third time for the same loss.
      if now.since(lastResend) < window.roundTrip, !bursts.isEmpty || lostIndex < lost.count {
        if let burst = bursts.first { answer(burst, window: &window, now: now) }
        return
      }
      if let burst = bursts.first { answer(burst, window: &window, now: now) }
      arrived = max(arrived, first)
      lost.removeAll(keepingCapacity: true)
      lostIndex = 0
      window.lost(now: now)
      lastResend = now
    }
    lost.append(contentsOf: missed)
  }

  /// No answer came in time: the last segment is to ask again, and tells the remote how far it should have come. It
  /// takes its turn as all others, lest those that are not answered keep the window from those that are.
  public mutating func expire(window: inout SendWindow, now: UInt64) {
    guard next > 0 else { return }
    // Silence after a question that was asked again says nothing new.
    if inFlight > 0 { window.timedOut(inFlight, now: now) }
    bursts.removeAll(keepingCapacity: true)
    open = 0
    lost = [next &- 1]
    lostIndex = 0
    lastMissed = nil
    answers = answers.isKnown ? .overdue : .missing
    interval = min(interval.after(interval), max(Times.segment.most, window.patience &* 2))
    interval = min(interval, Times.segmentMost)
  }

  /// The message ended: nothing of it is under way any more. `sentAt` when its end is a measure of the round trip.
  public mutating func finish(isAnswered: Bool, window: inout SendWindow, now: UInt64) {
    if isAnswered, !isResent, let first = bursts.first, open == 0 {
      window.answered(inFlight, sentAt: bursts.count == 1 ? first.sentAt : nil, now: now)
    } else {
      window.forgotten(inFlight)
    }
    bursts = []
    open = 0
  }

  private mutating func answer(_ burst: Burst, window: inout SendWindow, now: UInt64) {
    bursts.removeFirst()
    window.answered(burst.count, sentAt: burst.isAgain ? nil : burst.sentAt, now: now)
  }
}
