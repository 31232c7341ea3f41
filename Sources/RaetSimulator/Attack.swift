import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// What the attacker does. What carries no valid signature must change nothing of a proven remote, and gets no answer.
extension Simulation {
  private static let attacks: [Fault] = [
    .replay, .lateReplay, .misdirected, .reflected, .garbage, .forgedRequest, .forgedAnswer, .forgedJoin, .joinFlood,
    .helloFlood, .evilPeer,
  ]

  func attack() {
    guard !isHealed else { return }
    let enabled = Self.attacks.filter { plan[$0] != .off }
    guard !enabled.isEmpty else { return }
    for _ in 0..<3 {
      guard let fault = attacker.chance.pick(enabled) else { break }
      let share = plan[fault].choose(0, 25, 80)
      if attacker.chance.happens(share), violation == nil { attack(fault) }
    }
    schedule(.attack, after: duration / 60)
  }

  private func attack(_ fault: Fault) {
    switch fault {
    case .replay: replay(attacker.chance.pick(attacker.recent), fault)
    case .lateReplay:
      let old = attacker.archive.filter { now - $0.time > 3 * Times.second }
      replay(attacker.chance.pick(old), fault)
    case .misdirected:
      guard let seen = attacker.chance.pick(attacker.recent), let other = attacker.chance.pick(nodes) else { return }
      var datagram = seen.datagram
      guard datagram.to != other.address else { return }
      datagram.to = other.address
      coverage.meet(fault)
      receive(datagram, other)
    case .reflected: reflect()
    case .garbage: sendGarbage()
    case .forgedRequest: forgeRequest()
    case .forgedAnswer: forgeAnswer()
    case .forgedJoin: forgeJoin()
    case .joinFlood: floodOfJoins()
    case .helloFlood: floodOfHellos()
    case .evilPeer: lie()
    default: break
    }
  }

  private func replay(_ seen: Attacker.Seen?, _ fault: Fault) {
    guard let seen, let node = node(at: seen.datagram.to) else { return }
    var datagram = seen.datagram
    if attacker.chance.happens(40) { datagram.from = attacker.copyAddress() }
    coverage.meet(fault)
    if let road = node.served, Activity.of(road).contains(.allowing) { coverage.meet(.replayWhileAllowing) }
    receive(datagram, node)
  }

  /// Hands a node what it must not take; nothing may change, and unless it is a join nothing may be answered.
  private func offend(
    _ node: Node, _ bytes: [UInt8], from: Address, isJoin: Bool = false, _ what: @autoclosure () -> String
  ) {
    guard let road = node.served, violation == nil else { return }
    settle(node)
    guard node.served === road else { return }
    let before = Fingerprint(road)
    let keys = KeyWatch(road)
    let waiting = road.outbox.count
    watch.gave(bytes.count, node, from: from)
    var copy = bytes
    copy.withUnsafeMutableBytes { road.receive($0, from: from, now: node.now) }
    if !keys.isUnchanged(road) { fail(Violation(.keys, "\(what()) from \(from.text) changed keys"), node) }
    if Fingerprint(road) != before {
      fail(Violation(isJoin ? .join : .signature, "\(what()) from \(from.text) changed a remote"), node)
    }
    if !isJoin, road.outbox.count != waiting {
      fail(Violation(.signature, "\(what()) from \(from.text) got an answer"), node)
    }
    settle(node)
  }

  private func reflect() {
    guard let seen = attacker.chance.pick(attacker.recent), let node = node(at: seen.datagram.from),
      let head = seen.datagram.head
    else { return }
    coverage.meet(.reflected)
    let isJoin = head.transactionKind == .join
    offend(node, seen.datagram.bytes, from: seen.datagram.to, isJoin: isJoin, "its own packet")
  }

