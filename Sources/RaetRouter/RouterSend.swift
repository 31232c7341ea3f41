import RaetCrypto
import RaetStack
import RaetWire

/// A body on its way out, and what was found in it.
struct Outbound {
  let kind: BodyKind
  let read: RoutedBody
  let bytes: UnsafeRawBufferPointer
}

/// A message of the host's: what it is, and what becomes of it.
public struct Parcel {
  /// Where it goes.
  public var destination: Destination
  /// This side's share, to which an answer goes; nil: none in particular.
  public var share: String?
  /// How the body is written: JSON or msgpack.
  public var kind: BodyKind
  /// Its time, in nanoseconds; 0: the stack's own limit.
  public var timeout: UInt64 = 0
  /// The host's mark.
  public var tag: UInt64 = 0
  /// The one end is told when the last router has spoken.
  public var confirms = false
  /// Who takes it when its estate is not known: whom the message came from that it answers.
  public var fallback: Target?

  /// A message for this destination.
  public init(to destination: Destination, _ kind: BodyKind) {
    self.destination = destination
    self.kind = kind
  }
}

extension Router {
  /// Sends a message of the host's; the body is copied. It ends in one event, and may be told to be undelivered after
  /// that. Throws `.notFound` when nobody knows the destination, `.unsupported` for a body that can bear no route,
  /// `.encode`, and what the stack throws.
  public func send(_ parcel: Parcel, _ body: UnsafeRawBufferPointer, now: UInt64) throws(Status) -> UInt64 {
    enter(now)
    var kind = parcel.kind
    if kind == .none, body.isEmpty { kind = .json }
    guard kind == .json || kind == .msgpack else { throw .unsupported }
    guard !parcel.confirms || confirming.count < RouterLimit.confirms else { throw .again }
    let way = try way(parcel)
    count(.sent)
    if case .host = way { return try deliver(parcel, kind, body) }
    let read: RoutedBody
    do throws(RouteError) { read = try RoutedBody.read(kind, body) } catch { throw .encode }
    let source = Place(estate: estate, yard: yard, share: parcel.share)
    var route = Route(
      source: source, destination: Place(yard: parcel.destination.yard, share: parcel.destination.share))
    if case .one(let name) = parcel.destination.estates { route.destination.estate = name }
    route.confirms = parcel.confirms
    return try send(
      way, parcel.destination, route, Outbound(kind: kind, read: read, bytes: body),
      .host(tag: parcel.tag, confirms: parcel.confirms), timeout: parcel.timeout)
  }

  private func way(_ parcel: Parcel) throws(Status) -> Way {
    do throws(Status) { return try way(parcel.destination, from: nil) } catch {
      guard let fallback = parcel.fallback, stacks.facts(fallback) != nil, error == .notFound else { throw error }
      return .hop(fallback, isChosen: false)
    }
  }

  /// For this process itself: it has arrived at once.
  private func deliver(_ parcel: Parcel, _ kind: BodyKind, _ body: UnsafeRawBufferPointer) throws(Status) -> UInt64 {
    guard hasRoom else { throw .again }
    do throws(BodyError) { try BodyCheck.requireMapping(kind, body) } catch { throw .encode }
    let share = parcel.destination.share
    guard shares.isEmpty || shares.contains(share ?? "") else { throw .notFound }
    var event = Event(.message)
    event.bodyKind = kind
    event.time = now
    if !body.isEmpty {
      guard let copy = ReceivedBody(copying: body, kind: kind) else { throw .noMemory }
      event.body = copy
    }
    var told = RouterEvent(event, port: 0)
    told.source = Place(estate: estate, yard: yard, share: parcel.share).text
    told.destination = parcel.destination.text
    told.share = share
    tell(told)
    count(.delivered)
    lastHop &+= 1
    var end = Event(.delivered)
    end.tag = parcel.tag
    end.transaction = Hop.transaction(lastHop)
    end.time = now
    tell(RouterEvent(end, port: 0))
    return Hop.transaction(lastHop)
  }

