import CRaet
import Testing

@testable import RaetABI

@Suite struct HandleTableTests {
  final class Object {}

  @Test func aFreedHandleIsNotFoundEvenWhenItsPlaceIsTakenAgain() throws {
    let first = try #require(HandleTable.insert(Object(), .stack))
    #expect(HandleTable.find(first, .stack, as: Object.self) != nil)
    #expect(HandleTable.remove(first, .stack, as: Object.self) != nil)
    #expect(HandleTable.find(first, .stack, as: Object.self) == nil)
    #expect(HandleTable.remove(first, .stack, as: Object.self) == nil)
    let second = try #require(HandleTable.insert(Object(), .stack))
    #expect(second != first)
    #expect(HandleTable.find(first, .stack, as: Object.self) == nil)
    _ = HandleTable.remove(second, .stack, as: Object.self)
  }

  @Test func aHandleOfAnotherKindIsNotFound() throws {
    let handle = try #require(HandleTable.insert(Object(), .config))
    #expect(HandleTable.find(handle, .stack, as: Object.self) == nil)
    _ = HandleTable.remove(handle, .config, as: Object.self)
  }

  @Test func foreignPointersAreNotFound() {
    for bits in [1 as UInt, 2, 16, 0xdead_beef, 0x7fff_ffff_f000, UInt.max] {
      #expect(HandleTable.find(OpaquePointer(bitPattern: bits), .stack, as: Object.self) == nil)
    }
    #expect(HandleTable.find(nil, .stack, as: Object.self) == nil)
  }
}
