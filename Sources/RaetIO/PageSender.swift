import CPosix
import RaetStack
import RaetWire

/// Room for what one system call sends to one Unix socket.
final class PageSender {
  /// Most pages a system call: more than a queue takes, since the receiver goes on while it is filled.
  static let capacity = 64
  /// Fewest pages that a batch has room for.
  private static let least = 16
  /// The longest head: nine lines with two names.
  private static let headRoom = 512

  private let headers = UnsafeMutablePointer<rx_mmsghdr>.allocate(capacity: capacity)
  private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: 2 * capacity)
  private let heads = UnsafeMutableRawPointer.allocate(byteCount: capacity * headRoom, alignment: 64)
  private let address = UnsafeMutablePointer<UnixAddress>.allocate(capacity: 1)
  /// How many pages are there to be sent.
  private(set) var count = 0
  /// So many pages the next batch takes: twice what the kernel took when it left some, which were prepared in vain.
  private(set) var limit = capacity

  init() {
    address.initialize(to: UnixAddress(""))
    vectors.initialize(repeating: iovec(), count: 2 * PageSender.capacity)
    for slot in 0..<PageSender.capacity {
      var header = rx_mmsghdr()
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
    address.pointee = UnixAddress(path)
    count = 0
  }

  /// Adds a page, whose bytes must stay where they are until the batch is sent.
  func add(_ page: OutgoingPage) {
    guard count < limit, page.head.count <= PageSender.headRoom else { return }
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
  ///
  /// The kernel looks up the path of each page that has one, which takes it as long as all the rest: so a batch goes by a
  /// connection, made anew each time, since another socket may have the path by now.
  func send(_ descriptor: Int32) -> Int {
    let taken = sendBatch(descriptor)
    if taken == count {
      limit = min(max(limit, taken &* 2), PageSender.capacity)
    } else if taken > 0 {
      limit = min(max(PageSender.least, taken &* 2), PageSender.capacity)
    }
    return taken
  }

  private func sendBatch(_ descriptor: Int32) -> Int {
    guard count > 1 else {
      headers[0].msg_hdr.msg_name = UnsafeMutableRawPointer(address)
      headers[0].msg_hdr.msg_namelen = address.pointee.size
      return Int(rx_send_batch(descriptor, headers, UInt32(count)))
    }
    headers[0].msg_hdr.msg_name = nil
    headers[0].msg_hdr.msg_namelen = 0
    let connected = address.pointee.connect(descriptor)
    guard connected >= 0 else { return Int(connected) }
    return Int(rx_send_batch(descriptor, headers, UInt32(count)))
  }
}
