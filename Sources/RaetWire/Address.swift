import CPosix

/// A network address: IPv4 or IPv6, with a port. The reference's `ha` (PROTOCOL 3.1).
///
/// An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is the IPv4 address, so that equal addresses are equal here.
public struct Address: Hashable, Sendable {
  /// The versions of the internet protocol.
  public enum Family: UInt8, Sendable {
    case ipv4 = 4
    case ipv6 = 6
  }

  /// Which of both it is.
  public let family: Family
  /// The port; 0 lets the system choose one.
  public var port: UInt16
  /// The number of the interface for a link-local IPv6 address, else 0.
  public let scope: UInt32
  /// The address as two numbers; for IPv4 the lower half of `low`.
  private let high: UInt64
  private let low: UInt64

  /// Upper half of `low` where IPv6 stands for IPv4.
  private static let mappedPrefix: UInt64 = 0xffff_0000_0000

  private init(family: Family, high: UInt64, low: UInt64, port: UInt16, scope: UInt32) {
    self.family = family
    self.high = high
    self.low = low
    self.port = port
    self.scope = scope
  }

  /// An IPv4 address from its number, as 0x7f000001.
  public init(ipv4: UInt32, port: UInt16) {
    self.init(family: .ipv4, high: 0, low: UInt64(ipv4), port: port, scope: 0)
  }

  /// An IPv6 address from its two halves, as 0 and 1 for `::1`.
  public init(ipv6 high: UInt64, _ low: UInt64, port: UInt16, scope: UInt32 = 0) {
    if high == 0, low & 0xffff_ffff_0000_0000 == Self.mappedPrefix {
      self.init(ipv4: UInt32(truncatingIfNeeded: low), port: port)
      return
    }
    // Only link-local addresses depend on the interface; elsewhere a scope would make equal addresses differ.
    let isLinkLocal = high >> 54 == 0xfe80 >> 6
    self.init(family: .ipv6, high: high, low: low, port: port, scope: isLinkLocal ? scope : 0)
  }

  /// Reads `1.2.3.4:80` or `[fe80::1%2]:80`: numbers only, nothing is looked up.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let colon = bytes.lastIndex(of: 0x3a), let port = Self.number(bytes[(colon + 1)...], limit: 0xffff) else {
      return nil
    }
    var host = bytes[..<colon]
    if host.first == 0x5b {
      guard host.count >= 2, host.last == 0x5d else { return nil }
      host = host.dropFirst().dropLast()
      guard host.contains(0x3a) else { return nil }
    } else if host.contains(0x3a) {
      return nil
    }
    self.init(hostBytes: host, port: UInt16(truncatingIfNeeded: port))
  }

  /// Reads a host without brackets, `1.2.3.4` or `fe80::1%2`, as stored records have it.
  public init?(host: String, port: UInt16) {
    self.init(hostBytes: Array(host.utf8)[...], port: port)
  }

  private init?(hostBytes: ArraySlice<UInt8>, port: UInt16) {
    var scope: UInt32 = 0
    var host = hostBytes
    if let percent = host.firstIndex(of: 0x25) {
      guard let number = Self.number(host[(percent + 1)...], limit: UInt64(UInt32.max)) else { return nil }
      scope = UInt32(truncatingIfNeeded: number)
      host = host[..<percent]
      guard host.contains(0x3a) else { return nil }
    }
    guard !host.isEmpty, host.count <= 45, !host.contains(0) else { return nil }
    let isIPv6 = host.contains(0x3a)
    var parsed: (UInt64, UInt64) = (0, 0)
    let text = host.map { CChar(bitPattern: $0) } + [0]
    guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &parsed) == 1 else { return nil }
    if isIPv6 {
      self.init(ipv6: UInt64(bigEndian: parsed.0), UInt64(bigEndian: parsed.1), port: port, scope: scope)
    } else {
      let number = withUnsafeBytes(of: &parsed) { $0.loadUnaligned(as: UInt32.self) }
      self.init(ipv4: UInt32(bigEndian: number), port: port)
    }
  }

  /// A decimal number without sign or leading zeros.
  private static func number(_ digits: ArraySlice<UInt8>, limit: UInt64) -> UInt64? {
    guard let first = digits.first, digits.count <= 10, first != 0x30 || digits.count == 1 else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      guard byte &- 0x30 <= 9 else { return nil }
      value = value &* 10 &+ UInt64(byte &- 0x30)
    }
    return value <= limit ? value : nil
  }
}

