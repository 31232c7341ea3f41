import CPosix
import RaetWire

/// Room for what one system call receives or sends: a header, a vector and a socket address a datagram.
final class DatagramBatch {
  /// Most datagrams a system call.
  static let capacity = 64
  private static let addressLength = Address.socketAddressLength
  private static let controlLength = Int(RX_SEGMENT_ROOM)

  let headers = UnsafeMutablePointer<rx_mmsghdr>.allocate(capacity: capacity)
  private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: capacity)
  private let addresses = UnsafeMutableRawPointer.allocate(byteCount: capacity * addressLength, alignment: 8)
  private let controls = UnsafeMutableRawPointer.allocate(byteCount: capacity * controlLength, alignment: 8)

  init() {
    // The room for control data is longer than the data: the rest must not tell what was there before.
    let room = DatagramBatch.capacity * DatagramBatch.controlLength
    controls.initializeMemory(as: UInt8.self, repeating: 0, count: room)
    for slot in 0..<DatagramBatch.capacity {
      vectors.advanced(by: slot).initialize(to: iovec())
      var header = rx_mmsghdr()
      header.msg_hdr.msg_name = addresses + slot * DatagramBatch.addressLength
      header.msg_hdr.msg_iov = vectors + slot
      header.msg_hdr.msg_iovlen = 1
      headers.advanced(by: slot).initialize(to: header)
    }
  }

  deinit {
    headers.deallocate()
    vectors.deallocate()
    addresses.deallocate()
    controls.deallocate()
  }

  /// Where a slot's datagram lies; only ever read when it is sent.
  func setBytes(_ slot: Int, _ start: UnsafeMutableRawPointer?, _ count: Int) {
    vectors[slot].iov_base = start
    vectors[slot].iov_len = count
  }

  /// A header sends `count` slots from `first` on, all of `size` bytes, but the last, which may be shorter.
  func setRun(_ header: Int, first: Int, count: Int, size: Int) {
    headers[header].msg_hdr.msg_iov = vectors + first
    headers[header].msg_hdr.msg_iovlen = count
    rx_set_run(
      &headers[header].msg_hdr, controls + header * DatagramBatch.controlLength,
      count > 1 ? UInt16(truncatingIfNeeded: size) : 0)
  }

  /// How many datagrams a header sends.
  func run(_ header: Int) -> Int { headers[header].msg_hdr.msg_iovlen }

  /// Room for the source of a datagram to come.
  func resetAddress(_ slot: Int) {
    headers[slot].msg_hdr.msg_namelen = socklen_t(DatagramBatch.addressLength)
  }

  /// The source of a datagram that came; nil when it is no address of the internet.
  func address(_ slot: Int) -> Address? {
    let count = min(Int(headers[slot].msg_hdr.msg_namelen), DatagramBatch.addressLength)
    return Address(
      socketAddress: UnsafeRawBufferPointer(start: addresses + slot * DatagramBatch.addressLength, count: count))
  }

  /// Sets where a datagram goes; `mapped` for a socket of IPv6.
  func setAddress(_ slot: Int, _ address: Address, mapped: Bool) {
    let room = UnsafeMutableRawBufferPointer(
      start: addresses + slot * DatagramBatch.addressLength, count: DatagramBatch.addressLength)
    headers[slot].msg_hdr.msg_namelen = socklen_t(address.writeSocketAddress(to: room, mapped: mapped) ?? 0)
  }
}
