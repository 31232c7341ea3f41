import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// What hosts and their sockets do in a run of routes: what `RouterHandle` and the drivers do over real ones.
extension RouteSimulation {
  private static let mostPages = 64

  /// The process's time has come, or its host was woken.
  func serve(_ process: RouteProcess) {
    guard let running = process.running else { return start(process) }
    receivePages(process, running)
    turn(process, running)
  }

  /// Lets stacks and router work until they have no more to do now.
  func turn(_ process: RouteProcess, _ running: RouteProcess.Running) {
    let (lane, road, router) = (running.ports.lane, running.ports.road, running.router)
    for _ in 0..<32 {
      if let road, road.deadline <= now { road.service(now: now) }
      if lane.deadline <= now { lane.service(now: now) }
      drain(process, running)
      router.expire(now: now)
      let hadEvents = takeEvents(process, running)
      flushRoad(process, road)
      flushLane(process, lane)
      guard violation == nil else { return }
      let isIdle = !hadEvents && !lane.hasEvents && !(road?.hasEvents ?? false) && !lane.hasReady
      if isIdle, process.due > now { break }
    }
    noteReportsLost(process, router)
    if lane.hasReady || lane.hasEvents || router.hasEvents { wake(process.index) }
  }

  private func noteReportsLost(_ process: RouteProcess, _ router: Router) {
    let lost = router.value(.reportLost)
    guard lost != reportsLost[process.index] else { return }
    reportsLost[process.index] = lost
    excuses[process.index] = now
  }

  // MARK: Stacks.

  /// Gives the router what its stacks tell.
  private func drain(_ process: RouteProcess, _ running: RouteProcess.Running) {
    while let event = running.ports.road?.nextEvent() { take(event, RoutePorts.roadID, process, running) }
    while let event = running.ports.lane.nextEvent() { take(event, RoutePorts.laneID, process, running) }
  }

  private func take(_ event: Event, _ port: Int, _ process: RouteProcess, _ running: RouteProcess.Running) {
    guard !process.isRogue else { return }
    let target = Target(port: port, remote: event.remote)
    switch event.kind {
    case .message:
      running.ports.current = target
      let who = event.credentials
      running.router.receive(Incoming(from: target, event: event, uid: who?.uid, gid: who?.gid), now: now)
      running.ports.current = nil
    case .delivered, .failed: _ = running.router.ended(event, port: port, now: now)
    case .joined, .allowed, .alive, .dead, .reaped, .remoteGone:
      trace.note(now, "\(process.name): \(event.kind) \(event.name ?? "") \(event.status)")
      running.router.changed(target, now: now)
    default: break
    }
  }

  private func receivePages(_ process: RouteProcess, _ running: RouteProcess.Running) {
    for _ in 0..<Self.mostPages {
      guard running.ports.lane.takesPages,
        let (page, wakes) = folders[process.estateIndex].receive(process.socket)
      else { return }
      for index in wakes.sorted() { unblock(processes[index], process.yard) }
      page.bytes.withUnsafeBytes { bytes in
        Array(page.source.utf8).withUnsafeBytes { source in
          let uid = uid(of: page.process)
          running.ports.lane.receive(
            bytes, from: source, credentials: Credentials(pid: page.process, uid: uid, gid: uid), now: now)
        }
      }
    }
    wake(process.index)
  }

  private func uid(of process: Int32) -> UInt32 { processes[Int(process) / 1000 - 1].uid }

  private func unblock(_ process: RouteProcess, _ name: String) {
    if let lane = process.running?.ports.lane, let id = try? lane.findRemote(name: name),
      let yard = try? lane.remote(id)
    {
      lane.unblock(yard)
    }
    wake(process.index)
  }

  private func flushLane(_ process: RouteProcess, _ lane: Lane) {
    while violation == nil, let yard = lane.takeReady() { send(process, lane, yard) }
  }

