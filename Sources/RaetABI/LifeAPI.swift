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
  let entropy: any Entropy
  if let random = config.random { entropy = HostEntropy(random.fn, random.user) } else { entropy = SodiumEntropy() }
  do throws(RoadFailure) {
    let stack = StackHandle(try engine(config, entropy, now), socketBuffer: config.socketBuffer)
    stack.now = now
    guard let handle = HandleTable.insert(stack, .stack) else { return raet_status(RAET_ENOMEM) }
    out.pointee = handle
    return raet_status(RAET_OK)
  } catch {
    return refuse(error, config)
  }
}

private func engine(_ config: ConfigHandle, _ entropy: any Entropy, _ now: UInt64) throws(RoadFailure) -> Engine {
  switch config.settings {
  case .road(let settings):
    return .road(RoadDriver(try Road.make(settings, store: try store(config), entropy: entropy, now: now)))
  case .lane(let settings):
    return .lane(LaneDriver(try Lane.make(settings, entropy: entropy, now: now)))
  }
}

private func store(_ config: ConfigHandle) throws(RoadFailure) -> any RecordStore {
  if let host = config.hostStore { return HostStore(host.ops, host.user) }
  guard let folder = config.folder else { return MemoryStore() }
  do throws(StoreError) { return try FileStore.open(folder: folder) } catch { throw RoadFailure(error, folder) }
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
    guard stack.engine.descriptor == nil, !stack.engine.isClosed else { throw Failure(.state) }
    switch stack.engine {
    case .road(let driver):
      do throws(SocketError) { try driver.open(bufferBytes: stack.socketBuffer) } catch {
        throw failure(error, "cannot listen at \(driver.road.address.text)")
      }
    case .lane(let driver):
      do throws(LaneSocketError) { try driver.open(bufferBytes: stack.socketBuffer) } catch {
        throw failure(error, driver.lane)
      }
    }
  }
}

/// See raet.h.
@_cdecl("raet_stack_adopt_fd") @implementation
public func raet_stack_adopt_fd(_ stack: OpaquePointer!, _ descriptor: Int32, _ now: UInt64) -> raet_status {
  StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    guard case .road(let driver) = stack.engine else { throw Failure(.unsupported) }
    guard driver.socket == nil, !driver.road.isClosed else { throw Failure(.state) }
    do throws(SocketError) { try driver.adopt(descriptor, bufferBytes: stack.socketBuffer) } catch {
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

private func failure(_ error: LaneSocketError, _ lane: Lane) -> Failure {
  let what = "cannot open \(lane.path)"
  switch error {
  case .system(let number): return Failure(.io, "\(what): \(Text.systemError(number))")
  case .unsafeFolder:
    return Failure(.store, "\(what): the folder is a symbolic link, of another user, or others may write in it")
  case .occupied: return Failure(.store, "\(what): what lies there is no socket, or of another user")
  case .exists: return Failure(.exists, "\(what): a process that is alive has it")
  case .locked: return Failure(.locked, "\(what): another process is about to open a yard in this folder")
  }
}

/// See raet.h.
@_cdecl("raet_stack_close") @implementation
public func raet_stack_close(_ stack: OpaquePointer!, _ now: UInt64, _ linger: UInt64) -> raet_status {
  if case .dispatching? = StackHandle.looking(stack)?.activity { return raet_status(RAET_EREENTRANT) }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.engine.close(now: stack.now, linger: linger) }
  }
}

/// See raet.h.
@_cdecl("raet_stack_free") @implementation
public func raet_stack_free(_ stack: OpaquePointer!) {
  guard let found = StackHandle.looking(stack) else { return }
  switch found.activity {
  case .working, .dispatching: found.isFreed = true
  case .idle:
    RouterHandle.release(found)
    _ = HandleTable.remove(stack, .stack, as: StackHandle.self)
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
  return answer { () throws(Status) in
    let keys = try stack.road.keys
    keys.verify.raw.copy(to: verify)
    keys.encrypt.raw.copy(to: encrypt)
  }
}

/// See raet.h.
@_cdecl("raet_stack_get_u64") @implementation
public func raet_stack_get_u64(
  _ stack: OpaquePointer!, _ key: raet_enum, _ out: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out else { return raet_status(RAET_EINVAL) }
  let value = Int(key) == RAET_KEY_SOCKET_BUFFER ? UInt64(stack.socketBuffer) : stack.engine.number(key)
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
  let value: String?
  switch stack.engine {
  case .road(let driver): value = text(driver.road, key)
  case .lane(let driver): value = driver.lane.text(key)
  }
  guard let value else { return raet_status(RAET_ENOTFOUND) }
  return Text.write(value, buffer, capacity, need)
}

private func text(_ road: Road, _ key: raet_enum) -> String? {
  switch Int(key) {
  case RAET_KEY_NAME: road.name
  case RAET_KEY_ROLE: road.role
  case RAET_KEY_ENDPOINT: road.address.text
  default: nil
  }
}
