import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// Where a message came from that another process sent.
struct Origin {
  let target: Target
  let isRoad: Bool
  /// How many routers handed it on before.
  let hops: UInt64
  /// The number by which the router before wants to hear of it; nil: not at all.
  let id: UInt64?
  let confirms: Bool
  /// Where a report goes.
  let source: Place
}

/// A message that was given to an attached stack, until its end is known.
final class Hop {
  /// On whose behalf it was sent.
  enum Sender {
    case host(tag: UInt64, confirms: Bool)
    case transit(Origin)
    /// A report of ours, of which nobody is told.
    case report

    var isTransit: Bool { if case .transit = self { true } else { false } }
  }

  /// How far it is.
  enum State {
    /// The stack has it. A report may have come before the stack knows that the next one has it.
    case sending(reported: Status?)
    /// The next one has it.
    case passed(isWaiting: Bool)
  }

  let id: UInt64
  let sender: Sender
  /// As text, for the host's events; else empty.
  let destination: String
  let kind: BodyKind
  /// The end of its time.
  let limit: UInt64
  var target: Target
  var transaction: UInt64 = 0
  var state = State.sending(reported: nil)
  /// What it takes to try another remote.
  var choice: (selection: Selection, body: WipedBytes)?
  var isCanceled = false

  init(id: UInt64, _ sender: Sender, _ target: Target, _ kind: BodyKind, destination: String, limit: UInt64) {
    self.id = id
    self.sender = sender
    self.target = target
    self.kind = kind
    self.destination = destination
    self.limit = limit
  }

  /// The transaction as the host knows it: apart from those of stacks.
  var hostTransaction: UInt64 { Hop.transaction(id) }

  static func transaction(_ id: UInt64) -> UInt64 { id | 1 << 63 }
}

/// What becomes of messages on their way: their end, reports, and the next try (PROTOCOL 14.4).
extension Router {
  /// When `expire` has something to do.
  public var deadline: UInt64 { confirmDue }

  /// A message that an attached stack had has ended. false: the router had not sent it.
  public func ended(_ event: Event, port: Int, now: UInt64) -> Bool {
    enter(now)
    guard let hop = hops[event.tag], hop.target.port == port, hop.transaction == event.transaction,
      case .sending(let reported) = hop.state
    else { return false }
    if event.status == .ok {
      handedOn(hop, reported)
    } else if !tryNext(hop, event.status) {
      end(hop, hop.isCanceled || event.status != .canceled ? event.status : .dead)
    }
    return true
  }

  private func handedOn(_ hop: Hop, _ reported: Status?) {
    letGo(hop)
    switch hop.sender {
    case .report: return remove(hop)
    case .host(_, let confirms):
      if let reported {
        guard reported == .ok || confirms else {
          tell(.delivered, hop, .ok)
          tell(.undelivered, hop, reported)
          return remove(hop)
        }
        return end(hop, reported)
      }
      if !confirms { tell(.delivered, hop, .ok) }
      wait(hop, isWaiting: confirms)
    case .transit(let origin):
      guard origin.id != nil else { return remove(hop) }
      if let reported { return end(hop, reported) }
      wait(hop, isWaiting: false)
    }
  }

  /// From now on only a report can come.
  private func wait(_ hop: Hop, isWaiting: Bool) {
    hop.state = .passed(isWaiting: isWaiting)
    if isWaiting {
      confirming.insert(hop.id)
      confirmDue = min(confirmDue, hop.limit)
    } else {
      passed.append((hop.id, now &+ RouterLimit.reportTime))
      forgetPassed()
    }
  }

  /// Forgets messages handed on so long ago that no report is to be expected, and the oldest of too many.
  private func forgetPassed() {
    while let first = passed.popFirst() {
      let isOver = first.until <= now || passed.count >= RouterLimit.passed
      guard isOver || hops[first.id] == nil else { return passed.prepend(first) }
      if let hop = hops[first.id] { remove(hop) }
    }
  }

  /// Ends what waits for a word that does not come.
  public func expire(now: UInt64) {
    enter(now)
    guard confirmDue <= self.now else { return }
    confirmDue = .max
    for id in confirming.sorted() {
      guard let hop = hops[id] else { continue }
      if hop.limit <= self.now { end(hop, .unknown) } else { confirmDue = min(confirmDue, hop.limit) }
    }
  }

  /// This remote, for which a message may wait, is gone, or it has come: what can go elsewhere now does.
  public func changed(_ target: Target, now: UInt64) {
    enter(now)
    guard !choosing.isEmpty else { return }
    let facts = stacks.facts(target)
    // Most remotes are none that a message waits for, or could go to: no more is looked for then, whoever joins.
    for id in choosing.filter({ canGoOn($0, since: target, facts) }).sorted() {
      guard let hop = hops[id], var choice = hop.choice, stacks.facts(hop.target)?.isAlive != true,
        let other = pick(&choice.selection, except: hop.target), stacks.facts(other)?.isAlive == true
      else { continue }
      stacks.cancel(hop.transaction, to: hop.target, now: self.now)
    }
  }

