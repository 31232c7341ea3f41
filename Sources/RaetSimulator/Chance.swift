import RaetCrypto

/// A generator whose numbers follow from a seed (SplitMix64), so that a run can be repeated.
public struct Chance: RandomNumberGenerator {
  private var state: UInt64

  /// Numbers that follow from `seed` alone.
  public init(seed: UInt64) { state = seed }

  /// Numbers for one purpose of a run, so that what one part of it draws does not change what another gets.
  init(seed: UInt64, purpose: UInt64) {
    var mixed = Chance(seed: seed &+ purpose &* 0xd134_2543_de82_ef95)
    state = mixed.next()
  }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// True in so many of a hundred cases.
  public mutating func happens(_ percent: Int) -> Bool { Int(next() % 100) < percent }

  /// True in so many of ten thousand cases.
  mutating func happensRarely(_ ofTenThousand: Int) -> Bool { Int(next() % 10_000) < ofTenThousand }

  /// A number of the range.
  public mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// A period of the range, in nanoseconds.
  mutating func period(_ range: ClosedRange<UInt64>) -> UInt64 {
    range.lowerBound + next() % (range.upperBound - range.lowerBound + 1)
  }

  /// One of these; nil when there is none.
  public mutating func pick<Element>(_ all: [Element]) -> Element? {
    all.isEmpty ? nil : all[Int(next() % UInt64(all.count))]
  }

  /// So many bytes.
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

/// Randomness that follows from a seed, and can run dry.
public final class SeededEntropy: Entropy {
  private var chance: Chance
  /// No randomness is to be had while it is.
  public var isDry = false

  /// The bytes follow from `seed`.
  public init(seed: UInt64) { chance = Chance(seed: seed) }

  /// See `Entropy`.
  public func fill(_ out: UnsafeMutableRawBufferPointer) -> Bool {
    guard !isDry else { return false }
    for index in out.indices { out[index] = UInt8(truncatingIfNeeded: chance.next()) }
    return true
  }
}

/// A hash of everything that happens in a run: equal for equal runs, in any process.
struct RunHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ number: UInt64) {
    value = (value ^ number) &* 0x0000_0100_0000_01b3
    value ^= value >> 29
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    var place = 0
    while place + 8 <= bytes.count {
      add(bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
    }
    while place < bytes.count {
      add(UInt64(bytes[place]))
      place += 1
    }
  }

  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }
}
