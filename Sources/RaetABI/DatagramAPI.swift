// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetStack
import RaetWire

// Datagrams that the host carries itself.

/// See raet.h.
@_cdecl("raet_stack_input") @implementation
public func raet_stack_input(
  _ stack: OpaquePointer!, _ now: UInt64, _ data: UnsafePointer<UInt8>!, _ length: Int,
  _ from: UnsafePointer<raet_addr>!
) -> raet_status {
  guard data != nil || length == 0, let from, let address = from.pointee.address else {
    return raet_status(RAET_EINVAL)
  }
  if case .dispatching? = StackHandle.looking(stack)?.activity { return raet_status(RAET_EREENTRANT) }
  if StackHandle.looking(stack)?.router != nil { return raet_status(RAET_ESTATE) }
  return StackHandle.working(stack, now: now, tellsWake: false) { (stack) throws(Failure) in
    let road = try attempt { () throws(Status) in try stack.road }
    guard !road.isClosed else { throw Failure(.closed) }
    stack.giveBack()
    // No datagram of UDP is longer; of a longer one nothing needs to be looked at.
    guard length >= 0, length <= WireLimit.received else { return road.receivedTruncated(1) }
    withUnsafeTemporaryAllocation(byteCount: max(length, 1), alignment: 16) { copy in
      let bytes = UnsafeMutableRawBufferPointer(rebasing: copy[..<length])
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: data, count: length))
      road.receive(bytes, from: address, now: stack.now)
    }
  }
}

/// See raet.h.
@_cdecl("raet_stack_output") @implementation
public func raet_stack_output(
  _ stack: OpaquePointer!, _ now: UInt64, _ buffer: UnsafeMutablePointer<UInt8>!, _ capacity: Int,
  _ length: UnsafeMutablePointer<Int>!, _ to: UnsafeMutablePointer<raet_addr>!
) -> raet_status {
  guard let length, let to else { return raet_status(RAET_EINVAL) }
  return StackHandle.working(stack, now: now, tellsWake: false) { (stack) throws(Failure) in
    let road = try attempt { () throws(Status) in try stack.road }
    if road.outbox.count == 0, road.deadline <= stack.now { road.service(now: stack.now) }
    guard let datagram = road.outbox.datagram(0) else { throw Failure(.again) }
    length.pointee = datagram.bytes.count
    guard let buffer, UInt(bitPattern: capacity) >= UInt(datagram.bytes.count) else { throw Failure(.bufferSize) }
    guard to.pointee.set(datagram.to) else { throw Failure(.internal) }
    UnsafeMutableRawBufferPointer(start: buffer, count: datagram.bytes.count).copyMemory(from: datagram.bytes)
    road.outbox.remove(1)
  }
}

/// See raet.h.
@_cdecl("raet_stack_output_failed") @implementation
public func raet_stack_output_failed(
  _ stack: OpaquePointer!, _ now: UInt64, _ to: UnsafePointer<raet_addr>!, _ error: Int32
) -> raet_status {
  guard let to, let address = to.pointee.address else { return raet_status(RAET_EINVAL) }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.road.sendFailed(to: address, now: stack.now) }
  }
}
