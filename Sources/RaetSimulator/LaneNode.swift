import RaetSession
import RaetStack
import RaetWire

/// One process of a run of lanes: a yard with its engine, socket and clock.
final class LaneNode: VirtualProcess {
  /// Where the process is in its life.
  enum Life {
    case running(Lane)
    /// Stopped; pages wait in its socket.
    case paused(Lane, until: UInt64)
    /// Dead until then.
    case down(until: UInt64)
  }

  let name: String
  let index: Int
  var settings: LaneSettings
  var life: Life
  var clock = VirtualClock()
  /// The number of its socket.
  var socket: UInt64 = 0
  /// So many pages fit in its socket.
  var capacity = 10
  /// How much too late its host wakes at most, in microseconds.
  var lateness = 200
  /// The host takes events.
  var reads = true
  var lives = 0
  /// Its host made it forget what it had half received, or its limits did.
  var isLossy = false
  /// A time at which it is served is on the agenda.
  var isAwaited = false
  /// Those to whom its processes have sent an empty message: only one, since no two messages may be equal.
  var sentEmpty: Set<Int> = []
  let log = LogWatch()
  private(set) var entropy = SeededEntropy(seed: 0)

  init(_ name: String, index: Int, settings: LaneSettings) {
    self.name = name
    self.index = index
    self.settings = settings
    life = .down(until: 0)
  }

  /// The process's id.
  var process: Int32 { Int32(truncatingIfNeeded: 1000 * (index + 1) + lives) }

  /// Begins a new process.
  func start(_ seed: UInt64, now: UInt64) throws(RoadFailure) {
    lives += 1
    entropy = SeededEntropy(seed: seed &* 1_000_003 &+ UInt64(index) &* 1009 &+ UInt64(lives))
    let lane = try Lane.make(settings, entropy: entropy, now: clock.now(at: now))
    life = .running(lane)
    reads = true
    isLossy = false
  }

  /// The engine, while the process lives.
  var lane: Lane? {
    switch life {
    case .running(let lane), .paused(let lane, _): return lane
    case .down: return nil
    }
  }

  /// The engine, while it is served.
  var served: Lane? {
    if case .running(let lane) = life { return lane }
    return nil
  }

  /// When it has to do something by itself, as the run's time goes.
  var due: UInt64 {
    switch life {
    case .running(let lane): return clock.time(of: lane.deadline)
    case .paused(_, let until), .down(let until): return until
    }
  }

  /// The handle of another yard, which is added when it is not known.
  func remote(_ other: LaneNode) throws(Status) -> UInt64 {
    guard let lane = served else { throw .closed }
    do { return try lane.findRemote(name: other.name) } catch { return try lane.addRemote(name: other.name) }
  }

  /// A body that no other message has, of about so many bytes.
  static func body(_ number: Int, _ size: Int, _ kind: BodyKind) -> [UInt8] {
    guard size > 0 else { return [] }
    let pattern = Array("secret-\(number)-".utf8)
    let count = max(pattern.count, size - 24)
    var filling: [UInt8] = []
    filling.reserveCapacity(count + pattern.count)
    while filling.count < count { filling += pattern }
    guard kind == .msgpack else { return Array("{\"n\":\(number),\"t\":\"".utf8) + filling + Array("\"}".utf8) }
    // A mapping of one entry: "t" -> a binary with a length of four bytes.
    let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: filling.count >> $0) }
    return [0x81, 0xa1, 0x74, 0xc6] + length + filling
  }
}
