// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetIO
import RaetStack

// The loop: wait, service, take events.

/// How many datagrams a service call receives when the host gives no number.
private let packetsPerService: UInt32 = 256

/// See raet.h.
@_cdecl("raet_stack_fd") @implementation
public func raet_stack_fd(_ stack: OpaquePointer!) -> Int32 {
  StackHandle.looking(stack)?.engine.descriptor ?? -1
}

/// See raet.h.
@_cdecl("raet_stack_interest") @implementation
public func raet_stack_interest(_ stack: OpaquePointer!) -> UInt32 {
  StackHandle.looking(stack)?.engine.interest ?? 0
}

/// See raet.h.
@_cdecl("raet_stack_deadline") @implementation
public func raet_stack_deadline(_ stack: OpaquePointer!) -> UInt64 {
  guard let stack = StackHandle.looking(stack) else { return UInt64.max }
  return stack.engine.deadline(now: stack.now)
}

/// See raet.h.
@_cdecl("raet_stack_timeout_ms") @implementation
public func raet_stack_timeout_ms(_ stack: OpaquePointer!, _ now: UInt64) -> Int32 {
  timeoutMilliseconds(raet_stack_deadline(stack), now)
}

/// A deadline as poll() takes it.
func timeoutMilliseconds(_ deadline: UInt64, _ now: UInt64) -> Int32 {
  guard deadline != .max else { return -1 }
  guard deadline > now else { return 0 }
  let (quotient, rest) = (deadline &- now).quotientAndRemainder(dividingBy: 1_000_000)
  return Int32(clamping: quotient &+ (rest > 0 ? 1 : 0))
}

/// See raet.h.
@_cdecl("raet_stack_service") @implementation
public func raet_stack_service(_ stack: OpaquePointer!, _ now: UInt64, _ most: UInt32) -> raet_status {
  guard let found = StackHandle.looking(stack) else { return raet_status(RAET_EINVAL) }
  if case .dispatching = found.activity { return raet_status(RAET_EREENTRANT) }
  guard found.router == nil else { return raet_status(RAET_ESTATE) }
  let status = StackHandle.working(stack, now: now, tellsWake: false) { (stack) throws(Failure) in
    let engine = stack.engine
    guard !engine.isClosed || engine.hasEvents || engine.descriptor != nil else { throw Failure(.closed) }
    stack.giveBack()
    let limit = Int(most == 0 ? packetsPerService : most)
    if let error = engine.service(now: stack.now, limit: limit) {
      throw Failure(.io, "the socket is broken: \(Text.systemError(error))")
    }
    if engine.isClosed { engine.closeSocket() }
  }
  found.freeIfAsked(stack)
  return status
}

/// See raet.h.
@_cdecl("raet_stack_next_event") @implementation
public func raet_stack_next_event(
  _ stack: OpaquePointer!, _ out: UnsafeMutablePointer<UnsafePointer<raet_event>?>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out else { return raet_status(RAET_EINVAL) }
  guard case .idle = stack.activity else { return raet_status(RAET_EREENTRANT) }
  guard stack.router == nil else { return raet_status(RAET_ESTATE) }
  guard let box = stack.takeEvent() else { return raet_status(RAET_EAGAIN) }
  out.pointee = UnsafePointer(box.fields)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_stack_dispatch") @implementation
public func raet_stack_dispatch(
  _ stack: OpaquePointer!, _ fn: raet_event_fn!, _ user: UnsafeMutableRawPointer!, _ most: UInt32
) -> raet_status {
  guard let handle = stack, let found = StackHandle.looking(handle), let fn else { return raet_status(RAET_EINVAL) }
  guard case .idle = found.activity else { return raet_status(RAET_EREENTRANT) }
  guard found.router == nil else { return raet_status(RAET_ESTATE) }
  found.activity = .dispatching
  var left = most == 0 ? UInt32.max : most
  while left > 0, !found.isFreed, let box = found.takeEvent() {
    fn(user, handle, box.fields)
    left &-= 1
  }
  found.giveBack()
  found.activity = .idle
  found.freeIfAsked(handle)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_event_detach") @implementation
public func raet_event_detach(_ stack: OpaquePointer!, _ event: UnsafePointer<raet_event>!) -> raet_status {
  guard let stack = StackHandle.looking(stack), let event else { return raet_status(RAET_EINVAL) }
  guard let box = stack.current, UnsafePointer(box.fields) == event else { return raet_status(RAET_EINVAL) }
  box.detach()
  stack.current = nil
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_event_free") @implementation
public func raet_event_free(_ event: UnsafePointer<raet_event>!) {
  if let event { EventBox.release(event) }
}

/// See raet.h.
@_cdecl("raet_stack_set_wake") @implementation
public func raet_stack_set_wake(
  _ stack: OpaquePointer!, _ fn: raet_wake_fn!, _ user: UnsafeMutableRawPointer!
) -> raet_status {
  guard let stack = StackHandle.looking(stack) else { return raet_status(RAET_EINVAL) }
  stack.wake = fn.map { ($0, user) }
  return raet_status(RAET_OK)
}

extension StackHandle {
  /// Takes back the event that the host was handed last.
  func giveBack() {
    guard let box = current else { return }
    box.clear()
    spare = box
    current = nil
  }

  /// The next event in its C form, in memory that is used again and again.
  func takeEvent() -> EventBox? {
    guard let event = engine.nextEvent() else {
      giveBack()
      return nil
    }
    let box = current ?? spare ?? EventBox()
    if current == nil { (current, spare) = (box, nil) }
    box.show(event)
    return box
  }

  /// Frees the stack now that the callback has returned from which that was asked.
  func freeIfAsked(_ handle: OpaquePointer?) {
    guard isFreed, case .idle = activity else { return }
    RouterHandle.release(self)
    _ = HandleTable.remove(handle, .stack, as: StackHandle.self)
  }
}
