import RaetStack
import RaetWire

/// Keeps account of all routed messages of a run. Each has a number in its body, by which it is known again.
struct RouteLedger {
  /// What the sender knows of a message.
  enum End: Equatable {
    case none
    /// The next hop has it; it may still be told to be undelivered.
    case handedOn
    case confirmed
    case failed(Status)
    case undelivered(Status)
    /// The sender's process died before it could tell, or is one that is told nothing.
    case orphan
  }

  struct Entry {
    /// Who really sent it.
    let sender: Int
    let process: Int32
    /// Where it may arrive.
    let receivers: [Int]
    let share: String
    /// The share it says that it comes from.
    let source: String
    let confirms: Bool
    let isForged: Bool
    /// Its sender makes up its yard: a manor's word on that is as good as another.
    var anyYard = false
    let content: [UInt8]
    let time: UInt64
    var end = End.none
    var arrivals = 0
    /// How often routers handed it on.
    var hops = 0
    var receiver: Int?
  }

  private(set) var entries: [Entry] = []

  mutating func add(_ entry: Entry) { entries.append(entry) }

  /// A router took it not: it is forgotten.
  mutating func takeBack(_ number: Int) { entries[number].end = .orphan }

  /// A body of about so many bytes that has the number of the next message.
  static func body(_ number: Int, _ size: Int, _ kind: BodyKind) -> (bytes: [UInt8], content: [UInt8]) {
    let digits = String(number)
    let mark = "#" + String(repeating: "0", count: 6 - digits.count) + digits + "#"
    let text = mark + String(repeating: "x\(number)", count: size / 4)
    guard kind == .msgpack else {
      let content = Array("\"n\":\"\(text)\"".utf8)
      return ([0x7b] + content + [0x7d], content)
    }
    let length = [8, 0].map { UInt8(truncatingIfNeeded: text.utf8.count >> $0) }
    let content = [0xa1, 0x6e, 0xda] + length + Array(text.utf8)
    return ([0x81] + content, content)
  }

  /// The number in a body; nil when it has none, as a report.
  static func number(_ body: UnsafeRawBufferPointer) -> Int? {
    mark(body).flatMap { Int(String(decoding: body[$0 + 1..<$0 + 7], as: UTF8.self)) }
  }

  /// Where a body has its number: six digits between two signs.
  private static func mark(_ body: UnsafeRawBufferPointer) -> Int? {
    let sign = UInt8(ascii: "#")
    guard body.count > 7 else { return nil }
    return body.indices.dropLast(7).first { place in
      guard body[place] == sign, body[place + 7] == sign else { return false }
      return body[place + 1..<place + 7].allSatisfy { (48...57).contains($0) }
    }
  }

  /// Whether a body still is what was sent, apart from its route.
  private func isExact(_ body: UnsafeRawBufferPointer, _ entry: Entry) -> Bool {
    guard let mark = Self.mark(body), let own = entry.content.withUnsafeBytes(Self.mark),
      mark >= own, mark - own + entry.content.count <= body.count
    else { return false }
    return body[(mark - own)...].starts(with: entry.content)
  }

  /// A router hands it on once more.
  mutating func handsOn(_ number: Int) -> Violation? {
    guard entries.indices.contains(number) else { return nil }
    entries[number].hops += 1
    // A message for one of several estates is tried with each of them.
    guard entries[number].hops <= 64 else { return Violation(.limits, "message \(number) goes round and round") }
    return nil
  }

  /// A message came to the host of a process.
  mutating func arrived(_ body: UnsafeRawBufferPointer, at process: Int, share: String?) -> (Int?, Violation?) {
    guard let number = Self.number(body), entries.indices.contains(number) else {
      return (nil, Violation(.exact, "a message that nobody sent"))
    }
    let entry = entries[number]
    guard isExact(body, entry) else { return (number, Violation(.exact, "message \(number) came with another body")) }
    guard entry.receivers.contains(process), share ?? "" == entry.share else {
      return (number, Violation(.exact, "message \(number) came to process \(process), share \(share ?? "-")"))
    }
    guard entry.arrivals == 0 else { return (number, Violation(.once, "message \(number) came again")) }
    entries[number].arrivals = 1
    entries[number].receiver = process
    return (number, entries[number].isContradicted ? contradiction(number) : nil)
  }

  private func contradiction(_ number: Int) -> Violation {
    Violation(.report, "message \(number) came, and is reported as \(entries[number].end)")
  }

  /// The router of a process told its host of a message's end.
  mutating func reported(_ event: Event, process: Int32) -> Violation? {
    let number = Int(clamping: event.tag)
    guard entries.indices.contains(number), entries[number].process == process, !entries[number].isForged else {
      return Violation(.report, "a report with a tag that the process never gave: \(event.tag)")
    }
    let entry = entries[number]
    switch (event.kind, entry.end) {
    case (.delivered, .none): entries[number].end = entry.confirms ? .confirmed : .handedOn
    case (.failed, .none): entries[number].end = .failed(event.status)
    case (.undelivered, .handedOn): entries[number].end = .undelivered(event.status)
    default: return Violation(.report, "message \(number): \(event.kind) after \(entry.end)")
    }
    if entries[number].end == .confirmed, entry.arrivals == 0 {
      return Violation(.report, "message \(number) is confirmed, but it never came")
    }
    return entries[number].isContradicted ? contradiction(number) : nil
  }

  /// A process has died: it tells no more of what it had sent.
  mutating func died(_ process: Int32) {
    for index in entries.indices where entries[index].process == process {
      if entries[index].end == .none || entries[index].end == .handedOn { entries[index].end = .orphan }
    }
  }

  /// Messages that have no end yet.
  var unreported: Int { entries.reduce(0) { $0 + ($1.end == .none ? 1 : 0) } }

  /// Whether a process has sent, or is to receive, what is on its way.
  func isAwaited(_ process: Int) -> Bool {
    entries.contains { ($0.end == .none || $0.end == .handedOn) && $0.arrivals == 0 && $0.receivers.contains(process) }
  }
}

extension RouteLedger.Entry {
  /// It came, and its sender knows for certain that it did not.
  fileprivate var isContradicted: Bool {
    guard arrivals > 0 else { return false }
    switch end {
    case .failed(let status), .undelivered(let status): return status != .unknown
    case .none, .handedOn, .confirmed, .orphan: return false
    }
  }
}
