/// The handles that a stack has given its remotes. None is given twice, and none is 0.
struct Handles {
  /// Those that are still in use, in the order they were given.
  private(set) var all: [UInt64] = []
  private var last: UInt64 = 0

  /// A new one.
  mutating func give() -> UInt64 {
    last &+= 1
    all.append(last)
    return last
  }

  /// The remote of this handle is forgotten.
  mutating func remove(_ id: UInt64) {
    all.removeAll { $0 == id }
  }

  /// The handle that follows `id`, which need not be one; nil after the last. 0: the first.
  func next(after id: UInt64) -> UInt64? {
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low &+ high) / 2
      if all[middle] <= id { low = middle &+ 1 } else { high = middle }
    }
    return low < all.count ? all[low] : nil
  }
}
