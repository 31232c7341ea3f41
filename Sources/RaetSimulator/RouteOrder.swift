import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// A message that a host wants to send, and where it may arrive.
struct Order {
  let destination: Destination
  let receivers: [Int]
  let share: String
  let confirms: Bool
  var timeout: UInt64
  var size = 40

  init(_ destination: Destination, to receivers: [Int], _ share: String, confirms: Bool) {
    self.destination = destination
    self.receivers = receivers
    self.share = share
    self.confirms = confirms
    timeout = confirms ? 30 * Times.second : 0
  }
}

/// What the hosts of a run of routes send.
extension RouteSimulation {
  func runApplication(_ process: RouteProcess) {
    guard !isHealed else { return }
    if let running = process.running, !process.isRogue {
      process.connect(now: now)
      sayHello(process)
      for _ in 0..<(chance.happens(10) ? 8 : 1) where messagesLeft > 0 {
        messagesLeft -= 1
        send(order(of: process), from: process)
      }
      cancel(process, running.router)
      turn(process, running)
    }
    schedule(.application(process.index), after: chance.period(Times.millisecond * 20...Times.second))
  }

  /// Workers make themselves known to their manor.
  func sayHello(_ process: RouteProcess) {
    guard let router = process.running?.router, !process.isManor, !process.isRogue else { return }
    var parcel = Parcel(to: Destination(estates: .here, yard: RouteProcess.manor, share: "hello"), .json)
    parcel.tag = Self.noTag
    _ = try? router.send(parcel, UnsafeRawBufferPointer(start: nil, count: 0), now: now)
  }

  /// Sends a message; its number, or nil when the router does not take it.
  @discardableResult
  func send(_ order: Order, from process: RouteProcess, fallback: Target? = nil) -> Int? {
    guard let router = process.running?.router else { return nil }
    let number = ledger.entries.count
    let kind: BodyKind = chance.happens(40) ? .msgpack : .json
    let body = RouteLedger.body(number, order.size, kind)
    var parcel = Parcel(to: order.destination, kind)
    parcel.share = "answers"
    parcel.timeout = order.timeout
    parcel.tag = UInt64(number)
    parcel.confirms = order.confirms
    parcel.fallback = fallback
    ledger.add(
      RouteLedger.Entry(
        sender: process.index, process: process.process, receivers: order.receivers, share: order.share,
        source: "answers", confirms: order.confirms, isForged: false, content: body.content, time: now))
    trace.note(now, "\(process.name) sends message \(number) to \(order.destination.text)")
    let refusal = body.bytes.withUnsafeBytes { (bytes) -> Status? in
      do throws(Status) {
        process.transactions.append(try router.send(parcel, bytes, now: now))
        return nil
      } catch { return error }
    }
    guard let refusal else { return number }
    ledger.takeBack(number)
    refused(refusal, process)
    return nil
  }

  private func refused(_ status: Status, _ process: RouteProcess) {
    switch status {
    case .notFound: coverage.meet(.failedNotFound)
    case .again: break
    default: fail(.calls, "\(process.name) cannot send: \(status)")
    }
  }

  private func cancel(_ process: RouteProcess, _ router: Router) {
    guard chance.happens(plan[.routeCanceled].choose(0, 5, 25)) else { return }
    guard let transaction = process.transactions.suffix(4).first else { return }
    coverage.meet(.routeCanceled)
    try? router.cancel(transaction, now: now)
  }

  // MARK: Destinations.

  private func order(of process: RouteProcess) -> Order {
    let share = chance.pick(["open", "open", "open", "jobs", "secret", "closed"]) ?? "open"
    var (destination, receivers) = place(process)
    destination.share = share
    var order = Order(destination, to: receivers, share, confirms: chance.happens(60))
    if case .role = destination.estates { coverage.meet(.byRole) }
    if case .kind = destination.estates { coverage.meet(.byKind) }
    if chance.happens(8) { order.size = chance.pick([3000, 9000, 40_000]) ?? 3000 }
    if chance.happens(plan[.routeShortLimit].choose(0, 10, 40)) {
      coverage.meet(.routeShortLimit)
      order.timeout = chance.period(Times.millisecond...2 * Times.second)
    } else if order.confirms {
      order.timeout = chance.period(2 * Times.second...20 * Times.second)
    }
    return order
  }

  private func place(_ process: RouteProcess) -> (Destination, [Int]) {
    let others = processes.filter { !$0.isRogue && $0.estate != process.estate }
    let own = processes.filter { !$0.isRogue && $0.estate == process.estate }
    switch chance.number(0...19) {
    case 0: return (Destination(estates: .here), [process.index])
    case 1...4:
      guard let receiver = chance.pick(own) else { break }
      let estates: Estates = chance.happens(40) ? .one(process.estate) : .here
      if chance.happens(10) { return (Destination(estates: .one(process.estate)), [manor(process.estateIndex).index]) }
      return (Destination(estates: estates, yard: receiver.yard), [receiver.index])
    case 5...6: return several(process, others)
    case 7: return (Destination(estates: .one(RoutePolicy.nowhere), yard: "w0"), [])
    case 8: return (Destination(estates: .one(chance.pick(scene.estates) ?? ""), yard: "none"), [])
    case 9:
      guard let role = chance.pick(others)?.estate else { break }
      return (Destination(estates: .role(role)), scene.manors)
    case 10: return (Destination(estates: .kind(UInt8(chance.number(0...1)))), scene.manors)
    case 11...12:
      guard let other = chance.pick(others) else { break }
      return (Destination(estates: .one(other.estate)), [manor(other.estateIndex).index])
    default: break
    }
    guard let receiver = chance.pick(others) else { return (Destination(estates: .here), [process.index]) }
    return (to(receiver), [receiver.index])
  }

  func to(_ receiver: RouteProcess) -> Destination {
    Destination(estates: .one(receiver.estate), yard: receiver.isManor ? nil : receiver.yard)
  }

  /// To the manor of one of several estates, or to a yard that has the same name in all of them.
  private func several(_ process: RouteProcess, _ others: [RouteProcess]) -> (Destination, [Int]) {
    var names: [String] = []
    while names.count < 2, let name = chance.pick(scene.estates + [RoutePolicy.nowhere]) {
      if name != process.estate || chance.happens(40), !names.contains(name) { names.append(name) }
    }
    if chance.happens(30), let more = chance.pick(others)?.estate, !names.contains(more) { names.append(more) }
    let yard = scene.hasEqualYards && chance.happens(50) ? "w0" : RouteProcess.manor
    let receivers = names.flatMap { name in processes.filter { $0.estate == name && $0.yard == yard } }
    return (Destination(estates: .several(names), yard: yard == "w0" ? yard : nil), receivers.map { $0.index })
  }
}
