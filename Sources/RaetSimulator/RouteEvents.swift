import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// What routers tell the hosts of a run, and whether it is true and lawful.
extension RouteSimulation {
  /// Ends and messages that are no business of the ledger's have this tag.
  static let noTag = UInt64.max

  func takeEvents(_ process: RouteProcess, _ running: RouteProcess.Running) -> Bool {
    var found = false
    while violation == nil, let told = running.router.nextEvent() {
      found = true
      let event = told.event
      hash.add(UInt64(event.kind.rawValue) << 32 | UInt64(UInt32(bitPattern: event.status.rawValue)))
      hash.add(event.tag)
      if trace.isKept || event.kind != .message {
        let places = "\(told.source ?? "") \(told.destination ?? "")"
        trace.note(now, "\(process.name): \(event.kind) \(event.name ?? "") \(event.status) \(event.tag) \(places)")
      }
      switch event.kind {
      case .message: arrived(told, process)
      case .delivered, .failed, .undelivered: if event.tag != Self.noTag { reported(event, process) }
      case .refused: refused(told)
      default: break
      }
    }
    return found
  }

  private func refused(_ told: RouterEvent) {
    guard told.event.name?.hasPrefix("the source") ?? false else { return coverage.meet(.ruleRefuses) }
    coverage.meet(told.port == RoutePorts.roadID && scene.shape == .star ? .relayNotBelieved : .forgeryRefused)
  }

  // MARK: Reports.

  private func reported(_ event: Event, _ process: RouteProcess) {
    if let broken = ledger.reported(event, process: process.process) { return fail(broken) }
    switch (event.kind, event.status) {
    case (.delivered, _): coverage.meet(ledger.entries[Int(event.tag)].confirms ? .confirmed : .handedOn)
    case (.undelivered, _): coverage.meet(.undelivered)
    case (_, .notFound): coverage.meet(.failedNotFound)
    case (_, .rejected): coverage.meet(.failedRejected)
    case (_, .dead): coverage.meet(.failedDead)
    case (_, .timedOut): coverage.meet(.failedByTimeOnWay)
    case (_, .unknown): coverage.meet(.failedUnknown)
    case (_, .canceled): coverage.meet(.failedCanceled)
    default: break
    }
  }

  // MARK: Messages.

  private func arrived(_ told: RouterEvent, _ process: RouteProcess) {
    let body = told.event.body?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    if told.share == "hello", RouteLedger.number(body) == nil { return }
    let (number, broken) = ledger.arrived(body, at: process.index, share: told.share)
    if let broken { return fail(broken) }
    guard let number, let source = told.source.flatMap({ try? Destination($0) }) else {
      return fail(.exact, "a message without a source")
    }
    let entry = ledger.entries[number]
    let sender = processes[entry.sender]
    guard isProved(source, entry, sender, process) else {
      return fail(.trust, "message \(number) of \(sender.name) came to \(process.name) as from \(source.text)")
    }
    guard scene.isLawful(sender, process, entry.share) else {
      return fail(.trust, "message \(number) of \(sender.name) came to \(process.name), share \(entry.share)")
    }
    if entry.isForged { coverage.meet(.forgeryCorrected) }
    note(number, entry, sender, process)
    if !isHealed, !entry.isForged, entry.share != "answers", chance.happens(25) { reply(told, process, to: sender) }
  }

  /// Whether a source is the one that really sent it, as far as the place that it came to can tell.
  private func isProved(
    _ source: Destination, _ entry: RouteLedger.Entry, _ sender: RouteProcess, _ receiver: RouteProcess
  ) -> Bool {
    guard entry.anyYard || source.yard == sender.yard else { return false }
    guard source.share ?? "" == entry.source else { return false }
    switch source.estates {
    case .one(let name): return name == sender.estate
    case .here: return sender.estate == receiver.estate
    case .several, .role, .kind: return false
    }
  }

  private func note(_ number: Int, _ entry: RouteLedger.Entry, _ sender: RouteProcess, _ receiver: RouteProcess) {
    if sender === receiver {
      coverage.meet(.withinProcess)
    } else {
      coverage.meet(sender.estate == receiver.estate ? .withinEstate : .betweenEstates)
    }
    if entry.receivers.count > 1, !entry.isForged, entry.receivers.first != receiver.index {
      coverage.meet(.laterOfSeveral)
    }
    if entry.content.count > 20_000 { coverage.meet(.largeRouted) }
    if entry.share == "answers" { coverage.meet(.reply) }
  }

  private func reply(_ told: RouterEvent, _ process: RouteProcess, to sender: RouteProcess) {
    guard var destination = told.source.flatMap({ try? Destination($0) }) else { return }
    destination.share = "answers"
    let isFar = !scene.areDirect(sender.estateIndex, process.estateIndex)
    let order = Order(destination, to: [sender.index], "answers", confirms: chance.happens(50))
    let fallback = told.port == 0 ? nil : Target(port: told.port, remote: told.event.remote)
    if send(order, from: process, fallback: fallback) != nil, isFar, process.isManor { coverage.meet(.replyByFallback) }
  }
}
