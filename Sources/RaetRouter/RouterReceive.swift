import RaetCrypto
import RaetStack
import RaetWire

/// A message of another process: who sent it, whether he may, and where it goes (PROTOCOL 14.3 and 14.5).
extension Router {
  /// What the wire says of a message's sender.
  private enum Proof {
    /// He is who he says.
    case proved(Sender)
    /// Somebody else says so; who vouches for it is in `Sender.via`. `Sender`s: as claimed, and as proved.
    case claimed(Sender, proved: Sender)
    /// He claims what is not so. `Sender`: as proved; nil: he bears this side's own name.
    case forged(Sender?)
  }

  /// Takes a message that came on an attached stack.
  public func receive(_ incoming: Incoming, now: UInt64) {
    enter(now)
    guard let port = port(incoming.from.port), let facts = stacks.facts(incoming.from) else { return }
    count(.received)
    let bytes = incoming.event.body?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    do throws(RouteError) {
      let body = try RoutedBody.read(incoming.event.bodyKind, bytes, fields: rules.fields)
      if let report = body.route?.report { return receive(report, from: incoming.from) }
      judge(incoming, port, facts, body, bytes)
    } catch {
      count(.invalidRoute)
      let proved = self.proved(Place(), incoming, port, facts)
      audit(incoming, proved, nil, .proto, "the route cannot be read")
    }
  }

  // MARK: Who sent it.

  private func judge(
    _ incoming: Incoming, _ port: Port, _ facts: RemoteFacts, _ body: RoutedBody, _ bytes: UnsafeRawBufferPointer
  ) {
    let route = body.route ?? Route(source: unroutedSource(port, facts), destination: Place())
    if body.route == nil { count(.unrouted) }
    let origin = Origin(
      target: incoming.from, isRoad: port.isRoad, hops: route.hops, id: route.id, confirms: route.confirms,
      source: route.source)
    var message = Judged(
      sender: Sender(), destination: normal(route), bodyKind: incoming.event.bodyKind, fields: body.fields)
    switch proof(route.source, incoming, port, facts) {
    case .proved(let sender): message.sender = sender
    case .claimed(let sender, let proved):
      message.sender = sender
      switch rules.judge(message) {
      case .allowed: return pass(incoming, message, origin, route, body, bytes)
      case .refused(line: 0):
        guard isPutRight(route) else { return forged(incoming, proved, origin, route) }
        count(.correctedForged)
        message.sender = proved
      case .refused(let line): return refuse(incoming, message.sender, origin, route, line)
      }
    case .forged(let proved):
      guard let proved, isPutRight(route) else {
        return forged(incoming, proved ?? self.proved(Place(), incoming, port, facts), origin, route)
      }
      count(.correctedForged)
      message.sender = proved
    }
    // Which of several estates takes it is asked of the rules when it is chosen.
    if route.choice == nil || port.isRoad, case .refused(let line) = rules.judge(message) {
      return refuse(incoming, message.sender, origin, route, line)
    }
    pass(incoming, message, origin, route, body, bytes)
  }

  /// Whether a forged source becomes the proved one. Not of what a router has handed on: it would become the message of
  /// him who only carried it, who may be allowed more.
  private func isPutRight(_ route: Route) -> Bool { rules.correctsForged && route.hops == 0 }

  private func unroutedSource(_ port: Port, _ facts: RemoteFacts) -> Place {
    port.isRoad ? Place(estate: facts.name) : Place(yard: facts.name)
  }

  /// The destination as rules see it: this side's names where the route has null, and no estate where none is known.
  private func normal(_ route: Route) -> Place {
    var place = route.destination
    if isHere(place.yard) || place.estate.map(isMine(estate:)) ?? true {
      place.estate = estate
      if place.yard == nil { place.yard = yard }
    }
    return place
  }

  private func proof(_ claim: Place, _ incoming: Incoming, _ port: Port, _ facts: RemoteFacts) -> Proof {
    let proved = self.proved(claim, incoming, port, facts)
    guard port.isRoad else { return laneProof(claim, proved, facts) }
    // Another road may know an estate by the name that this side has on this one.
    if isMine(estate: facts.name) { return .forged(nil) }
    guard let estate = claim.estate, !isMine(estate: estate) else { return .forged(proved) }
    if RouteText.same(estate, facts.name) { return .proved(proved) }
    var claimed = Sender()
    claimed.estate = estate
    claimed.yard = claim.yard ?? ""
    claimed.share = claim.share ?? ""
    claimed.via = facts.name
    claimed.on = proved.on
    return .claimed(claimed, proved: proved)
  }

