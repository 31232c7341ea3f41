import RaetCrypto
import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// A run of routes: estates on a road, each with a manor and workers on a lane, a router in each process, messages from
/// process to process, and faults, all from one seed. Roads, lanes and routers are those that ship.
public final class RouteSimulation: VirtualRun {
  enum Happening {
    case arrival(Datagram, from: Int, to: Int)
    /// A process's host is woken by its socket.
    case wake(Int)
    case application(Int)
    case chaos
    case liar
  }

  let seed: UInt64
  let plan: RoutePlan
  var now: UInt64 = Times.second
  var processes: [RouteProcess] = []
  var all: [RouteProcess] { processes }
  /// The lanes' folders, one for each estate.
  var folders: [VirtualSockets]
  var network: VirtualNetwork
  var agenda = Agenda<Happening>()
  var ledger = RouteLedger()
  var coverage = Coverage()
  var chance: Chance
  var trace: Trace
  var hash = RunHash()
  var violation: Violation?
  var isHealed = false
  /// Datagrams and pages.
  var packets = 0
  var messagesLeft: Int
  let scene: RouteScene
  /// When each process last died, or could not tell how a message ended: what was on its way there may be lost.
  var excuses: [UInt64]
  /// How many reports each process could not send.
  var reportsLost: [UInt64]
  private let duration: UInt64

  /// A run with the faults and estates that the seed says. `keepsTrace` makes it slower and its outcome longer.
  public init(seed: UInt64, keepsTrace: Bool = false) {
    self.seed = seed
    plan = RoutePlan(seed: seed)
    chance = Chance(seed: seed, purpose: 303)
    trace = Trace(isKept: keepsTrace)
    duration = Times.second * UInt64(chance.number(3...12))
    messagesLeft = chance.number(40...120)
    scene = RouteScene(plan, &chance)
    processes = scene.processes(seed, &chance)
    folders = scene.estates.map { _ in VirtualSockets() }
    network = VirtualNetwork(plan.links, nodes: scene.estates.count, seed: seed)
    network.losesChangedJoins = true
    excuses = processes.map { _ in 0 }
    reportsLost = excuses
    if processes.contains(where: { $0.setup.capacity < 10 }) { coverage.meet(.shortYardQueue) }
    if processes.contains(where: { $0.setup.sendQueue < 1 << 20 }) { coverage.meet(.smallSendQueue) }
  }

  /// Runs it: faults, then none, then the checks.
  public func run() -> Outcome {
    trace.note(now, "seed \(seed): \(scene.text), faults: \(plan.text)")
    let begin = now
    for process in processes {
      start(process)
      schedule(.application(process.index), after: Times.millisecond * UInt64(chance.number(1...200)))
    }
    schedule(.chaos, after: Times.millisecond * 500)
    schedule(.liar, after: Times.millisecond * 600)
    advance(begin + duration) { false }
    if violation == nil { heal() }
    for process in processes { endLife(process) }
    return Outcome(
      seed: seed, hash: hash.value, violation: violation, coverage: coverage, simulated: now - begin,
      datagrams: packets, messages: ledger.entries.count, trace: trace.lines, kind: .routes)
  }

  // MARK: Time.

  func perform(_ happening: Happening) {
    switch happening {
    case .arrival(let datagram, let from, let to):
      network.arrived(from, to)
      arrive(datagram, at: manor(to))
    case .wake(let index):
      processes[index].isAwaited = false
      if processes[index].running != nil { serve(processes[index]) }
    case .application(let index): runApplication(processes[index])
    case .chaos: chaos()
    case .liar: lie()
    }
  }

  /// A process's host hears of its socket soon.
  func wake(_ index: Int) {
    guard !processes[index].isAwaited else { return }
    processes[index].isAwaited = true
    schedule(.wake(index), after: UInt64(chance.number(5...200)) * 1000)
  }

  /// The process that holds an estate's road.
  func manor(_ estate: Int) -> RouteProcess { processes[scene.manors[estate]] }

  // MARK: Lives.

  func start(_ process: RouteProcess) {
    do { try process.start(seed, now: now) } catch { return fail(.calls, "\(process.name) does not start: \(error)") }
    process.socket = folders[process.estateIndex].bind(
      process.yard, owner: process.index, capacity: isHealed ? 10 : process.setup.capacity)
    reportsLost[process.index] = 0
    trace.note(now, "\(process.name) starts, process \(process.process)")
    process.running?.ports.watch = { [unowned self, unowned process] target, kind, body in
      sees(body, kind, to: target, by: process)
    }
    process.connect(now: now)
    sayHello(process)
    serve(process)
  }

  /// The process dies, and another begins after a while.
  func die(_ process: RouteProcess, after pause: UInt64) {
    guard process.running != nil else { return }
    let met: RouteMet = process.isManor ? .manorDiedWithMessage : .workerDiedWithMessage
    if ledger.isAwaited(process.index) { coverage.meet(met) }
    endLife(process)
    ledger.died(process.process)
    excuses[process.index] = now
    trace.note(now, "\(process.name) dies")
    for other in folders[process.estateIndex].abandon(process.socket).sorted() { wake(other) }
    process.life = .down(until: pause == .max ? .max : now + pause)
  }

  private func endLife(_ process: RouteProcess) {
    guard let running = process.running else { return }
    if !process.isRogue { coverage.add(running.router) }
    running.ports.watch = nil
  }
}
