import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// A run of lanes: yards in one folder, messages between them, and faults, all from one seed. The engine is the one that
/// ships; only sockets, clocks and randomness are virtual.
public final class LaneSimulation: VirtualRun {
  enum Happening {
    /// A node's host is woken by its socket.
    case wake(Int)
    case application(Int)
    case chaos
    /// The same once, in the middle of a book.
    case strike
    case attack
    case reader(Int)
    /// A process that others feed with randomness again, and whose buffer is its own again.
    case mend(Int)
  }

  let seed: UInt64
  let plan: LanePlan
  var now: UInt64 = Times.second
  var nodes: [LaneNode] = []
  var all: [LaneNode] { nodes }
  var sockets = VirtualSockets()
  var agenda = Agenda<Happening>()
  var ledger = LaneLedger()
  var coverage = Coverage()
  var chance: Chance
  var liar: Liar
  var trace: Trace
  var hash = RunHash()
  var violation: Violation?
  var isHealed = false
  var pages = 0
  /// Nodes whose own send buffer is full.
  var stuffed: Set<Int> = []
  /// The most messages that are still to be sent, and the longest.
  var messagesLeft: Int
  let longest: Int
  private let duration: UInt64
  private let watchesLogs: Bool

  /// A run with the faults and yards that the seed says. `keepsTrace` makes it slower and its outcome longer.
  public init(seed: UInt64, keepsTrace: Bool = false) {
    self.seed = seed
    plan = LanePlan(seed: seed)
    chance = Chance(seed: seed, purpose: 203)
    trace = Trace(isKept: keepsTrace)
    liar = Liar(seed: seed)
    watchesLogs = seed % 8 == 0
    duration = Times.second * UInt64(chance.number(3...20))
    longest = chance.pick([100, 70_000, 140_000, 300_000, 300_000, 800_000]) ?? 70_000
    messagesLeft = longest > 200_000 ? 30 : 80
    build(chance.number(2...6))
  }

  private func build(_ count: Int) {
    for index in 0..<count {
      var settings = LaneSettings()
      settings.name = "yard\(index)"
      settings.maxMessage = chance.happens(20) ? longest + 100 : 2 << 20
      settings.sendQueue = chance.happens(30) ? 3000 : 4 << 20
      // One that is smaller than a message refuses it, and nobody would be told.
      settings.receiveQueue = chance.happens(20) ? max(100_000, longest) : 8 << 20
      settings.maxRemotes = chance.pick([count - 1, count + 2, 50, 50]) ?? 50
      settings.acceptsStrangers = !chance.happens(20)
      settings.messageTimeout = Times.second * UInt64(chance.pick([5, 60, 300]) ?? 300)
      let node = LaneNode("yard\(index)", index: index, settings: settings)
      node.capacity = plan[.shortestQueue].choose(10, chance.number(2...10), chance.number(1...3))
      if plan[.shortestQueue] != .off { coverage.meet(.shortestQueue) }
      if plan[.laneLatePoll] != .off, chance.happens(50) {
        coverage.meet(.laneLatePoll)
        node.lateness = plan[.laneLatePoll].choose(200, 20_000, 300_000)
      }
      nodes.append(node)
    }
  }

  /// Runs it: faults, then none, then the checks.
  public func run() -> Outcome {
    trace.note(now, "seed \(seed): \(nodes.count) yards, faults: \(plan.text)")
    let begin = now
    for node in nodes {
      start(node)
      schedule(.application(node.index), after: Times.millisecond * UInt64(chance.number(1...100)))
    }
    schedule(.chaos, after: Times.millisecond * 200)
    schedule(.attack, after: Times.millisecond * 300)
    advance(begin + duration) { false }
    if violation == nil { heal() }
    for node in nodes { endLife(node) }
    return Outcome(
      seed: seed, hash: hash.value, violation: violation, coverage: coverage, simulated: now - begin,
      datagrams: pages, messages: ledger.entries.count, trace: trace.lines, kind: .lanes)
  }

  // MARK: Time.

  func perform(_ happening: Happening) {
    switch happening {
    case .wake(let index):
      nodes[index].isAwaited = false
      if nodes[index].served != nil { serve(nodes[index]) }
    case .application(let index): runApplication(nodes[index])
    case .chaos: chaos()
    case .strike: strike()
    case .attack: attack()
    case .reader(let index):
      nodes[index].reads = true
      wake(index)
    case .mend(let index):
      nodes[index].entropy.isDry = false
      stuffed.remove(index)
    }
  }

  /// A node's host hears of its descriptor soon.
  func wake(_ index: Int) {
    guard !nodes[index].isAwaited else { return }
    nodes[index].isAwaited = true
    schedule(.wake(index), after: UInt64(chance.number(5...(isHealed ? 200 : nodes[index].lateness))) * 1000)
  }

  // MARK: Lives.

  func start(_ node: LaneNode) {
    do throws(RoadFailure) { try node.start(seed, now: now) } catch { return fail(.calls, "no start: \(error.text)") }
    guard let lane = node.served else { return }
    node.socket = sockets.bind(node.name, owner: node.index, capacity: isHealed ? 10 : node.capacity)
    if watchesLogs || trace.isKept { lane.log = Log(node.log, upTo: .debug) }
    if watchesLogs { node.log.secrets = ["secret-"] }
    if trace.isKept { node.log.show = { [unowned self, unowned node] in trace.note(now, "  \(node.name) log: \($0)") } }
    trace.note(now, "\(node.name) starts, process \(node.process)")
    // Who takes nothing from strangers knows whom it deals with.
    for other in nodes where !node.settings.acceptsStrangers && other !== node { _ = try? node.remote(other) }
  }

  /// The process dies, and another begins after a while: at once it takes the path of a living one, as the reference does.
  func die(_ node: LaneNode, after pause: UInt64) {
    guard let lane = node.lane else { return }
    if lane.yardsWithMessages.contains(where: { $0.isHalfSent }) { coverage.meet(.bookHalfSentAtDeath) }
    if lane.bytesHalfReceived > 0 { coverage.meet(.bookHalfReceivedAtDeath) }
    endLife(node)
    // What was whole in the engine and the host had not taken died with the process, as what was in the socket.
    ledger.died(node.process)
    trace.note(now, "\(node.name) dies, \(sockets.queued(node.socket)) pages in its socket")
    for other in sockets.abandon(node.socket).sorted() { wake(other) }
    node.life = .down(until: now + pause)
    if pause == 0 { start(node) }
  }

  func endLife(_ node: LaneNode) {
    if let lane = node.lane { coverage.add(lane.statistics) }
    if let leak = node.log.leak { fail(.secret, "in the log of \(node.name): \(leak)") }
  }
}
