import CRaet
import RaetIO
import RaetStack
import RaetWire

/// What is behind a stack: an estate on a road or a yard on a lane, each with its driver. What both can do is here; what
/// only one can is asked of it by way of `StackHandle.road` or `StackHandle.lane`.
enum Engine {
  case road(RoadDriver)
  case lane(LaneDriver)

  // MARK: The loop.

  var isClosed: Bool {
    switch self {
    case .road(let driver): driver.road.isClosed
    case .lane(let driver): driver.lane.isClosed
    }
  }

  var hasEvents: Bool {
    switch self {
    case .road(let driver): driver.road.hasEvents
    case .lane(let driver): driver.lane.hasEvents
    }
  }

  func nextEvent() -> Event? {
    switch self {
    case .road(let driver): driver.road.nextEvent()
    case .lane(let driver): driver.lane.nextEvent()
    }
  }

  /// What the host waits on; nil without a socket.
  var descriptor: Int32? {
    switch self {
    case .road(let driver): driver.socket?.descriptor
    case .lane(let driver): driver.socket?.descriptor
    }
  }

  /// What it waits for there.
  var interest: UInt32 {
    guard descriptor != nil else { return 0 }
    switch self {
    case .road(let driver): return UInt32(driver.isBlocked ? RAET_WANT_READ | RAET_WANT_WRITE : RAET_WANT_READ)
    // A lane's descriptor becomes readable for all that it waits for.
    case .lane: return UInt32(RAET_WANT_READ)
    }
  }

  func deadline(now: UInt64) -> UInt64 {
    switch self {
    case .road(let driver): driver.deadline(now: now)
    case .lane(let driver): driver.deadline(now: now)
    }
  }

  func service(now: UInt64, limit: Int) -> Int32? {
    switch self {
    case .road(let driver): driver.service(now: now, limit: limit)
    case .lane(let driver): driver.service(now: now, limit: limit)
    }
  }

  func close(now: UInt64, linger: UInt64) throws(Status) {
    switch self {
    case .road(let driver): try driver.road.close(now: now, linger: linger)
    case .lane(let driver): try driver.lane.close(now: now, linger: linger)
    }
  }

  func closeSocket() {
    switch self {
    case .road(let driver): driver.closeSocket()
    case .lane(let driver): driver.closeSocket()
    }
  }

  // MARK: Remotes.

  func findRemote(name: String) throws(Status) -> UInt64 {
    switch self {
    case .road(let driver): try driver.road.findRemote(name: name)
    case .lane(let driver): try driver.lane.findRemote(name: name)
    }
  }

  func remote(after id: UInt64) throws(Status) -> UInt64 {
    switch self {
    case .road(let driver): try driver.road.remote(after: id)
    case .lane(let driver): try driver.lane.remote(after: id)
    }
  }

  func removeRemote(_ id: UInt64, now: UInt64) throws(Status) {
    switch self {
    case .road(let driver): try driver.road.removeRemote(id, now: now)
    case .lane(let driver): try driver.lane.removeRemote(id, now: now)
    }
  }

  // MARK: Messages.

  func send(
    _ id: UInt64, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool = false, timeout: UInt64,
    tag: UInt64, now: UInt64
  ) throws(Status) -> UInt64 {
    switch self {
    case .road(let driver):
      try driver.road.send(id, kind, body, isChecked: isChecked, timeout: timeout, tag: tag, now: now)
    case .lane(let driver):
      try driver.lane.send(id, kind, body, isChecked: isChecked, timeout: timeout, tag: tag, now: now)
    }
  }

  /// How many bytes `send` would take for a remote now.
  func capacity(_ id: UInt64) throws(Status) -> Int {
    switch self {
    case .road(let driver): driver.road.capacity(try driver.road.remote(id))
    case .lane(let driver): driver.lane.capacity(try driver.lane.remote(id))
    }
  }

  func cancel(_ transaction: UInt64, now: UInt64) throws(Status) {
    switch self {
    case .road(let driver): try driver.road.cancel(transaction, now: now)
    case .lane(let driver): try driver.lane.cancel(transaction, now: now)
    }
  }

  /// The same for one that concerns this remote.
  func cancel(_ transaction: UInt64, of remote: UInt64, now: UInt64) throws(Status) {
    switch self {
    case .road(let driver): try driver.road.cancel(transaction, of: remote, now: now)
    case .lane(let driver): try driver.lane.cancel(transaction, of: remote, now: now)
    }
  }

  func transfers() -> [Road.Transfer] {
    switch self {
    case .road(let driver): driver.road.transfers()
    case .lane(let driver): driver.lane.transfers()
    }
  }

  // MARK: Figures.

  var statistics: Statistics {
    switch self {
    case .road(let driver): driver.road.statistics
    case .lane(let driver): driver.lane.statistics
    }
  }

  func setLog(_ log: Log) {
    switch self {
    case .road(let driver): driver.road.log = log
    case .lane(let driver): driver.lane.log = log
    }
  }

  /// A setting that it was made with; nil when there is no such key.
  func number(_ key: raet_enum) -> UInt64? {
    switch self {
    case .road(let driver): driver.road.settings.number(key)
    case .lane(let driver): driver.lane.settings.number(key)
    }
  }
}