  private func sendGarbage() {
    guard let node = attacker.chance.pick(nodes) else { return }
    var bytes: [UInt8]
    if let seen = attacker.chance.pick(attacker.recent), attacker.chance.happens(80) {
      bytes = seen.datagram.bytes
      let kind = attacker.chance.pick([Fault.flip, .cut, .lengthen, .splice, .flip]) ?? .flip
      let other = attacker.chance.pick(attacker.recent)?.datagram.bytes ?? []
      VirtualNetwork.change(&bytes, kind, other, &attacker.chance)
      guard !attacker.recent.contains(where: { $0.datagram.bytes == bytes }) else { return }
    } else {
      bytes = attacker.chance.bytes(attacker.chance.number(0...1400))
    }
    coverage.meet(.garbage)
    let from = attacker.chance.pick(nodes)?.address ?? attacker.foreignAddress()
    let head = Datagram(from: from, to: node.address, bytes: bytes).head
    // What follows a whole packet is not covered by its signature, and is not the packet any more either.
    let isWhole = attacker.recent.contains { bytes.starts(with: $0.datagram.bytes) }
    guard !isWhole || head == nil else { return }
    let isJoin = head?.transactionKind == .join
    // A changed answer to a join, from where the true one is expected, cannot be told from it.
    guard !isJoin || head?.flags.contains(.correspondent) == false else { return }
    offend(node, bytes, from: from, isJoin: isJoin, "garbage of \(bytes.count) bytes")
  }

  // MARK: Forged packets.

  /// A node and one of its proven remotes.
  private func target() -> (Node, Remote, Road)? {
    guard let node = attacker.chance.pick(nodes.filter { !$0.isEvil }), let road = node.served else { return nil }
    var all: [Remote] = []
    var id: UInt64 = 0
    while let next = try? road.remote(after: id), let remote = try? road.remote(next) {
      id = next
      if remote.proven != nil { all.append(remote) }
    }
    return attacker.chance.pick(all).map { (node, $0, road) }
  }

  private func head(_ remote: Remote, _ kind: TransactionKind, _ packet: PacketKind) -> Head {
    var head = Head()
    head.transactionKind = kind
    head.packetKind = packet
    head.source = remote.farID
    head.destination = remote.nearID
    head.session = remote.far.id &+ UInt32(attacker.chance.pick([0, 0, 1, 5, 16, 1000, 0x7fff_0000]) ?? 0)
    if head.session == 0 { head.session = 1 }
    head.transaction = UInt32(attacker.chance.number(1...50))
    head.bodyKind = .raw
    return head
  }

  private func forgeRequest() {
    guard let (node, remote, _) = target() else { return }
    let kinds: [(TransactionKind, PacketKind)] = [
      (.allow, .hello), (.allow, .initiate), (.alive, .request), (.message, .message), (.alive, .request),
    ]
    guard let (kind, packet) = attacker.chance.pick(kinds) else { return }
    var head = head(remote, kind, packet)
    let lengths: [PacketKind: Int] = [.hello: AllowBody.Hello.length, .initiate: AllowBody.Initiate.length]
    if kind == .message { head.coatKind = .nacl }
    head.messageLength = kind == .message ? 40 : 0
    let coat = attacker.chance.bytes(lengths[packet] ?? (kind == .message ? 40 : 0))
    let signature: Forgery.Signature = attacker.chance.happens(50) ? .none : .random
    let bytes = Forgery.packet(head, coat: coat, signature, &attacker.chance)
    coverage.meet(.forgedRequest)
    let from = attacker.chance.happens(50) ? remote.relation?.address ?? remote.address : attacker.foreignAddress()
    offend(node, bytes, from: from, "a forged \(kind) \(packet)")
  }

  private func forgeAnswer() {
    guard let (node, remote, _) = target() else { return }
    let kinds: [(TransactionKind, PacketKind)] = [
      (.message, .done), (.message, .nack), (.message, .ack), (.alive, .unallowed), (.alive, .unjoined),
      (.alive, .nack), (.alive, .ack), (.allow, .unjoined), (.allow, .reject), (.allow, .cookie), (.allow, .ack),
    ]
    guard let (kind, packet) = attacker.chance.pick(kinds) else { return }
    var head = head(remote, kind, packet)
    head.flags = .correspondent
    head.session = remote.near.id
    let own = remote.messages.underway.keys.sorted()
    if kind == .message, let transaction = attacker.chance.pick(own) { head.transaction = transaction }
    let signature: Forgery.Signature = attacker.chance.happens(50) ? .none : .random
    let bytes = Forgery.packet(
      head, coat: packet == .cookie ? attacker.chance.bytes(AllowBody.Cookie.length) : [], signature, &attacker.chance)
    coverage.meet(.forgedAnswer)
    offend(node, bytes, from: remote.relation?.address ?? remote.address, "a forged \(kind) \(packet)")
  }

