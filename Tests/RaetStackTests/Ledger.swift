import RaetWire
import Testing

@testable import RaetStack

/// Keeps account of all messages of a run: who sent what to whom, what was reported, and what arrived.
final class Ledger {
  private struct Entry {
    let sender: Node
    let receiver: String
    let body: [UInt8]
    /// The sender's program has died since: it cannot report any more.
    var isOrphan = false
  }

  private var entries: [Entry] = []

  /// Sends a body of its own, if there is room for it.
  func send(_ size: Int, _ sender: Node, to receiver: String, now: UInt64) throws {
    guard let id = try? sender.road.findRemote(name: receiver) else { return }
    let body = makeBody(entries.count + 1, max(size, 8))
    do { try sender.send(body, to: id, tag: UInt64(entries.count), now: now) } catch Status.again { return }
    entries.append(Entry(sender: sender, receiver: receiver, body: body))
  }

  /// The node's program dies.
  func dies(_ node: Node) {
    let reported = Set(reports(node).map { $0.tag })
    for index in entries.indices where entries[index].sender === node && !reported.contains(UInt64(index)) {
      entries[index].isOrphan = true
    }
  }

  private func reports(_ node: Node) -> [Event] {
    node.events.filter { $0.kind == .delivered || $0.kind == .failed }
  }

  /// Messages of living programs that have no report yet.
  func unreported(_ nodes: [Node]) -> Int {
    let living = entries.reduce(0) { $0 + ($1.isOrphan ? 0 : 1) }
    let reported = nodes.reduce(0) { $0 + reports($1).count }
    return living - reported
  }

  /// Promises 1 to 3 of robustness.md, in words of what is broken; empty when all hold.
  func broken(_ nodes: [Node]) -> [String] {
    var broken: [String] = []
    var arrivals = [Int](repeating: 0, count: entries.count)
    let places = Dictionary(entries.enumerated().map { ($1.body, $0) }, uniquingKeysWith: { first, _ in first })
    for node in nodes {
      for event in node.events(.message) {
        guard let body = event.body, let place = places[[UInt8](body.bytes)] else {
          broken.append("\(node.name) got what nobody sent, or with other bytes")
          continue
        }
        let entry = entries[place]
        if entry.receiver != node.name || entry.sender.name != event.name || event.bodyKind != .raw {
          broken.append("message \(place) came to the wrong estate, from the wrong one, or as another kind")
        }
        arrivals[place] += 1
      }
    }
    for place in entries.indices where arrivals[place] > 1 {
      broken.append("message \(place) of \(entries[place].body.count) bytes came \(arrivals[place]) times")
    }
    for node in nodes { broken += contradictions(node, arrivals) }
    return broken
  }

  private func contradictions(_ node: Node, _ arrivals: [Int]) -> [String] {
    var broken: [String] = []
    var counts = [Int](repeating: 0, count: entries.count)
    for event in reports(node) {
      let place = Int(event.tag)
      counts[place] += 1
      let text = "message \(place) of \(entries[place].body.count) bytes from \(node.name)"
      if event.kind == .delivered, arrivals[place] == 0 { broken.append("\(text): delivered, but it never came") }
      if event.kind == .failed, event.status != .unknown, arrivals[place] > 0 {
        broken.append("\(text): failed (\(event.status)), but it came")
      }
    }
    for place in entries.indices where entries[place].sender === node {
      let expected = entries[place].isOrphan ? 0 : 1
      if counts[place] != expected { broken.append("message \(place): \(counts[place]) reports for \(expected)") }
    }
    return broken
  }
}
