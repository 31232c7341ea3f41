import CPosix

/// The address of a Unix socket by its path.
struct UnixAddress {
  private var address: sockaddr_un
  /// How many bytes of it count.
  let size: socklen_t

  /// `path` has at most `PageLimit.path` bytes.
  init(_ path: String) {
    var path = path
    var address = sockaddr_un()
    size = path.withUTF8 { rx_unix_address(&address, $0.baseAddress, $0.count) }
    self.address = address
  }

  /// 0, or a negated errno.
  mutating func bind(_ descriptor: Int32) -> Int32 { rx_bind(descriptor, &address, size) }

  /// 0, or a negated errno.
  mutating func connect(_ descriptor: Int32) -> Int32 { rx_connect(descriptor, &address, size) }
}
