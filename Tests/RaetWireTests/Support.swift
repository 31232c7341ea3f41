import RaetWire

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func hex(_ text: String) -> [UInt8] {
  var result: [UInt8] = []
  var digits = text.filter { $0 != " " }[...]
  while let byte = UInt8(digits.prefix(2), radix: 16) {
    result.append(byte)
    digits = digits.dropFirst(2)
  }
  return result
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func parse(_ datagram: [UInt8]) throws -> PacketLayout {
  try datagram.withUnsafeBytes { try Head.parse($0) }
}

/// The head that is written for a coat of so many bytes.
func encode(_ head: Head, coatLength: Int = 0) -> [UInt8]? {
  var out = [UInt8](repeating: 0xee, count: 1024)
  guard let length = out.withUnsafeMutableBytes({ head.encode(coatLength: coatLength, into: $0) }) else { return nil }
  return Array(out[..<length])
}

/// A datagram with a raet head of these lines after `ri`; `PL` and `HL` stand for the true lengths.
func raet(_ lines: [String], coat: [UInt8] = []) -> [UInt8] {
  let head = "ri RAET\n" + lines.joined(separator: "\n") + "\n\n"
  // `PL` becomes four digits and `HL` two.
  let headLength = head.utf8.count + 2 * head.components("PL")
  let packetLength = headLength + coat.count
  return bytes(head.filling(packetLength, places: 4, headLength)) + coat
}

/// A datagram with a raet head that has its four first lines and these.
func raetDatagram(_ lines: [String], flags: String = "00", coat: [UInt8] = []) -> [UInt8] {
  raet(["pl PL", "hl HL", "fg \(flags)"] + lines, coat: coat)
}

/// A datagram with a JSON head of these members after `ri`.
func json(_ members: String, coat: [UInt8] = []) -> [UInt8] {
  let head = "{\"ri\":\"RAET\"," + members + "}\r\n\r\n"
  let headLength = head.utf8.count + 5 * head.components("PL")
  return bytes(head.filling(headLength + coat.count, places: 7, headLength)) + coat
}

/// A datagram with a JSON head that has the members of every head and these.
func jsonDatagram(_ members: String, flags: String = "00", coat: [UInt8] = []) -> [UInt8] {
  let first = "\"pl\":\"PL\",\"hl\":\"HL\",\"fg\":\"\(flags)\",\"hk\":1"
  return json(members.isEmpty ? first : first + "," + members, coat: coat)
}

extension String {
  fileprivate func components(_ mark: String) -> Int {
    var count = 0
    var rest = self[...]
    while let found = rest.range(of: mark) {
      count += 1
      rest = rest[found.upperBound...]
    }
    return count
  }

  fileprivate func filling(_ packetLength: Int, places: Int, _ headLength: Int) -> String {
    func padded(_ value: Int, _ places: Int) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: max(0, places - digits.count)) + digits
    }
    return replacing("PL", with: padded(packetLength, places)).replacing("HL", with: padded(headLength, 2))
  }

  fileprivate func replacing(_ mark: String, with text: String) -> String {
    var result = ""
    var rest = self[...]
    while let found = rest.range(of: mark) {
      result += rest[..<found.lowerBound] + text
      rest = rest[found.upperBound...]
    }
    return result + rest
  }
}

extension String {
  func replacingFirst(_ mark: String, with text: String) -> String {
    guard let found = self[...].range(of: mark) else { return self }
    return self[..<found.lowerBound] + text + self[found.upperBound...]
  }
}

extension Substring {
  fileprivate func range(of mark: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(mark) { return start..<index(start, offsetBy: mark.count) }
      start = index(after: start)
    }
    return nil
  }
}

/// Numbers that follow from a seed: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
