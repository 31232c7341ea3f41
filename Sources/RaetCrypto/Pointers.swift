import CSodium

/// Wipes the part of the stack that a function of libsodium has just used, where its fastest forms leave pieces of what
/// they worked on. It costs some 50 ns.
@inline(__always)
func wipeStack() {
  sodium_stackzero(4096)
}

extension UnsafeRawBufferPointer {
  /// The first byte as libsodium's functions take it; may be nil when there are no bytes.
  var start: UnsafePointer<UInt8>? {
    baseAddress?.assumingMemoryBound(to: UInt8.self)
  }
}

extension Key32 {
  /// The key that `write` writes; zero bytes where it does not.
  init(writtenBy write: (UnsafeMutablePointer<UInt8>) -> Void) {
    self.init()
    withUnsafeMutableBytes(of: &self) { bytes in
      guard let start = bytes.baseAddress else { return }
      write(start.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Lends the 32 bytes as libsodium's functions take them.
  func read<R>(_ body: (UnsafePointer<UInt8>) -> R) -> R {
    withUnsafePointer(to: self) { key in
      key.withMemoryRebound(to: UInt8.self, capacity: Key32.count) { body($0) }
    }
  }
}
