import RaetSession
import RaetStack
import RaetWire

/// Who takes part in a run of routes, how their roads join, and whom they trust.
struct RouteScene {
  /// How the estates know each other.
  enum Shape {
    /// Each knows each.
    case mesh
    /// All know the first one, which hands on between them.
    case star
    /// Each knows each, and hands on what it does not know to the next: in a circle.
    case ring
  }

  let shape: Shape
  let estates: [String]
  /// Yards have the same names in all estates, and workers know which estate they are of.
  let hasEqualYards: Bool
  /// The index of each estate's manor among the processes.
  let manors: [Int]
  /// Of how many workers each estate is.
  private let workers: [Int]
  let policies: [RoutePolicy]
  /// The estate of a worker that has no router, and lies; and the one whose manor lies.
  let rogueEstate: Int?
  let evilEstate: Int?
  let relayLimit: UInt64
  private let plan: RoutePlan

  init(_ plan: RoutePlan, _ chance: inout Chance) {
    self.plan = plan
    shape = chance.pick([.mesh, .mesh, .star, .star, .ring]) ?? .mesh
    let count = chance.number((shape == .mesh ? 2 : 3)...4)
    let estates = (0..<count).map { "e\($0)" }
    self.estates = estates
    hasEqualYards = chance.happens(50)
    rogueEstate = plan[.forgedYard] == .off ? nil : chance.number(0...count - 1)
    evilEstate = plan[.forgedEstate] == .off || shape != .mesh ? nil : chance.number(0...count - 1)
    workers = estates.map { _ in chance.number(1...2) }
    relayLimit = shape == .mesh ? 0 : UInt64(chance.pick([0, 1, 2, 3, 16]) ?? 2)
    var manors: [Int] = []
    var next = 0
    for (index, workers) in workers.enumerated() {
      manors.append(next)
      next += 1 + workers + (index == rogueEstate ? 1 : 0)
    }
    self.manors = manors
    let hasRules = chance.happens(75)
    let shape = shape
    policies = estates.map { estate in
      var policy = RoutePolicy(estate: estate)
      policy.hasRules = hasRules
      policy.correctsForged = chance.happens(40)
      policy.jobs = estates.filter { _ in chance.happens(60) }
      if chance.happens(25) { policy.closedTo = chance.pick(estates.filter { $0 != estate }) }
      policy.believesRelays = shape != .mesh && chance.happens(75)
      policy.relays = shape != .mesh && chance.happens(85)
      return policy
    }
  }

  var text: String { "\(shape) of \(estates.count) estates, relays \(relayLimit)" }

  func processes(_ seed: UInt64, _ chance: inout Chance) -> [RouteProcess] {
    var all: [RouteProcess] = []
    for (place, estate) in estates.enumerated() {
      var yards = (0..<workers[place]).map { hasEqualYards ? "w\($0)" : "\(estate)w\($0)" }
      if place == rogueEstate { yards.append("rogue") }
      for yard in [RouteProcess.manor] + yards {
        let process = RouteProcess(
          all.count, estateIndex: place, estate: estate, yard: yard, isRogue: yard == "rogue", policy: policies[place],
          seed: seed)
        process.setup = setup(process, yards, &chance)
        if process.isManor { process.road = road(place, process, &chance) }
        all.append(process)
      }
    }
    return all
  }

  private func setup(_ process: RouteProcess, _ yards: [String], _ chance: inout Chance) -> RouteProcess.Setup {
    var setup = RouteProcess.Setup()
    setup.knowsEstate = !process.isManor && chance.happens(50)
    setup.capacity = plan[.shortYardQueue].choose(10, chance.number(2...10), chance.number(1...3))
    setup.messageTimeout = Times.second * UInt64(chance.pick([3, 10, 20]) ?? 10)
    if plan[.smallSendQueue] != .off, chance.happens(50) { setup.sendQueue = 42_000 }
    setup.rules =
      process.isManor ? process.policy.manorRules(among: estates) : process.policy.workerRules
    guard process.isManor else { return setup }
    setup.relayLimit = shape == .star && process.estateIndex != 0 ? 0 : relayLimit
    if chance.happens(50) { setup.known = yards.filter { _ in chance.happens(70) } }
    switch shape {
    case .mesh: break
    case .star: if process.estateIndex != 0 { setup.via = estates[0] }
    case .ring: setup.via = estates[(process.estateIndex + 1) % estates.count]
    }
    return setup
  }

  static func address(_ estate: Int) -> Address { Address(ipv4: 0x0a00_0001 + UInt32(estate), port: 7530) }

  private func road(_ place: Int, _ process: RouteProcess, _ chance: inout Chance) -> RoadSettings {
    var settings = RoadSettings(address: Self.address(place))
    settings.name = estates[place]
    settings.isMain = shape != .star || place == 0
    settings.accept = .always
    settings.kind = UInt8(place % 2)
    settings.messageTimeout = process.setup.messageTimeout
    settings.sendQueue = process.setup.sendQueue
    // Everyone knows the first; in a mesh and a ring also all before it.
    for other in 0..<place where shape != .star || other == 0 {
      process.friends.append((estates[other], Self.address(other)))
    }
    return settings
  }

  // MARK: What has to come of it.

  /// Whether two estates know each other.
  func areDirect(_ one: Int, _ other: Int) -> Bool { shape != .star || one == 0 || other == 0 || one == other }

  /// Whether a message may pass from a process to a share of another, and does when nothing is wrong.
  func passes(_ sender: RouteProcess, _ receiver: RouteProcess, _ share: String) -> Bool {
    guard RoutePolicy.shares.contains(share) else { return false }
    if sender === receiver { return true }
    let isNear = areDirect(sender.estateIndex, receiver.estateIndex)
    return isLawful(sender, receiver, share) && (isNear || relayLimit > (sender.isManor ? 0 : 1))
  }

  /// Whether nobody's rules forbid it.
  func isLawful(_ sender: RouteProcess, _ receiver: RouteProcess, _ share: String) -> Bool {
    if sender === receiver { return true }
    guard receiver.policy.allows(share, from: sender.estate, yard: sender.yard) else { return false }
    if sender.policy.hasRules, !sender.isManor, receiver.estate == sender.policy.closedTo { return false }
    guard !areDirect(sender.estateIndex, receiver.estateIndex) else { return true }
    guard relayLimit > 0, receiver.policy.hasRules, receiver.policy.believesRelays else { return false }
    return policies[0].relays
  }
}