  /// Ends a message of the host's before its time. Throws `.notFound` when there is none, or it has ended.
  public func cancel(_ transaction: UInt64, now: UInt64) throws(Status) {
    enter(now)
    guard transaction >> 63 == 1, let hop = hops[transaction & ~(1 << 63)], case .host(_, let confirms) = hop.sender
    else { throw .notFound }
    switch hop.state {
    case .sending:
      hop.isCanceled = true
      stacks.cancel(hop.transaction, to: hop.target, now: self.now)
    case .passed:
      guard confirms else { throw .notFound }
      end(hop, .unknown)
    }
  }

  /// Gives a message to the stack that is next, with the route that belongs there.
  @discardableResult
  func send(
    _ way: Way, _ destination: Destination, _ route: Route, _ body: Outbound, _ sender: Hop.Sender, timeout: UInt64
  ) throws(Status) -> UInt64 {
    let target: Target
    var route = route
    var selection: Selection?
    switch way {
    case .host: throw .internal
    case .hop(let next, let isChosen):
      target = next
      address(&route, destination, isChosen: isChosen)
    case .choice(let chosen, let next):
      target = next
      selection = chosen
      route.choice = nil
      route.destination.estate = stacks.facts(next)?.name
    }
    leave(&route, by: target, sender)
    let wait = timeout == 0 ? RouterLimit.confirmTime : timeout
    let limit = now.addingReportingOverflow(wait)
    let hop = newHop(
      sender, target, body.kind, destination: sender.isTransit ? "" : destination.text,
      limit: limit.overflow ? .max : limit.partialValue)
    route.id = wantsReports(sender) ? hop.id : nil
    do throws(Status) {
      try start(hop, body, route, selection, timeout: timeout)
      return hop.hostTransaction
    } catch {
      remove(hop)
      throw error
    }
  }

  /// What is to be chosen further on goes in words; for routers that do not know them, the first of several does it.
  private func address(_ route: inout Route, _ destination: Destination, isChosen: Bool) {
    guard isChosen else {
      route.choice = nil
      return
    }
    let text = destination.estates.text
    route.choice = text
    if case .several(let names) = destination.estates {
      route.destination.estate = names.first
    } else {
      route.destination.estate = text
    }
  }

  /// The source as it is known where the message goes, and the count of hops.
  private func leave(_ route: inout Route, by target: Target, _ sender: Hop.Sender) {
    guard let out = port(target.port) else { return }
    let isOwn = route.source.estate.map(isMine(estate:)) ?? true
    if out.isRoad, isOwn { route.source.estate = out.name }
    switch sender {
    case .host: if !out.isRoad { route.source.yard = out.name }
    case .transit(let origin):
      route.hops = min(route.hops, RouterLimit.hops) &+ 1
      route.confirms = route.confirms && origin.id != nil
    case .report: break
    }
  }

  private func wantsReports(_ sender: Hop.Sender) -> Bool {
    switch sender {
    case .host: return true
    case .transit(let origin): return origin.id != nil
    case .report: return false
    }
  }

  private func start(
    _ hop: Hop, _ body: Outbound, _ route: Route, _ selection: Selection?, timeout: UInt64
  ) throws(Status) {
    let spliced: WipedBytes
    do throws(RouteError) { spliced = try body.read.with(route, in: body.bytes) } catch {
      throw error == .noMemory ? .noMemory : .encode
    }
    // What came from another process was checked when it came.
    hop.transaction = try stacks.send(
      hop.target, hop.kind, UnsafeRawBufferPointer(spliced.bytes), isChecked: hop.sender.isTransit, timeout: timeout,
      tag: hop.id, now: now)
    guard let selection, heldBytes &+ spliced.bytes.count <= RouterLimit.held else { return }
    heldBytes &+= spliced.bytes.count
    hop.choice = (selection, spliced)
    choosing.insert(hop.id)
  }
}
