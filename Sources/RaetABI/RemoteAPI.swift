// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetIO
import RaetSession
import RaetStack
import RaetWire

// Remotes, and connecting to them.

/// See raet.h.
@_cdecl("raet_remote_add") @implementation
public func raet_remote_add(
  _ stack: OpaquePointer!, _ label: UnsafePointer<CChar>!, _ endpoint: UnsafePointer<CChar>!,
  _ out: UnsafeMutablePointer<raet_remote>!
) -> raet_status {
  guard let out else { return raet_status(RAET_EINVAL) }
  var name: String?
  if let text = label {
    guard let read = Text.read(text) else { return raet_status(RAET_EINVAL) }
    name = read
  }
  return StackHandle.working(stack, now: nil) { (stack) throws(Failure) in
    switch stack.engine {
    case .road(let driver):
      guard let address = target(endpoint) else { throw Failure(.invalid) }
      do throws(Status) { out.pointee = try driver.road.addRemote(name: name, address: address) } catch {
        if error == .exists { out.pointee = known(driver.road, name, address) }
        throw Failure(error)
      }
    case .lane(let driver):
      // Where a yard is follows from its name.
      guard let name, endpoint == nil else { throw Failure(.invalid) }
      do throws(Status) { out.pointee = try driver.lane.addRemote(name: name) } catch {
        if error == .exists { out.pointee = known(driver.lane, name) }
        throw Failure(error)
      }
    }
  }
}

/// See raet.h.
@_cdecl("raet_remote_set_endpoint") @implementation
public func raet_remote_set_endpoint(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ endpoint: UnsafePointer<CChar>!, _ now: UInt64
) -> raet_status {
  guard endpoint != nil else { return raet_status(RAET_EINVAL) }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    let road = try attempt { () throws(Status) in try stack.road }
    guard let address = target(endpoint) else { throw Failure(.invalid) }
    try attempt { () throws(Status) in try road.moveRemote(remote, to: address, now: stack.now) }
  }
}

/// The remote of this name, or without one the first at this address.
private func known(_ road: Road, _ name: String?, _ address: Address) -> UInt64 {
  guard let name else { return road.findRemote(address: address) ?? 0 }
  do throws(Status) { return try road.findRemote(name: name) } catch { return 0 }
}

private func known(_ lane: Lane, _ name: String) -> UInt64 {
  do throws(Status) { return try lane.findRemote(name: name) } catch { return 0 }
}

/// An address that something can be sent to.
private func target(_ endpoint: UnsafePointer<CChar>?) -> Address? {
  guard let endpoint = Text.read(endpoint), let address = Address(endpoint), address.isOfOne else { return nil }
  return address
}

/// See raet.h.
@_cdecl("raet_remote_remove") @implementation
public func raet_remote_remove(_ stack: OpaquePointer!, _ remote: raet_remote, _ now: UInt64) -> raet_status {
  StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.engine.removeRemote(remote, now: stack.now) }
  }
}

/// See raet.h.
@_cdecl("raet_remote_find") @implementation
public func raet_remote_find(
  _ stack: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ out: UnsafeMutablePointer<raet_remote>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out, let name = Text.read(name) else {
    return raet_status(RAET_EINVAL)
  }
  return answer { () throws(Status) in out.pointee = try stack.engine.findRemote(name: name) }
}

/// See raet.h.
@_cdecl("raet_remote_next") @implementation
public func raet_remote_next(
  _ stack: OpaquePointer!, _ after: raet_remote, _ out: UnsafeMutablePointer<raet_remote>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out else { return raet_status(RAET_EINVAL) }
  return answer { () throws(Status) in out.pointee = try stack.engine.remote(after: after) }
}

/// A question to the engine that changes nothing.
func answer(_ body: () throws(Status) -> Void) -> raet_status {
  do throws(Status) {
    try body()
    return raet_status(RAET_OK)
  } catch { return error.rawValue }
}

/// See raet.h.
@_cdecl("raet_remote_get_u64") @implementation
public func raet_remote_get_u64(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ key: raet_enum, _ out: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out else { return raet_status(RAET_EINVAL) }
  return answer { () throws(Status) in
    let value: UInt64?
    switch stack.engine {
    case .road(let driver): value = number(try driver.road.remote(remote), driver.road, key)
    case .lane(let driver): value = try driver.lane.remote(remote).number(key)
    }
    guard let value else { throw .notFound }
    out.pointee = value
  }
}

