/// How a call or a transaction ended. The raw values are those of `raet_status` in raet.h.
public enum Status: Int32, Error, Sendable {
  case ok = 0
  case again = -1
  case invalid = -2
  case noMemory = -3
  case state = -4
  case reentrant = -5
  case notFound = -6
  case exists = -7
  case messageSize = -8
  case bufferSize = -9
  case timedOut = -10
  case canceled = -11
  case nack = -12
  case refused = -13
  case rejected = -14
  case pending = -15
  case unjoined = -16
  case unallowed = -17
  case stale = -18
  case dead = -19
  case proto = -20
  case crypto = -21
  case encode = -22
  case io = -23
  case unsupported = -24
  case closed = -25
  case `internal` = -26
  case unknown = -27
  case store = -28
  case locked = -29
}
