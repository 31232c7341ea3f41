import RaetWire
import Testing

@testable import RaetCrypto
@testable import RaetStack

@Suite struct LaneBooksTests {
  /// Calls `body` with page `number` of four, which has 100 bytes, or 50 when it is the last.
  private func with<R>(_ number: Int, _ body: (ReceivedPage) throws -> R) throws -> R {
    let head = "ri RAET\nvn 0\npk 0\nsn a\ndn b\nsi 660bbe5fbc3770bfc3\nbi 1\npn 000\(number)\npc 0004\n\n"
    let piece = [UInt8](repeating: 0x78, count: number == 3 ? 50 : 100)
    return try (Array(head.utf8) + piece).withUnsafeBytes { try body(try PageHead.parse($0)) }
  }

  /// What is in the memory of a book after it has ended in which these pages were, and 0x5a before.
  private func memory(after pages: [Int], _ end: (IncomingBook) throws -> Void = { _ in }) throws -> [UInt8] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 400, alignment: 8)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0x5a)
    let gathering = try with(0) { try PageGathering(first: $0, limit: 1000) }
    if let borrowed = WipedMemory(borrowing: memory) {
      let book = IncomingBook(id: 1, number: 1, gathering: gathering, memory: borrowed, now: 0)
      for page in pages {
        let inserted = try with(page) { try book.insert($0, now: 0) }
        #expect(inserted == .fresh)
      }
      try end(book)
    }
    return [UInt8](memory)
  }

  @Test func aBookThatIsGivenUpWipesWhatCameAndTouchesNothingElse() throws {
    let (wiped, untouched) = ([UInt8](repeating: 0, count: 100), [UInt8](repeating: 0x5a, count: 100))
    #expect(try memory(after: []) == untouched + untouched + untouched + untouched)
    #expect(try memory(after: [0, 2]) == wiped + untouched + wiped + untouched)
    #expect(try memory(after: [3, 1]) == untouched + wiped + untouched + wiped.prefix(50) + untouched.prefix(50))
    #expect(try memory(after: [0, 1, 2, 3]).prefix(350).allSatisfy { $0 == 0 })
  }

  @Test func aWholeBooksBodyIsWipedWithItsLastReference() throws {
    var taken: WipedBytes?
    let after = try memory(after: [0, 1, 2, 3]) { book in
      taken = book.takeBody()
      #expect(taken?.bytes.prefix(350).allSatisfy { $0 == 0x78 } == true)
      #expect(book.takeBody() == nil)
      taken = nil
    }
    #expect(after.allSatisfy { $0 == 0 })
    _ = try memory(after: [0, 1, 2]) { #expect($0.takeBody() == nil) }
  }
}
