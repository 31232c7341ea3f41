import CPosix

/// What a handle stands for.
enum HandleKind: UInt64 {
  case config = 1
  case stack = 2
  case router = 3
}

/// The handles that are alive, so that a freed or foreign one is answered with an error and never followed. A handle is
/// no address but a place in this table and a generation, shaped like a pointer. It is the only state that the library
/// keeps outside its stacks; threads share it without locks.
enum HandleTable {
  /// The most handles alive at a time, in a process.
  static let capacity = 65_536

  /// A word per place: generation and state; and the object while the handle is alive.
  private struct Place {
    /// The generation, times two, plus one while the place is taken.
    var word: UInt64
    var object: UInt64
  }

  /// Zeros at first; and again in the child of a fork, where so no handle of its parent's is alive.
  private nonisolated(unsafe) static let places: UnsafeMutablePointer<Place> = {
    let room = rx_map_wiped_on_fork(capacity &* MemoryLayout<Place>.stride)
    if let room { return room.bindMemory(to: Place.self, capacity: capacity) }
    let places = UnsafeMutablePointer<Place>.allocate(capacity: capacity)
    places.initialize(repeating: Place(word: 0, object: 0), count: capacity)
    return places
  }()
  private nonisolated(unsafe) static let next: UnsafeMutablePointer<UInt64> = {
    let next = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    next.initialize(to: 0)
    return next
  }()

  /// Bits of a handle: kind, place, generation; never zero, since kinds are not.
  private static let kindBits: UInt64 = 4
  private static let placeBits: UInt64 = 16

  /// Keeps the object alive behind a new handle; nil when there are too many.
  static func insert(_ object: AnyObject, _ kind: HandleKind) -> OpaquePointer? {
    let start = rx_atomic_load(next)
    for step in 0..<UInt64(capacity) {
      let index = Int((start &+ step) % UInt64(capacity))
      let place = places + index
      let word = rx_atomic_load(&place.pointee.word)
      let taken = (word == 0 ? firstGeneration << 1 : word) &+ 1
      guard word & 1 == 0, rx_atomic_replace(&place.pointee.word, word, taken) else { continue }
      rx_atomic_store(next, UInt64(index) &+ 1)
      let raw = Unmanaged.passRetained(object).toOpaque()
      rx_atomic_store(&place.pointee.object, UInt64(UInt(bitPattern: raw)))
      let generation = (taken >> 1) & generationMask
      let bits = kind.rawValue | UInt64(index) << kindBits | generation << (kindBits &+ placeBits)
      return OpaquePointer(bitPattern: UInt(bits))
    }
    return nil
  }

  private static let generationMask: UInt64 = (1 << 40) &- 1

  /// The first generation of a place is another in each process, so that a child does not give out its parent's handles.
  private static var firstGeneration: UInt64 { (UInt64(UInt32(bitPattern: getpid())) << 16) & generationMask }

  private static func place(of handle: OpaquePointer, _ kind: HandleKind) -> UnsafeMutablePointer<Place>? {
    let bits = UInt64(UInt(bitPattern: handle))
    guard bits & ((1 << kindBits) &- 1) == kind.rawValue else { return nil }
    let place = places + Int((bits >> kindBits) & ((1 << placeBits) &- 1))
    let word = rx_atomic_load(&place.pointee.word)
    guard word & 1 == 1, (word >> 1) & generationMask == bits >> (kindBits &+ placeBits) else { return nil }
    return place
  }

  /// The object behind a handle; nil for NULL and for what is no handle of this kind.
  static func find<Object: AnyObject>(_ handle: OpaquePointer?, _ kind: HandleKind, as: Object.Type) -> Object? {
    guard let handle, let place = place(of: handle, kind) else { return nil }
    guard let raw = UnsafeRawPointer(bitPattern: UInt(rx_atomic_load(&place.pointee.object))) else { return nil }
    return Unmanaged<Object>.fromOpaque(raw).takeUnretainedValue()
  }

  /// Ends the handle; its object goes with the last other reference.
  static func remove<Object: AnyObject>(_ handle: OpaquePointer?, _ kind: HandleKind, as: Object.Type) -> Object? {
    guard let handle, let place = place(of: handle, kind) else { return nil }
    let word = rx_atomic_load(&place.pointee.word)
    guard let raw = UnsafeRawPointer(bitPattern: UInt(rx_atomic_load(&place.pointee.object))),
      rx_atomic_replace(&place.pointee.word, word, word &+ 1)
    else { return nil }
    return Unmanaged<Object>.fromOpaque(raw).takeRetainedValue()
  }
}