private func number(_ remote: Remote, _ road: Road, _ key: raet_enum) -> UInt64? {
  switch Int(key) {
  case RAET_KEY_MAIN: return remote.relation?.isMain == true ? 1 : 0
  case RAET_KEY_KIND: return UInt64(remote.relation?.kind ?? 0)
  case RAET_KEY_NEAR_ID: return UInt64(remote.nearID)
  case RAET_KEY_FAR_ID: return UInt64(remote.farID)
  case RAET_KEY_JOINED: return remote.isJoined ? 1 : 0
  case RAET_KEY_ALLOWED: return remote.isAllowed ? 1 : 0
  case RAET_KEY_ALIVED: return remote.presence == .alive ? 1 : 0
  case RAET_KEY_REAPED: return remote.presence == .reaped ? 1 : 0
  case RAET_KEY_ACCEPTANCE: return UInt64(road.acceptance(of: remote).rawValue)
  case RAET_KEY_RTT_NS: return remote.messages.window.roundTrip
  case RAET_KEY_QUEUED: return UInt64(remote.messages.queuedBytes)
  case RAET_KEY_IN_FLIGHT: return UInt64(remote.messages.window.inFlight)
  case RAET_KEY_SESSION: return UInt64(remote.near.id)
  default: return nil
  }
}

/// See raet.h.
@_cdecl("raet_remote_get_str") @implementation
public func raet_remote_get_str(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ key: raet_enum, _ buffer: UnsafeMutablePointer<CChar>!,
  _ capacity: Int, _ need: UnsafeMutablePointer<Int>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), need != nil else { return raet_status(RAET_EINVAL) }
  let value: String?
  do throws(Status) {
    switch stack.engine {
    case .road(let driver): value = text(try driver.road.remote(remote), key)
    case .lane(let driver): value = try driver.lane.remote(remote).text(key)
    }
  } catch { return error.rawValue }
  guard let value else { return raet_status(RAET_ENOTFOUND) }
  return Text.write(value, buffer, capacity, need)
}

private func text(_ remote: Remote, _ key: raet_enum) -> String? {
  switch Int(key) {
  case RAET_KEY_NAME: remote.name
  case RAET_KEY_ROLE: remote.relation?.role ?? ""
  case RAET_KEY_ENDPOINT: (remote.relation?.address ?? remote.address).text
  default: nil
  }
}

// MARK: Connecting.

/// See raet.h.
@_cdecl("raet_connect") @implementation
public func raet_connect(_ stack: OpaquePointer!, _ remote: raet_remote, _ now: UInt64) -> raet_status {
  StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.road.connect(remote, now: stack.now) }
  }
}

/// See raet.h.
@_cdecl("raet_disconnect") @implementation
public func raet_disconnect(_ stack: OpaquePointer!, _ remote: raet_remote, _ now: UInt64) -> raet_status {
  StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.road.disconnect(remote, now: stack.now) }
  }
}

/// See raet.h.
@_cdecl("raet_join") @implementation
public func raet_join(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ now: UInt64, _ timeout: UInt64,
  _ out: UnsafeMutablePointer<raet_txn>!
) -> raet_status {
  begin(stack, now, out) { (road, now) throws(Status) in
    try road.join(remote, timeout: timeout == 0 ? Times.join : timeout, now: now)
  }
}

/// See raet.h.
@_cdecl("raet_allow") @implementation
public func raet_allow(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ now: UInt64, _ timeout: UInt64,
  _ out: UnsafeMutablePointer<raet_txn>!
) -> raet_status {
  begin(stack, now, out) { (road, now) throws(Status) in
    try road.allow(remote, timeout: timeout == 0 ? Times.allow : timeout, now: now)
  }
}

/// See raet.h.
@_cdecl("raet_alive") @implementation
public func raet_alive(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ now: UInt64, _ timeout: UInt64,
  _ out: UnsafeMutablePointer<raet_txn>!
) -> raet_status {
  begin(stack, now, out) { (road, now) throws(Status) in
    try road.alive(remote, timeout: timeout == 0 ? Times.alive : timeout, now: now)
  }
}

/// Begins a transaction of the host's and hands out its id.
private func begin(
  _ stack: OpaquePointer?, _ now: UInt64, _ out: UnsafeMutablePointer<raet_txn>?,
  _ body: (Road, UInt64) throws(Status) -> UInt64
) -> raet_status {
  StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    let transaction = try attempt { () throws(Status) in try body(stack.road, stack.now) }
    out?.pointee = transaction
  }
}
