import CPosix
import RaetWire

/// Why there is no socket.
public enum SocketError: Error, Equatable, Sendable {
  /// A system call failed: errno.
  case system(Int32)
  /// The descriptor is none of a UDP socket over IPv4 or IPv6.
  case notUDP
}

/// A UDP socket that never blocks. Closed when freed.
public final class UDPSocket {
  /// To wait on; it belongs to this object.
  public let descriptor: Int32
  private let isIPv6: Bool
  private let receiver = DatagramReceiver()
  private let sender: DatagramSender

  private init(owning descriptor: Int32, isIPv6: Bool) {
    self.descriptor = descriptor
    self.isIPv6 = isIPv6
    sender = DatagramSender(sendsRuns: rx_can_send_runs(descriptor) == 1)
  }

  deinit {
    _ = rx_close(descriptor)
  }

  /// Opens a socket at an address. At `[::]` it serves IPv4, too. `bufferBytes` are asked of the system for each direction;
  /// it may give less.
  public static func open(_ address: Address, bufferBytes: Int) throws(SocketError) -> UDPSocket {
    let isIPv6 = address.family == .ipv6
    let descriptor = try check(rx_udp_socket(isIPv6 ? AF_INET6 : AF_INET))
    let socket = UDPSocket(owning: descriptor, isIPv6: isIPv6)
    if isIPv6 { _ = try check(rx_set_option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)) }
    rx_raise_buffers(descriptor, clamped(bufferBytes))
    let result = withUnsafeTemporaryAllocation(byteCount: Address.socketAddressLength, alignment: 8) { room in
      rx_bind(descriptor, room.baseAddress, UInt32(address.writeSocketAddress(to: room) ?? 0))
    }
    _ = try check(result)
    return socket
  }

  /// Takes over a socket, which then does not block and is closed on exec. When this throws, it stays the caller's.
  /// `bufferBytes` as for `open`; larger buffers stay.
  public static func adopt(_ descriptor: Int32, bufferBytes: Int) throws(SocketError) -> UDPSocket {
    let isUDP = rx_is_udp(descriptor)
    guard isUDP == 1 else {
      if isUDP == -EBADF { throw .system(EBADF) }
      throw .notUDP
    }
    guard let address = localAddress(of: descriptor) else { throw .notUDP }
    _ = try check(rx_adopt(descriptor))
    rx_raise_buffers(descriptor, clamped(bufferBytes))
    return UDPSocket(owning: descriptor, isIPv6: address.isIPv6)
  }

  /// Where it can be reached, with the port that the system chose; nil when the system does not tell.
  public var localAddress: Address? {
    UDPSocket.localAddress(of: descriptor)?.address
  }

  /// Datagrams that were dropped as they were longer than any of the protocol's.
  public var truncatedCount: UInt64 { receiver.truncatedCount }

  /// Reads at most `limit` datagrams and hands each, with its source, to `take`, which may change the bytes and must not
  /// keep them. Dropped ones count for the limit, but not for `take`.
  public func receive(limit: Int, _ take: (UnsafeMutableRawBufferPointer, Address) -> Void) -> ReceiveResult {
    receiver.receive(limit: limit, take) { rx_receive_batch(descriptor, $0, $1) }
  }

  /// Sends `count` datagrams, which `slot` gives for 0 and so on, in this order; a datagram may be asked for more than
  /// once. `failed` is told the number and errno of each that could not be sent and is lost, as to a network that is not
  /// there.
  public func send(
    count: Int, _ slot: (Int) -> OutgoingDatagram, failed: (Int, Int32) -> Void
  ) -> SendResult {
    sender.send(count: count, mapped: isIPv6, slot, failed: failed) { rx_send_batch(descriptor, $0, $1) }
  }

  private static func localAddress(of descriptor: Int32) -> (address: Address, isIPv6: Bool)? {
    withUnsafeTemporaryAllocation(byteCount: Address.socketAddressLength, alignment: 8) { room in
      let size = rx_local_address(descriptor, room.baseAddress, UInt32(room.count))
      guard size >= 0, Int(size) <= room.count else { return nil }
      let bytes = UnsafeRawBufferPointer(rebasing: room[..<Int(size)])
      // A socket of IPv6 may have an address of IPv4.
      let isIPv6 = bytes.count >= 2 && bytes.loadUnaligned(as: sa_family_t.self) == sa_family_t(AF_INET6)
      return Address(socketAddress: bytes).map { ($0, isIPv6) }
    }
  }

  private static func check(_ result: Int32) throws(SocketError) -> Int32 {
    guard result >= 0 else { throw .system(-result) }
    return result
  }

  private static func clamped(_ bytes: Int) -> Int32 {
    Int32(max(0, min(bytes, 1 << 30)))
  }
}
