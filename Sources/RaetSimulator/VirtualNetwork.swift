import RaetSession
import RaetWire

/// A datagram on the network.
struct Datagram {
  var from: Address
  var to: Address
  var bytes: [UInt8]

  /// Its head; nil when it has none that can be read.
  var head: Head? {
    bytes.withUnsafeBytes { (bytes) -> Head? in
      do throws(WireError) { return try Head.parse(bytes).head } catch { return nil }
    }
  }

  /// Who joins, or is joined, by this datagram; nil when it says nothing of that.
  var joiner: String? {
    bytes.withUnsafeBytes { (bytes) -> String? in
      guard let packet = try? Head.parse(bytes), packet.head.transactionKind == .join else { return nil }
      let body = UnsafeRawBufferPointer(rebasing: bytes[packet.coat])
      return try? JoinBody.decode(packet.head.bodyKind, body, response: packet.head.packetKind == .response).name
    }
  }
}

/// One direction between two nodes, and what it does to datagrams.
struct Link {
  /// Parts of a hundred that are lost, doubled, or come when later ones have come.
  var loss = 0
  var duplicates = 0
  var reorder = 0
  /// Parts of ten thousand: bursts of losses that begin, copies that come up to 20 minutes late, changed bytes.
  var bursts = 0
  var lateDuplicates = 0
  var changes: [(fault: Fault, share: Int)] = []
  /// Shortest and longest delay, in nanoseconds.
  var delay: ClosedRange<UInt64> = Times.millisecond...Times.millisecond
  /// How many datagrams are under way at most.
  var queue = Int.max
  /// Datagrams above vanish.
  var largest = Int.max
  /// Nothing passes until then.
  var cutUntil: UInt64 = 0
  /// All that is under way waits until then.
  var stalledUntil: UInt64 = 0
  fileprivate var burstLeft = 0
  fileprivate var flying = 0

  /// The link that a plan gives.
  init(_ plan: FaultPlan, _ chance: inout Chance) {
    func share(_ fault: Fault, _ low: Int, _ high: Int) -> Int {
      plan[fault].choose(0, low, high)
    }
    loss = share(.loss, 3, chance.number(10...30))
    duplicates = share(.duplicate, 5, chance.number(20...50))
    reorder = share(.reorder, 5, 30)
    bursts = share(.burst, 30, 150)
    lateDuplicates = share(.lateDuplicate, 50, 300)
    let longest = plan[.delay].choose(2, 40, UInt64(chance.number(100...750)))
    delay = Times.millisecond / 2...Times.millisecond * longest
    queue = plan[.shortQueue].choose(.max, 40, 8)
    // What a handshake needs passes always; large messages, or with the smaller figure most messages, never do.
    largest = plan[.sizeLimit].choose(.max, 1000, 576)
    let kinds: [Fault] = [.flip, .cut, .lengthen, .splice, .empty]
    changes = kinds.filter { plan[$0] != .off }.map { ($0, share($0, 50, 300)) }
  }
}

/// What the network did with a datagram.
struct Passage {
  var arrivals: [(due: UInt64, datagram: Datagram)] = []
  var faults: [Fault] = []
}

/// Carries datagrams between nodes, as badly as the plan has it.
struct VirtualNetwork {
  /// Large datagrams vanish until then; in long runs, the rest of the time is for other things.
  private static let narrowUntil = 30 * Times.second
  /// Joins that were changed on their way do not arrive, where no person looks after what is accepted then.
  var losesChangedJoins = false
  private var links: [Link] = []
  private let size: Int
  private var chance: Chance
  /// The datagram before, for splices.
  private var last: [UInt8] = []

  init(_ plan: FaultPlan, nodes: Int, seed: UInt64) {
    size = nodes
    chance = Chance(seed: seed, purpose: 2)
    for _ in 0..<(nodes * nodes) { links.append(Link(plan, &chance)) }
  }

