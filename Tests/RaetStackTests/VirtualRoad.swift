import RaetWire
import Testing

@testable import RaetStack

/// A network in virtual time that loses, doubles and delays by a seed.
final class VirtualRoad {
  struct Datagram {
    let from: Address
    let to: Address
    let bytes: [UInt8]

    /// Its head.
    var head: Head {
      let layout = bytes.withUnsafeBytes { (bytes) -> PacketLayout? in
        do throws(WireError) { return try Head.parse(bytes) } catch { return nil }
      }
      return layout?.head ?? Head()
    }
  }

  private struct Flying {
    let due: UInt64
    let order: UInt64
    let datagram: Datagram
  }

  let seed: UInt64
  var nodes: [Node] = []
  var now: UInt64 = second
  /// How many of a hundred are lost, come twice, and come once more 3 to 60 s later.
  var loss = 0
  var doubles = 0
  var echoes = 0
  /// Shortest and longest delay in milliseconds.
  var delay: ClosedRange<UInt64> = 1...1
  /// Sees each datagram before it flies; false keeps it from flying.
  var watch: (Datagram) -> Bool = { _ in true }
  var spy: (Datagram) -> Void = { _ in }
  /// All that was sent while it records.
  var tape: [Datagram] = []
  var isRecording = false
  private(set) var carried = 0
  private var flying: [Flying] = []
  private var chance: Chance
  private var order: UInt64 = 0

  init(seed: UInt64) {
    self.seed = seed
    chance = Chance(seed: seed)
  }

  /// Lets time run until `isDone`, `limit` nanoseconds at most; true when it was.
  @discardableResult
  func run(_ limit: UInt64, until isDone: () -> Bool = { false }) -> Bool {
    let end = now + limit
    var idle = 0
    while true {
      idle = collect() ? 0 : idle + 1
      if isDone() { return true }
      let due = nodes.map { $0.road.deadline }.min() ?? .max
      let next = max(now + 1000, min(due, flying.first?.due ?? .max))
      // Work that is due and does nothing, again and again, would keep a processor busy for good.
      guard idle < 20_000 else {
        Issue.record("seed \(seed): an engine spins at \(now)")
        return false
      }
      guard next <= end else {
        now = end
        return isDone()
      }
      if next > now + 1000 { idle = 0 }
      now = next
      deliver()
      for node in nodes where node.road.deadline <= now { node.road.service(now: now) }
    }
  }

  /// Puts a datagram on the network, as an attacker might. It arrives a millisecond later whatever the network does.
  func inject(_ bytes: [UInt8], from: Address, to: Address) {
    fly(Datagram(from: from, to: to, bytes: bytes), at: now + millisecond)
  }

  /// Takes out what is in the air.
  func silence() { flying = [] }

  /// Takes what the engines send and report; true when there was something.
  @discardableResult
  private func collect() -> Bool {
    var found = false
    for node in nodes {
      while let waiting = node.road.outbox.datagram(0) {
        let datagram = Datagram(from: node.address, to: waiting.to, bytes: [UInt8](waiting.bytes))
        node.road.outbox.remove(1)
        send(datagram)
        found = true
      }
      let before = node.events.count
      node.takeEvents()
      found = found || node.events.count != before
    }
    return found
  }

  private func send(_ datagram: Datagram) {
    carried += 1
    spy(datagram)
    if isRecording { tape.append(datagram) }
    guard watch(datagram) else { return }
    if chance.happens(echoes) { fly(datagram, at: now + second * UInt64(chance.number(3...60))) }
    guard !chance.happens(loss) else { return }
    for _ in 0..<(chance.happens(doubles) ? 2 : 1) {
      fly(datagram, at: now + millisecond * UInt64.random(in: delay, using: &chance))
    }
  }

  private func fly(_ datagram: Datagram, at due: UInt64) {
    order += 1
    let item = Flying(due: due, order: order, datagram: datagram)
    var place = flying.count
    while place > 0, flying[place - 1].due > due { place -= 1 }
    flying.insert(item, at: place)
  }

  private func deliver() {
    let arrived = flying.prefix { $0.due <= now }
    flying.removeFirst(arrived.count)
    for item in arrived {
      guard let node = nodes.first(where: { $0.address == item.datagram.to }) else { continue }
      var bytes = item.datagram.bytes
      bytes.withUnsafeMutableBytes { node.road.receive($0, from: item.datagram.from, now: now) }
      collect()
    }
  }
}
