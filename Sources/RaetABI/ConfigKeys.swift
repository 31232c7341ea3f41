import CRaet
import RaetSession
import RaetStack
import RaetWire

/// A setting or property: its name for raet_config_key(), its type, and where it holds.
struct Key {
  let id: Int
  let name: StaticString
  let type: Int
  let isSetting: Bool

  init(_ id: Int, _ name: StaticString, _ type: Int, isSetting: Bool = true) {
    self.id = id
    self.name = name
    self.type = type
    self.isSetting = isSetting
  }

  /// All keys of raet.h.
  static let all: [Key] = [
    Key(RAET_KEY_NAME, "name", RAET_TYPE_STR),
    Key(RAET_KEY_ROLE, "role", RAET_TYPE_STR),
    Key(RAET_KEY_ENDPOINT, "endpoint", RAET_TYPE_STR),
    Key(RAET_KEY_DIR, "dir", RAET_TYPE_STR),
    Key(RAET_KEY_STORE_KIND, "store_kind", RAET_TYPE_U64),
    Key(RAET_KEY_MAIN, "main", RAET_TYPE_U64),
    Key(RAET_KEY_MUTABLE, "mutable", RAET_TYPE_U64),
    Key(RAET_KEY_ACCEPT, "accept", RAET_TYPE_U64),
    Key(RAET_KEY_KIND, "kind", RAET_TYPE_U64),
    Key(RAET_KEY_SIGN_SEED, "sign_seed", RAET_TYPE_BYTES),
    Key(RAET_KEY_PRIVATE, "private", RAET_TYPE_BYTES),
    Key(RAET_KEY_HEAD_KIND, "head_kind", RAET_TYPE_U64),
    Key(RAET_KEY_BODY_KIND, "body_kind", RAET_TYPE_U64),
    Key(RAET_KEY_SIGN, "sign", RAET_TYPE_U64),
    Key(RAET_KEY_ENCRYPT, "encrypt", RAET_TYPE_U64),
    Key(RAET_KEY_ACCEPT_UNSIGNED, "accept_unsigned", RAET_TYPE_U64),
    Key(RAET_KEY_ACCEPT_CLEAR, "accept_clear", RAET_TYPE_U64),
    Key(RAET_KEY_PERIOD_NS, "period_ns", RAET_TYPE_U64),
    Key(RAET_KEY_OFFSET_NS, "offset_ns", RAET_TYPE_U64),
    Key(RAET_KEY_INTERIM_NS, "interim_ns", RAET_TYPE_U64),
    Key(RAET_KEY_MAX_MESSAGE, "max_message", RAET_TYPE_U64),
    Key(RAET_KEY_SEND_QUEUE, "send_queue", RAET_TYPE_U64),
    Key(RAET_KEY_RECEIVE_QUEUE, "receive_queue", RAET_TYPE_U64),
    Key(RAET_KEY_MESSAGE_TIMEOUT_NS, "message_timeout_ns", RAET_TYPE_U64),
    Key(RAET_KEY_MAX_REMOTES, "max_remotes", RAET_TYPE_U64),
    Key(RAET_KEY_MAX_PENDING, "max_pending", RAET_TYPE_U64),
    Key(RAET_KEY_SOCKET_BUFFER, "socket_buffer", RAET_TYPE_U64),
    Key(RAET_KEY_WINDOW, "window", RAET_TYPE_U64),
    Key(RAET_KEY_LANE, "lane", RAET_TYPE_STR),
    Key(RAET_KEY_ACCEPT_STRANGERS, "accept_strangers", RAET_TYPE_U64),
    Key(RAET_KEY_NEAR_ID, "near_id", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_FAR_ID, "far_id", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_JOINED, "joined", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_ALLOWED, "allowed", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_ALIVED, "alived", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_REAPED, "reaped", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_ACCEPTANCE, "acceptance", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_RTT_NS, "rtt_ns", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_QUEUED, "queued", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_IN_FLIGHT, "in_flight", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_SESSION, "session", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_PEER_PID, "peer_pid", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_PEER_UID, "peer_uid", RAET_TYPE_U64, isSetting: false),
    Key(RAET_KEY_PEER_GID, "peer_gid", RAET_TYPE_U64, isSetting: false),
  ]
}

/// The settings of a road by key: set by a configuration, read back from it and from a stack.
extension RoadSettings {
  /// Sets a string; nil brings the default back. False when there is no such key, or the text cannot be.
  mutating func set(_ key: raet_enum, _ text: String?) -> Bool {
    switch Int(key) {
    case RAET_KEY_NAME, RAET_KEY_ROLE:
      guard text.map(JoinBody.isName) ?? true else { return false }
      if Int(key) == RAET_KEY_NAME { name = text } else { role = text }
    case RAET_KEY_ENDPOINT:
      guard let text else {
        address = ConfigHandle.defaultAddress
        return true
      }
      guard let address = Address(text) else { return false }
      self.address = address
    default: return false
    }
    return true
  }

