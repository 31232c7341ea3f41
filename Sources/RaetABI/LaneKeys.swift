import CRaet
import RaetStack
import RaetWire

/// The settings of a stack to be made, of one kind or the other.
enum Settings {
  case road(RoadSettings)
  case lane(LaneSettings)

  /// Sets a number; false when there is no such key for this kind, or the number is out of range.
  mutating func set(_ key: raet_enum, _ value: UInt64) -> Bool {
    switch self {
    case .road(var settings):
      guard settings.set(key, value) else { return false }
      self = .road(settings)
    case .lane(var settings):
      guard settings.set(key, value) else { return false }
      self = .lane(settings)
    }
    return true
  }

  /// Sets a string; nil brings the default back. False as above, or for text that cannot be.
  mutating func set(_ key: raet_enum, _ text: String?) -> Bool {
    switch self {
    case .road(var settings):
      guard settings.set(key, text) else { return false }
      self = .road(settings)
    case .lane(var settings):
      guard settings.set(key, text) else { return false }
      self = .lane(settings)
    }
    return true
  }
}

/// The settings of a lane by key: set by a configuration, read back from a stack.
extension LaneSettings {
  mutating func set(_ key: raet_enum, _ value: UInt64) -> Bool {
    switch Int(key) {
    case RAET_KEY_ACCEPT_STRANGERS:
      guard value <= 1 else { return false }
      acceptsStrangers = value == 1
    case RAET_KEY_MESSAGE_TIMEOUT_NS:
      guard value > 0 else { return false }
      messageTimeout = value
    default: return setSize(key, value)
    }
    return true
  }

  private mutating func setSize(_ key: raet_enum, _ value: UInt64) -> Bool {
    // So large that nobody means more, and that sums of it stay far from overflow.
    guard value >= 1, value <= 1 << 40 else { return false }
    let size = Int(value)
    switch Int(key) {
    case RAET_KEY_MAX_MESSAGE:
      guard size <= WireLimit.body else { return false }
      maxMessage = size
    case RAET_KEY_SEND_QUEUE: sendQueue = size
    case RAET_KEY_RECEIVE_QUEUE: receiveQueue = size
    case RAET_KEY_MAX_REMOTES: maxRemotes = size
    default: return false
    }
    return true
  }

  mutating func set(_ key: raet_enum, _ text: String?) -> Bool {
    switch Int(key) {
    case RAET_KEY_NAME:
      guard text.map(PageHead.isName) ?? true else { return false }
      name = text
    case RAET_KEY_LANE:
      let new = text ?? LaneSettings().lane
      guard PageHead.isLaneName(new) else { return false }
      lane = new
    case RAET_KEY_DIR:
      let new = text ?? LaneSettings.defaultFolder
      guard new.utf8.first == UInt8(ascii: "/"), new.utf8.count < PageLimit.path else { return false }
      folder = new
    default: return false
    }
    return true
  }

  func number(_ key: raet_enum) -> UInt64? {
    switch Int(key) {
    case RAET_KEY_ACCEPT_STRANGERS: acceptsStrangers ? 1 : 0
    case RAET_KEY_MESSAGE_TIMEOUT_NS: messageTimeout
    case RAET_KEY_MAX_MESSAGE: UInt64(maxMessage)
    case RAET_KEY_SEND_QUEUE: UInt64(sendQueue)
    case RAET_KEY_RECEIVE_QUEUE: UInt64(receiveQueue)
    case RAET_KEY_MAX_REMOTES: UInt64(maxRemotes)
    default: nil
    }
  }
}

/// Properties of a lane and its yards.
extension Lane {
  func text(_ key: raet_enum) -> String? {
    switch Int(key) {
    case RAET_KEY_NAME: name
    case RAET_KEY_LANE: settings.lane
    case RAET_KEY_ENDPOINT: path
    default: nil
    }
  }
}

extension Yard {
  func number(_ key: raet_enum) -> UInt64? {
    switch Int(key) {
    case RAET_KEY_ALIVED: isAlive ? 1 : 0
    case RAET_KEY_QUEUED: UInt64(queued)
    case RAET_KEY_PEER_PID: credentials.map { UInt64(UInt32(bitPattern: $0.pid)) }
    case RAET_KEY_PEER_UID: credentials.map { UInt64($0.uid) }
    case RAET_KEY_PEER_GID: credentials.map { UInt64($0.gid) }
    default: nil
    }
  }

  func text(_ key: raet_enum) -> String? {
    switch Int(key) {
    case RAET_KEY_NAME: name
    case RAET_KEY_ENDPOINT: path
    default: nil
    }
  }
}
