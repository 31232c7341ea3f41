import Glibc
import Testing

@testable import RaetCrypto

/// Swift hides fork(), as little may be done after it; the child here makes system calls only.
@_silgen_name("fork") private func forkProcess() -> pid_t

@Suite struct EntropyTests {
  @Test func neverRepeatsItself() {
    let entropy = SodiumEntropy()
    var seen: Set<[UInt8]> = []
    for _ in 0..<1_000 {
      var out = [UInt8](repeating: 0, count: 24)
      #expect(out.withUnsafeMutableBytes { entropy.fill($0) })
      seen.insert(out)
    }
    #expect(seen.count == 1_000)
  }

  @Test func fillsAllOfLargeAndEmptyBuffers() {
    var out = [UInt8](repeating: 0, count: 10_000)
    #expect(out.withUnsafeMutableBytes { SodiumEntropy().fill($0) })
    // 100 zeros in a row would come once in 2^800 runs.
    #expect(!stride(from: 0, to: 10_000, by: 100).contains { out[$0..<$0 + 100].allSatisfy { $0 == 0 } })
    #expect(SodiumEntropy().fill(UnsafeMutableRawBufferPointer(start: nil, count: 0)))
  }

  @Test func givesParentAndChildDifferentBytesAfterFork() async {
    // In a process of its own: a fork among other tests would copy locks that their threads hold.
    await #expect(processExitsWith: .success) {
      let entropy = SodiumEntropy()
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      let mine = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 8)
      let childs = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 8)
      #expect(entropy.fill(mine))
      let child = forkProcess()
      if child == 0 {
        _ = entropy.fill(childs)
        _ = write(ends[1], childs.baseAddress, 32)
        _exit(0)
      }
      try #require(child > 0)
      #expect(entropy.fill(mine))
      #expect(read(ends[0], childs.baseAddress, 32) == 32)
      #expect(waitpid(child, nil, 0) == child)
      #expect([UInt8](mine) != [UInt8](childs))
      mine.deallocate()
      childs.deallocate()
    }
  }
}
