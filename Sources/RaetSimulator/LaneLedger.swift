import RaetStack
import RaetWire

/// Keeps account of all messages of a run of lanes. No two messages have the same body.
struct LaneLedger {
  /// What the sender knows of a message.
  enum Report: Equatable {
    case none
    /// The socket of this number had all of it.
    case delivered(socket: UInt64)
    case failed(Status)
    /// The sender's process died before it could tell.
    case orphan
  }

  struct Entry {
    let sender: Int
    let receiver: Int
    let process: Int32
    let content: UInt64
    let length: Int
    let kind: BodyKind
    var report = Report.none
    var arrivals = 0
  }

  private(set) var entries: [Entry] = []
  private var numbers: [UInt64: Int] = [:]
  /// The last message that came from one process to another.
  private var lastArrived: [Pair: Int] = [:]

  private struct Pair: Hashable {
    let sender: Int32
    let receiver: Int32
  }

  private static func content(_ bytes: UnsafeRawBufferPointer, _ sender: Int, _ receiver: Int) -> UInt64 {
    var hash = RunHash()
    hash.add(UInt64(sender) << 32 | UInt64(receiver))
    hash.add(bytes)
    return hash.value
  }

  /// A stack has taken a message.
  mutating func sent(
    _ body: [UInt8], _ kind: BodyKind, from sender: Int, to receiver: Int, process: Int32
  ) {
    let content = body.withUnsafeBytes { Self.content($0, sender, receiver) }
    numbers[content] = entries.count
    entries.append(
      Entry(sender: sender, receiver: receiver, process: process, content: content, length: body.count, kind: kind))
  }

  /// A message came to a node from what its event calls the sender.
  mutating func arrived(_ event: Event, at receiver: Int, process: Int32, from sender: Int) -> Violation? {
    let body = event.body?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    guard let number = numbers[Self.content(body, sender, receiver)] else {
      return Violation(.exact, "\(body.count) bytes from node \(sender) that it never sent so")
    }
    let entry = entries[number]
    guard entry.kind == event.bodyKind else { return Violation(.exact, "message \(number) came as another kind") }
    guard event.credentials?.pid == entry.process else {
      return Violation(.exact, "message \(number) came from another process than sent it")
    }
    guard entry.arrivals == 0 else { return Violation(.once, "message \(number) came again") }
    entries[number].arrivals += 1
    if case .failed(let status) = entry.report {
      return Violation(.report, "message \(number) came though it was reported \(status)")
    }
    let pair = Pair(sender: entry.process, receiver: process)
    if let last = lastArrived[pair], last > number {
      return Violation(.exact, "message \(number) came after \(last), which was sent later")
    }
    lastArrived[pair] = number
    return nil
  }

  /// A report came; `socket` has the receiver's path now.
  mutating func reported(_ event: Event, by sender: Int, process: Int32, socket: UInt64?) -> Violation? {
    let number = Int(clamping: event.tag)
    guard entries.indices.contains(number), entries[number].sender == sender, entries[number].process == process else {
      return Violation(.report, "a report with a tag that node \(sender) never gave: \(event.tag)")
    }
    guard entries[number].report == .none else {
      return Violation(.report, "message \(number): a second report, after \(entries[number].report)")
    }
    guard event.kind == .delivered else {
      entries[number].report = .failed(event.status)
      guard entries[number].arrivals == 0 else {
        return Violation(.report, "message \(number) is reported \(event.status) though it came")
      }
      return nil
    }
    entries[number].report = .delivered(socket: socket ?? 0)
    return nil
  }

  /// A process has died: it tells no more of what it had sent.
  mutating func died(_ process: Int32) {
    for index in entries.indices where entries[index].process == process && entries[index].report == .none {
      entries[index].report = .orphan
    }
  }

  /// Messages that still have no report.
  var unreported: Int { entries.reduce(0) { $0 + ($1.report == .none ? 1 : 0) } }

  /// Messages that were delivered to a socket which is still open, and did not come out of it; how many came to nothing
  /// with the process that was to read them.
  func lost(isOpen: (UInt64) -> Bool) -> (lost: Int?, withReaders: Int) {
    var withReaders = 0
    for (number, entry) in entries.enumerated() where entry.arrivals == 0 {
      guard case .delivered(let socket) = entry.report else { continue }
      if isOpen(socket) { return (number, withReaders) }
      withReaders += 1
    }
    return (nil, withReaders)
  }
}
