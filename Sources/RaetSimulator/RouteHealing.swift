import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// The end of a run of routes: the faults are over, and all has to be well again.
extension RouteSimulation {
  func heal() {
    isHealed = true
    trace.note(now, "the faults are over")
    network.heal()
    for process in processes {
      folders[process.estateIndex].setCapacity(10, of: process.socket)
      if case .down = process.life { process.life = .down(until: now) }
      wake(process.index)
    }
    let end = now + 70 * Times.second
    while violation == nil, now < end {
      if advance(min(end, now + 2 * Times.second), until: { isWell }) { break }
      for process in processes {
        process.connect(now: now)
        sayHello(process)
        if let running = process.running { turn(process, running) }
      }
    }
    guard violation == nil else { return }
    guard isWell else { return fail(ledger.unreported > 0 ? .report : .heals, illness) }
    trace.note(now, "all is well")
    exchange()
    killWorker()
    killManor()
    checkNothingIsLost()
  }

  /// All live, the roads are open, the manors know their yards, and every message has its end.
  private var isWell: Bool { ledger.unreported == 0 && processes.allSatisfy { isReady($0) } }

  private func isReady(_ process: RouteProcess) -> Bool {
    guard let running = process.running else { return false }
    guard process.isManor else {
      return process.isRogue || (try? lane(of: process.estateIndex)?.findRemote(name: process.yard)) != nil
    }
    guard running.ports.road != nil else { return false }
    return process.friends.allSatisfy { friend in
      guard let place = scene.estates.firstIndex(of: friend.name) else { return false }
      return process.isAllowed(at: manor(place)) && manor(place).isAllowed(at: process)
    }
  }

  private func lane(of estate: Int) -> Lane? { manor(estate).running?.ports.lane }

  private var illness: String {
    let sick = processes.filter { !isReady($0) }.map { $0.name }
    return "after 70 s: not well: \(sick), \(ledger.unreported) messages without an end"
  }

  // MARK: Messages pass again, or are refused with the right word.

  private func exchange() {
    let honest = processes.filter { !$0.isRogue }
    var expected: [(number: Int, receiver: RouteProcess?, share: String)] = []
    for sender in honest {
      for round in 0..<5 {
        // The first goes nowhere.
        let receiver = round == 0 ? nil : chance.pick(honest.filter { $0 !== sender })
        let share = chance.pick(["open", "open", "jobs", "secret", "closed"]) ?? "open"
        var destination = receiver.map { to($0) } ?? Destination(estates: .one(RoutePolicy.nowhere), yard: "w0")
        // Within an estate its own name may be left out; without a yard it is the manor.
        if let receiver, receiver.estate == sender.estate, !receiver.isManor || chance.happens(50) {
          destination = Destination(estates: .here, yard: receiver.yard)
        }
        destination.share = share
        let order = Order(destination, to: receiver.map { [$0.index] } ?? [], share, confirms: chance.happens(70))
        if let number = send(order, from: sender) { expected.append((number, receiver, share)) }
      }
      if let running = sender.running { turn(sender, running) }
    }
    advance(now + 20 * Times.second) { false }
    for (number, receiver, share) in expected where violation == nil {
      check(ledger.entries[number], number, receiver, share)
    }
  }

  private func check(_ entry: RouteLedger.Entry, _ number: Int, _ receiver: RouteProcess?, _ share: String) {
    let sender = processes[entry.sender]
    if let receiver, scene.passes(sender, receiver, share) {
      coverage.meet(.exchangeArrived)
      let isRight = entry.arrivals == 1 && entry.end == (entry.confirms ? .confirmed : .handedOn)
      guard !isRight else { return }
      return fail(.heals, "message \(number) from \(sender.name) to \(receiver.name), \(share): \(entry.end)")
    }
    coverage.meet(receiver == nil ? .exchangeNowhere : .exchangeRefused)
    switch entry.end {
    case .failed(.notFound), .failed(.rejected), .undelivered(.notFound), .undelivered(.rejected): break
    default:
      let place = receiver?.name ?? RoutePolicy.nowhere
      fail(.report, "message \(number) from \(sender.name) to \(place), \(share), does not pass: \(entry.end)")
    }
  }

  // MARK: Deaths that nobody mends.

  /// A worker dies for good: whoever sends to it is told.
  private func killWorker() {
    guard violation == nil, let dead = chance.pick(processes.filter { !$0.isManor && !$0.isRogue }) else { return }
    die(dead, after: .max)
    let senders = processes.filter { $0 !== dead && !$0.isRogue && scene.passes($0, dead, "open") }
    var numbers: [Int] = []
    for sender in senders {
      var destination = sender.estate == dead.estate ? Destination(estates: .here, yard: dead.yard) : to(dead)
      destination.share = "open"
      let order = Order(destination, to: [dead.index], "open", confirms: chance.happens(50))
      if let number = send(order, from: sender) { numbers.append(number) }
      if let running = sender.running { turn(sender, running) }
    }
    advance(now + 25 * Times.second) { false }
    for number in numbers where violation == nil {
      switch ledger.entries[number].end {
      // A manor that had only heard of it forgets it.
      case .failed(.dead), .undelivered(.dead), .failed(.notFound), .undelivered(.notFound):
        coverage.meet(.deadYardReported)
      default: fail(.report, "message \(number) to the dead \(dead.name): \(ledger.entries[number].end)")
      }
    }
  }

  /// An estate dies for good: of two that may take a message the other one does.
  private func killManor() {
    guard violation == nil, scene.shape != .star, scene.estates.count > 2 else { return }
    let order = chance.number(0...scene.estates.count - 1)
    let (dead, next, other) = (order, (order + 1) % scene.estates.count, (order + 2) % scene.estates.count)
    die(manor(dead), after: .max)
    let sender = manor(next)
    advance(now + 300 * Times.second) {
      guard let road = sender.running?.ports.road, let id = try? road.findRemote(name: scene.estates[dead]) else {
        return true
      }
      if case .dead = try? road.remote(id).presence { return true }
      return false
    }
    let estates: Estates = .several([scene.estates[dead], scene.estates[other]])
    let choice = Order(
      Destination(estates: estates, share: "open"), to: [manor(dead).index, manor(other).index], "open", confirms: true)
    guard violation == nil, let number = send(choice, from: sender) else { return }
    if let running = sender.running { turn(sender, running) }
    advance(now + 20 * Times.second) { false }
    let entry = ledger.entries[number]
    guard entry.end == .confirmed, entry.receiver == manor(other).index else {
      return fail(.heals, "message \(number) for one of two, of which the first is dead: \(entry.end)")
    }
    coverage.meet(.takenByAnother)
  }

  // MARK: Nothing is lost without a report.

  private func checkNothingIsLost() {
    for (number, entry) in ledger.entries.enumerated() where violation == nil {
      guard entry.end == .handedOn, entry.arrivals == 0 else { continue }
      let way = Set(scene.manors + entry.receivers)
      guard way.contains(where: { excuses[$0] >= entry.time }) else {
        let from = processes[entry.sender].name
        return fail(.report, "message \(number) from \(from) is lost, and nobody has said so")
      }
      coverage.meet(.lostWithProcess)
    }
    guard violation == nil, !ledger.entries.isEmpty else { return }
    for process in processes {
      if let router = process.running?.router, router.value(.hopLimit) > 0 { coverage.meet(.hopLimitReached) }
    }
  }
}
