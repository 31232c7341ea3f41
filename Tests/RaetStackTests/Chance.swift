import RaetCrypto

/// A generator whose numbers follow from a seed (SplitMix64), so that a run can be repeated.
struct Chance: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// True in so many of a hundred cases.
  mutating func happens(_ percent: Int) -> Bool { Int(next() % 100) < percent }

  /// A number of the range.
  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }
}

/// Randomness that follows from a seed, and can run dry.
final class SeededEntropy: Entropy {
  private var chance: Chance
  var isDry = false
  init(seed: UInt64) { chance = Chance(seed: seed) }

  func fill(_ out: UnsafeMutableRawBufferPointer) -> Bool {
    guard !isDry else { return false }
    for index in out.indices { out[index] = UInt8(truncatingIfNeeded: chance.next()) }
    return true
  }
}

/// A body that tells bodies of other numbers, and each place of it, apart.
func makeBody(_ number: Int, _ size: Int) -> [UInt8] {
  var words = [UInt64](repeating: 0, count: (size + 7) / 8)
  let start = UInt64(number) &* 0x9e37_79b9_7f4a_7c15
  for index in words.indices { words[index] = start &+ UInt64(index) }
  return words.withUnsafeBytes { [UInt8]($0.prefix(size)) }
}