  private func send(_ process: RouteProcess, _ lane: Lane, _ yard: Yard) {
    let folder = process.estateIndex
    if lane.isAtBook(yard) {
      guard let number = folders[folder].number(at: yard.name) else { return lane.gone(yard, now: now) }
      lane.leads(yard, toSocket: number)
    }
    var waiting: [[UInt8]] = []
    lane.pages(of: yard, limit: 16) { page in
      var head = [UInt8](page.head)
      head.withUnsafeMutableBytes { PageHead.setNumber(page.number, $0) }
      waiting.append(head + page.piece)
    }
    var taken = 0
    var result = VirtualSockets.Result.taken
    for page in waiting {
      result = folders[folder].send(
        SocketPage(bytes: page, source: process.yard, process: process.process), to: yard.name)
      guard result == .taken else { break }
      note(page, "\(process.name) -> \(process.estate)/\(yard.name)")
      taken += 1
    }
    if taken > 0, let owner = folders[folder].owner(at: yard.name) { wake(owner) }
    switch result {
    case .taken: lane.sent(taken, to: yard, now: now)
    case .full:
      lane.blocked(taken, to: yard, now: now)
      folders[folder].wait(process.index, at: yard.name)
    case .gone:
      if taken > 0 { lane.sent(taken, to: yard, now: now) } else { lane.gone(yard, now: now) }
    }
  }

  private func note(_ bytes: [UInt8], _ way: String) {
    packets += 1
    hash.add(now)
    bytes.withUnsafeBytes { hash.add($0) }
    if trace.isKept { trace.note(now, "\(way): \(bytes.count) bytes") }
  }

  // MARK: The road.

  private func flushRoad(_ process: RouteProcess, _ road: Road?) {
    while let road, let waiting = road.outbox.datagram(0) {
      let own = RouteScene.address(process.estateIndex)
      let datagram = Datagram(from: own, to: waiting.to, bytes: [UInt8](waiting.bytes))
      road.outbox.remove(1)
      guard let to = scene.estates.indices.first(where: { RouteScene.address($0) == datagram.to }) else { continue }
      packets += 1
      hash.add(now)
      datagram.bytes.withUnsafeBytes { hash.add($0) }
      if trace.isKept { trace.note(now, "\(process.estate) -> \(scene.estates[to]): \(Trace.text(datagram))") }
      for (due, copy) in network.carry(datagram, process.estateIndex, to, now: now).arrivals {
        agenda.add(.arrival(copy, from: process.estateIndex, to: to), at: due)
      }
    }
  }

  func arrive(_ datagram: Datagram, at process: RouteProcess) {
    guard let running = process.running else { return }
    var bytes = datagram.bytes
    bytes.withUnsafeMutableBytes { running.ports.road?.receive($0, from: datagram.from, now: now) }
    turn(process, running)
  }

  // MARK: What a router hands on.

  /// A router gives a message to a stack.
  func sees(_ body: UnsafeRawBufferPointer, _ kind: BodyKind, to target: Target, by process: RouteProcess) {
    guard let ports = process.running?.ports, let number = RouteLedger.number(body) else { return }
    if trace.isKept {
      let route = (try? RoutedBody.read(kind, body).route).map { "\($0.source.text) > \($0.destination.text)" } ?? "-"
      trace.note(now, "\(process.name) sends message \(number) to \(ports.facts(target)?.name ?? "?"): \(route)")
    }
    guard let from = ports.current else { return }
    if let broken = ledger.handsOn(number) { return fail(broken) }
    guard from != target else { return fail(.trust, "\(process.name) sends message \(number) back where it came from") }
    guard let route = try? RoutedBody.read(kind, body).route else {
      return fail(.exact, "\(process.name) sends message \(number) on without its route")
    }
    guard route.hops <= RouterLimit.hops else { return fail(.limits, "message \(number) has \(route.hops) hops") }
    guard from.port == RoutePorts.roadID, target.port == RoutePorts.roadID else { return }
    coverage.meet(.byRelay)
    if route.hops > process.setup.relayLimit {
      fail(.trust, "\(process.name) relays message \(number) as router \(route.hops) of \(process.setup.relayLimit)")
    }
  }
}
