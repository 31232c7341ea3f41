// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetRouter
import RaetStack
import RaetWire

// Routed messages, and destinations as text.

/// See raet.h.
@_cdecl("raet_router_send") @implementation
public func raet_router_send(
  _ router: OpaquePointer!, _ now: UInt64, _ destination: UnsafePointer<CChar>!, _ share: UnsafePointer<CChar>!,
  _ kind: raet_enum, _ body: UnsafePointer<UInt8>!, _ length: Int, _ timeout: UInt64, _ flags: UInt32, _ tag: UInt64,
  _ out: UnsafeMutablePointer<raet_txn>!
) -> raet_status {
  guard let destination = readDestination(destination) else { return raet_status(RAET_EINVAL) }
  return send(router, now, to: destination, share, nil, kind, body, length, timeout, flags, tag, out)
}

/// See raet.h.
@_cdecl("raet_router_reply") @implementation
public func raet_router_reply(
  _ router: OpaquePointer!, _ now: UInt64, _ event: UnsafePointer<raet_event>!, _ share: UnsafePointer<CChar>!,
  _ kind: raet_enum, _ body: UnsafePointer<UInt8>!, _ length: Int, _ timeout: UInt64, _ flags: UInt32, _ tag: UInt64,
  _ out: UnsafeMutablePointer<raet_txn>!
) -> raet_status {
  guard let event, Int(event.pointee.size) >= MemoryLayout<raet_event>.size,
    let destination = readDestination(event.pointee.source)
  else { return raet_status(RAET_EINVAL) }
  let port = RouterHandle.looking(router)?.stacks.all.first { $0.handle == event.pointee.stack }?.port
  let fallback = port.map { Target(port: $0, remote: event.pointee.remote) }
  return send(
    router, now, to: destination, share ?? event.pointee.share, fallback, kind, body, length, timeout, flags, tag, out)
}

private func readDestination(_ text: UnsafePointer<CChar>?) -> Destination? {
  guard let text = Text.read(text, limit: RouterLimit.text) else { return nil }
  do throws(TextError) { return try Destination(text) } catch { return nil }
}

private func send(
  _ router: OpaquePointer?, _ now: UInt64, to destination: Destination, _ share: UnsafePointer<CChar>?,
  _ fallback: Target?, _ kind: raet_enum, _ body: UnsafePointer<UInt8>?, _ length: Int, _ timeout: UInt64,
  _ flags: UInt32, _ tag: UInt64, _ out: UnsafeMutablePointer<raet_txn>?
) -> raet_status {
  guard let kind = UInt8(exactly: kind).flatMap(BodyKind.init(rawValue:)), body != nil || length == 0,
    flags & ~UInt32(RAET_ROUTE_CONFIRM) == 0
  else { return raet_status(RAET_EINVAL) }
  guard length >= 0, length <= WireLimit.body else { return raet_status(RAET_EMSGSIZE) }
  var parcel = Parcel(to: destination, kind)
  if let share {
    guard let read = Text.read(share, limit: RouterLimit.part) else { return raet_status(RAET_EINVAL) }
    parcel.share = read.isEmpty ? nil : read
  }
  parcel.timeout = timeout
  parcel.tag = tag
  parcel.confirms = flags & UInt32(RAET_ROUTE_CONFIRM) != 0
  parcel.fallback = fallback
  return RouterHandle.working(router, now: now) { (handle) throws(Failure) in
    let bytes = UnsafeRawBufferPointer(start: body, count: length)
    let transaction = try attempt { () throws(Status) in try handle.router.send(parcel, bytes, now: handle.now) }
    out?.pointee = transaction
  }
}

/// See raet.h.
@_cdecl("raet_router_cancel") @implementation
public func raet_router_cancel(_ router: OpaquePointer!, _ transaction: raet_txn, _ now: UInt64) -> raet_status {
  RouterHandle.working(router, now: now) { (handle) throws(Failure) in
    try attempt { () throws(Status) in try handle.router.cancel(transaction, now: handle.now) }
  }
}

// MARK: Text.

/// See raet.h.
@_cdecl("raet_route_format") @implementation
public func raet_route_format(
  _ estate: UnsafePointer<CChar>!, _ yard: UnsafePointer<CChar>!, _ share: UnsafePointer<CChar>!,
  _ buffer: UnsafeMutablePointer<CChar>!, _ capacity: Int, _ need: UnsafeMutablePointer<Int>!
) -> raet_status {
  guard need != nil else { return raet_status(RAET_EINVAL) }
  var parts: [String?] = []
  for part in [estate, yard, share] {
    guard let part else {
      parts.append(nil)
      continue
    }
    guard let text = Text.read(part, limit: RouterLimit.part) else { return raet_status(RAET_EINVAL) }
    parts.append(text)
  }
  return Text.write(Place(estate: parts[0], yard: parts[1], share: parts[2]).text, buffer, capacity, need)
}

/// See raet.h.
@_cdecl("raet_route_part") @implementation
public func raet_route_part(
  _ place: UnsafePointer<CChar>!, _ part: UInt32, _ buffer: UnsafeMutablePointer<CChar>!, _ capacity: Int,
  _ need: UnsafeMutablePointer<Int>!
) -> raet_status {
  guard need != nil, part <= 2, let destination = readDestination(place) else { return raet_status(RAET_EINVAL) }
  var text: String?
  switch part {
  case 0: if case .one(let name) = destination.estates { text = name }
  case 1: text = destination.yard
  default: text = destination.share
  }
  guard let text else { return raet_status(RAET_ENOTFOUND) }
  return Text.write(text, buffer, capacity, need)
}
