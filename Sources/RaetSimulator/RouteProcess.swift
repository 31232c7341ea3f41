import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// A process of a run of routes: a worker with a yard on its estate's lane, or the manor, which also holds the road.
final class RouteProcess: VirtualProcess {
  /// What a living process has in memory.
  struct Running {
    let ports: RoutePorts
    let router: Router
  }

  enum Life {
    case running(Running)
    /// Dead until then.
    case down(until: UInt64)
  }

  let index: Int
  /// The place of its estate among all.
  let estateIndex: Int
  let estate: String
  let yard: String
  let isManor: Bool
  /// It has no router, and sends what it likes.
  let isRogue: Bool
  let policy: RoutePolicy
  var road: RoadSettings?
  let disk: VirtualDisk
  /// Estates that its road joins.
  var friends: [(name: String, address: Address)] = []
  var setup = Setup()
  var life = Life.down(until: 0)
  var lives = 0
  /// The number of its socket.
  var socket: UInt64 = 0
  /// A time at which its host is woken is on the agenda.
  var isAwaited = false
  /// The last messages that its host sent, by their transactions.
  var transactions: [UInt64] = []

  /// How its router is set.
  struct Setup {
    var via: String?
    var relayLimit: UInt64 = 0
    var rules = ""
    /// It knows its estate's name without a road.
    var knowsEstate = false
    /// The yards that the manor's host adds; the others it hears of.
    var known: [String] = []
    var capacity = 10
    var sendQueue = 4 << 20
    var messageTimeout = 10 * Times.second
  }

  init(_ index: Int, estateIndex: Int, estate: String, yard: String, isRogue: Bool, policy: RoutePolicy, seed: UInt64) {
    self.index = index
    self.estateIndex = estateIndex
    self.estate = estate
    self.yard = yard
    self.isRogue = isRogue
    self.policy = policy
    isManor = yard == Self.manor
    disk = VirtualDisk(seed: seed &+ UInt64(index))
  }

  static let manor = "manor"

  /// Its name in traces.
  var name: String { "\(estate)/\(yard)" }

  /// The process's id.
  var process: Int32 { Int32(truncatingIfNeeded: 1000 * (index + 1) + lives) }

  /// Its user: the first worker's is known to rules.
  var uid: UInt32 { yard.hasSuffix("w0") ? 100 : 1000 + UInt32(index) }

  var running: Running? {
    if case .running(let running) = life { return running }
    return nil
  }

  /// When it has to do something by itself.
  var due: UInt64 {
    switch life {
    case .running(let running):
      return min(running.ports.lane.deadline, running.ports.road?.deadline ?? .max, running.router.deadline)
    case .down(let until): return until
    }
  }

  /// Begins a new process.
  func start(_ seed: UInt64, now: UInt64) throws {
    lives += 1
    let entropy = SeededEntropy(seed: seed &* 1_000_003 &+ UInt64(index) &* 1009 &+ UInt64(lives))
    disk.reopen()
    var settings = LaneSettings()
    settings.name = yard
    settings.sendQueue = setup.sendQueue
    settings.messageTimeout = setup.messageTimeout
    let lane = try Lane.make(settings, entropy: entropy, now: now)
    let ports = RoutePorts(lane, try road.map { try Road.make($0, store: disk, entropy: entropy, now: now) })
    var numbers = Chance(seed: seed, purpose: UInt64(index) << 32 | UInt64(lives))
    let router = Router(ports, chance: numbers.next())
    if let road = ports.road { _ = router.attach(RoutePorts.roadID, isRoad: true, name: road.name) }
    _ = router.attach(RoutePorts.laneID, isRoad: false, name: lane.name)
    router.rules = try Rules(setup.rules)
    router.via = setup.via
    router.relayLimit = setup.relayLimit
    if !isManor { router.manor = Self.manor }
    if setup.knowsEstate { router.setEstate(estate) }
    for share in RoutePolicy.shares { _ = router.setShare(share, true) }
    for name in setup.known { _ = try? lane.addRemote(name: name) }
    transactions = []
    life = .running(Running(ports: ports, router: router))
  }

  /// Keeps its road connected.
  func connect(now: UInt64) {
    guard let road = running?.ports.road else { return }
    for friend in friends {
      let known = (try? road.findRemote(name: friend.name)) ?? road.findRemote(address: friend.address)
      guard let id = try? known ?? road.addRemote(name: nil, address: friend.address) else { continue }
      try? road.connect(id, now: now)
    }
  }

  /// Whether its road and that of another allow each other's messages.
  func isAllowed(at other: RouteProcess) -> Bool {
    guard let road = other.running?.ports.road, let id = try? road.findRemote(name: estate) else { return false }
    return (try? road.remote(id).isAllowed) ?? false
  }
}
