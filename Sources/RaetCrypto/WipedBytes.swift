import CPosix
import CSodium

/// Memory that is wiped when freed, for what was or will be encrypted, with one owner.
public struct WipedMemory: ~Copyable {
  /// The bytes, as the allocator gave them until they are written. Valid as long as this value.
  public let bytes: UnsafeMutableRawBufferPointer
  private let base: UnsafeMutableRawPointer
  private let isOwned: Bool

  /// `count` bytes whose values are not defined; nil when there is no memory.
  public init?(count: Int) {
    guard count >= 0, let base = malloc(max(count, 1)) else { return nil }
    self.base = base
    bytes = UnsafeMutableRawBufferPointer(start: base, count: count)
    isOwned = true
  }

  /// Takes over memory that outlives it, so that a test can see it wiped.
  init?(borrowing memory: UnsafeMutableRawBufferPointer) {
    guard let base = memory.baseAddress else { return nil }
    self.base = base
    bytes = memory
    isOwned = false
  }

  deinit {
    sodium_memzero(base, bytes.count)
    if isOwned { free(base) }
  }
}

/// The same, shared: wiped with the last reference.
public final class WipedBytes {
  private let memory: WipedMemory

  /// The bytes, as the allocator gave them until they are written. Valid as long as this object.
  public var bytes: UnsafeMutableRawBufferPointer { memory.bytes }

  private init(_ memory: consuming WipedMemory) {
    self.memory = memory
  }

  /// `count` bytes whose values are not defined; nil when there is no memory.
  public convenience init?(count: Int) {
    guard let memory = WipedMemory(count: count) else { return nil }
    self.init(memory)
  }

  /// A copy; nil when there is no memory.
  public convenience init?(copying source: UnsafeRawBufferPointer) {
    self.init(count: source.count)
    bytes.copyMemory(from: source)
  }

  /// As for `WipedMemory`.
  convenience init?(borrowing memory: UnsafeMutableRawBufferPointer) {
    guard let memory = WipedMemory(borrowing: memory) else { return nil }
    self.init(memory)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Sets all bytes to 0 in a way that the compiler cannot leave out.
  public func wipe() {
    if let base = baseAddress { sodium_memzero(base, count) }
  }
}
