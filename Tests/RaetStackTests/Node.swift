import RaetCrypto
import RaetSession
import RaetWire

@testable import RaetStack

let second: UInt64 = 1_000_000_000
let millisecond: UInt64 = 1_000_000

/// A disk that lives as long as the test.
final class VirtualStore: RecordStore {
  var records: [String: [UInt8]] = [:]
  /// No more writes from now on.
  var fails = false
  /// So many writes work before they fail.
  var writesLeft = Int.max
  private(set) var writes = 0

  private func write() throws(StoreError) {
    if fails || writesLeft <= 0 { throw .system(28) }
    writesLeft -= 1
    writes += 1
  }

  func load(_ key: String) throws(StoreError) -> [UInt8]? { records[key] }
  func save(_ key: String, _ record: [UInt8]) throws(StoreError) {
    try write()
    records[key] = record
  }
  func remove(_ key: String) throws(StoreError) {
    guard records[key] != nil else { return }
    try write()
    records[key] = nil
  }
  func keys() throws(StoreError) -> [String] { Array(records.keys) }

  /// A record as text.
  func text(_ key: String) -> String { String(decoding: records[key] ?? [], as: UTF8.self) }

  /// Writes a record as another program would.
  func change(_ key: String, _ from: String, _ to: String) {
    let parts = text(key).split(separator: from, omittingEmptySubsequences: false)
    records[key] = Array(parts.joined(separator: to).utf8)
  }
}

/// One estate of a virtual road: its engine, its disk, and what its host saw.
final class Node {
  let name: String
  var address: Address
  let store = VirtualStore()
  var settings: RoadSettings
  var road: Road
  var entropy: SeededEntropy
  /// All that its host has seen, in all of its lives.
  var events: [Event] = []
  /// The host reads events.
  var reads = true
  /// Whom the host connects to when it starts.
  private var friends: [(name: String, address: Address)] = []
  private let seed: UInt64

  init(_ name: String, port: UInt16, seed: UInt64, now: UInt64 = 0, _ change: (inout RoadSettings) -> Void = { _ in })
    throws
  {
    self.name = name
    address = Address(ipv4: 0x0a00_0001, port: port)
    settings = RoadSettings(address: address)
    settings.name = name
    change(&settings)
    self.seed = seed
    entropy = SeededEntropy(seed: seed)
    road = try Road.make(settings, store: store, entropy: entropy, now: now)
  }

  /// The program dies and starts again, on its disk or on an empty one. Its host connects to whom it was connected.
  func restart(now: UInt64, losesStore: Bool = false) throws {
    if losesStore { store.records = [:] }
    entropy = SeededEntropy(seed: seed ^ now)
    road = try Road.make(settings, store: store, entropy: entropy, now: now)
    for friend in friends {
      let known = try? road.findRemote(name: friend.name)
      try road.connect(known ?? road.addRemote(name: nil, address: friend.address), now: now)
    }
  }

  @discardableResult
  func connect(to other: Node, now: UInt64) throws -> UInt64 {
    let id = try road.addRemote(name: nil, address: other.address)
    try road.connect(id, now: now)
    friends.append((other.name, other.address))
    return id
  }

  /// Sends a raw message; its transaction.
  @discardableResult
  func send(_ body: [UInt8], to remote: UInt64, tag: UInt64 = 0, now: UInt64, timeout: UInt64 = 0) throws -> UInt64 {
    try body.withUnsafeBytes { (bytes) throws in
      try road.send(remote, .raw, bytes, timeout: timeout, tag: tag, now: now)
    }
  }

  func takeEvents() {
    guard reads else { return }
    while let event = road.nextEvent() { events.append(event) }
  }

  func events(_ kind: EventKind) -> [Event] { events.filter { $0.kind == kind } }
  var bodies: [[UInt8]] { events(.message).map { $0.body.map { [UInt8]($0.bytes) } ?? [] } }

  /// The remote of this name.
  func remote(_ name: String) throws -> Remote { try road.remote(road.findRemote(name: name)) }
  func isAllowed(_ name: String) -> Bool { (try? remote(name).isAllowed) ?? false }
  /// The same, and these are the remote's long-term keys.
  func isAllowed(_ name: String, with keys: RoleKeys) -> Bool {
    isAllowed(name) && (try? remote(name))?.relation?.keys == keys
  }
}
