import RaetCrypto
import RaetSession
import RaetWire

@testable import RaetStack

/// One yard of a virtual lane: its engine, its socket's queue, and what its host saw.
final class VirtualYard {
  let name: String
  let lane: Lane
  /// Pages that wait in its socket.
  var queue: [(bytes: [UInt8], source: String)] = []
  /// So many pages fit in.
  var room = 10
  /// Its process has its socket open.
  var isOpen = true
  /// Its host serves it.
  var isServed = true
  var events: [Event] = []
  let entropy: SeededEntropy

  init(_ name: String, seed: UInt64, _ change: (inout LaneSettings) -> Void = { _ in }) throws {
    self.name = name
    var settings = LaneSettings()
    settings.name = name
    change(&settings)
    entropy = SeededEntropy(seed: seed)
    lane = try Lane.make(settings, entropy: entropy, now: 0)
  }

  @discardableResult
  func add(_ other: VirtualYard) throws -> UInt64 { try lane.addRemote(name: other.name) }

  /// Sends a message; its transaction.
  @discardableResult
  func send(
    _ body: [UInt8], to remote: UInt64, kind: BodyKind = .json, tag: UInt64 = 0, timeout: UInt64 = 0, now: UInt64 = 0
  ) throws -> UInt64 {
    try body.withUnsafeBytes { (bytes) throws in
      try lane.send(remote, kind, bytes, timeout: timeout, tag: tag, now: now)
    }
  }

  /// A page comes in.
  func receive(_ page: [UInt8], from source: String, credentials: Credentials? = nil, now: UInt64 = 0) {
    page.withUnsafeBytes { page in
      Array(source.utf8).withUnsafeBytes { source in
        lane.receive(page, from: source, credentials: credentials, now: now)
      }
    }
  }

  /// The next pages to this yard, as they would be sent.
  func pages(of remote: Yard, limit: Int = 16) -> [[UInt8]] {
    var pages: [[UInt8]] = []
    lane.pages(of: remote, limit: limit) { page in
      var head = [UInt8](page.head)
      head.withUnsafeMutableBytes { PageHead.setNumber(page.number, $0) }
      pages.append(head + page.piece)
    }
    return pages
  }

  func takeEvents() { while let event = lane.nextEvent() { events.append(event) } }

  func events(_ kind: EventKind) -> [Event] { events.filter { $0.kind == kind } }
  var bodies: [[UInt8]] { events(.message).map { $0.body.map { [UInt8]($0.bytes) } ?? [] } }
  func count(_ counter: Counter) -> UInt64 { lane.statistics[counter] }
}

/// Yards whose sockets have short queues, in virtual time.
final class VirtualLane {
  var now: UInt64 = 0
  var yards: [VirtualYard] = []

  init(_ yards: VirtualYard...) { self.yards = yards }

  /// Lets all happen that can happen until `end`.
  func run(_ period: UInt64 = 0) {
    let end = now + period
    while true {
      while step() {}
      guard let due = yards.filter({ $0.isServed }).map({ $0.lane.deadline }).min(), due <= end else { break }
      now = max(now, due)
    }
    now = end
  }

  private func step() -> Bool {
    var moved = false
    for yard in yards where yard.isServed {
      moved = take(yard) || moved
      yard.lane.service(now: now)
      moved = send(yard) || moved
      yard.takeEvents()
    }
    return moved
  }

  private func take(_ yard: VirtualYard) -> Bool {
    guard yard.isOpen, !yard.queue.isEmpty else { return false }
    while !yard.queue.isEmpty, yard.lane.takesPages {
      let page = yard.queue.removeFirst()
      yard.receive(page.bytes, from: page.source, credentials: Credentials(pid: 7, uid: 8, gid: 9), now: now)
    }
    // Who waits for room is told.
    for other in yards {
      if let id = try? other.lane.findRemote(name: yard.name), let known = try? other.lane.remote(id) {
        other.lane.unblock(known)
      }
    }
    return true
  }

  private func send(_ yard: VirtualYard) -> Bool {
    var moved = false
    while let remote = yard.lane.takeReady() {
      guard let other = yards.last(where: { $0.name == remote.name }), other.isOpen else {
        yard.lane.gone(remote, now: now)
        continue
      }
      let pages = yard.pages(of: remote)
      let taken = pages.prefix(max(0, other.room - other.queue.count))
      other.queue += taken.map { ($0, yard.name) }
      moved = moved || !taken.isEmpty
      if taken.count == pages.count {
        yard.lane.sent(taken.count, to: remote, now: now)
      } else {
        yard.lane.blocked(taken.count, to: remote, now: now)
      }
    }
    return moved
  }
}

/// A JSON mapping of so many bytes, at least 8, of which no two numbers make the same.
func mapping(_ number: Int, _ size: Int) -> [UInt8] {
  let start = "{\"\(number)\":\""
  let pattern = Array("abcdefghijklmnopqrstuvwxyz-\(number)-".utf8)
  let padding = (0..<max(0, size - start.utf8.count - 2)).map { pattern[$0 % pattern.count] }
  return Array(start.utf8) + padding + Array("\"}".utf8)
}
