import Testing

@testable import RaetCrypto

@Suite struct WipedBytesTests {
  @Test func wipesWhenFreed() throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1_000, alignment: 8)
    defer { memory.deallocate() }
    var wiped = WipedBytes(borrowing: memory)
    wiped?.bytes.copyBytes(from: [UInt8](repeating: 0x5a, count: 1_000))
    #expect(memory.allSatisfy { $0 == 0x5a })
    wiped = nil
    #expect(memory.allSatisfy { $0 == 0 })
  }

  @Test func whatIsReleasedIsLeftAsItIs() throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 8)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0x5a)
    if let released = WipedMemory(borrowing: memory) { released.release() }
    #expect(memory.allSatisfy { $0 == 0x5a })
    if let kept = WipedMemory(borrowing: memory) { #expect(kept.bytes.count == 100) }
    #expect(memory.allSatisfy { $0 == 0 })
  }

  @Test func copies() throws {
    let copy = try #require([UInt8](0..<100).withUnsafeBytes { WipedBytes(copying: $0) })
    #expect([UInt8](copy.bytes) == [UInt8](0..<100))
    #expect(WipedBytes(copying: UnsafeRawBufferPointer(start: nil, count: 0))?.bytes.count == 0)
  }

  @Test func takesNoNegativeCount() {
    #expect(WipedBytes(count: -1) == nil)
    #expect(WipedBytes(count: 0)?.bytes.count == 0)
  }
}
