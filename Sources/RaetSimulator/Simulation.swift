import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// A run: nodes on a network, an application on them, and faults, all from one seed. The engine is the one that ships;
/// only the network, the disks, the clocks and the randomness are virtual.
public final class Simulation: VirtualRun {
  enum Happening {
    case arrival(Datagram, from: Int?, to: Int?)
    case application(Int)
    case chaos
    case attack
    /// A person looks after a node's keys.
    case person(Int)
    case reader(Int)
    case mend(Int)
  }

  /// From what everything follows.
  public let seed: UInt64
  /// Which faults there are.
  public let plan: FaultPlan
  /// The time of the run, in nanoseconds.
  public internal(set) var now: UInt64 = Times.second
  var nodes: [Node] = []
  var all: [Node] { nodes }
  var network: VirtualNetwork
  var agenda = Agenda<Happening>()
  var ledger = Ledger()
  var coverage = Coverage()
  var chance: Chance
  var attacker: Attacker
  var watch = RoadWatch()
  var trace: Trace
  var hash = RunHash()
  var violation: Violation?
  var isHealed = false
  /// The application has ended: the messages that pass now are the run's own.
  var isOver = false
  var datagrams = 0
  let watchesLogs: Bool
  let application: any Application

  /// A run of `nodes` (2 to 8; nil: by the seed) with an application (nil: `RandomLoad`) and the faults of `plan`
  /// (nil: by the seed). `keepsTrace` makes it slower and its outcome longer.
  public init(
    seed: UInt64, plan: FaultPlan? = nil, nodes: Int? = nil, application: (any Application)? = nil,
    keepsTrace: Bool = false
  ) {
    self.seed = seed
    let plan = plan ?? FaultPlan(seed: seed)
    self.plan = plan
    chance = Chance(seed: seed, purpose: 3)
    let scene = Scene(plan, nodes: nodes, &chance)
    self.application = application ?? scene.load()
    network = VirtualNetwork(plan, nodes: scene.nodes, seed: seed)
    attacker = Attacker(seed: seed)
    trace = Trace(isKept: keepsTrace)
    watchesLogs = seed % 8 == 0
    duration = scene.duration
    scene.build(self)
  }

  /// How long the faults last, in nanoseconds.
  let duration: UInt64

  /// Runs it: faults, then none, then the checks.
  public func run() -> Outcome {
    trace.note(now, "seed \(seed): \(nodes.count) nodes, faults: \(plan.text)")
    let begin = now
    for node in nodes {
      start(node)
      schedule(.application(node.index), after: Times.millisecond * 100)
    }
    schedule(.chaos, after: Times.millisecond * 300)
    schedule(.attack, after: Times.millisecond * 700)
    advance(begin + duration) { false }
    if violation == nil { heal() }
    for node in nodes { endLife(node) }
    return Outcome(
      seed: seed, hash: hash.value, violation: violation, coverage: coverage, simulated: now - begin,
      datagrams: datagrams, messages: ledger.entries.count, trace: trace.lines)
  }

  // MARK: Time.

  func perform(_ happening: Happening) {
    switch happening {
    case .arrival(let datagram, let from, let to):
      if let from, let to { network.arrived(from, to) }
      arrive(datagram)
    case .application(let index): runApplication(nodes[index])
    case .chaos: chaos()
    case .attack: attack()
    case .person(let index): look(nodes[index])
    case .reader(let index):
      nodes[index].reads = true
      settle(nodes[index])
    case .mend(let index):
      nodes[index].disk.mend()
      nodes[index].entropy.isDry = false
    }
  }

  private func runApplication(_ node: Node) {
    guard !isHealed else { return }
    var pause: UInt64? = Times.second
    if node.served != nil, !node.isEvil {
      pause = application.passed(at: node)
      settle(node)
    }
    if let pause { schedule(.application(node.index), after: max(pause, 1000)) }
  }

