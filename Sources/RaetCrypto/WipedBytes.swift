import CPosix
import CSodium

/// Memory that is wiped when freed, for what was or will be encrypted, with one owner.
public struct WipedMemory: ~Copyable {
  /// The bytes, as the allocator gave them until they are written. Valid as long as this value.
  public let bytes: UnsafeMutableRawBufferPointer
  private let base: UnsafeMutableRawPointer
  /// So many of the bytes are wiped when they are freed.
  private var toWipe: Int
  private let isOwned: Bool

  /// `count` bytes whose values are not defined; nil when there is no memory.
  public init?(count: Int) {
    guard count >= 0, let base = malloc(max(count, 1)) else { return nil }
    self.base = base
    bytes = UnsafeMutableRawBufferPointer(start: base, count: count)
    isOwned = true
    toWipe = count
  }

  /// Takes over memory that outlives it, so that a test can see it wiped.
  init?(borrowing memory: UnsafeMutableRawBufferPointer) {
    guard let base = memory.baseAddress else { return nil }
    self.base = base
    bytes = memory
    isOwned = false
    toWipe = memory.count
  }

  /// Frees it as it is: all that was written in it has been wiped by its owner. What was never touched stays untouched,
  /// and costs nothing however much it is, while to wipe it would make the system find memory for it first.
  public consuming func release() {
    toWipe = 0
  }

  deinit {
    sodium_memzero(base, toWipe)
    if isOwned { free(base) }
  }
}

/// The same, shared: wiped with the last reference.
public final class WipedBytes {
  private let memory: WipedMemory

  /// The bytes, as the allocator gave them until they are written. Valid as long as this object.
  public var bytes: UnsafeMutableRawBufferPointer { memory.bytes }

  /// Takes over this memory.
  public init(_ memory: consuming WipedMemory) {
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