  private func laneProof(_ claim: Place, _ proved: Sender, _ facts: RemoteFacts) -> Proof {
    let isOwnEstate = claim.estate.map { estate == nil || isMine(estate: $0) } ?? true
    let isOwnYard = claim.yard.map { RouteText.same($0, facts.name) } ?? false
    // Where this process knows of no estate, a yard of that name in any other may be meant.
    let isItself = isOwnYard && (claim.estate == nil || (estate != nil && isOwnEstate))
    if isManor(facts.name), !isItself {
      // The manor has proved it in this process's place.
      var sender = Sender()
      sender.estate = claim.estate ?? proved.estate
      sender.yard = claim.yard ?? ""
      sender.share = claim.share ?? ""
      sender.on = proved.on
      return .proved(sender)
    }
    return isOwnEstate && isOwnYard ? .proved(proved) : .forged(proved)
  }

  /// What the wire proved, with the share that the sender names.
  private func proved(_ claim: Place, _ incoming: Incoming, _ port: Port, _ facts: RemoteFacts) -> Sender {
    var sender = Sender()
    sender.share = claim.share ?? ""
    if port.isRoad {
      sender.estate = facts.name
      sender.yard = claim.yard ?? ""
      sender.role = facts.role
      sender.kind = facts.kind.map { String($0) } ?? ""
      sender.on = "road/" + port.name
    } else {
      sender.estate = estate ?? ""
      sender.yard = facts.name
      sender.uid = incoming.uid.map { String($0) } ?? ""
      sender.gid = incoming.gid.map { String($0) } ?? ""
      sender.on = "lane/" + port.name
    }
    return sender
  }

  // MARK: Whether he may.

  private func forged(_ incoming: Incoming, _ proved: Sender, _ origin: Origin, _ route: Route) {
    count(.refusedForged)
    report(.rejected, to: origin, incoming.event.bodyKind)
    audit(incoming, proved, route, .rejected, "the source \(route.source.text) is forged")
  }

  private func refuse(_ incoming: Incoming, _ sender: Sender, _ origin: Origin, _ route: Route, _ line: Int) {
    count(.refusedRule)
    report(.rejected, to: origin, incoming.event.bodyKind)
    audit(incoming, sender, route, .rejected, line == 0 ? "no rule allows it" : "the rule in line \(line) refuses it")
  }

  /// Tells the host what was refused, and why.
  private func audit(_ incoming: Incoming, _ sender: Sender, _ route: Route?, _ status: Status, _ why: String) {
    guard audits < RouterLimit.audits else { return count(.auditLost) }
    audits &+= 1
    var event = Event(.refused)
    event.status = status
    event.remote = incoming.from.remote
    event.time = now
    event.name = why
    var told = RouterEvent(event, port: incoming.from.port)
    told.source = sender.place.text
    told.destination = route?.destination.text
    told.share = route?.destination.share
    tell(told)
  }

  // MARK: Where it goes.

  private func pass(
    _ incoming: Incoming, _ message: Judged, _ origin: Origin, _ route: Route, _ body: RoutedBody,
    _ bytes: UnsafeRawBufferPointer
  ) {
    var destination = Destination(route.destination)
    do throws(Status) {
      if let choice = route.choice, !origin.isRoad { destination.estates = try estates(choice) }
      let judged: Judged? = route.choice == nil ? nil : message
      let way = try way(destination, from: origin, judged: judged)
      if case .host = way { return try deliver(incoming, message, origin, route, isRouted: body.route != nil) }
      guard origin.hops < RouterLimit.hops else {
        count(.hopLimit)
        throw .notFound
      }
      var onward = route
      onward.source = message.sender.place
      try send(
        way, destination, onward, Outbound(kind: incoming.event.bodyKind, read: body, bytes: bytes),
        .transit(origin), timeout: 0)
      noteForwarded(way, origin)
    } catch {
      if error == .rejected { return refuse(incoming, message.sender, origin, route, 0) }
      count(.undelivered)
      report(error, to: origin, incoming.event.bodyKind)
    }
  }

  /// The estates that a choice names. One alone is no choice: the route's destination names it, and rules look at that.
  private func estates(_ choice: String) throws(Status) -> Estates {
    guard choice.utf8.count <= RouterLimit.text else { throw .proto }
    let estates: Estates
    do throws(TextError) { estates = try Estates(Array(choice.utf8)[...]) } catch { throw .proto }
    switch estates {
    case .here, .one: throw .proto
    case .several, .role, .kind: return estates
    }
  }

  private func noteForwarded(_ way: Way, _ origin: Origin) {
    switch way {
    case .host: break
    case .hop(let target, _), .choice(_, let target):
      if port(target.port)?.isRoad != true {
        count(.forwardedLane)
      } else {
        count(origin.isRoad ? .relayed : .forwardedRoad)
      }
    }
  }

  private func deliver(
    _ incoming: Incoming, _ message: Judged, _ origin: Origin, _ route: Route, isRouted: Bool
  ) throws(Status) {
    let share = route.destination.share
    guard shares.isEmpty || shares.contains(share ?? "") else {
      count(.noShare)
      throw .notFound
    }
    var told = RouterEvent(incoming.event, port: incoming.from.port)
    told.source = message.sender.place.text
    if isRouted { told.destination = route.destination.text }
    told.share = share
    count(.delivered)
    tell(told)
    report(.ok, to: origin, incoming.event.bodyKind)
  }
}