  /// The node's time has come.
  func serve(_ node: Node) {
    switch node.life {
    case .running(let road):
      road.service(now: node.now)
      settle(node)
    case .paused(let road, _, let inbox):
      node.life = .running(road)
      trace.note(now, "\(node.name) goes on, \(inbox.count) datagrams in its socket")
      for datagram in inbox where violation == nil { receive(datagram, node) }
    case .down: start(node)
    }
  }

  // MARK: Datagrams.

  /// Takes what a node's engine sends and reports, after each call of it.
  func settle(_ node: Node, cutsOutputAt most: Int = .max) {
    guard let road = node.served, violation == nil else { return }
    if node.disk.hasCrashed {
      coverage.meet(.crashInStore)
      return crash(node, .sameStore)
    }
    var left = most
    repeat {
      while left > 0, let waiting = road.outbox.datagram(0) {
        let datagram = Datagram(from: node.address, to: waiting.to, bytes: [UInt8](waiting.bytes))
        road.outbox.remove(1)
        left -= 1
        send(datagram, node)
      }
    } while takeEvents(node) && violation == nil && node.served === road && road.outbox.count > 0
    if let broken = watch.checkLimits(road) { fail(broken, node) }
  }

  private func send(_ datagram: Datagram, _ node: Node) {
    datagrams += 1
    hash.add(now)
    datagram.bytes.withUnsafeBytes { hash.add($0) }
    if trace.isKept {
      trace.note(
        now, "\(node.name) -> \(self.node(at: datagram.to)?.name ?? datagram.to.text): \(Trace.text(datagram))")
    }
    if let broken = watch.sees(datagram, of: node, run: self) { return fail(broken, node) }
    guard let receiver = self.node(at: datagram.to) else { return }
    attacker.sees(datagram, now: now)
    if plan[.sendError] != .off, !isHealed, chance.happensRarely(plan[.sendError].choose(0, 100, 800)) {
      coverage.meet(.sendError)
      node.served?.sendFailed(to: datagram.to, now: node.now)
      return
    }
    let passage = network.carry(datagram, node.index, receiver.index, now: now)
    for fault in passage.faults { coverage.meet(fault) }
    for (due, copy) in passage.arrivals {
      agenda.add(.arrival(copy, from: node.index, to: receiver.index), at: due)
    }
  }

  private func arrive(_ datagram: Datagram) {
    guard let node = node(at: datagram.to) else { return }
    switch node.life {
    case .running: receive(datagram, node)
    case .paused(let road, let until, var inbox):
      if inbox.count < 256 { inbox.append(datagram) }
      node.life = .paused(road, until: until, inbox: inbox)
    case .down: break
    }
  }

  /// Hands a datagram to a node's engine.
  func receive(_ datagram: Datagram, _ node: Node) {
    guard let road = node.served else { return }
    let keys = KeyWatch(road, datagram)
    var bytes = datagram.bytes
    bytes.withUnsafeMutableBytes { road.receive($0, from: datagram.from, now: node.now) }
    if let broken = keys.broken(by: datagram, road) { fail(broken, node) }
    settle(node)
    if node.served === road { crashInDoubt(node, road) }
  }

  // MARK: Nodes.

  /// The node of this name that takes part in the application.
  func node(named name: String) -> Node? { nodes.first { $0.name == name && !$0.isEvil } }

  func node(at address: Address) -> Node? { nodes.first { $0.address == address } }

  func fail(_ violation: Violation, _ node: Node?) { fail(violation, at: node?.name) }
}

/// How a run ended.
public struct Outcome: Sendable {
  /// Its seed.
  public let seed: UInt64
  /// A hash of all datagrams and events: equal in every run of the seed.
  public let hash: UInt64
  /// The promise that was broken; nil: none was.
  public let violation: Violation?
  let coverage: Coverage
  /// How long it lasted by its own time, in nanoseconds.
  public let simulated: UInt64
  /// Datagrams sent.
  public let datagrams: Int
  /// Messages sent.
  public let messages: Int
  /// What happened: all of it with `keepsTrace`, else the last of it.
  public let trace: [String]
  /// What it was a run of.
  public var kind = Kind.roads

  /// What a run is of.
  public enum Kind: String, Sendable {
    case roads, lanes, routes
  }
}
