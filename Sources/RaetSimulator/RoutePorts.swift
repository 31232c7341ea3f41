import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// The stacks of a process as its router uses them: what `AttachedStacks` does for those of a host in C.
final class RoutePorts: RouterPorts {
  static let laneID = 1
  static let roadID = 2
  let lane: Lane
  let road: Road?
  /// The remote whose message the router has in hand.
  var current: Target?
  /// Sees each message that the router hands on.
  var watch: ((Target, BodyKind, UnsafeRawBufferPointer) -> Void)?

  init(_ lane: Lane, _ road: Road?) {
    self.lane = lane
    self.road = road
  }

  func facts(_ target: Target) -> RemoteFacts? {
    guard target.port == Self.roadID else {
      guard let yard = try? lane.remote(target.remote) else { return nil }
      return RemoteFacts(name: yard.name, isAlive: true)
    }
    guard let remote = try? road?.remote(target.remote) else { return nil }
    var facts = RemoteFacts(name: remote.name, isAlive: remote.isAllowed && isThere(remote.presence))
    facts.role = remote.relation?.role ?? ""
    facts.kind = remote.relation?.kind
    return facts
  }

  private func isThere(_ presence: Presence) -> Bool {
    switch presence {
    case .alive, .unknown: return true
    case .dead, .reaped: return false
    }
  }

  func find(_ name: String, port: Int) -> UInt64? {
    port == Self.roadID ? try? road?.findRemote(name: name) : try? lane.findRemote(name: name)
  }

  func meet(_ name: String, port: Int) -> UInt64? { port == Self.laneID ? try? lane.addRemote(name: name) : nil }

  func remote(after: UInt64, port: Int) -> UInt64? {
    port == Self.roadID ? try? road?.remote(after: after) : try? lane.remote(after: after)
  }

  func send(
    _ target: Target, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool, timeout: UInt64, tag: UInt64,
    now: UInt64
  ) throws(Status) -> UInt64 {
    watch?(target, kind, body)
    guard target.port == Self.roadID else {
      return try lane.send(target.remote, kind, body, isChecked: isChecked, timeout: timeout, tag: tag, now: now)
    }
    guard let road else { throw .notFound }
    return try road.send(target.remote, kind, body, isChecked: isChecked, timeout: timeout, tag: tag, now: now)
  }

  func cancel(_ transaction: UInt64, to target: Target, now: UInt64) {
    if target.port == Self.roadID {
      try? road?.cancel(transaction, of: target.remote, now: now)
    } else {
      try? lane.cancel(transaction, of: target.remote, now: now)
    }
  }
}
