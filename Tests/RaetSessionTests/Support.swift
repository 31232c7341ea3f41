import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

let second = Times.second
let millisecond = Times.millisecond

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

  mutating func happens(_ percent: Int) -> Bool { Int(next() % 100) < percent }
  mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }
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

/// Sends with what `RedoTimer` says from `from` on until `until`, and tells when.
func dues(_ redo: Redo, count: Int) -> [UInt64] {
  var timer = RedoTimer(redo, now: 0)
  return (0..<count).map { _ in
    let due = timer.due
    timer.again(now: due)
    return due
  }
}

/// A body of a join with keys of one byte each.
func joinBody(_ name: String = "other") -> JoinBody {
  JoinBody(
    name: name, mode: 0, kind: 0, nearID: 2, verifyKey: [UInt8](repeating: 1, count: 32),
    publicKey: [UInt8](repeating: 2, count: 32), role: name)
}

extension PacketKind {
  static let all: [PacketKind] = (0...15).compactMap { PacketKind(rawValue: $0) }
}

/// A kind that a message of so many segments would have.
func segmentation(_ count: Int) throws -> Segmentation {
  var head = Head()
  head.bodyKind = .raw
  head.coatKind = .nacl
  head.footKind = .nacl
  let one = try #require(Segmentation(coatLength: 5000, head: head, foot: .nacl))
  let length = count == 1 ? 10 : one.pieceLength * count - 1
  let made = try #require(Segmentation(coatLength: length, head: head, foot: .nacl))
  #expect(made.count == UInt32(count))
  return made
}

/// Records a failure, in one word with `return`.
func fail(_ text: Comment, _ location: SourceLocation = #_sourceLocation) {
  Issue.record(text, sourceLocation: location)
}
