import Testing

@testable import RaetWire

@Suite struct DecimalTests {
  private func fixed(_ value: Double) -> String {
    var out = [UInt8](repeating: 0, count: 64)
    let length = out.withUnsafeMutableBufferPointer { $0.baseAddress.map { Decimal.writeFixed(value, to: $0) } ?? 0 }
    #expect(length == Decimal.fixedLength(value))
    return text(Array(out[..<length]))
  }

  private func read(_ digits: String) throws -> Double {
    try bytes(digits).withUnsafeBytes { try Decimal.parse($0) }
  }

  /// What Python's `'{:f}'.format` gives.
  @Test(arguments: [
    (1.0, "1.000000"), (-1.5, "-1.500000"), (0.1, "0.100000"), (1e-7, "0.000000"), (-1e-9, "-0.000000"),
    (0.0000005, "0.000000"), (0.0000015, "0.000002"), (0.0000025, "0.000003"), (1.0000005, "1.000001"),
    (2.5e-6, "0.000003"), (3.5e-6, "0.000003"), (0.5, "0.500000"), (1_700_000_000.123_456_7, "1700000000.123457"),
    (999_999.999_999_5, "999999.999999"), (9.999_999_5, "9.999999"), (999_999_999_999.999_9, "999999999999.999878"),
    (0.001_953_125, "0.001953"), (0.000_976_562_5, "0.000977"), (3.000_000_5, "3.000001"),
  ])
  func writesSixPlacesAsPythonDoes(_ value: Double, _ expected: String) {
    #expect(fixed(value) == expected)
  }

  @Test func readsDecimalsOnly() throws {
    #expect(try read("0") == 0)
    #expect(try read("-2.50") == -2.5)
    #expect(try read("1e-05") == 0.00001)
    #expect(try read("1700000000.1234567") == 1_700_000_000.123_456_7)
    for wrong in [
      "", "-", ".5", "5.", "1e", "1e+", "0x10", "nan", "inf", "Infinity", " 1", "1 ", "1,5", "+1", "1_0", "00", "01.5",
      "1e999",
    ] {
      #expect(throws: WireError.number, "\(wrong)") { try read(wrong) }
    }
  }
}
