// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetRouter
import RaetStack
import RaetWire

// Routers: their life, settings and loop.

/// How many datagrams a service call receives from each stack when the host gives no number.
private let packetsPerService: UInt32 = 256

/// See raet.h.
@_cdecl("raet_router_new") @implementation
public func raet_router_new(_ out: UnsafeMutablePointer<OpaquePointer?>!) -> raet_status {
  guard let out else { return raet_status(RAET_EINVAL) }
  guard let router = RouterHandle.make() else { return raet_status(RAET_EIO) }
  guard let handle = HandleTable.insert(router, .router) else { return raet_status(RAET_ENOMEM) }
  out.pointee = handle
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_router_free") @implementation
public func raet_router_free(_ router: OpaquePointer!) {
  guard let found = RouterHandle.looking(router) else { return }
  switch found.activity {
  case .working, .dispatching: found.isFreed = true
  case .idle: RouterHandle.free(router)
  }
}

/// See raet.h.
@_cdecl("raet_router_attach") @implementation
public func raet_router_attach(_ router: OpaquePointer!, _ stack: OpaquePointer!) -> raet_status {
  guard let stack, let found = StackHandle.looking(stack) else { return raet_status(RAET_EINVAL) }
  return RouterHandle.working(router, now: nil) { (handle) throws(Failure) in
    try handle.attach(stack, found, to: router)
  }
}

/// See raet.h.
@_cdecl("raet_router_detach") @implementation
public func raet_router_detach(_ router: OpaquePointer!, _ stack: OpaquePointer!, _ now: UInt64) -> raet_status {
  guard let found = StackHandle.looking(stack) else { return raet_status(RAET_EINVAL) }
  var outer = StackHandle.Activity.idle
  let status = RouterHandle.working(router, now: now) { (handle) throws(Failure) in
    guard let attached = handle.stacks.all.first(where: { $0.stack === found }) else { throw Failure(.notFound) }
    outer = attached.outer
    handle.detach(found)
  }
  if status == raet_status(RAET_OK) {
    found.activity = outer
    found.freeIfAsked(stack)
  }
  return status
}

// MARK: Settings.

/// See raet.h.
@_cdecl("raet_router_set_u64") @implementation
public func raet_router_set_u64(_ router: OpaquePointer!, _ key: raet_enum, _ value: UInt64) -> raet_status {
  RouterHandle.working(router, now: nil) { (handle) throws(Failure) in
    guard Int(key) == RAET_ROUTER_RELAY, value <= RouterLimit.hops else { throw Failure(.invalid) }
    handle.router.relayLimit = value
  }
}

/// See raet.h.
@_cdecl("raet_router_set_str") @implementation
public func raet_router_set_str(
  _ router: OpaquePointer!, _ key: raet_enum, _ value: UnsafePointer<CChar>!
) -> raet_status {
  var text: String?
  if let value {
    guard let read = Text.read(value), JoinBody.isName(read) else { return raet_status(RAET_EINVAL) }
    text = read
  }
  return RouterHandle.working(router, now: nil) { (handle) throws(Failure) in
    switch Int(key) {
    case RAET_ROUTER_ESTATE: handle.router.setEstate(text)
    case RAET_ROUTER_MANOR: handle.router.manor = text
    case RAET_ROUTER_VIA: handle.router.via = text
    default: throw Failure(.invalid)
    }
  }
}

/// See raet.h.
@_cdecl("raet_router_set_rules") @implementation
public func raet_router_set_rules(_ router: OpaquePointer!, _ text: UnsafePointer<CChar>!) -> raet_status {
  RouterHandle.working(router, now: nil) { (handle) throws(Failure) in
    guard let text else {
      handle.router.rules = Rules()
      return
    }
    guard let read = Text.read(text, limit: RouterLimit.rulesText) else {
      throw Failure(.invalid, "not UTF-8, or too long")
    }
    do throws(RulesError) { handle.router.rules = try Rules(read) } catch {
      throw Failure(.invalid, "line \(error.line): \(error.text)")
    }
  }
}

/// See raet.h.
@_cdecl("raet_router_set_share") @implementation
public func raet_router_set_share(
  _ router: OpaquePointer!, _ share: UnsafePointer<CChar>!, _ open: UInt32
) -> raet_status {
  guard let share = Text.read(share, limit: RouterLimit.part), open <= 1 else { return raet_status(RAET_EINVAL) }
  return RouterHandle.working(router, now: nil) { (handle) throws(Failure) in
    guard handle.router.setShare(share, open == 1) else { throw Failure(.noMemory) }
  }
}

/// See raet.h.
@_cdecl("raet_router_error") @implementation
public func raet_router_error(_ router: OpaquePointer!) -> UnsafePointer<CChar>! {
  UnsafePointer(RouterHandle.looking(router)?.error?.pointer) ?? Text.pointer("")
}

// MARK: The loop.

/// See raet.h.
@_cdecl("raet_router_fd") @implementation
public func raet_router_fd(_ router: OpaquePointer!) -> Int32 {
  guard let router = RouterHandle.looking(router) else { return -1 }
  router.watch()
  return router.descriptor
}

/// See raet.h.
@_cdecl("raet_router_deadline") @implementation
public func raet_router_deadline(_ router: OpaquePointer!) -> UInt64 {
  guard let router = RouterHandle.looking(router) else { return UInt64.max }
  router.watch()
  return router.deadline
}

/// See raet.h.
@_cdecl("raet_router_timeout_ms") @implementation
public func raet_router_timeout_ms(_ router: OpaquePointer!, _ now: UInt64) -> Int32 {
  timeoutMilliseconds(raet_router_deadline(router), now)
}

/// See raet.h.
@_cdecl("raet_router_service") @implementation
public func raet_router_service(_ router: OpaquePointer!, _ now: UInt64, _ most: UInt32) -> raet_status {
  if case .dispatching? = RouterHandle.looking(router)?.activity { return raet_status(RAET_EREENTRANT) }
  return RouterHandle.working(router, now: now) { (handle) throws(Failure) in
    handle.giveBack()
    if let error = handle.service(limit: Int(most == 0 ? packetsPerService : most)) {
      throw Failure(.io, "a socket is broken: \(Text.systemError(error))")
    }
  }
}

/// See raet.h.
@_cdecl("raet_router_next_event") @implementation
public func raet_router_next_event(
  _ router: OpaquePointer!, _ out: UnsafeMutablePointer<UnsafePointer<raet_event>?>!
) -> raet_status {
  guard let out else { return raet_status(RAET_EINVAL) }
  if case .dispatching? = RouterHandle.looking(router)?.activity { return raet_status(RAET_EREENTRANT) }
  var box: EventBox?
  let status = RouterHandle.working(router, now: nil) { (handle) throws(Failure) in
    box = handle.takeEvent()
    if box == nil { throw Failure(.again) }
  }
  if let box { out.pointee = UnsafePointer(box.fields) }
  return status
}

/// See raet.h.
@_cdecl("raet_router_dispatch") @implementation
public func raet_router_dispatch(
  _ router: OpaquePointer!, _ fn: raet_router_fn!, _ user: UnsafeMutableRawPointer!, _ most: UInt32
) -> raet_status {
  guard let router, let found = RouterHandle.looking(router), let fn else { return raet_status(RAET_EINVAL) }
  guard case .idle = found.activity else { return raet_status(RAET_EREENTRANT) }
  var left = most == 0 ? UInt32.max : most
  while left > 0, !found.isFreed {
    var box: EventBox?
    let status = RouterHandle.working(router, now: nil) { (handle) throws(Failure) in box = handle.takeEvent() }
    guard status == raet_status(RAET_OK) else { return status }
    guard let box else { break }
    found.activity = .dispatching
    fn(user, router, box.fields)
    found.activity = .idle
    left &-= 1
  }
  found.giveBack()
  found.freeIfAsked(router)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_router_event_detach") @implementation
public func raet_router_event_detach(_ router: OpaquePointer!, _ event: UnsafePointer<raet_event>!) -> raet_status {
  guard let router = RouterHandle.looking(router), let event else { return raet_status(RAET_EINVAL) }
  return router.detach(event) ? raet_status(RAET_OK) : raet_status(RAET_EINVAL)
}

// MARK: Counters.

/// See raet.h.
@_cdecl("raet_router_stat_at") @implementation
public func raet_router_stat_at(
  _ router: OpaquePointer!, _ index: UInt32, _ name: UnsafeMutablePointer<UnsafePointer<CChar>?>!,
  _ value: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let router = RouterHandle.looking(router), let name, let value else { return raet_status(RAET_EINVAL) }
  guard let counter = RouterCounter(rawValue: Int(index)) else { return raet_status(RAET_ENOTFOUND) }
  name.pointee = Text.pointer(counter.name)
  value.pointee = router.router.value(counter)
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_router_stat_get") @implementation
public func raet_router_stat_get(
  _ router: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ value: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let router = RouterHandle.looking(router), let name, let value else { return raet_status(RAET_EINVAL) }
  for counter in RouterCounter.allCases where Text.equal(name, counter.name) {
    value.pointee = router.router.value(counter)
    return raet_status(RAET_OK)
  }
  return raet_status(RAET_ENOTFOUND)
}
