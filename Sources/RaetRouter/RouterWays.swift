import RaetStack
import RaetWire

/// Where a message goes (PROTOCOL 14.3).
enum Way {
  /// To this process's host.
  case host
  /// To a remote, which with `isChosen` chooses among the estates.
  case hop(Target, isChosen: Bool)
  /// To one of several estates, the first of them being this.
  indirect case choice(Selection, Target)
}

/// One of several estates, of which the first one alive shall take a message.
struct Selection {
  let estates: Estates
  /// How the rules see a message that has to pass them; nil for the host's own.
  var judged: Judged?
  var tried: [Target] = []
}

extension Router {
  /// Where a message for this destination goes. `origin`: where it came from, nil for the host's own.
  func way(_ destination: Destination, from origin: Origin?, judged: Judged? = nil) throws(Status) -> Way {
    switch destination.estates {
    case .here: return try way(yard: destination.yard, from: origin)
    case .one(let name):
      if isMine(estate: name) { return try wayInOwn(yard: destination.yard, from: origin) }
      if origin != nil, isHere(destination.yard) { return .host }
      return .hop(try target(estate: name, from: origin), isChosen: false)
    case .several, .role, .kind:
      return try choose(destination, from: origin, judged)
    }
  }

  private var hasRoad: Bool { ports.contains { $0.isRoad } }

  /// A process that knows of no estate takes for its own what comes for its yard.
  func isHere(_ yard: String?) -> Bool { estate == nil && yard.map(isMine(yard:)) ?? false }

  /// Within this estate, which the destination names: without a yard, that is its manor for a worker's own host.
  private func wayInOwn(yard: String?, from origin: Origin?) throws(Status) -> Way {
    guard origin == nil, yard == nil, !hasRoad, let manor, !isMine(yard: manor) else {
      return try way(yard: yard, from: origin)
    }
    guard let target = manorTarget else {
      count(.noYard)
      throw .notFound
    }
    return .hop(target, isChosen: false)
  }

  /// Within this estate.
  private func way(yard: String?, from origin: Origin?) throws(Status) -> Way {
    guard let yard, !isMine(yard: yard) else { return .host }
    let known = find(yard, onRoads: false)
    if let known, known != origin?.target { return .hop(known, isChosen: false) }
    if known == nil, origin?.isRoad != true, let target = manorTarget, target != origin?.target {
      return .hop(target, isChosen: false)
    }
    count(.noYard)
    throw .notFound
  }

  /// The way to another estate.
  private func target(estate: String, from origin: Origin?) throws(Status) -> Target {
    let isRelay = origin?.isRoad == true
    guard !isRelay || relayLimit > 0 else {
      count(.noEstate)
      throw .notFound
    }
    guard !isRelay || (origin?.hops ?? 0) < relayLimit else {
      count(.hopLimit)
      throw .notFound
    }
    if let target = find(estate, onRoads: true), target != origin?.target { return target }
    if let via, let target = find(via, onRoads: true), target != origin?.target { return target }
    if !isRelay, let target = manorTarget, target != origin?.target { return target }
    count(.noEstate)
    throw .notFound
  }

  /// The remote of this name on the first stack of that sort that knows it.
  private func find(_ name: String, onRoads: Bool) -> Target? {
    for port in ports where port.isRoad == onRoads {
      if let remote = stacks.find(name, port: port.id) { return Target(port: port.id, remote: remote) }
    }
    return nil
  }

  private var manorTarget: Target? {
    guard let manor else { return nil }
    if let target = find(manor, onRoads: false) { return target }
    guard let lane = ports.first(where: { !$0.isRoad })?.id else { return nil }
    return stacks.meet(manor, port: lane).map { Target(port: lane, remote: $0) }
  }

  // MARK: One of several.

