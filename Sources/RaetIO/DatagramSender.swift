import CPosix
import RaetWire

/// A datagram to be sent.
public struct OutgoingDatagram {
  /// Its bytes, which must stay where they are until the call that sends them returns.
  public var bytes: UnsafeRawBufferPointer
  /// Where it goes.
  public var to: Address

  /// A datagram of these bytes to this address.
  public init(bytes: UnsafeRawBufferPointer, to: Address) {
    self.bytes = bytes
    self.to = to
  }
}

/// How sending ended.
public enum SendResult: Equatable, Sendable {
  /// All so many datagrams are done: sent, or reported as failed.
  case sent(Int)
  /// The first so many datagrams are done; the others wait until the socket is writable.
  case wouldBlock(Int)
  /// The socket is broken for good: errno.
  case broken(Int32)
}

/// What an error says about a datagram that was to be sent.
enum SendFailure: Equatable {
  /// There is no room; later there will be.
  case wouldBlock
  /// This datagram cannot be sent; others may.
  case lost
  /// Nothing can be sent with this socket any more.
  case broken

  init(errno: Int32) {
    switch errno {
    case EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM: self = .wouldBlock
    case EBADF, ENOTSOCK, EFAULT, EPIPE: self = .broken
    // ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EPERM, EACCES, EMSGSIZE, EADDRNOTAVAIL, EINVAL for port 0, and so on.
    default: self = .lost
    }
  }
}

/// Sends datagrams in batches.
final class DatagramSender {
  private let batch = DatagramBatch()

  /// Sends the datagrams that `slot` gives for 0 and so on, in this order, by `transmit`, which sends so many headers and
  /// returns how many it sent or the negated errno of the first. `failed` is told the number and errno of those lost.
  func send(
    count: Int, mapped: Bool, _ slot: (Int) -> OutgoingDatagram, failed: (Int, Int32) -> Void,
    transmit: (UnsafeMutablePointer<rx_mmsghdr>, UInt32) -> Int32
  ) -> SendResult {
    var done = 0
    while done < count {
      let ready = min(count - done, DatagramBatch.capacity)
      for at in 0..<ready {
        let datagram = slot(done + at)
        batch.setBytes(at, UnsafeMutableRawPointer(mutating: datagram.bytes.baseAddress), datagram.bytes.count)
        batch.setAddress(at, datagram.to, mapped: mapped)
      }
      let result = transmit(batch.headers, UInt32(ready))
      guard result <= 0 else {
        done += min(Int(result), ready)
        continue
      }
      // Nothing sent and no error does not occur; it must not go on for ever.
      switch result == 0 ? SendFailure.wouldBlock : SendFailure(errno: -result) {
      case .wouldBlock: return .wouldBlock(done)
      case .broken: return .broken(-result)
      case .lost:
        failed(done, -result)
        done += 1
      }
    }
    return .sent(done)
  }
}
