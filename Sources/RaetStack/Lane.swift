import RaetCrypto
import RaetSession
import RaetWire

/// A yard on a lane with all other yards it knows (LaneStack in the reference's source): the whole engine, without a clock,
/// a socket or randomness of its own.
///
/// In: `receive` for each page, `service` when `deadline` is reached, what became of pages, and the host's calls. Out:
/// pages by `takeReady`, events by `nextEvent`, and `deadline`.
public final class Lane {
  /// The settings it was made with.
  public let settings: LaneSettings
  /// Name of the yard.
  public let name: String
  /// The path of its socket.
  public let path: String
  let nameBytes: [UInt8]
  let entropy: any Entropy

  /// The latest `now` that came in: time never runs back.
  var now: UInt64
  /// What happened and was not taken yet.
  var events = Queue<Event>()
  /// Messages of the host's that have not ended.
  var sending = 0
  /// Bytes kept for messages that are half received.
  var gatheringBytes = 0
  /// Bytes of messages in `events`.
  var waitingBytes = 0
  /// What is counted.
  public internal(set) var statistics = Statistics()
  /// Where log lines go.
  public var log = Log()

  /// Yards by slot, the slots that are free, and when they are due.
  var slots: [Yard?] = []
  var freeSlots: [Int] = []
  var deadlines = Deadlines()
  /// Yards by handle and by name.
  var byID: [UInt64: Yard] = [:]
  var byName: [String: Yard] = [:]
  /// The yard that the host named last: it mostly goes on with it.
  var lastNamed: Yard?
  /// The handles of all.
  var handles = Handles()
  /// The yard whose page came last: the next one is often its, too.
  var lastHeard: Yard?
  /// Yards that have something to send now.
  var ready = Queue<Yard>()
  var lastTransaction: UInt64 = 0
  var life = Life.open

  /// Whether it still works.
  enum Life: Equatable {
    case open
    /// The host has closed it; messages that wait may leave until then. Without any it ends.
    case closing(until: UInt64)
    case closed
  }

  /// Makes a lane's engine. `now` in nanoseconds. `.invalid`: no name, or one that cannot be; a folder whose path is not
  /// absolute, or too long for a socket.
  public static func make(_ settings: LaneSettings, entropy: any Entropy, now: UInt64) throws(RoadFailure) -> Lane {
    guard let name = settings.name else { throw RoadFailure(.invalid, "no name of the yard") }
    guard let path = settings.path(ofYard: name) else {
      throw RoadFailure(.invalid, "the path of the yard's socket is not absolute, or too long, or a name cannot be")
    }
    return Lane(settings, name: name, path: path, entropy: entropy, now: now)
  }

  private init(_ settings: LaneSettings, name: String, path: String, entropy: any Entropy, now: UInt64) {
    self.settings = settings
    self.name = name
    self.path = path
    nameBytes = [UInt8](name.utf8)
    self.entropy = entropy
    self.now = now
  }

  /// When `service` has something to do; a time that has passed: now. `UInt64.max`: never.
  public var deadline: UInt64 {
    switch life {
    case .open: return deadlines.earliest
    // The last message may have left after the last service.
    case .closing(let until): return sending == 0 ? 0 : min(deadlines.earliest, until)
    case .closed: return .max
    }
  }

  /// True while pages can leave.
  public var hasReady: Bool { !ready.isEmpty }

  /// True while it takes pages; else they have to wait in the socket until the host has taken events.
  public var takesPages: Bool { events.count < LaneLimit.events && waitingBytes < settings.receiveQueue }

  /// Takes the next event; nil when there is none.
  public func nextEvent() -> Event? {
    guard let event = events.popFirst() else { return nil }
    if let body = event.body { waitingBytes &-= body.range.count }
    return event
  }

  /// True when events wait.
  public var hasEvents: Bool { !events.isEmpty }

  /// True once everything has ended.
  public var isClosed: Bool { life == .closed }

  func report(_ event: consuming Event) {
    // Strangers can make us tell of them; what the host waits for, or is a message, is never left out. Of room it is told
    // once for each time that it was told there is none.
    let isOwed =
      event.transaction != 0 || event.kind == .message || event.kind == .writable || event.kind == .closed
    guard events.count < LaneLimit.events || isOwed else { return count(.dropEvent) }
    event.time = now
    events.append(event)
  }

  func report(_ kind: EventKind, _ yard: Yard, status: Status = .ok) {
    var event = Event(kind)
    event.status = status
    event.remote = yard.id
    event.name = yard.name
    report(event)
    log(.info, "\(kind.text) \(yard.name) (\(status.rawValue))")
  }

  func count(_ counter: Counter, _ amount: Int = 1) {
    statistics.count(counter, amount)
  }

  /// Takes the host's clock, which counts as standing still while it runs back.
  func enter(_ now: UInt64) {
    self.now = max(self.now, now)
  }

  func nextTransactionID() -> UInt64 {
    lastTransaction &+= 1
    return lastTransaction
  }

  /// Keeps the heap of deadlines in step with the yard.
  func reschedule(_ yard: Yard) {
    deadlines.set(slot: yard.slot, due: yard.due)
  }
}