  /// Whether this message may have another way since this changed: the remote it waits for is not there any more, or one
  /// is there that could take it.
  private func canGoOn(_ id: UInt64, since target: Target, _ facts: RemoteFacts?) -> Bool {
    guard let hop = hops[id], case .sending = hop.state, let choice = hop.choice else { return false }
    guard let facts, facts.isAlive else { return hop.target == target }
    return hop.target != target && canTake(choice.selection, target, facts)
  }

  /// Sends a message that certainly did not arrive to the next estate of those that may take it.
  private func tryNext(_ hop: Hop, _ status: Status) -> Bool {
    guard var choice = hop.choice, status != .unknown, !hop.isCanceled, hop.limit > now else { return false }
    while let target = pick(&choice.selection, except: hop.target) {
      hop.target = target
      hop.choice = choice
      guard let body = readdressed(choice.body, hop) else { return false }
      do throws(Status) {
        hop.transaction = try stacks.send(
          target, hop.kind, UnsafeRawBufferPointer(body.bytes), isChecked: true, timeout: hop.limit &- now, tag: hop.id,
          now: now)
        hop.state = .sending(reported: nil)
        count(.retried)
        return true
      } catch { continue }
    }
    return false
  }

  /// The body with the estate that takes it now.
  private func readdressed(_ body: WipedBytes, _ hop: Hop) -> WipedBytes? {
    let bytes = UnsafeRawBufferPointer(body.bytes)
    do throws(RouteError) {
      let read = try RoutedBody.read(hop.kind, bytes)
      guard var route = read.route else { return nil }
      route.destination.estate = stacks.facts(hop.target)?.name
      route.source.estate = port(hop.target.port)?.name
      return try read.with(route, in: bytes)
    } catch { return nil }
  }

  // MARK: The end.

  /// The message's end is known: tells who wants to hear of it.
  func end(_ hop: Hop, _ status: Status) {
    remove(hop)
    switch hop.sender {
    case .report: count(.reportLost)
    case .host(_, let confirms):
      if case .passed = hop.state, !confirms {
        if status != .ok { tell(.undelivered, hop, status) }
      } else {
        tell(status == .ok ? .delivered : .failed, hop, status)
      }
      if status != .ok { count(.undelivered) }
    case .transit(let origin):
      if status != .ok { count(.undelivered) }
      report(status, to: origin, hop.kind)
    }
  }

  func remove(_ hop: Hop) {
    letGo(hop)
    hops[hop.id] = nil
    confirming.remove(hop.id)
  }

  /// What was kept for another try is not needed any more.
  private func letGo(_ hop: Hop) {
    guard let choice = hop.choice else { return }
    heldBytes &-= choice.body.bytes.count
    hop.choice = nil
    choosing.remove(hop.id)
  }

  func tell(_ kind: EventKind, _ hop: Hop, _ status: Status) {
    guard case .host(let tag, _) = hop.sender else { return }
    var event = Event(kind)
    event.status = status
    event.tag = tag
    event.transaction = hop.hostTransaction
    event.remote = hop.target.remote
    event.time = now
    event.name = stacks.facts(hop.target)?.name
    var told = RouterEvent(event, port: hop.target.port)
    told.destination = hop.destination
    tell(told)
  }

  // MARK: Reports.

  /// Tells the router before, if it wants to hear of it.
  func report(_ status: Status, to origin: Origin, _ kind: BodyKind) {
    guard let id = origin.id, status != .ok || origin.confirms else { return }
    let own = port(origin.target.port)
    let source = origin.isRoad ? Place(estate: own?.name) : Place(estate: estate, yard: own?.name)
    var route = Route(source: source, destination: origin.source)
    route.report = Route.Report(id: id, status: status.rawValue)
    let hop = newHop(.report, origin.target, kind, destination: "", limit: .max)
    do throws(RouteError) {
      let empty = UnsafeRawBufferPointer(start: nil, count: 0)
      let body = try RoutedBody.read(kind, empty).with(route, in: empty)
      try start(hop, UnsafeRawBufferPointer(body.bytes), timeout: 0)
      count(.reportTx)
    } catch { count(.reportLost) }
  }

  /// Starts a message; one that the stack does not take is forgotten.
  private func start(_ hop: Hop, _ body: UnsafeRawBufferPointer, timeout: UInt64) throws(RouteError) {
    do throws(Status) {
      hop.transaction = try stacks.send(
        hop.target, hop.kind, body, isChecked: true, timeout: timeout, tag: hop.id, now: now)
    } catch {
      remove(hop)
      throw .noMemory
    }
  }

  func newHop(
    _ sender: Hop.Sender, _ target: Target, _ kind: BodyKind, destination: String, limit: UInt64
  ) -> Hop {
    lastHop &+= 1
    let hop = Hop(id: lastHop, sender, target, kind, destination: destination, limit: limit)
    hops[hop.id] = hop
    return hop
  }

  /// A report counts only for a message under way, and only from the one it was sent to.
  func receive(_ report: Route.Report, from target: Target) {
    guard let hop = hops[report.id], hop.target == target else { return count(.reportIgnored) }
    if case .report = hop.sender { return count(.reportIgnored) }
    count(.reportRx)
    let status = Status(rawValue: report.status) ?? .unknown
    switch hop.state {
    case .sending: hop.state = .sending(reported: status)
    case .passed: end(hop, status)
    }
  }
}
