import RaetSession
import RaetStack
import RaetWire

/// Looks at all that goes over the road, and at what the engines hold, for broken promises.
struct RoadWatch {
  /// The last session that each node used towards each other one.
  private var sessions: [String: UInt32] = [:]
  /// Bytes to and from addresses that nobody has proved.
  private var credits: [Credit: (got: Int, sent: Int)] = [:]
  /// Segments of messages in the last millisecond, by direction.
  private var bursts: [Credit: (since: UInt64, count: Int)] = [:]
  /// Segments of messages in all.
  private(set) var segments = 0
  private var calls = 0

  private struct Credit: Hashable {
    let node: Int
    let address: Address
  }

  private static let secret = Array("secret-".utf8)

  /// More segments than this at a time are a burst: two windows as they begin.
  private static let longestBurst = 100

  // MARK: Datagrams.

  /// A datagram leaves a node.
  mutating func sees(_ datagram: Datagram, of node: Node, run: Simulation) -> Violation? {
    guard let head = datagram.head else { return Violation(.calls, "a datagram that cannot be read") }
    guard datagram.bytes.count <= WireLimit.datagram else { return Violation(.calls, "a datagram too long") }
    if node.settings.encrypts, contains(datagram.bytes, Self.secret) {
      return Violation(.secret, "a body on the road")
    }
    if let broken = checkCredit(datagram, node) { return broken }
    guard head.transactionKind != .join, !head.flags.contains(.correspondent) else { return nil }
    return checkBurst(datagram, head, node, run.now) ?? checkSession(head, node)
  }

  private func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
    guard bytes.count >= needle.count, let first = needle.first else { return false }
    for place in 0...(bytes.count - needle.count) where bytes[place] == first {
      if bytes[place..<(place + needle.count)].elementsEqual(needle) { return true }
    }
    return false
  }

  /// Sessions are on disk before use, and only go up.
  private mutating func checkSession(_ head: Head, _ node: Node) -> Violation? {
    // What a liar says of its sessions, others refuse, so that it leaps ahead again and again.
    guard !node.isEvil else { return nil }
    // A nack or an ack names the session of what it answers.
    switch head.packetKind {
    case .hello, .initiate, .request, .message: break
    default: return nil
    }
    guard let road = node.road, let remote = Self.remote(road, near: head.source, far: head.destination),
      remote.proven != nil
    else { return nil }
    let key = "\(node.index) \(remote.name)"
    if let stored = node.disk.sessions[remote.name], !Serial.isNewerOrEqual(stored, head.session) {
      return Violation(.session, "session \(head.session) with \(remote.name), on disk \(stored)")
    }
    // Other packets that are sent again may belong to an older one.
    if head.packetKind == .hello {
      if let last = sessions[key], !Serial.isNewerOrEqual(head.session, last) {
        return Violation(.session, "session \(head.session) with \(remote.name) after \(last)")
      }
      sessions[key] = head.session
    }
    return nil
  }

  private static func remote(_ road: Road, near: UInt32, far: UInt32) -> Remote? {
    road.remotes.first { $0.nearID == near && $0.farID == far }
  }

  /// The node has lost what it knew of its sessions with another one, or with all (nil).
  mutating func forgetSessions(of node: Int, with name: String? = nil) {
    sessions = sessions.filter { !$0.key.hasPrefix("\(node) \(name ?? "")") }
  }

  private mutating func checkBurst(_ datagram: Datagram, _ head: Head, _ node: Node, _ now: UInt64) -> Violation? {
    guard head.transactionKind == .message, head.packetKind == .message else { return nil }
    segments += 1
    let key = Credit(node: node.index, address: datagram.to)
    var burst = bursts[key] ?? (now, 0)
    if now - burst.since > Times.millisecond / 10 { burst = (now, 0) }
    burst.count += 1
    bursts[key] = burst
    return burst.count > Self.longestBurst ? Violation(.burst, "\(burst.count) segments at once") : nil
  }

  // MARK: Addresses that nobody has proved.

  /// Bytes from such an address.
  mutating func gave(_ bytes: Int, _ node: Node, from address: Address) {
    guard Attacker.isForeign(address) else { return }
    credits[Credit(node: node.index, address: address), default: (0, 0)].got += bytes
  }

  private mutating func checkCredit(_ datagram: Datagram, _ node: Node) -> Violation? {
    guard Attacker.isForeign(datagram.to) else { return nil }
    let key = Credit(node: node.index, address: datagram.to)
    credits[key, default: (0, 0)].sent += datagram.bytes.count
    guard let credit = credits[key], credit.sent > 3 * credit.got else { return nil }
    return Violation(.amplification, "\(credit.sent) bytes to an address that sent \(credit.got)")
  }

  // MARK: Limits.

  /// What the engine holds is within its limits; looked at now and then.
  mutating func checkLimits(_ road: Road) -> Violation? {
    if road.heldBytes < 0 || road.heldBytes > road.settings.receiveQueue + 2 << 20 {
      return Violation(.limits, "\(road.heldBytes) bytes received")
    }
    calls += 1
    guard calls % 64 == 0 else { return nil }
    if road.halfDoneJoins > 1024 { return Violation(.limits, "\(road.halfDoneJoins) half-done joins") }
    // Besides strangers there are the friends that the host looks for.
    if road.unprovenRemotes > 1024 + 8 { return Violation(.limits, "\(road.unprovenRemotes) remotes without proof") }
    // Besides strangers there are the friends whose roles a person has set back.
    if road.pendingRoles.count > road.settings.maxPending + 8 { return Violation(.limits, "too many roles wait") }
    return nil
  }
}

/// What no datagram without a valid signature may change of the proven remotes of a road.
struct Fingerprint: Equatable {
  private var hash = RunHash()

  init(_ road: Road) {
    for remote in road.remotes {
      guard let relation = remote.proven, relation.name != Node.evilName else { continue }
      hash.add(remote.id)
      hash.add(relation.name + " " + relation.role + " " + relation.address.text)
      relation.keys.verify.raw.withBytes { hash.add($0) }
      relation.keys.encrypt.raw.withBytes { hash.add($0) }
      for number in [remote.nearID, relation.farID, remote.near.id, remote.far.id] { hash.add(UInt64(number)) }
      hash.add(remote.lastHeard)
      hash.add(remote.isAllowed ? 1 : 0)
      let messages = remote.messages
      let counts = [
        messages.waitingCount, messages.underway.count, messages.doubted.count, messages.inquiring.count,
        messages.incoming.count, messages.window.inFlight, messages.queuedBytes,
      ]
      for count in counts { hash.add(UInt64(count)) }
      for message in messages.incoming.values.map({ $0.reassembly.receivedLength }).sorted() {
        hash.add(UInt64(message))
      }
    }
  }

  static func == (one: Fingerprint, other: Fingerprint) -> Bool { one.hash.value == other.hash.value }
}