  private func forgeJoin() {
    guard let (node, remote, _) = target(), let relation = remote.proven, let own = attacker.someKeys() else { return }
    var head = Head()
    head.transactionKind = .join
    head.packetKind = .request
    head.bodyKind = .json
    head.transaction = UInt32(attacker.chance.number(1...50))
    head.source = remote.farID
    // An open road takes changed keys at once, by its own wish; so there is none here (Scene).
    let keys = attacker.chance.happens(50) ? own : relation.keys
    let id = UInt32(attacker.chance.number(1...100_000))
    if attacker.chance.happens(50) {
      head.packetKind = attacker.chance.pick([.response, .reject, .refuse, .nack, .renew, .pend, .ack]) ?? .reject
      head.flags = .correspondent
      head.destination = remote.nearID
      head.source = remote.farID
      head.transaction = remote.join?.transaction ?? head.transaction
    } else if attacker.chance.happens(50) {
      head.destination = remote.nearID
    }
    let coat = Forgery.joinBody(
      relation.name, keys, isMain: relation.isMain, nearID: head.packetKind == .response ? id : nil)
    let bytes = Forgery.packet(head, coat: coat, .none, &attacker.chance)
    coverage.meet(.forgedJoin)
    let from = attacker.chance.happens(50) ? relation.address : attacker.foreignAddress()
    offend(node, bytes, from: from, isJoin: true, "a forged join \(head.packetKind)")
    // Who forges a request can forge its end as well: nothing in it has to be read from an answer.
    guard head.packetKind == .request, attacker.chance.happens(50) else { return }
    head.packetKind = .ack
    let end = Forgery.packet(head, coat: [], .none, &attacker.chance)
    offend(node, end, from: from, isJoin: true, "the ack of a forged join")
  }

  // MARK: Floods.

  private func floodOfJoins() {
    guard let node = attacker.chance.pick(nodes.filter { $0.isMain }), let keys = attacker.someKeys() else { return }
    coverage.meet(.joinFlood)
    if let road = node.served, Activity.of(road).contains(where: { $0.rawValue.hasPrefix("message") }) {
      coverage.meet(.floodWhileMessages)
    }
    let isLarge = plan[.joinFlood] == .high && attacker.largeFloods == 0 && attacker.chance.happens(10)
    if isLarge { attacker.largeFloods += 1 }
    let completes = attacker.chance.happens(50)
    for number in 0..<(isLarge ? 1100 : attacker.chance.number(5...60)) where violation == nil {
      var head = Head()
      head.transactionKind = .join
      head.packetKind = .request
      head.bodyKind = .json
      head.transaction = 1
      head.source = UInt32(number + 1)
      let coat = Forgery.joinBody("stranger\(number)", keys, isMain: false, nearID: nil)
      let bytes = Forgery.packet(head, coat: coat, .none, &attacker.chance)
      let from = attacker.foreignAddress()
      watch.gave(bytes.count, node, from: from)
      receive(Datagram(from: from, to: node.address, bytes: bytes), node)
      guard completes else { continue }
      head.packetKind = .ack
      let ack = Forgery.packet(head, coat: [], .none, &attacker.chance)
      watch.gave(ack.count, node, from: from)
      receive(Datagram(from: from, to: node.address, bytes: ack), node)
    }
    if let broken = StoreWatch.stranger(on: node.disk) { fail(broken, node) }
  }