  /// Sets a number; false when there is no such key or the number is out of range.
  mutating func set(_ key: raet_enum, _ value: UInt64) -> Bool {
    let flag = value == 1
    switch Int(key) {
    case RAET_KEY_STORE_KIND: return setKind(value, &storeKind)
    case RAET_KEY_BODY_KIND: return setKind(value, &bodyKind)
    case RAET_KEY_HEAD_KIND:
      guard let kind = UInt8(exactly: value).flatMap(HeadKind.init(rawValue:)) else { return false }
      headKind = kind
    case RAET_KEY_ACCEPT:
      guard let mode = UInt8(exactly: value).flatMap(AcceptMode.init(rawValue:)) else { return false }
      accept = mode
    case RAET_KEY_KIND:
      guard let kind = UInt8(exactly: value) else { return false }
      self.kind = kind
    case RAET_KEY_MAIN, RAET_KEY_MUTABLE, RAET_KEY_SIGN, RAET_KEY_ENCRYPT, RAET_KEY_ACCEPT_UNSIGNED,
      RAET_KEY_ACCEPT_CLEAR:
      guard value <= 1 else { return false }
      return setFlag(key, flag)
    case RAET_KEY_PERIOD_NS: period = value
    case RAET_KEY_OFFSET_NS: offset = value
    case RAET_KEY_INTERIM_NS: interim = value
    case RAET_KEY_MESSAGE_TIMEOUT_NS:
      guard value > 0 else { return false }
      messageTimeout = value
    default: return setSize(key, value)
    }
    return true
  }

  private mutating func setFlag(_ key: raet_enum, _ flag: Bool) -> Bool {
    switch Int(key) {
    case RAET_KEY_MAIN: isMain = flag
    case RAET_KEY_MUTABLE: isMutable = flag
    case RAET_KEY_SIGN: signs = flag
    case RAET_KEY_ENCRYPT: encrypts = flag
    case RAET_KEY_ACCEPT_UNSIGNED: acceptsUnsigned = flag
    case RAET_KEY_ACCEPT_CLEAR: acceptsClear = flag
    default: return false
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
    case RAET_KEY_MAX_PENDING: maxPending = size
    case RAET_KEY_WINDOW: window = size
    default: return false
    }
    return true
  }

  private func setKind(_ value: UInt64, _ kind: inout BodyKind) -> Bool {
    guard let new = UInt8(exactly: value).flatMap(BodyKind.init(rawValue:)), new == .json || new == .msgpack else {
      return false
    }
    kind = new
    return true
  }

  /// Reads a number; nil when there is no such key.
  func number(_ key: raet_enum) -> UInt64? {
    switch Int(key) {
    case RAET_KEY_STORE_KIND: return UInt64(storeKind.rawValue)
    case RAET_KEY_BODY_KIND: return UInt64(bodyKind.rawValue)
    case RAET_KEY_HEAD_KIND: return UInt64(headKind.rawValue)
    case RAET_KEY_ACCEPT: return UInt64(accept.rawValue)
    case RAET_KEY_KIND: return UInt64(kind)
    case RAET_KEY_MAIN: return isMain ? 1 : 0
    case RAET_KEY_MUTABLE: return isMutable ? 1 : 0
    case RAET_KEY_SIGN: return signs ? 1 : 0
    case RAET_KEY_ENCRYPT: return encrypts ? 1 : 0
    case RAET_KEY_ACCEPT_UNSIGNED: return acceptsUnsigned ? 1 : 0
    case RAET_KEY_ACCEPT_CLEAR: return acceptsClear ? 1 : 0
    case RAET_KEY_PERIOD_NS: return period
    case RAET_KEY_OFFSET_NS: return offset
    case RAET_KEY_INTERIM_NS: return interim
    case RAET_KEY_MESSAGE_TIMEOUT_NS: return messageTimeout
    case RAET_KEY_MAX_MESSAGE: return UInt64(maxMessage)
    case RAET_KEY_SEND_QUEUE: return UInt64(sendQueue)
    case RAET_KEY_RECEIVE_QUEUE: return UInt64(receiveQueue)
    case RAET_KEY_MAX_REMOTES: return UInt64(maxRemotes)
    case RAET_KEY_MAX_PENDING: return UInt64(maxPending)
    case RAET_KEY_WINDOW: return UInt64(window)
    default: return nil
    }
  }
}