extension Address {
  /// The host's part in text: `1.2.3.4` or `fe80::1%2`, as the reference stores it.
  public var host: String {
    var text = [CChar](repeating: 0, count: 48)
    switch family {
    case .ipv4:
      var number = UInt32(truncatingIfNeeded: low).bigEndian
      _ = inet_ntop(AF_INET, &number, &text, UInt32(text.count))
    case .ipv6:
      var halves = (high.bigEndian, low.bigEndian)
      _ = inet_ntop(AF_INET6, &halves, &text, UInt32(text.count))
    }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let host = String(decoding: bytes, as: UTF8.self)
    return scope == 0 ? host : host + "%" + String(scope)
  }

  /// The address in text: `1.2.3.4:80` or `[fe80::1%2]:80`.
  public var text: String {
    switch family {
    case .ipv4: host + ":" + String(port)
    case .ipv6: "[" + host + "]:" + String(port)
    }
  }

  /// Whether it stands for all of a machine's addresses: `0.0.0.0` or `::`.
  public var isWildcard: Bool { high == 0 && low == 0 }

  /// Whether somebody can be answered there: a port, and an address of one machine, not of all or of a group.
  public var isOfOne: Bool {
    guard port != 0, !isWildcard else { return false }
    switch family {
    case .ipv4: return low < 0xe000_0000
    case .ipv6: return high >> 56 != 0xff
    }
  }

  /// Where a wildcard is reached on the same machine: `127.0.0.1` or `::1`. Other addresses stay as they are.
  public var loopbackForWildcard: Address {
    guard isWildcard else { return self }
    switch family {
    case .ipv4: return Address(ipv4: 0x7f00_0001, port: port)
    case .ipv6: return Address(ipv6: 0, 1, port: port)
    }
  }
}

extension Address {
  /// The most bytes that a socket address takes here.
  public static let socketAddressLength = MemoryLayout<sockaddr_in6>.size

  /// Reads a `struct sockaddr_in` or `sockaddr_in6`, which may lie anywhere. nil for other families and too few bytes.
  public init?(socketAddress bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= MemoryLayout<sa_family_t>.size, bytes.baseAddress != nil else { return nil }
    switch Int32(bytes.loadUnaligned(as: sa_family_t.self)) {
    case AF_INET:
      var address = sockaddr_in()
      guard Self.load(&address, from: bytes) else { return nil }
      self.init(ipv4: UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
    case AF_INET6:
      var address = sockaddr_in6()
      guard Self.load(&address, from: bytes) else { return nil }
      let halves = withUnsafeBytes(of: address.sin6_addr) { $0.loadUnaligned(as: (UInt64, UInt64).self) }
      self.init(
        ipv6: UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1), port: UInt16(bigEndian: address.sin6_port),
        scope: address.sin6_scope_id)
    default: return nil
    }
  }

  /// Writes the socket address and returns its length; nil when `out` is too small. `mapped` writes IPv4 as IPv6, as a
  /// socket that serves both needs it.
  public func writeSocketAddress(to out: UnsafeMutableRawBufferPointer, mapped: Bool = false) -> Int? {
    if family == .ipv4, !mapped {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
      return Self.store(address, to: out)
    }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    address.sin6_scope_id = scope
    let low = family == .ipv4 ? low | Self.mappedPrefix : low
    withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
      bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
      bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return Self.store(address, to: out)
  }

  private static func load<Layout>(_ address: inout Layout, from bytes: UnsafeRawBufferPointer) -> Bool {
    let size = MemoryLayout<Layout>.size
    guard size <= bytes.count, let source = bytes.baseAddress else { return false }
    withUnsafeMutableBytes(of: &address) { $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: size)) }
    return true
  }

  private static func store<Layout>(_ address: Layout, to out: UnsafeMutableRawBufferPointer) -> Int? {
    let size = MemoryLayout<Layout>.size
    guard size <= out.count, let start = out.baseAddress else { return nil }
    withUnsafeBytes(of: address) { bytes in
      if let source = bytes.baseAddress { memcpy(start, source, size) }
    }
    return size
  }
}

extension Address: Comparable {
  /// An order of all addresses, so that what is kept by address can be gone through alike each time.
  public static func < (one: Address, other: Address) -> Bool {
    (one.family.rawValue, one.high, one.low, one.port, one.scope)
      < (other.family.rawValue, other.high, other.low, other.port, other.scope)
  }
}