  private func floodOfHellos() {
    guard let (node, remote, _) = target() else { return }
    coverage.meet(.helloFlood)
    for _ in 0..<attacker.chance.number(5...40) where violation == nil {
      let bytes = Forgery.packet(
        head(remote, .allow, .hello), coat: attacker.chance.bytes(AllowBody.Hello.length), .random, &attacker.chance)
      offend(node, bytes, from: attacker.foreignAddress(), "a hello of a flood")
    }
  }

  // MARK: A peer that has joined, and lies.

  private func lie() {
    guard let liar = nodes.first(where: { $0.isEvil }), let liarRoad = liar.served else { return }
    for node in nodes where node !== liar {
      guard let road = node.served, let id = try? road.findRemote(name: Node.evilName),
        let remote = try? road.remote(id), remote.isJoined
      else { continue }
      let before = Fingerprint(road)
      coverage.meet(.evilPeer)
      for var bytes in falsehoods(remote, liarRoad.signingKey) {
        bytes.withUnsafeMutableBytes { road.receive($0, from: liar.address, now: node.now) }
      }
      if Fingerprint(road) != before {
        fail(Violation(.signature, "what a joined peer said of itself changed another remote"), node)
      }
      settle(node)
    }
    talk(liar, liarRoad)
  }

  /// Between its lies it sends what is true, too.
  private func talk(_ liar: Node, _ road: Road) {
    for node in nodes where node !== liar && attacker.chance.happens(5) {
      guard let id = try? road.findRemote(name: node.name) else { continue }
      _ = try? attacker.chance.bytes(60).withUnsafeBytes { bytes in
        try road.send(id, .raw, bytes, timeout: 5 * Times.second, tag: 0, now: liar.now)
      }
      settle(liar)
    }
  }

  private func falsehoods(_ remote: Remote, _ key: SigningKey) -> [[UInt8]] {
    let kinds: [(TransactionKind, PacketKind, Bool)] = [
      (.message, .message, false), (.message, .message, false), (.message, .done, true), (.message, .nack, true),
      (.message, .ack, true), (.message, .resend, true), (.alive, .request, false), (.alive, .unallowed, true),
      (.allow, .hello, false), (.allow, .initiate, false), (.allow, .cookie, true), (.bind, .request, false),
    ]
    let (kind, packet, isAnswer) = attacker.chance.pick(kinds) ?? (.alive, .request, false)
    var head = head(remote, kind, packet)
    if isAnswer {
      head.flags = .correspondent
      head.session = remote.near.id
    }
    if kind == .message {
      head.coatKind = attacker.chance.happens(90) ? .nacl : .none
      let numbers: [UInt32] = [0, 1, 2, 7, 1000, 65_535, 100_000_000, .max]
      head.segmentCount = attacker.chance.pick(numbers) ?? 1
      head.segment = attacker.chance.pick(numbers) ?? 0
      head.messageLength = attacker.chance.pick(numbers) ?? 0
      if attacker.chance.happens(30) { head.flags.insert(.wait) }
    }
    let coat = attacker.chance.bytes(attacker.chance.pick([0, 40, 104, 200, 328, 700]) ?? 0)
    let isLonger = kind == .message && !coat.isEmpty && attacker.chance.happens(30)
    if isLonger { announceMore(&head, piece: coat.count) }
    var packets = [Forgery.packet(head, coat: coat, .key(key), &attacker.chance)]
    if isLonger, attacker.chance.happens(50) {
      head.segment = head.segmentCount &+ (attacker.chance.pick([0, 1, 64, 1000, 60_000]) ?? 0)
      packets.append(Forgery.packet(head, coat: coat, .key(key), &attacker.chance))
    }
    return packets
  }

  /// The piece is one of a longer message, as its head says, of which no more may come but one beyond its end.
  private func announceMore(_ head: inout Head, piece: Int) {
    let length = min(attacker.chance.pick([3_000, 200_000, 40_000_000]) ?? 0, piece * 60_000)
    head.messageLength = UInt32(length)
    head.segmentCount = UInt32((length + piece - 1) / piece)
    head.segment = UInt32(attacker.chance.number(0...(length - 1) / piece - 1))
  }
}
