// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetStack

// Counters and the log.

/// See raet.h.
@_cdecl("raet_stat_at") @implementation
public func raet_stat_at(
  _ stack: OpaquePointer!, _ index: UInt32, _ name: UnsafeMutablePointer<UnsafePointer<CChar>?>!,
  _ value: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let name, let value else { return raet_status(RAET_EINVAL) }
  guard let counter = Counter(rawValue: Int(index)) else { return raet_status(RAET_ENOTFOUND) }
  name.pointee = Text.pointer(counter.name)
  value.pointee = stack.engine.statistics[counter]
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_stat_get") @implementation
public func raet_stat_get(
  _ stack: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ value: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let name, let value else { return raet_status(RAET_EINVAL) }
  for counter in Counter.allCases where Text.equal(name, counter.name) {
    value.pointee = stack.engine.statistics[counter]
    return raet_status(RAET_OK)
  }
  return raet_status(RAET_ENOTFOUND)
}

/// See raet.h.
@_cdecl("raet_stack_set_log") @implementation
public func raet_stack_set_log(
  _ stack: OpaquePointer!, _ level: raet_enum, _ fn: raet_log_fn!, _ user: UnsafeMutableRawPointer!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let level = LogLevel(rawValue: level) else {
    return raet_status(RAET_EINVAL)
  }
  if case .working = stack.activity { return raet_status(RAET_EREENTRANT) }
  stack.engine.setLog(fn.map { Log(HostLog($0, user), upTo: level) } ?? Log())
  return raet_status(RAET_OK)
}
