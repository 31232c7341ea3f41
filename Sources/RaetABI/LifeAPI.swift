// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CPosix
import CRaet
import RaetCrypto
import RaetIO
import RaetSession
import RaetStack
import RaetWire

// The life of a stack.

/// See raet.h.
@_cdecl("raet_stack_new") @implementation
public func raet_stack_new(
  _ config: OpaquePointer!, _ now: UInt64, _ out: UnsafeMutablePointer<OpaquePointer?>!
) -> raet_status {
  guard let out, let config = ConfigHandle.at(config) else { return raet_status(RAET_EINVAL) }
  config.error = nil
  let store: any RecordStore
  if let host = config.hostStore {
    store = HostStore(host.ops, host.user)
  } else if let folder = config.folder {
    do throws(StoreError) { store = try FileStore.open(folder: folder) } catch {
      return refuse(RoadFailure(error, folder), config)
    }
  } else {
    store = MemoryStore()
  }
  let entropy: any Entropy
  if let random = config.random { entropy = HostEntropy(random.fn, random.user) } else { entropy = SodiumEntropy() }
  do throws(RoadFailure) {
    let road = try Road.make(config.settings, store: store, entropy: entropy, now: now)
    let stack = StackHandle(RoadDriver(road), socketBuffer: config.socketBuffer)
    stack.now = now
    guard let handle = HandleTable.insert(stack, .stack) else { return raet_status(RAET_ENOMEM) }
    out.pointee = handle
    return raet_status(RAET_OK)
  } catch {
    return refuse(error, config)
  }
}

/// Keeps the reason for raet_config_error().
private func refuse(_ failure: RoadFailure, _ config: ConfigHandle) -> raet_status {
  let system = failure.systemError == 0 ? "" : ": " + Text.systemError(failure.systemError)
  config.error = CText(failure.text + system)
  return failure.status.rawValue
}

/// See raet.h.
@_cdecl("raet_stack_open") @implementation
public func raet_stack_open(_ stack: OpaquePointer!, _ now: UInt64) -> raet_status {
  StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    guard stack.driver.socket == nil, !stack.road.isClosed else { throw Failure(.state) }
    do throws(SocketError) { try stack.driver.open(bufferBytes: stack.socketBuffer) } catch {
      throw failure(error, "cannot listen at \(stack.road.address.text)")
    }
  }
}

/// See raet.h.
@_cdecl("raet_stack_adopt_fd") @implementation
public func raet_stack_adopt_fd(_ stack: OpaquePointer!, _ descriptor: Int32, _ now: UInt64) -> raet_status {
  StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    guard stack.driver.socket == nil, !stack.road.isClosed else { throw Failure(.state) }
    do throws(SocketError) { try stack.driver.adopt(descriptor, bufferBytes: stack.socketBuffer) } catch {
      throw failure(error, "cannot take over descriptor \(descriptor)")
    }
  }
}

private func failure(_ error: SocketError, _ what: String) -> Failure {
  switch error {
  case .system(EBADF): return Failure(.invalid, "\(what): no open descriptor")
  case .system(let number): return Failure(.io, "\(what): \(Text.systemError(number))")
  case .notUDP: return Failure(.invalid, "\(what): not a UDP socket")
  }
}

/// See raet.h.
@_cdecl("raet_stack_close") @implementation
public func raet_stack_close(_ stack: OpaquePointer!, _ now: UInt64, _ linger: UInt64) -> raet_status {
  if case .dispatching? = StackHandle.looking(stack)?.activity { return raet_status(RAET_EREENTRANT) }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.road.close(now: stack.now, linger: linger) }
  }
}

/// See raet.h.
@_cdecl("raet_stack_free") @implementation
public func raet_stack_free(_ stack: OpaquePointer!) {
  guard let found = StackHandle.looking(stack) else { return }
  switch found.activity {
  case .working, .dispatching: found.isFreed = true
  case .idle: _ = HandleTable.remove(stack, .stack, as: StackHandle.self)
  }
}

/// See raet.h.
@_cdecl("raet_stack_error") @implementation
public func raet_stack_error(_ stack: OpaquePointer!) -> UnsafePointer<CChar>! {
  UnsafePointer(StackHandle.looking(stack)?.error?.pointer) ?? Text.pointer("")
}

/// See raet.h.
@_cdecl("raet_stack_keys") @implementation
public func raet_stack_keys(
  _ stack: OpaquePointer!, _ verify: UnsafeMutablePointer<UInt8>!, _ encrypt: UnsafeMutablePointer<UInt8>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let verify, let encrypt else { return raet_status(RAET_EINVAL) }
  stack.road.keys.verify.raw.copy(to: verify)
  stack.road.keys.encrypt.raw.copy(to: encrypt)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_stack_get_u64") @implementation
public func raet_stack_get_u64(
  _ stack: OpaquePointer!, _ key: raet_enum, _ out: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out else { return raet_status(RAET_EINVAL) }
  let value = Int(key) == RAET_KEY_SOCKET_BUFFER ? UInt64(stack.socketBuffer) : stack.road.settings.number(key)
  guard let value else { return raet_status(RAET_ENOTFOUND) }
  out.pointee = value
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_stack_get_str") @implementation
public func raet_stack_get_str(
  _ stack: OpaquePointer!, _ key: raet_enum, _ buffer: UnsafeMutablePointer<CChar>!, _ capacity: Int,
  _ need: UnsafeMutablePointer<Int>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), need != nil else { return raet_status(RAET_EINVAL) }
  switch Int(key) {
  case RAET_KEY_NAME: return Text.write(stack.road.name, buffer, capacity, need)
  case RAET_KEY_ROLE: return Text.write(stack.road.role, buffer, capacity, need)
  case RAET_KEY_ENDPOINT: return Text.write(stack.road.address.text, buffer, capacity, need)
  default: return raet_status(RAET_ENOTFOUND)
  }
}
