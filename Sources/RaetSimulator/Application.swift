import RaetStack

/// A message flow to be run under faults: what the programs of a user do. One object serves all nodes of a run; it
/// survives the deaths of its programs, as their database would.
///
/// Everything that it does must follow from what it is told and from `Node.chance`; then a seed repeats the run.
public protocol Application: AnyObject {
  /// The program of the node starts, for the first time or after it died: connect to others here.
  func started(_ node: Node)
  /// Something happened at the node: a message came, a message of its own ended, a remote joined ...
  func happened(_ event: Event, at node: Node)
  /// Time passes. Answers after how many nanoseconds it wants to be called again; nil: not any more.
  func passed(at node: Node) -> UInt64?
}

/// The flow of `make sim`: every program sends messages of all sizes and kinds to those it knows.
public final class RandomLoad: Application {
  /// The longest message, in bytes.
  private let longest: Int
  /// How long a program waits between messages at most, in nanoseconds.
  private let pause: UInt64
  /// The most messages of a run.
  private var left: Int

  /// `messages` in all, of `longest` bytes at most, with at most `pause` nanoseconds between two of a node.
  public init(messages: Int, longest: Int, pause: UInt64) {
    left = messages
    self.longest = longest
    self.pause = pause
  }

  /// See `Application`.
  public func started(_ node: Node) { node.connectToFriends() }

  /// See `Application`.
  public func happened(_ event: Event, at node: Node) {}

  /// See `Application`.
  public func passed(at node: Node) -> UInt64? {
    guard left > 0 else { return nil }
    if let peer = node.chance.pick(node.peers) {
      let sizes = [0, 16, 50, 100, 700, 930, 1500, 3000, 9000, longest, longest / 2]
      let count = node.chance.happens(10) ? 12 : 1
      for _ in 0..<count {
        let size = min(node.chance.pick(sizes) ?? 16, longest)
        left -= 1
        send(size, to: peer, node)
      }
    }
    return UInt64(node.chance.number(1...Int(pause)))
  }

  private func send(_ size: Int, to peer: String, _ node: Node) {
    switch node.chance.number(0...5) {
    case 0 where size >= 100:
      let text = String(repeating: "secret-\(node.nextNumber)-", count: size / 16)
      node.send(Array("{\"n\": \(node.nextNumber), \"t\": \"\(text)\"}".utf8), kind: .json, to: peer)
    case 1 where size >= 100:
      // A mapping of one entry: 1 -> a binary of `size` bytes.
      let length = UInt16(size)
      node.send(
        [0x81, 0x01, 0xc5, UInt8(length >> 8), UInt8(length & 255)] + body(size, node), kind: .msgpack, to: peer)
    default: node.send(body(size, node), kind: .raw, to: peer)
    }
  }

  /// A body that tells bodies of other numbers, and each place of it, apart; nobody may see it on the road.
  private func body(_ size: Int, _ node: Node) -> [UInt8] {
    let start = UInt64(node.nextNumber + 1) &* 0x9e37_79b9_7f4a_7c15
    var words = [UInt64](repeating: 0, count: (size + 7) / 8)
    for index in words.indices { words[index] = start &+ UInt64(index) }
    return words.withUnsafeBytes { [UInt8]($0.prefix(size)) }
  }
}
