import RaetCrypto
import RaetSession
import RaetWire

@testable import RaetStack

/// A generator whose numbers follow from a seed (SplitMix64), so that a run can be repeated.
struct Chance: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// True in so many of a hundred cases.
  mutating func happens(_ percent: Int) -> Bool { Int(next() % 100) < percent }
}

final class SeededEntropy: Entropy {
  private var chance: Chance
  init(seed: UInt64) { chance = Chance(seed: seed) }

  func fill(_ out: UnsafeMutableRawBufferPointer) -> Bool {
    for index in out.indices { out[index] = UInt8(truncatingIfNeeded: chance.next()) }
    return true
  }
}

/// A disk that lives as long as the test.
final class VirtualStore: RecordStore {
  var records: [String: [UInt8]] = [:]
  var fails = false

  func load(_ key: String) throws(StoreError) -> [UInt8]? { records[key] }
  func save(_ key: String, _ record: [UInt8]) throws(StoreError) {
    if fails { throw .system(28) }
    records[key] = record
  }
  func remove(_ key: String) throws(StoreError) {
    if fails { throw .system(28) }
    records[key] = nil
  }
  func keys() throws(StoreError) -> [String] { Array(records.keys) }
}

/// One estate of a virtual road: its engine, its disk, and what its host saw.
final class Node {
  let address: Address
  let store = VirtualStore()
  var settings: RoadSettings
  var road: Road
  var events: [Event] = []
  private let seed: UInt64

  init(_ name: String, port: UInt16, seed: UInt64, now: UInt64 = 0, _ change: (inout RoadSettings) -> Void = { _ in }) throws {
    address = Address(ipv4: 0x0a00_0001, port: port)
    settings = RoadSettings(address: address)
    settings.name = name
    change(&settings)
    self.seed = seed
    road = try Road.make(settings, store: store, entropy: SeededEntropy(seed: seed), now: now)
  }

  /// The program dies and starts again on its disk.
  func restart(now: UInt64) throws {
    road = try Road.make(settings, store: store, entropy: SeededEntropy(seed: seed ^ now), now: now)
  }

  func connect(to other: Node, now: UInt64) throws -> UInt64 {
    let id = try road.addRemote(name: nil, address: other.address)
    try road.connect(id, now: now)
    return id
  }

  /// What remains of `body` when it is sent as a raw message.
  func send(_ body: [UInt8], to remote: UInt64, tag: UInt64, now: UInt64, timeout: UInt64 = 0) throws {
    _ = try body.withUnsafeBytes { (bytes) throws in
      try road.send(remote, .raw, bytes, timeout: timeout, tag: tag, now: now)
    }
  }

  func takeEvents() {
    while let event = road.nextEvent() { events.append(event) }
  }

  func events(_ kind: EventKind) -> [Event] { events.filter { $0.kind == kind } }
  var bodies: [[UInt8]] { events(.message).map { $0.body.map { [UInt8]($0.bytes) } ?? [] } }
}

/// A network in virtual time that loses, doubles and delays by a seed.
final class VirtualRoad {
  private struct Flying {
    let due: UInt64
    let order: UInt64
    let to: Address
    let from: Address
    let bytes: [UInt8]
  }

  var nodes: [Node] = []
  var now: UInt64 = 1_000_000_000
  var loss = 0
  var doubles = 0
  /// Longest delay in milliseconds; the shortest is one.
  var delay: UInt64 = 1
  /// Sees each datagram before it flies; false keeps it from flying.
  var watch: (_ from: Node, _ bytes: [UInt8]) -> Bool = { _, _ in true }
  private var flying: [Flying] = []
  private var chance: Chance
  private var order: UInt64 = 0
  private(set) var carried = 0

  init(seed: UInt64) { chance = Chance(seed: seed) }

  /// Lets time run until `isDone`, `limit` nanoseconds at most; true when it was.
  @discardableResult
  func run(limit: UInt64, until isDone: () -> Bool = { false }) -> Bool {
    let end = now + limit
    while true {
      collect()
      if isDone() { return true }
      let due = nodes.map { $0.road.deadline }.min() ?? .max
      let arrival = flying.map { $0.due }.min() ?? .max
      let next = max(now + 1000, min(due, arrival))
      guard next <= end else {
        now = end
        return isDone()
      }
      now = next
      deliver()
      for node in nodes where node.road.deadline <= now { node.road.service(now: now) }
    }
  }

  /// Puts a datagram on the network, as an attacker might.
  func inject(_ bytes: [UInt8], from: Address, to: Address) {
    order += 1
    flying.append(Flying(due: now + 1_000_000, order: order, to: to, from: from, bytes: bytes))
  }

  private func collect() {
    for node in nodes {
      while let datagram = node.road.outbox.datagram(0) {
        let bytes = [UInt8](datagram.bytes)
        let to = datagram.to
        node.road.outbox.remove(1)
        carried += 1
        guard watch(node, bytes), !chance.happens(loss) else { continue }
        for _ in 0..<(chance.happens(doubles) ? 2 : 1) {
          order += 1
          let time = now + 1_000_000 * UInt64.random(in: 1...max(1, delay), using: &chance)
          flying.append(Flying(due: time, order: order, to: to, from: node.address, bytes: bytes))
        }
      }
      node.takeEvents()
    }
  }

  private func deliver() {
    let arrived = flying.filter { $0.due <= now }.sorted { ($0.due, $0.order) < ($1.due, $1.order) }
    flying.removeAll { $0.due <= now }
    for datagram in arrived {
      guard let node = nodes.first(where: { $0.address == datagram.to }) else { continue }
      var bytes = datagram.bytes
      bytes.withUnsafeMutableBytes { node.road.receive($0, from: datagram.from, now: now) }
      collect()
    }
  }
}