  /// The direction from one node to another.
  subscript(_ from: Int, _ to: Int) -> Link {
    get { links[from * size + to] }
    set { links[from * size + to] = newValue }
  }

  /// From now on everything passes at once.
  mutating func heal() {
    var none = Chance(seed: 0)
    for index in links.indices {
      let flying = links[index].flying
      links[index] = Link(FaultPlan(), &none)
      links[index].flying = flying
    }
  }

  /// A datagram has left the network.
  mutating func arrived(_ from: Int, _ to: Int) {
    links[from * size + to].flying -= 1
  }

  /// Carries a datagram from a node to another.
  mutating func carry(_ datagram: Datagram, _ from: Int, _ to: Int, now: UInt64) -> Passage {
    var link = self[from, to]
    defer { self[from, to] = link }
    var passage = Passage()
    if chance.happensRarely(link.lateDuplicates) {
      passage.faults.append(.lateDuplicate)
      passage.arrivals.append((now + Times.second * UInt64(chance.number(3...1200)), datagram))
    }
    if let fault = drop(datagram, &link, now) {
      passage.faults.append(fault)
    } else {
      let copies = chance.happens(link.duplicates) ? 2 : 1
      if copies == 2 { passage.faults.append(.duplicate) }
      for _ in 0..<copies {
        var copy = datagram
        let changes = change(&copy.bytes, link)
        passage.faults += changes
        // Joins are not signed: with another name in it one makes another estate, and nobody could tell who is who.
        if !changes.isEmpty, let name = copy.joiner, losesChangedJoins || name != datagram.joiner { copy.bytes = [] }
        passage.arrivals.append((due(&link, now, &passage.faults), copy))
      }
      last = datagram.bytes
    }
    link.flying += passage.arrivals.count
    return passage
  }

  private mutating func drop(_ datagram: Datagram, _ link: inout Link, _ now: UInt64) -> Fault? {
    if link.cutUntil > now { return .partition }
    if datagram.bytes.count > link.largest, now < Self.narrowUntil { return .sizeLimit }
    if link.flying >= link.queue { return .shortQueue }
    if link.burstLeft > 0 {
      link.burstLeft -= 1
      return .burst
    }
    if chance.happensRarely(link.bursts) {
      link.burstLeft = chance.number(1...50) - 1
      return .burst
    }
    return chance.happens(link.loss) ? .loss : nil
  }

  private mutating func due(_ link: inout Link, _ now: UInt64, _ faults: inout [Fault]) -> UInt64 {
    var delay = chance.period(link.delay)
    if chance.happens(link.reorder) {
      faults.append(.reorder)
      delay += chance.period(0...20 * Times.millisecond)
    }
    if link.delay.upperBound > 5 * Times.millisecond { faults.append(.delay) }
    return max(now + delay, link.stalledUntil)
  }

  private mutating func change(_ bytes: inout [UInt8], _ link: Link) -> [Fault] {
    var done: [Fault] = []
    for (fault, share) in link.changes where chance.happensRarely(share) {
      Self.change(&bytes, fault, last, &chance)
      done.append(fault)
    }
    return done
  }

  /// Does to a datagram what a fault of the bytes does.
  static func change(_ bytes: inout [UInt8], _ fault: Fault, _ other: [UInt8], _ chance: inout Chance) {
    switch fault {
    case .flip:
      guard !bytes.isEmpty else { return }
      for _ in 0...chance.number(0...7) {
        bytes[chance.number(0...bytes.count - 1)] ^= UInt8(1 << chance.number(0...7))
      }
    case .cut: bytes.removeLast(chance.number(0...bytes.count))
    case .lengthen: bytes += chance.bytes(chance.number(1...300))
    case .splice:
      bytes = Array(bytes.prefix(chance.number(0...bytes.count)) + other.suffix(chance.number(0...other.count)))
    case .empty: bytes = []
    default: break
    }
  }
}