  private func choose(_ destination: Destination, from origin: Origin?, _ judged: Judged?) throws(Status) -> Way {
    // Whoever is on the road names one estate; a choice is this side's own affair.
    guard origin?.isRoad != true else { throw .notFound }
    var selection = Selection(estates: destination.estates, judged: judged)
    if isOwnTurn(selection, yard: destination.yard) { return try wayInOwn(yard: destination.yard, from: origin) }
    if let target = pick(&selection, except: nil) { return .choice(selection, target) }
    if !hasRoad, let target = manorTarget, target != origin?.target {
      let place = Place(estate: destination.estates.text, yard: destination.yard)
      guard isAllowed(place, judged) else { throw .rejected }
      return .hop(target, isChosen: true)
    }
    if judged != nil, isKnown(selection.estates) { throw .rejected }
    count(.noEstate)
    throw .notFound
  }

  /// Whether this estate is itself the first one alive of those named that the rules allow.
  private func isOwnTurn(_ selection: Selection, yard: String?) -> Bool {
    guard case .several(let names) = selection.estates else { return false }
    for name in names {
      if isMine(estate: name) {
        if isAllowed(Place(estate: estate, yard: yard ?? self.yard), selection.judged) { return true }
      } else if !hasRoad, manor != nil {
        // Whether that one is alive, its manor knows.
        return false
      } else if let target = find(name, onRoads: true), let facts = stacks.facts(target), facts.isAlive,
        isAllowed(Place(estate: facts.name, yard: selection.judged?.destination.yard), selection.judged)
      {
        return false
      }
    }
    return false
  }

  /// Whether one of these estates is there at all.
  private func isKnown(_ estates: Estates) -> Bool {
    if case .several(let names) = estates, names.contains(where: isMine(estate:)) { return true }
    return candidates(estates).contains { stacks.facts($0) != nil }
  }

  /// The next remote to try: the first one alive, else the first that was not tried.
  func pick(_ selection: inout Selection, except current: Target?) -> Target? {
    guard selection.tried.count < RouterLimit.attempts else { return nil }
    var later: Target?
    for target in candidates(selection.estates) where target != current {
      guard let facts = stacks.facts(target),
        isAllowed(Place(estate: facts.name, yard: selection.judged?.destination.yard), selection.judged)
      else { continue }
      if facts.isAlive {
        selection.tried.append(target)
        return target
      }
      if later == nil, !selection.tried.contains(target) { later = target }
    }
    if let later { selection.tried.append(later) }
    return later
  }

  /// Whether this remote is one of those that `pick` looks at.
  func canTake(_ selection: Selection, _ target: Target, _ facts: RemoteFacts) -> Bool {
    guard port(target.port)?.isRoad == true else { return false }
    let isCandidate =
      switch selection.estates {
      case .here: false
      case .one(let name): find(name, onRoads: true) == target
      case .several(let names): names.contains { $0 == facts.name && find($0, onRoads: true) == target }
      case .role(let role): RouteText.same(facts.role, role)
      case .kind(let kind): facts.kind == kind
      }
    guard isCandidate else { return false }
    return isAllowed(Place(estate: facts.name, yard: selection.judged?.destination.yard), selection.judged)
  }

  /// Whether the rules let a message go there of which it was not known yet that it would.
  private func isAllowed(_ place: Place, _ judged: Judged?) -> Bool {
    guard var judged else { return true }
    judged.destination.estate = place.estate
    judged.destination.yard = place.yard
    return rules.judge(judged) == .allowed
  }

  private func candidates(_ estates: Estates) -> [Target] {
    switch estates {
    case .here: return []
    case .one(let name): return [find(name, onRoads: true)].compactMap { $0 }
    case .several(let names): return names.compactMap { find($0, onRoads: true) }
    case .role(let role): return remotes { RouteText.same($0.role, role) }
    case .kind(let kind): return remotes { $0.kind == kind }
    }
  }

  private func remotes(_ isWanted: (RemoteFacts) -> Bool) -> [Target] {
    var found: [Target] = []
    for port in ports where port.isRoad {
      var remote: UInt64 = 0
      while let next = stacks.remote(after: remote, port: port.id) {
        remote = next
        let target = Target(port: port.id, remote: next)
        if let facts = stacks.facts(target), isWanted(facts) { found.append(target) }
      }
    }
    return found
  }
}
