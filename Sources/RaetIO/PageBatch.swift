import CPosix
import RaetStack
import RaetWire

/// Room for what one system call receives from Unix sockets: headers, pages, addresses and credentials.
final class PageReceiver {
  /// Most pages a system call. Queues of Unix sockets are short, but the sender goes on while they are read.
  static let capacity = 32
  /// One byte more than a page has, so that a longer one is known.
  private static let slotSize = PageLimit.page + 1
  private static let controlLength = Int(RX_CREDENTIALS_ROOM)

  private let headers = UnsafeMutablePointer<rx_mmsghdr>.allocate(capacity: capacity)
  private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: capacity)
  private let addresses = UnsafeMutablePointer<sockaddr_un>.allocate(capacity: capacity)
  private let controls = UnsafeMutableRawPointer.allocate(byteCount: capacity * controlLength, alignment: 8)
  private let room = UnsafeMutableRawPointer.allocate(byteCount: capacity * slotSize, alignment: 64)

  init() {
    addresses.initialize(repeating: sockaddr_un(), count: PageReceiver.capacity)
    for slot in 0..<PageReceiver.capacity {
      vectors.advanced(by: slot).initialize(
        to: iovec(iov_base: room + slot * PageReceiver.slotSize, iov_len: PageReceiver.slotSize))
      var header = rx_mmsghdr()
      header.msg_hdr.msg_name = UnsafeMutableRawPointer(addresses + slot)
      header.msg_hdr.msg_iov = vectors + slot
      header.msg_hdr.msg_iovlen = 1
      header.msg_hdr.msg_control = controls + slot * PageReceiver.controlLength
      headers.advanced(by: slot).initialize(to: header)
    }
  }

  deinit {
    headers.deallocate()
    vectors.deallocate()
    addresses.deallocate()
    controls.deallocate()
    room.deallocate()
  }

  /// Reads at most `limit` pages: how many, or a negated errno.
  func fill(_ descriptor: Int32, limit: Int) -> Int {
    let wanted = min(max(limit, 1), PageReceiver.capacity)
    for slot in 0..<wanted {
      headers[slot].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_un>.size)
      headers[slot].msg_hdr.msg_controllen = PageReceiver.controlLength
    }
    return Int(rx_receive_batch(descriptor, headers, UInt32(wanted)))
  }

  /// A page that was read; nil when it is longer than any can be.
  func page(_ slot: Int) -> UnsafeRawBufferPointer? {
    guard headers[slot].msg_hdr.msg_flags & Int32(MSG_TRUNC) == 0 else { return nil }
    let count = min(Int(headers[slot].msg_len), PageReceiver.slotSize)
    return UnsafeRawBufferPointer(start: room + slot * PageReceiver.slotSize, count: count)
  }

  /// The path of the socket it came from; empty when that has none.
  func path(_ slot: Int) -> UnsafeRawBufferPointer {
    let used = min(Int(headers[slot].msg_hdr.msg_namelen), MemoryLayout<sockaddr_un>.size) - Int(RX_UNIX_PATH_AT)
    guard used > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let start = UnsafeRawPointer(addresses + slot) + Int(RX_UNIX_PATH_AT)
    return UnsafeRawBufferPointer(start: start, count: strnlen(start.assumingMemoryBound(to: CChar.self), used))
  }

  /// Who sent it.
  func credentials(_ slot: Int) -> Credentials? {
    var found = rx_credentials()
    guard rx_get_credentials(&headers[slot].msg_hdr, &found) else { return nil }
    return Credentials(pid: found.pid, uid: found.uid, gid: found.gid)
  }
}
