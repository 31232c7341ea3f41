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
  /// Most datagrams that leave in one piece: 32 KiB of the longest ones.
  static let longestRun = 32

  private let batch = DatagramBatch()
  /// True where the system takes datagrams of one length to one address in one piece, which saves most of its time
  /// (UDP_SEGMENT).
  var sendsRuns: Bool

  init(sendsRuns: Bool = false) {
    self.sendsRuns = sendsRuns
  }

  /// Sends the datagrams that `slot` gives for 0 and so on, in this order, by `transmit`, which sends so many headers and
  /// returns how many it sent or the negated errno of the first. `failed` is told the number and errno of those lost.
  func send(
    count: Int, mapped: Bool, _ slot: (Int) -> OutgoingDatagram, failed: (Int, Int32) -> Void,
    transmit: (UnsafeMutablePointer<rx_mmsghdr>, UInt32) -> Int32
  ) -> SendResult {
    var done = 0
    // Datagrams before this one go by themselves: their run could not be sent.
    var single = 0
    while done < count {
      let isSingle = !sendsRuns || done < single
      let ready = fill(
        from: done, to: done < single ? single : count, longestRun: isSingle ? 1 : DatagramSender.longestRun, mapped,
        slot)
      let result = transmit(batch.headers, UInt32(ready))
      guard result <= 0 else {
        for header in 0..<min(Int(result), ready) { done += batch.run(header) }
        continue
      }
      // Nothing sent and no error does not occur; it must not go on for ever.
      switch result == 0 ? SendFailure.wouldBlock : SendFailure(errno: -result) {
      case .wouldBlock: return .wouldBlock(done)
      case .broken: return .broken(-result)
      case .lost:
        guard batch.run(0) == 1 else {
          single = done + batch.run(0)
          if isOfRuns(-result) { sendsRuns = false }
          continue
        }
        failed(done, -result)
        done += 1
      }
    }
    return .sent(done)
  }

  /// Fills headers for datagrams from `first` to below `end`, as many as there is room for; how many headers.
  private func fill(
    from first: Int, to end: Int, longestRun: Int, _ mapped: Bool, _ slot: (Int) -> OutgoingDatagram
  ) -> Int {
    let count = min(end - first, DatagramBatch.capacity)
    var header = -1
    var start = 0
    var size = 0
    var isOpen = false
    var to: Address?
    for at in 0..<count {
      let datagram = slot(first + at)
      let length = datagram.bytes.count
      batch.setBytes(at, UnsafeMutableRawPointer(mutating: datagram.bytes.baseAddress), length)
      if isOpen, length > 0, length <= size, at - start < longestRun, datagram.to == to {
        batch.setRun(header, first: start, count: at - start + 1, size: size)
        isOpen = length == size
      } else {
        header += 1
        (start, size, to) = (at, length, datagram.to)
        isOpen = length > 0 && length <= WireLimit.datagram
        batch.setAddress(header, datagram.to, mapped: mapped)
        batch.setRun(header, first: at, count: 1, size: length)
      }
    }
    return header + 1
  }

  /// Whether an error may come from sending in one piece: a device or a route that cannot.
  private func isOfRuns(_ error: Int32) -> Bool {
    switch error {
    case EINVAL, EIO, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP: return true
    default: return false
    }
  }
}
