import CPosix

/// The socket that a yard sends by (PROTOCOL 13.1). Its name is the yard's path, from which receivers tell the sender, but
/// the path leads to the other one, which receives: that one cannot be connected, or it would hear of one yard only.
final class OutgoingSocket {
  let descriptor: Int32
  /// True while there are pages that came to it while the path led here.
  private(set) var holdsPages = false

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { _ = rx_close(descriptor) }

  /// Opens it, and leaves the path free. The folder is locked. `whileNamed` runs while the path leads to it.
  static func open(
    _ path: String, _ file: String, _ folder: LaneFolder, bufferBytes: Int, whileNamed: () -> Void = {}
  ) throws(LaneSocketError) -> OutgoingSocket {
    let socket = OutgoingSocket(try LaneSocketError.check(rx_unix_socket()))
    rx_raise_buffers(socket.descriptor, Int32(max(0, min(bufferBytes, 1 << 30))))
    _ = try LaneSocketError.check(rx_set_option(socket.descriptor, SOL_SOCKET, SO_PASSCRED, 1))
    var address = UnixAddress(path)
    _ = try LaneSocketError.check(address.bind(socket.descriptor))
    whileNamed()
    try folder.remove(file)
    try socket.endReceiving()
    return socket
  }

  /// Nothing comes from now on. What came in the short time that the path led here is kept.
  private func endReceiving() throws(LaneSocketError) {
    _ = try LaneSocketError.check(rx_end_receiving(descriptor))
    holdsPages = rx_has_datagram(descriptor)
  }

  /// Reads pages that came: how many, or a negated errno. `holdsPages` turns false with the last.
  func takePages(_ receiver: PageReceiver, limit: Int) -> Int {
    let count = receiver.fill(descriptor, limit: limit)
    holdsPages = count >= min(limit, PageReceiver.capacity)
    return count
  }
}
