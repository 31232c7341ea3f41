import RaetWire

/// What happened in a run, line by line: all of it, or the last lines only.
struct Trace {
  /// All lines are kept, datagrams included.
  let isKept: Bool
  private(set) var lines: [String] = []

  mutating func note(_ time: UInt64, _ text: @autoclosure () -> String) {
    if !isKept, lines.count >= 80 { lines.removeFirst(40) }
    let microseconds = time / 1000
    let fraction = String(microseconds % 1_000_000)
    let padded = String(repeating: "0", count: 6 - fraction.count) + fraction
    lines.append("\(microseconds / 1_000_000).\(padded) \(text())")
  }

  /// A datagram in a few words.
  static func text(_ datagram: Datagram) -> String {
    guard let head = datagram.head else { return "\(datagram.bytes.count) bytes without a head" }
    let answer = head.flags.contains(.correspondent) ? " answer" : ""
    var text = "\(head.transactionKind) \(head.packetKind)\(answer) \(head.source)>\(head.destination)"
    text += " si \(String(head.session, radix: 16)) ti \(head.transaction)"
    if head.transactionKind == .message { text += " segment \(head.segment) of \(head.segmentCount)" }
    return text + ", \(datagram.bytes.count) bytes"
  }
}
