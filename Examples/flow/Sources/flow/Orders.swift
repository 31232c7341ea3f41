import RaetSimulator
import RaetStack

/// A flow of a user's: branches send orders to head offices, which book them. No order may be booked twice, and none may
/// be lost that was reported delivered. What the simulator does to it: it loses, doubles and delays datagrams, kills
/// programs and takes their stores away, while the databases here, as those of real programs, survive.
///
/// RAET delivers each message at most once. But where it can only say "unknown", the branch has to send the order again,
/// and as a new message: so the head office must know orders by their number. With `knowsOrders` false it does not.
final class Orders: Application {
  private let knowsOrders: Bool
  private var placed = 0
  /// A branch's database: orders that have to be sent (again), and those under way by the tags of their messages.
  private var waiting: [String: [Int]] = [:]
  private var underway: [String: [UInt64: Int]] = [:]
  private var delivered: Set<Int> = []
  /// The head offices' database: how often each order was booked.
  private var booked: [Int: Int] = [:]

  init(knowsOrders: Bool) { self.knowsOrders = knowsOrders }

  func started(_ node: Node) {
    node.connectToFriends()
    // Nobody tells a new program what became of the messages of the one before.
    waiting[node.name, default: []] += (underway.removeValue(forKey: node.name) ?? [:]).values.sorted()
  }

  func happened(_ event: Event, at node: Node) {
    switch event.kind {
    case .message:
      guard let order = event.body?.bytes.loadUnaligned(as: Int.self) else { return }
      if knowsOrders, booked[order] != nil { return }
      booked[order, default: 0] += 1
    case .delivered:
      if let order = underway[node.name]?.removeValue(forKey: event.tag) { delivered.insert(order) }
    case .failed:
      // It may have been booked all the same: unless the report says why it was not, nobody knows.
      guard let order = underway[node.name]?.removeValue(forKey: event.tag) else { return }
      waiting[node.name, default: []].append(order)
    default: break
    }
  }

  func passed(at node: Node) -> UInt64? {
    let offices = node.peers.filter { $0.hasPrefix("main") }
    guard !node.name.hasPrefix("main"), let office = node.chance.pick(offices) else { return 200_000_000 }
    if waiting[node.name, default: []].isEmpty {
      placed += 1
      waiting[node.name] = [placed]
    }
    guard let order = waiting[node.name]?.first else { return nil }
    // The number that the message gets is the tag of its report.
    let tag = UInt64(node.nextNumber)
    let body = withUnsafeBytes(of: order) { [UInt8]($0) }
    if node.send(body, kind: .raw, to: office, timeout: 2_000_000_000) {
      waiting[node.name]?.removeFirst()
      underway[node.name, default: [:]][tag] = order
    }
    return 200_000_000
  }

  /// What is wrong after a run; nil: nothing.
  var complaint: String? {
    if let (order, times) = booked.sorted(by: { $0.key < $1.key }).first(where: { $0.value > 1 }) {
      return "order \(order) was booked \(times) times"
    }
    if let order = delivered.sorted().first(where: { booked[$0] == nil }) {
      return "order \(order) was reported delivered, but never booked"
    }
    return nil
  }

  var summary: String { "\(placed) orders, \(booked.count) booked" }
}
