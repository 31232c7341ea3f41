import CPosix
import RaetWire

/// How receiving ended.
public enum ReceiveResult: Equatable, Sendable {
  /// So many datagrams were read, and there are no more now.
  case drained(Int)
  /// So many datagrams were read, the limit, and there may be more.
  case more(Int)
  /// The socket is broken for good: errno.
  case broken(Int32)
}

/// Receives datagrams in batches into memory of its own.
final class DatagramReceiver {
  /// Bytes of a datagram that are received; longer ones are none of the protocol's (PROTOCOL 2.9).
  static let slotSize = 2_048
  /// A socket may report as many earlier failures, as of ICMP, before it is looked at again.
  private static let mostErrors = 64

  private let batch = DatagramBatch()
  private let room = UnsafeMutableRawPointer.allocate(byteCount: DatagramBatch.capacity * slotSize, alignment: 16)
  /// Datagrams dropped as they were longer than a slot.
  private(set) var truncatedCount: UInt64 = 0

  init() {
    for slot in 0..<DatagramBatch.capacity {
      batch.setBytes(slot, room + slot * DatagramReceiver.slotSize, DatagramReceiver.slotSize)
    }
  }

  deinit {
    room.deallocate()
  }

  /// Reads at most `limit` datagrams by `fetch`, which fills so many headers and returns how many it filled or a negated
  /// errno, and hands them to `take`, which may change their bytes and must not keep them.
  func receive(
    limit: Int, _ take: (UnsafeMutableRawBufferPointer, Address) -> Void,
    fetch: (UnsafeMutablePointer<rx_mmsghdr>, UInt32) -> Int32
  ) -> ReceiveResult {
    var count = 0
    var errors = 0
    while count < limit {
      let wanted = min(limit - count, DatagramBatch.capacity)
      for slot in 0..<wanted { batch.resetAddress(slot) }
      let result = Int(fetch(batch.headers, UInt32(wanted)))
      guard result < 0 else {
        let got = min(result, wanted)
        for slot in 0..<got { handOut(slot, take) }
        count += got
        if got < wanted { return .drained(count) }
        continue
      }
      switch Int32(-result) {
      case EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM: return .drained(count)
      case EBADF, ENOTSOCK, EINVAL, EFAULT: return .broken(Int32(-result))
      default:
        // What became of an earlier datagram, as ECONNREFUSED: its transaction will find out by itself.
        errors += 1
        if errors == DatagramReceiver.mostErrors { return .drained(count) }
      }
    }
    return .more(count)
  }

  private func handOut(_ slot: Int, _ take: (UnsafeMutableRawBufferPointer, Address) -> Void) {
    let header = batch.headers[slot]
    guard header.msg_hdr.msg_flags & Int32(MSG_TRUNC) == 0 else {
      truncatedCount &+= 1
      return
    }
    guard let source = batch.address(slot) else { return }
    let count = min(Int(header.msg_len), DatagramReceiver.slotSize)
    take(UnsafeMutableRawBufferPointer(start: room + slot * DatagramReceiver.slotSize, count: count), source)
  }
}
