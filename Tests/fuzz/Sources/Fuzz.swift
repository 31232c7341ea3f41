import Glibc

/// The fuzzers (docs/TESTING.md). Each takes an input and ends well, whatever that holds.
enum Fuzzer: String, CaseIterable {
  case heads, bodies, segments, datagrams, signed, handshakes, stores, calls, pages, routes

  /// The one that RAET_FUZZER names.
  static let chosen: Fuzzer = {
    let name = getenv("RAET_FUZZER").map { String(cString: $0) } ?? ""
    guard let fuzzer = Fuzzer(rawValue: name) else {
      print("RAET_FUZZER is one of: \(allCases.map { $0.rawValue }.joined(separator: " "))")
      exit(2)
    }
    return fuzzer
  }()

  func run(_ input: UnsafeRawBufferPointer) {
    switch self {
    case .heads: fuzzHeads(input)
    case .bodies: fuzzBodies(input)
    case .segments: fuzzSegments(input)
    case .datagrams: fuzzDatagrams(input)
    case .signed: fuzzSigned(input)
    case .handshakes: fuzzHandshakes(input)
    case .stores: fuzzStores(input)
    case .calls: fuzzCalls(input)
    case .pages: fuzzPages(input)
    case .routes: fuzzRoutes(input)
    }
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  Fuzzer.chosen.run(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  return 0
}

/// Requires what must hold; else it ends the process, which libFuzzer takes for a finding.
func require(_ condition: Bool, _ text: @autoclosure () -> String) {
  guard !condition else { return }
  print("FINDING: \(text())")
  fflush(nil)
  abort()
}

/// Reads numbers and pieces from an input; zeros when it has ended.
struct Reader {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { place >= bytes.count }

  mutating func byte() -> UInt8 {
    guard !isAtEnd else { return 0 }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func short() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }
  mutating func word() -> UInt32 { UInt32(short()) << 16 | UInt32(short()) }

  /// So many bytes, or what is left.
  mutating func piece(_ count: Int) -> [UInt8] {
    let end = min(bytes.count, place + max(count, 0))
    defer { place = end }
    return [UInt8](bytes[place..<end])
  }

  /// What is left.
  mutating func rest() -> [UInt8] { piece(bytes.count) }
}
