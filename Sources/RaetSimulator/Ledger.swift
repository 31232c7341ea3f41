import RaetStack
import RaetWire

/// Keeps account of all messages of a run: who sent what to whom, what was reported, and what arrived. It knows a
/// message by its sender, its receiver and its bytes; several that are equal count together.
struct Ledger {
  /// What the sender knows of a message.
  enum Report: Equatable {
    case none
    case delivered
    case failed(Status)
    /// The sender's program died before it could tell.
    case orphan
  }

  struct Entry {
    let sender: Int
    let receiver: Int
    let length: Int
    let content: UInt64
    let kind: BodyKind
    var report = Report.none
  }

  /// Messages that cannot be told apart.
  private struct Content: Hashable {
    let sender: Int
    let receiver: Int
    let content: UInt64
    let kind: BodyKind
  }

  private(set) var entries: [Entry] = []
  private var sends: [Content: Int] = [:]
  private var arrivals: [Content: Int] = [:]

  private static func content(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = RunHash()
    hash.add(bytes)
    return hash.value
  }

  /// The number under which the next message goes.
  var nextNumber: Int { entries.count }

  /// A stack has taken a message.
  mutating func sent(_ body: UnsafeRawBufferPointer, _ kind: BodyKind, from sender: Int, to receiver: Int) {
    let content = Self.content(body)
    entries.append(Entry(sender: sender, receiver: receiver, length: body.count, content: content, kind: kind))
    sends[Content(sender: sender, receiver: receiver, content: content, kind: kind), default: 0] += 1
  }

  /// A message came to a node; nil when all is well with that.
  mutating func arrived(_ event: Event, at receiver: Int, from sender: Int?) -> Violation? {
    let body = event.body?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    guard let sender else { return Violation(.exact, "a message from \(event.name ?? "?"), who is no node") }
    let key = Content(
      sender: sender, receiver: receiver, content: Self.content(body), kind: event.bodyKind)
    guard let sent = sends[key] else {
      return Violation(.exact, "\(body.count) bytes from node \(sender) that it never sent so")
    }
    let before = arrivals[key] ?? 0
    arrivals[key] = before + 1
    guard before < sent else {
      return Violation(.once, "\(body.count) bytes of node \(sender) came \(before + 1) times")
    }
    return nil
  }

  /// A report came for a message.
  mutating func reported(_ event: Event, by sender: Int) -> Violation? {
    let number = Int(clamping: event.tag)
    guard entries.indices.contains(number), entries[number].sender == sender else {
      return Violation(.report, "a report with a tag that node \(sender) never gave: \(event.tag)")
    }
    guard entries[number].report == .none else {
      return Violation(.report, "message \(number): a second report, after \(entries[number].report)")
    }
    entries[number].report = event.kind == .delivered ? .delivered : .failed(event.status)
    return nil
  }

  /// A node's program has died: it tells no more of what it had sent.
  mutating func died(_ node: Int) -> Int {
    var orphans = 0
    for index in entries.indices where entries[index].sender == node && entries[index].report == .none {
      entries[index].report = .orphan
      orphans += 1
    }
    return orphans
  }

  /// Messages that still have no report.
  var unreported: Int { entries.reduce(0) { $0 + ($1.report == .none ? 1 : 0) } }

  /// What the reports say that the arrivals do not bear out; nil when they agree.
  func contradiction() -> Violation? {
    var delivered: [Content: Int] = [:]
    var refused: [Content: Int] = [:]
    for entry in entries {
      let key = Content(
        sender: entry.sender, receiver: entry.receiver, content: entry.content, kind: entry.kind)
      switch entry.report {
      case .delivered: delivered[key, default: 0] += 1
      case .failed(let status) where status != .unknown: refused[key, default: 0] += 1
      case .failed, .orphan, .none: break
      }
    }
    for (number, entry) in entries.enumerated() {
      let key = Content(
        sender: entry.sender, receiver: entry.receiver, content: entry.content, kind: entry.kind)
      let came = arrivals[key] ?? 0
      let what = "message \(number) of \(entry.length) bytes from node \(entry.sender) to \(entry.receiver)"
      if came < delivered[key] ?? 0 { return Violation(.report, "\(what): delivered, but it never came") }
      if came > (sends[key] ?? 0) - (refused[key] ?? 0) {
        return Violation(.report, "\(what): \(entry.report), but it came")
      }
    }
    return nil
  }
}
