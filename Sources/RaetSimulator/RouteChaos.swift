import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// What goes wrong in a run of routes, and who lies in it.
extension RouteSimulation {
  func chaos() {
    guard !isHealed else { return }
    schedule(.chaos, after: chance.period(Times.millisecond * 50...Times.second / 2))
    guard let process = victim() else { return }
    let dies: RouteFault = process.isManor ? .manorDies : .workerDies
    if happens(dies) { die(process, after: chance.period(Times.millisecond...2 * Times.second)) }
    guard happens(.roadCut) else { return }
    let (from, to) = (chance.number(0...scene.estates.count - 1), chance.number(0...scene.estates.count - 1))
    network[from, to].cutUntil = now + chance.period(Times.millisecond * 100...6 * Times.second)
  }

  private func happens(_ fault: RouteFault) -> Bool {
    guard chance.happens(plan[fault].choose(0, 5, 20)) else { return false }
    coverage.meet(fault)
    return true
  }

  /// Whom something happens to: often one that a message is on its way to.
  private func victim() -> RouteProcess? {
    let awaited = processes.filter { !$0.isRogue && ledger.isAwaited($0.index) }
    return chance.pick(awaited.isEmpty || chance.happens(40) ? processes : awaited)
  }

  // MARK: Liars.

  /// A yard and an estate send what they like: under all names, to all places, with all that a route can say.
  func lie() {
    guard !isHealed else { return }
    schedule(.liar, after: chance.period(Times.millisecond * 50...Times.second / 2))
    if let place = scene.rogueEstate, let rogue = processes.first(where: { $0.estateIndex == place && $0.isRogue }) {
      if happens(.forgedReport) { lieOnLane(rogue, reports: true) }
      for _ in 0..<chance.number(1...3) where ledger.entries.count < 2000 { lieOnLane(rogue, reports: false) }
      if let running = rogue.running { turn(rogue, running) }
    }
    if let place = scene.evilEstate, ledger.entries.count < 2000 { lieOnRoad(manor(place)) }
  }

  private func lieOnLane(_ rogue: RouteProcess, reports: Bool) {
    guard let lane = rogue.running?.ports.lane,
      let other = chance.pick(processes.filter { $0.estate == rogue.estate && $0 !== rogue }),
      let id = (try? lane.findRemote(name: other.yard)) ?? (try? lane.addRemote(name: other.yard))
    else { return }
    if !reports { coverage.meet(.forgedYard) }
    var route = forgedRoute()
    if reports {
      let status: Status = chance.pick([.ok, .notFound, .rejected, .unknown]) ?? .ok
      // A number that the other has used not long ago, as if it had been seen.
      let last = other.running?.router.lastNumber ?? 0
      route.report = Route.Report(id: last &- UInt64(chance.number(0...20)), status: status.rawValue)
    }
    lie(route, rogue, anyYard: false) { (kind, bytes) throws(Status) in
      _ = try lane.send(id, kind, bytes, timeout: 0, tag: Self.noTag, now: now)
    }
  }

  private func lieOnRoad(_ evil: RouteProcess) {
    guard let running = evil.running, let road = running.ports.road,
      let other = chance.pick(scene.estates.filter { $0 != evil.estate }), let id = try? road.findRemote(name: other)
    else { return }
    coverage.meet(.forgedEstate)
    var route = forgedRoute()
    // What is said of its lies shall not be taken for what is said of its own router's messages.
    route.id = route.id.map { $0 + 1_000_000 }
    lie(route, evil, anyYard: true) { (kind, bytes) throws(Status) in
      _ = try road.send(id, kind, bytes, timeout: 0, tag: Self.noTag, now: now)
    }
    turn(evil, running)
  }

  /// A route of parts that may be anybody's.
  private func forgedRoute() -> Route {
    let estates: [String?] = scene.estates.map { $0 } + [nil, nil, RoutePolicy.nowhere, "", "E0", "e0,e1", "role=e0"]
    let yards: [String?] = processes.map { $0.yard } + [nil, "manor", "w0", "rogue", "rogue", "Manor", "*"]
    let shares: [String?] = ["open", "open", "jobs", "secret", "secret", "closed", nil]
    func place() -> Place {
      Place(estate: chance.pick(estates) ?? nil, yard: chance.pick(yards) ?? nil, share: chance.pick(shares) ?? nil)
    }
    var route = Route(source: place(), destination: place())
    if chance.happens(50) { route.id = UInt64(chance.number(1...60)) }
    route.confirms = chance.happens(30)
    if chance.happens(20) { route.hops = chance.pick([1, 2, 15, 16, 17, .max]) ?? 1 }
    if chance.happens(20) { route.choice = chance.pick(["e0,e1", "e1,e0,nowhere", "role=e1", "kind=0", "e9,e1"]) }
    return route
  }

  private func lie(
    _ route: Route, _ liar: RouteProcess, anyYard: Bool,
    _ send: (BodyKind, UnsafeRawBufferPointer) throws(Status) -> Void
  ) {
    let kind: BodyKind = chance.happens(40) ? .msgpack : .json
    let number = ledger.entries.count
    let body = RouteLedger.body(number, 40, kind)
    var entry = RouteLedger.Entry(
      sender: liar.index, process: liar.process, receivers: Array(processes.indices),
      share: route.destination.share ?? "", source: route.source.share ?? "", confirms: false, isForged: true,
      content: body.content, time: now)
    entry.anyYard = anyYard
    entry.end = .orphan
    ledger.add(entry)
    trace.note(now, "\(liar.name) lies in message \(number): \(route.source.text) > \(route.destination.text)")
    body.bytes.withUnsafeBytes { bytes in
      // Now and then there is no route at all.
      if route.report == nil, chance.happens(3) {
        do throws(Status) { return try send(kind, bytes) } catch { return }
      }
      guard let forged = try? RoutedBody.read(kind, bytes).with(route, in: bytes) else { return }
      // What the stack does not take was never sent.
      do throws(Status) { try send(kind, UnsafeRawBufferPointer(forged.bytes)) } catch { return }
    }
  }
}
