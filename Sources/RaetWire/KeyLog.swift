/// Finds keys that a mapping has twice, without keeping the keys: one hash for each key of the mappings that are open.
///
/// That two different keys share a hash is as good as impossible by accident; who contrives it has his own message refused.
struct KeyLog {
  /// Hashes of the keys; where a mapping opens, first where the keys of the one around it begin. Most bodies have but a
  /// few keys, for which no memory is asked.
  private var few = InlineArray<16, UInt64>(repeating: 0)
  /// All of them, once there were more; empty before.
  private var many: [UInt64] = []
  private var count = 0
  /// Where the keys of the innermost mapping begin.
  private var start = 0
  /// How many mappings are open.
  private var depth = 0

  /// A mapping opens.
  mutating func open() {
    append(UInt64(start))
    start = count
    depth = depth &+ 1
  }

  /// A key of the innermost mapping. `.tooLong`: more are open at one time than `WireLimit.openKeys`.
  mutating func add(_ hash: UInt64) throws(BodyError) {
    guard count &- depth < WireLimit.openKeys else { throw .tooLong }
    append(hash)
  }

  /// The innermost mapping closes. `.keyTwice`.
  mutating func close() throws(BodyError) {
    guard depth > 0 else { return }
    guard count &- start < 2 || isUnique() else { throw .keyTwice }
    let around = start &- 1
    start = Int(many.isEmpty ? few[around] : many[around])
    if !many.isEmpty { many.removeLast(count &- around) }
    count = around
    depth = depth &- 1
  }

  private mutating func append(_ hash: UInt64) {
    if many.isEmpty, count < few.count {
      few[count] = hash
    } else {
      if many.isEmpty { for place in few.indices { many.append(few[place]) } }
      many.append(hash)
    }
    count = count &+ 1
  }

  /// Whether the innermost mapping has each key once.
  private mutating func isUnique() -> Bool {
    let keys = start..<count
    guard !many.isEmpty else {
      return withUnsafeMutableBytes(of: &few) { all in
        Self.isUnique(UnsafeMutableBufferPointer(rebasing: all.bindMemory(to: UInt64.self)[keys]))
      }
    }
    return many.withUnsafeMutableBufferPointer { Self.isUnique(UnsafeMutableBufferPointer(rebasing: $0[keys])) }
  }

  private static func isUnique(_ hashes: UnsafeMutableBufferPointer<UInt64>) -> Bool {
    // Few are compared faster as they are.
    hashes.count <= 12 ? isUnique(few: hashes) : isUnique(many: hashes)
  }

  private static func isUnique(few hashes: UnsafeMutableBufferPointer<UInt64>) -> Bool {
    var first = 0
    while first < hashes.count {
      var second = first &+ 1
      while second < hashes.count {
        if hashes[first] == hashes[second] { return false }
        second = second &+ 1
      }
      first = first &+ 1
    }
    return true
  }

  private static func isUnique(many hashes: UnsafeMutableBufferPointer<UInt64>) -> Bool {
    var hashes = hashes
    hashes.sort()
    var at = 1
    while at < hashes.count {
      if hashes[at &- 1] == hashes[at] { return false }
      at = at &+ 1
    }
    return true
  }
}

/// The hash of a key, fed byte by byte: FNV-1a.
struct KeyHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  @inline(__always)
  mutating func add(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes { add(byte) }
  }

  /// Feeds a character's bytes in UTF-8.
  mutating func add(character: UInt32) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: character >> shift) & 0x3f | 0x80 }
    if character < 0x80 {
      add(UInt8(truncatingIfNeeded: character))
    } else if character < 0x800 {
      add(UInt8(truncatingIfNeeded: character >> 6) | 0xc0)
      add(tail(0))
    } else if character < 0x10000 {
      add(UInt8(truncatingIfNeeded: character >> 12) | 0xe0)
      add(tail(6))
      add(tail(0))
    } else {
      add(UInt8(truncatingIfNeeded: character >> 18) | 0xf0)
      add(tail(12))
      add(tail(6))
      add(tail(0))
    }
  }
}
