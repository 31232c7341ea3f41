import RaetWire
import Testing

@Suite struct PageErrorTests {
  @Test func eachHasItsOwnName() {
    let names = PageError.allCases.map { "\($0.name)" }
    #expect(Set(names).count == PageError.allCases.count)
    #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0 >= UInt8(ascii: "a") } })
  }
}
