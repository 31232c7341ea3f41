// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CRaet
import RaetStack

// Names and texts of the constants in raet.h.

/// See raet.h.
@_cdecl("raet_status_name") @implementation
public func raet_status_name(_ status: raet_status) -> UnsafePointer<CChar>! { Text.pointer(statusName(status)) }

/// See raet.h.
@_cdecl("raet_status_text") @implementation
public func raet_status_text(_ status: raet_status) -> UnsafePointer<CChar>! { Text.pointer(statusText(status)) }

/// See raet.h.
@_cdecl("raet_event_name") @implementation
public func raet_event_name(_ type: raet_enum) -> UnsafePointer<CChar>! { Text.pointer(eventName(type)) }

private func statusName(_ status: raet_status) -> StaticString {
  switch Int(status) {
  case RAET_OK: return "RAET_OK"
  case RAET_EAGAIN: return "RAET_EAGAIN"
  case RAET_EINVAL: return "RAET_EINVAL"
  case RAET_ENOMEM: return "RAET_ENOMEM"
  case RAET_ESTATE: return "RAET_ESTATE"
  case RAET_EREENTRANT: return "RAET_EREENTRANT"
  case RAET_ENOTFOUND: return "RAET_ENOTFOUND"
  case RAET_EEXIST: return "RAET_EEXIST"
  case RAET_EMSGSIZE: return "RAET_EMSGSIZE"
  case RAET_EBUFSIZE: return "RAET_EBUFSIZE"
  case RAET_ETIMEDOUT: return "RAET_ETIMEDOUT"
  case RAET_ECANCELED: return "RAET_ECANCELED"
  case RAET_ENACK: return "RAET_ENACK"
  case RAET_EREFUSED: return "RAET_EREFUSED"
  case RAET_EREJECTED: return "RAET_EREJECTED"
  case RAET_EPENDING: return "RAET_EPENDING"
  case RAET_EUNJOINED: return "RAET_EUNJOINED"
  case RAET_EUNALLOWED: return "RAET_EUNALLOWED"
  case RAET_ESTALE: return "RAET_ESTALE"
  case RAET_EDEAD: return "RAET_EDEAD"
  case RAET_EPROTO: return "RAET_EPROTO"
  case RAET_ECRYPTO: return "RAET_ECRYPTO"
  case RAET_EENCODE: return "RAET_EENCODE"
  case RAET_EIO: return "RAET_EIO"
  case RAET_ENOTSUP: return "RAET_ENOTSUP"
  case RAET_ECLOSED: return "RAET_ECLOSED"
  case RAET_EINTERNAL: return "RAET_EINTERNAL"
  case RAET_EUNKNOWN: return "RAET_EUNKNOWN"
  case RAET_ESTORE: return "RAET_ESTORE"
  case RAET_ELOCKED: return "RAET_ELOCKED"
  default: return "RAET_E?"
  }
}

private func statusText(_ status: raet_status) -> StaticString {
  switch Int(status) {
  case RAET_OK: return "done"
  case RAET_EAGAIN: return "nothing there now, or a queue is full: try later"
  case RAET_EINVAL: return "an argument is not valid"
  case RAET_ENOMEM: return "no memory"
  case RAET_ESTATE: return "not possible in the present state"
  case RAET_EREENTRANT: return "not allowed from inside a callback"
  case RAET_ENOTFOUND: return "there is no such thing"
  case RAET_EEXIST: return "it exists already"
  case RAET_EMSGSIZE: return "the message is too large"
  case RAET_EBUFSIZE: return "the buffer is too small"
  case RAET_ETIMEDOUT: return "the time limit passed"
  case RAET_ECANCELED: return "cancelled by the host, or the stack was closed"
  case RAET_ENACK: return "the remote refused it with a nack"
  case RAET_EREFUSED: return "refused for now; the same may succeed later"
  case RAET_EREJECTED: return "rejected: no main estate, keys or a name not accepted, or a change not permitted"
  case RAET_EPENDING: return "a person has to accept the keys first"
  case RAET_EUNJOINED: return "not joined"
  case RAET_EUNALLOWED: return "not allowed"
  case RAET_ESTALE: return "of an older session"
  case RAET_EDEAD: return "the remote does not answer"
  case RAET_EPROTO: return "the remote broke the protocol"
  case RAET_ECRYPTO: return "a key or signature is not valid"
  case RAET_EENCODE: return "the body is not a mapping of its kind"
  case RAET_EIO: return "a system call failed"
  case RAET_ENOTSUP: return "not supported"
  case RAET_ECLOSED: return "the stack is closed"
  case RAET_EINTERNAL: return "a fault of the library: please report it"
  case RAET_EUNKNOWN: return "the message may have arrived: its answer was lost, or the remote lost its memory"
  case RAET_ESTORE: return "the store's content is damaged or does not fit; nothing was changed in it"
  case RAET_ELOCKED: return "another process uses the store"
  default: return "a status that this version does not know"
  }
}

private func eventName(_ type: raet_enum) -> StaticString {
  EventKind(rawValue: type)?.name ?? "?"
}
