// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetCrypto
import RaetStack
import RaetWire

/// What a raet_config * stands for.
final class ConfigHandle {
  /// Where a road listens unless told otherwise: all addresses of IPv4, the port of RAET.
  static let defaultAddress = Address(ipv4: 0, port: 7530)

  var settings: Settings
  var folder: String?
  var socketBuffer = 4 << 20
  var hostStore: (ops: raet_store_ops, user: UnsafeMutableRawPointer?)?
  var error: CText?
  var random: (fn: raet_random_fn, user: UnsafeMutableRawPointer?)?

  init(_ settings: Settings) {
    self.settings = settings
  }

  static func at(_ handle: OpaquePointer?) -> ConfigHandle? {
    HandleTable.find(handle, .config, as: ConfigHandle.self)
  }
}

/// See raet.h.
@_cdecl("raet_config_new") @implementation
public func raet_config_new(_ kind: raet_enum, _ out: UnsafeMutablePointer<OpaquePointer?>!) -> raet_status {
  guard let out else { return raet_status(RAET_EINVAL) }
  let settings: Settings
  switch Int(kind) {
  case RAET_KIND_ROAD: settings = .road(RoadSettings(address: ConfigHandle.defaultAddress))
  case RAET_KIND_LANE: settings = .lane(LaneSettings())
  default: return raet_status(RAET_ENOTSUP)
  }
  guard let handle = HandleTable.insert(ConfigHandle(settings), .config) else { return raet_status(RAET_ENOMEM) }
  out.pointee = handle
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_config_free") @implementation
public func raet_config_free(_ config: OpaquePointer!) {
  _ = HandleTable.remove(config, .config, as: ConfigHandle.self)
}

/// See raet.h.
@_cdecl("raet_config_set_u64") @implementation
public func raet_config_set_u64(_ config: OpaquePointer!, _ key: raet_enum, _ value: UInt64) -> raet_status {
  guard let config = ConfigHandle.at(config) else { return raet_status(RAET_EINVAL) }
  if Int(key) == RAET_KEY_SOCKET_BUFFER {
    guard value <= 1 << 30 else { return raet_status(RAET_EINVAL) }
    config.socketBuffer = Int(value)
    return raet_status(RAET_OK)
  }
  let isSet = config.settings.set(key, value)
  config.error = isSet ? nil : CText("no setting of this type, or out of range")
  return isSet ? raet_status(RAET_OK) : raet_status(RAET_EINVAL)
}

/// See raet.h.
@_cdecl("raet_config_set_str") @implementation
public func raet_config_set_str(
  _ config: OpaquePointer!, _ key: raet_enum, _ value: UnsafePointer<CChar>!
) -> raet_status {
  guard let config = ConfigHandle.at(config) else { return raet_status(RAET_EINVAL) }
  var text: String?
  if let value {
    guard let read = Text.read(value) else { return raet_status(RAET_EINVAL) }
    text = read
  }
  let isSet = config.set(key, text)
  let isEndpoint = Int(key) == RAET_KEY_ENDPOINT
  config.error = isSet ? nil : CText(isEndpoint ? "no address with a port; names are not looked up" : "not valid")
  return isSet ? raet_status(RAET_OK) : raet_status(RAET_EINVAL)
}

extension ConfigHandle {
  /// A road's folder is that of its store.
  fileprivate func set(_ key: raet_enum, _ text: String?) -> Bool {
    guard Int(key) == RAET_KEY_DIR, case .road = settings else { return settings.set(key, text) }
    guard text.map({ !$0.isEmpty }) ?? true else { return false }
    folder = text
    return true
  }
}

/// See raet.h.
@_cdecl("raet_config_set_bytes") @implementation
public func raet_config_set_bytes(
  _ config: OpaquePointer!, _ key: raet_enum, _ value: UnsafePointer<UInt8>!, _ length: Int
) -> raet_status {
  guard let config = ConfigHandle.at(config) else { return raet_status(RAET_EINVAL) }
  var bytes: SecretKeyBytes?
  if let value {
    guard length == Key32.count else { return raet_status(RAET_EINVAL) }
    do throws(CryptoError) {
      bytes = try SecretKeyBytes.copy(of: UnsafeRawBufferPointer(start: value, count: length))
    } catch { return raet_status(RAET_ENOMEM) }
  } else if length != 0 {
    return raet_status(RAET_EINVAL)
  }
  guard case .road(var settings) = config.settings else { return raet_status(RAET_EINVAL) }
  switch Int(key) {
  case RAET_KEY_SIGN_SEED: settings.signSeed = bytes
  case RAET_KEY_PRIVATE: settings.privateKey = bytes
  default: return raet_status(RAET_EINVAL)
  }
  config.settings = .road(settings)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_config_set_store") @implementation
public func raet_config_set_store(
  _ config: OpaquePointer!, _ ops: UnsafePointer<raet_store_ops>!, _ user: UnsafeMutableRawPointer!
) -> raet_status {
  guard let config = ConfigHandle.at(config) else { return raet_status(RAET_EINVAL) }
  guard case .road = config.settings else { return raet_status(RAET_ENOTSUP) }
  guard let ops else {
    config.hostStore = nil
    return raet_status(RAET_OK)
  }
  guard Int(ops.pointee.size) >= MemoryLayout<raet_store_ops>.size, ops.pointee.flags == 0, ops.pointee.load != nil,
    ops.pointee.store != nil, ops.pointee.next != nil
  else { return raet_status(RAET_EINVAL) }
  config.hostStore = (ops.pointee, user)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_config_error") @implementation
public func raet_config_error(_ config: OpaquePointer!) -> UnsafePointer<CChar>! {
  UnsafePointer(ConfigHandle.at(config)?.error?.pointer) ?? Text.pointer("")
}

/// See raet.h.
@_cdecl("raet_config_set_random") @implementation
public func raet_config_set_random(
  _ config: OpaquePointer!, _ fn: raet_random_fn!, _ user: UnsafeMutableRawPointer!
) -> raet_status {
  guard let config = ConfigHandle.at(config) else { return raet_status(RAET_EINVAL) }
  config.random = fn.map { ($0, user) }
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_config_key") @implementation
public func raet_config_key(
  _ name: UnsafePointer<CChar>!, _ key: UnsafeMutablePointer<raet_enum>!, _ type: UnsafeMutablePointer<raet_enum>!
) -> raet_status {
  guard let name, let key else { return raet_status(RAET_EINVAL) }
  for known in Key.all where known.isSetting && Text.equal(name, known.name) {
    key.pointee = raet_enum(known.id)
    type?.pointee = raet_enum(known.type)
    return raet_status(RAET_OK)
  }
  return raet_status(RAET_ENOTFOUND)
}
