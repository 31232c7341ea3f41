// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetSession
import RaetStack
import RaetWire

// Messages and transfers.

/// See raet.h.
@_cdecl("raet_send") @implementation
public func raet_send(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ now: UInt64, _ kind: raet_enum, _ body: UnsafePointer<UInt8>!,
  _ length: Int, _ timeout: UInt64, _ tag: UInt64, _ out: UnsafeMutablePointer<raet_txn>!
) -> raet_status {
  guard let kind = UInt8(exactly: kind).flatMap(BodyKind.init(rawValue:)), body != nil || length == 0 else {
    return raet_status(RAET_EINVAL)
  }
  // size_t comes as Int: what is negative is larger than any message.
  guard length >= 0, length <= WireLimit.body else { return raet_status(RAET_EMSGSIZE) }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    let bytes = UnsafeRawBufferPointer(start: body, count: length)
    let transaction = try attempt { () throws(Status) in
      try stack.engine.send(remote, kind, bytes, timeout: timeout, tag: tag, now: stack.now)
    }
    out?.pointee = transaction
  }
}

/// See raet.h.
@_cdecl("raet_send_capacity") @implementation
public func raet_send_capacity(
  _ stack: OpaquePointer!, _ remote: raet_remote, _ bytes: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let bytes else { return raet_status(RAET_EINVAL) }
  return answer { () throws(Status) in
    bytes.pointee = UInt64(try stack.engine.capacity(remote))
  }
}

/// See raet.h.
@_cdecl("raet_txn_cancel") @implementation
public func raet_txn_cancel(_ stack: OpaquePointer!, _ transaction: raet_txn, _ now: UInt64) -> raet_status {
  guard transaction != 0 else {
    return StackHandle.looking(stack) == nil ? raet_status(RAET_EINVAL) : raet_status(RAET_ENOTFOUND)
  }
  return StackHandle.working(stack, now: now) { (stack) throws(Failure) in
    try attempt { () throws(Status) in try stack.engine.cancel(transaction, now: stack.now) }
  }
}

/// See raet.h.
@_cdecl("raet_transfer_next") @implementation
public func raet_transfer_next(
  _ stack: OpaquePointer!, _ after: raet_txn, _ out: UnsafeMutablePointer<raet_txn>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack), let out else { return raet_status(RAET_EINVAL) }
  guard let next = stack.engine.transfers().first(where: { $0.id > after }) else { return raet_status(RAET_ENOTFOUND) }
  out.pointee = next.id
  return raet_status(RAET_OK)
}

/// See raet.h.
@_cdecl("raet_transfer_progress") @implementation
public func raet_transfer_progress(
  _ stack: OpaquePointer!, _ transaction: raet_txn, _ remote: UnsafeMutablePointer<raet_remote>!,
  _ direction: UnsafeMutablePointer<raet_enum>!, _ done: UnsafeMutablePointer<UInt64>!,
  _ total: UnsafeMutablePointer<UInt64>!
) -> raet_status {
  guard let stack = StackHandle.looking(stack) else { return raet_status(RAET_EINVAL) }
  guard let transfer = stack.engine.transfers().first(where: { $0.id == transaction }) else {
    return raet_status(RAET_ENOTFOUND)
  }
  remote?.pointee = transfer.remote
  direction?.pointee = raet_enum(transfer.isSending ? RAET_SENDING : RAET_RECEIVING)
  done?.pointee = UInt64(transfer.done)
  total?.pointee = UInt64(transfer.total)
  return raet_status(RAET_OK)
}
