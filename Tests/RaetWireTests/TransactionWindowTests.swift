import RaetWire
import Testing

@Suite struct TransactionWindowTests {
  @Test func knowsNothingAtFirst() {
    let window = TransactionWindow()
    #expect(window.status(0) == .new)
    #expect(window.status(1) == .new)
    #expect(window.status(0xffff_ffff) == .new)
  }

  @Test func remembersWhatIsDoneInAnyOrder() {
    var window = TransactionWindow()
    for id: UInt32 in [500, 3, 400, 10, 501] { window.markDone(id) }
    for id: UInt32 in [500, 3, 400, 10, 501] { #expect(window.status(id) == .done) }
    for id: UInt32 in [1, 2, 4, 9, 11, 399, 401, 499, 502] { #expect(window.status(id) == .new) }
  }

  @Test func tellsWhatIsTooOld() {
    var window = TransactionWindow()
    window.markDone(1)
    window.markDone(20_000)
    #expect(window.status(1) == .tooOld)
    #expect(window.status(20_000 - 16_384) == .tooOld)
    #expect(window.status(20_000 - 16_383) == .new)
    window.markDone(20_000 - 16_383)
    #expect(window.status(20_000 - 16_383) == .done)
    window.markDone(1)
    #expect(window.status(1) == .tooOld)
  }

  @Test func worksAcrossTheWrap() {
    var window = TransactionWindow()
    window.markDone(0xffff_fffe)
    window.markDone(1)
    #expect(window.status(0xffff_fffe) == .done)
    #expect(window.status(0xffff_ffff) == .new)
    #expect(window.status(1) == .done)
    #expect(window.status(2) == .new)
    window.markDone(0xffff_ffff)
    #expect(window.status(0xffff_ffff) == .done)
  }

  /// Against a window that keeps every id in a set.
  @Test(arguments: [UInt32(1), 0xffff_0000, 0x7fff_f000])
  func agreesWithASetOfIds(_ start: UInt32) {
    var random = SeededGenerator(seed: UInt64(start))
    var window = TransactionWindow()
    var done: Set<UInt32> = []
    var newest = start
    for step in 0..<30_000 {
      let jump: UInt32 =
        switch step % 5_000 {
        case 0: 20_000
        case 1: 3_000
        default: UInt32.random(in: 0...3, using: &random)
        }
      let id =
        Bool.random(using: &random) ? newest &+ jump : newest &- UInt32.random(in: 0...16_500, using: &random)
      let isNewest = done.isEmpty || id &- newest < 0x8000_0000
      let expected: TransactionWindow.Status =
        done.isEmpty ? .new : !isNewest && newest &- id >= 16_384 ? .tooOld : done.contains(id) ? .done : .new
      guard window.status(id) == expected else {
        Issue.record("\(id) at step \(step): \(window.status(id)), not \(expected)")
        return
      }
      window.markDone(id)
      if expected == .tooOld { continue }
      done.insert(id)
      if isNewest { newest = id }
    }
  }
}
