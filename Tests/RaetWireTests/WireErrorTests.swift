import RaetWire
import Testing

@Suite struct WireErrorTests {
  @Test func numbersRunFromZeroWithoutGaps() {
    #expect(WireError.allCases.map { Int($0.rawValue) } == Array(0..<WireError.count))
  }

  @Test func eachHasItsOwnName() {
    let names = WireError.allCases.map { "\($0.name)" }
    #expect(Set(names).count == WireError.count)
    #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0 >= UInt8(ascii: "a") } })
  }
}
