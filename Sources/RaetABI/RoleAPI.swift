// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetCrypto
import RaetSession
import RaetStack

// Keys and their acceptance, by role.

/// See raet.h.
@_cdecl("raet_role_status") @implementation
public func raet_role_status(
  _ stack: OpaquePointer!, _ role: UnsafePointer<CChar>!, _ out: UnsafeMutablePointer<raet_enum>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out, let role = Text.read(role) else {
    return raet_status(RAET_EINVAL)
  }
  return answer { () throws(Status) in out.pointee = raet_enum(try stack.road.role(role).acceptance.rawValue) }
}

/// See raet.h.
@_cdecl("raet_role_set_status") @implementation
public func raet_role_set_status(
  _ stack: OpaquePointer!, _ role: UnsafePointer<CChar>!, _ acceptance: raet_enum, _ now: UInt64
) -> raet_status {
  guard let role = Text.read(role),
    let acceptance = UInt8(exactly: acceptance).flatMap(Acceptance.init(rawValue:))
  else { return raet_status(RAET_EINVAL) }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.road.setAcceptance(acceptance, of: role, now: stack.now) }
  }
}

/// See raet.h.
@_cdecl("raet_role_set_keys") @implementation
public func raet_role_set_keys(
  _ stack: OpaquePointer!, _ role: UnsafePointer<CChar>!, _ verify: UnsafePointer<UInt8>!,
  _ encrypt: UnsafePointer<UInt8>!, _ now: UInt64
) -> raet_status {
  guard let role = Text.read(role), let verify, let encrypt,
    let verifyRaw = Key32(UnsafeRawBufferPointer(start: verify, count: Key32.count)),
    let encryptRaw = Key32(UnsafeRawBufferPointer(start: encrypt, count: Key32.count))
  else { return raet_status(RAET_EINVAL) }
  let keys = RoleKeys(verify: VerifyKey(raw: verifyRaw), encrypt: PublicKey(raw: encryptRaw))
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.road.pin(role, keys, now: stack.now) }
  }
}

/// See raet.h.
@_cdecl("raet_role_keys") @implementation
public func raet_role_keys(
  _ stack: OpaquePointer!, _ role: UnsafePointer<CChar>!, _ verify: UnsafeMutablePointer<UInt8>!,
  _ encrypt: UnsafeMutablePointer<UInt8>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let verify, let encrypt, let role = Text.read(role) else {
    return raet_status(RAET_EINVAL)
  }
  return answer { () throws(Status) in
    let found = try stack.road.role(role)
    found.keys.verify.raw.copy(to: verify)
    found.keys.encrypt.raw.copy(to: encrypt)
  }
}

/// See raet.h.
@_cdecl("raet_role_forget") @implementation
public func raet_role_forget(_ stack: OpaquePointer!, _ role: UnsafePointer<CChar>!, _ now: UInt64) -> raet_status {
  guard let role = Text.read(role) else { return raet_status(RAET_EINVAL) }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.road.forgetRole(role, now: stack.now) }
  }
}

/// See raet.h.
@_cdecl("raet_role_next") @implementation
public func raet_role_next(
  _ stack: OpaquePointer!, _ after: UnsafePointer<CChar>!, _ buffer: UnsafeMutablePointer<CChar>!, _ capacity: Int,
  _ need: UnsafeMutablePointer<Int>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), need != nil, let after = Text.read(after) else {
    return raet_status(RAET_EINVAL)
  }
  do throws(Status) { return Text.write(try stack.road.role(after: after), buffer, capacity, need) } catch {
    return error.rawValue
  }
}
