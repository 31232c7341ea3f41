import CPosix
import RaetStack
import RaetWire

/// Room for what one system call receives from Unix sockets: headers, pages, addresses and credentials.
final class PageReceiver {
  /// Most pages a system call: queues of Unix sockets are short.
  static let capacity = 16
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

/// Room for what one system call sends to one Unix socket.
final class PageSender {
  /// Most pages a system call.
  static let capacity = 16
  /// The longest head: nine lines with two names.
  private static let headRoom = 512

  private let headers = UnsafeMutablePointer<rx_mmsghdr>.allocate(capacity: capacity)
  private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: 2 * capacity)
  private let heads = UnsafeMutableRawPointer.allocate(byteCount: capacity * headRoom, alignment: 64)
  private let address = UnsafeMutablePointer<sockaddr_un>.allocate(capacity: 1)
  /// How many pages are there to be sent.
  private(set) var count = 0

  init() {
    address.initialize(to: sockaddr_un())
    vectors.initialize(repeating: iovec(), count: 2 * PageSender.capacity)
    for slot in 0..<PageSender.capacity {
      var header = rx_mmsghdr()
      header.msg_hdr.msg_name = UnsafeMutableRawPointer(address)
      header.msg_hdr.msg_iov = vectors + 2 * slot
      headers.advanced(by: slot).initialize(to: header)
    }
  }

  deinit {
    headers.deallocate()
    vectors.deallocate()
    heads.deallocate()
    address.deallocate()
  }

  /// Begins a batch to a path.
  func begin(path: String) {
    var path = path
    let size = path.withUTF8 { rx_unix_address(address, $0.baseAddress, $0.count) }
    for slot in 0..<PageSender.capacity { headers[slot].msg_hdr.msg_namelen = socklen_t(size) }
    count = 0
  }

  /// Adds a page, whose bytes must stay where they are until the batch is sent.
  func add(_ page: OutgoingPage) {
    guard count < PageSender.capacity, page.head.count <= PageSender.headRoom else { return }
    let vector = vectors + 2 * count
    if page.number == 0 {
      // The piece follows the head.
      vector[0] = iovec(
        iov_base: UnsafeMutableRawPointer(mutating: page.head.baseAddress), iov_len: page.head.count + page.piece.count)
      headers[count].msg_hdr.msg_iovlen = 1
    } else {
      let head = UnsafeMutableRawBufferPointer(start: heads + count * PageSender.headRoom, count: page.head.count)
      head.copyMemory(from: page.head)
      PageHead.setNumber(page.number, head)
      vector[0] = iovec(iov_base: head.baseAddress, iov_len: head.count)
      vector[1] = iovec(
        iov_base: UnsafeMutableRawPointer(mutating: page.piece.baseAddress), iov_len: page.piece.count)
      headers[count].msg_hdr.msg_iovlen = 2
    }
    count += 1
  }

  /// Sends the batch: how many pages the kernel took, or a negated errno when it did not take the first.
  func send(_ descriptor: Int32) -> Int {
    Int(rx_send_batch(descriptor, headers, UInt32(count)))
  }
}
