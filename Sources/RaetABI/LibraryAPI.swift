// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CPosix
import CRaet
import CSodium
import RaetCrypto
import RaetIO
import RaetStack
import RaetWire

// Functions that concern no stack.

private let version: StaticString = "0.1.0"

/// See raet.h.
@_cdecl("raet_version") @implementation
public func raet_version() -> UInt32 { UInt32(RAET_VERSION_NUMBER) }

/// See raet.h.
@_cdecl("raet_version_string") @implementation
public func raet_version_string() -> UnsafePointer<CChar>! { Text.pointer(version) }

/// See raet.h.
@_cdecl("raet_has") @implementation
public func raet_has(_ feature: UnsafePointer<CChar>!) -> Int32 {
  guard let feature else { return 0 }
  let names: [StaticString] = ["road", "ipv6", "lane", "router"]
  return names.contains { Text.equal(feature, $0) } ? 1 : 0
}

/// See raet.h.
@_cdecl("raet_now") @implementation
public func raet_now() -> UInt64 { MonotonicClock.now() }

// MARK: Keys.

/// See raet.h.
@_cdecl("raet_keys_generate") @implementation
public func raet_keys_generate(
  _ seed: UnsafeMutablePointer<UInt8>!, _ secret: UnsafeMutablePointer<UInt8>!
) -> raet_status {
  guard let seed, let secret else { return raet_status(RAET_EINVAL) }
  guard startsSodium() else { return raet_status(RAET_ECRYPTO) }
  randombytes_buf(seed, Key32.count)
  randombytes_buf(secret, Key32.count)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_keys_public") @implementation
public func raet_keys_public(
  _ seed: UnsafePointer<UInt8>!, _ secret: UnsafePointer<UInt8>!, _ verify: UnsafeMutablePointer<UInt8>!,
  _ encrypt: UnsafeMutablePointer<UInt8>!
) -> raet_status {
  guard let seed, let secret, let verify, let encrypt else { return raet_status(RAET_EINVAL) }
  guard startsSodium() else { return raet_status(RAET_ECRYPTO) }
  let memory = SecretMemory()
  do throws(CryptoError) {
    let signing = try SigningKey(seed: UnsafeRawBufferPointer(start: seed, count: Key32.count), memory: memory)
    let long = try PrivateKey(secret: UnsafeRawBufferPointer(start: secret, count: Key32.count), memory: memory)
    signing.verifyKey.raw.copy(to: verify)
    long.publicKey.raw.copy(to: encrypt)
    return raet_status(RAET_OK)
  } catch { return raet_status(RAET_ECRYPTO) }
}

private func startsSodium() -> Bool {
  do throws(CryptoError) {
    try Sodium.initialize()
    return true
  } catch { return false }
}

// MARK: Addresses.

/// See raet.h.
@_cdecl("raet_yard_path") @implementation
public func raet_yard_path(
  _ folder: UnsafePointer<CChar>!, _ lane: UnsafePointer<CChar>!, _ yard: UnsafePointer<CChar>!,
  _ buffer: UnsafeMutablePointer<CChar>!, _ capacity: Int, _ need: UnsafeMutablePointer<Int>!
) -> raet_status {
  let defaults = LaneSettings()
  guard let folder = folder == nil ? defaults.folder : Text.read(folder),
    let lane = lane == nil ? defaults.lane : Text.read(lane), let yard = Text.read(yard),
    let path = LaneSettings.path(folder: folder, lane: lane, yard: yard)
  else { return raet_status(RAET_EINVAL) }
  return Text.write(path, buffer, capacity, need)
}

/// See raet.h.
@_cdecl("raet_addr_parse") @implementation
public func raet_addr_parse(_ text: UnsafePointer<CChar>!, _ out: UnsafeMutablePointer<raet_addr>!) -> raet_status {
  guard let out, let text = Text.read(text), let address = Address(text) else { return raet_status(RAET_EINVAL) }
  return out.pointee.set(address) ? raet_status(RAET_OK) : raet_status(RAET_EINVAL)
}

/// See raet.h.
@_cdecl("raet_addr_format") @implementation
public func raet_addr_format(
  _ address: UnsafePointer<raet_addr>!, _ buffer: UnsafeMutablePointer<CChar>!, _ capacity: Int,
  _ need: UnsafeMutablePointer<Int>!
) -> raet_status {
  guard let address, let value = address.pointee.address else { return raet_status(RAET_EINVAL) }
  return Text.write(value.text, buffer, capacity, need)
}

extension raet_addr {
  /// The address; nil when the bytes are none.
  var address: Address? {
    var copy = self
    return withUnsafeBytes(of: &copy.bytes) { bytes in
      guard Int(len) <= bytes.count else { return nil }
      guard Int(len) == MemoryLayout<sockaddr_in>.size || Int(len) == MemoryLayout<sockaddr_in6>.size else {
        return nil
      }
      return Address(socketAddress: UnsafeRawBufferPointer(rebasing: bytes[..<Int(len)]))
    }
  }

  mutating func set(_ address: Address) -> Bool {
    self = raet_addr()
    let length = withUnsafeMutableBytes(of: &bytes) { address.writeSocketAddress(to: $0) }
    guard let length else { return false }
    len = UInt32(length)
    return true
  }
}
