import RaetCrypto
import RaetIO
import RaetSession
import RaetSimulator
import RaetStack
import RaetWire

/// An estate of a fuzzer, on a road in virtual time that loses nothing.
final class Estate {
  let road: Road
  let address: Address
  var received: [[UInt8]] = []
  var ended: [Event] = []

  init?(_ name: String, port: UInt16, isMain: Bool, store: any RecordStore = MemoryStore()) {
    address = Address(ipv4: 0x0a00_0001, port: port)
    var settings = RoadSettings(address: address)
    settings.name = name
    settings.isMain = isMain
    settings.accept = .once
    settings.receiveQueue = 1 << 20
    do throws(RoadFailure) {
      road = try Road.make(settings, store: store, entropy: SeededEntropy(seed: UInt64(port)), now: FuzzRoad.begin)
    } catch { return nil }
  }

  func remote(_ name: String) -> Remote? { (try? road.findRemote(name: name)).flatMap { try? road.remote($0) } }
}

/// Estates and what they send each other.
struct FuzzRoad {
  static let begin = 1000 * Times.second
  var now = FuzzRoad.begin
  let estates: [Estate]
  /// May change a datagram before it arrives.
  var change: (inout [UInt8], _ from: Estate) -> Void = { _, _ in }

  init(_ estates: [Estate]) { self.estates = estates }

  /// A main and others that are connected to it.
  static func connected(_ others: Int) -> FuzzRoad? {
    guard let main = Estate("main", port: 1, isMain: true) else { return nil }
    var all = [main]
    for index in 0..<others {
      guard let other = Estate("other\(index)", port: UInt16(2 + index), isMain: false) else { return nil }
      all.append(other)
    }
    var road = FuzzRoad(all)
    for other in all.dropFirst() { road.connect(other) }
    let isConnected = road.run(10 * Times.second) {
      all.dropFirst().allSatisfy { $0.remote("main")?.isAllowed ?? false }
    }
    require(isConnected, "a healthy pair does not connect")
    return road
  }

  func connect(_ other: Estate) {
    guard let id = try? other.road.addRemote(name: nil, address: estates[0].address) else { return }
    try? other.road.connect(id, now: now)
  }

  /// Hands a datagram to an estate.
  func give(_ bytes: [UInt8], to estate: Estate, from address: Address) {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { estate.road.receive($0, from: address, now: now) }
    require(estate.road.halfDoneJoins <= 1024 && estate.road.unprovenRemotes <= 1024, "joins without limit")
    require((0...4 << 20).contains(estate.road.heldBytes), "\(estate.road.heldBytes) bytes are held")
  }

  @discardableResult
  mutating func run(_ period: UInt64, until isDone: () -> Bool = { false }) -> Bool {
    let end = now + period
    for _ in 0..<20_000 {
      let found = carry()
      if isDone() { return true }
      if found { continue }
      let due = estates.map { $0.road.deadline }.min() ?? .max
      guard due <= end else {
        now = end
        return isDone()
      }
      now = max(now + 1000, due)
      for estate in estates where estate.road.deadline <= now { estate.road.service(now: now) }
    }
    require(false, "an engine spins")
    return false
  }

  private func carry() -> Bool {
    var found = false
    for estate in estates {
      while let waiting = estate.road.outbox.datagram(0) {
        found = true
        var bytes = [UInt8](waiting.bytes)
        let to = waiting.to
        estate.road.outbox.remove(1)
        change(&bytes, estate)
        if let other = estates.first(where: { $0.address == to }) { give(bytes, to: other, from: estate.address) }
      }
      while let event = estate.road.nextEvent() {
        found = true
        if event.kind == .message { estate.received.append(event.body.map { [UInt8]($0.bytes) } ?? []) }
        if event.kind == .delivered || event.kind == .failed { estate.ended.append(event) }
      }
    }
    return found
  }

  /// Honest messages pass in both directions between the main and this estate, whatever came before.
  mutating func requireHealth(_ other: Estate) {
    change = { _, _ in }
    let main = estates[0]
    let isAllowed = run(60 * Times.second) {
      main.remote(other.road.name)?.isAllowed ?? false && other.remote("main")?.isAllowed ?? false
    }
    require(isAllowed, "the two are not allowed any more")
    let bodies = [[UInt8](repeating: 0xa5, count: 9), [UInt8](repeating: 0x5a, count: 2500)]
    send(bodies[0], other, to: "main")
    send(bodies[1], main, to: other.road.name)
    let pass = run(60 * Times.second) { main.received.contains(bodies[0]) && other.received.contains(bodies[1]) }
    require(pass, "messages do not pass any more: \(state(main, other.road.name)), \(state(other, "main"))")
  }

  private func state(_ estate: Estate, _ name: String) -> String {
    guard let remote = estate.remote(name) else { return "\(estate.road.name) has lost \(name)" }
    let messages = remote.messages
    return """
      \(estate.road.name): sessions \(remote.near.id) and \(remote.far.id), \(messages.waitingCount) wait, \
      \(messages.underway.count) under way, \(messages.inquiring.count) in doubt, \(messages.incoming.count) come, \
      ended \(estate.ended.map { $0.status }), received \(estate.received.map { $0.count })
      """
  }

  private func send(_ body: [UInt8], _ from: Estate, to name: String) {
    guard let remote = from.remote(name) else { return }
    body.withUnsafeBytes { _ = try? from.road.send(remote.id, .raw, $0, timeout: 0, tag: 1, now: now) }
  }
}
