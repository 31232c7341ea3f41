import RaetRouter
import RaetStack
import RaetWire

/// A road with two estates and a lane with a yard, which write down what the router gives them.
private final class FuzzPorts: RouterPorts {
  static let road = 1
  static let lane = 2
  let beta = Target(port: FuzzPorts.road, remote: 1)
  let worker = Target(port: FuzzPorts.lane, remote: 3)
  var sent: [(to: Target, kind: BodyKind, body: [UInt8])] = []
  private let names = [(road, "beta"), (road, "gamma"), (lane, "worker")]

  func facts(_ target: Target) -> RemoteFacts? {
    guard (1...3).contains(target.remote), names[Int(target.remote) - 1].0 == target.port else { return nil }
    var facts = RemoteFacts(name: names[Int(target.remote) - 1].1, isAlive: true)
    if target.port == FuzzPorts.road { (facts.role, facts.kind) = (facts.name, 1) }
    return facts
  }

  func find(_ name: String, port: Int) -> UInt64? {
    names.firstIndex { $0 == (port, name) }.map { UInt64($0) + 1 }
  }

  func meet(_ name: String, port: Int) -> UInt64? { nil }

  func remote(after: UInt64, port: Int) -> UInt64? {
    names.indices.first { names[$0].0 == port && UInt64($0) + 1 > after }.map { UInt64($0) + 1 }
  }

  func send(
    _ target: Target, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool, timeout: UInt64, tag: UInt64,
    now: UInt64
  ) throws(Status) -> UInt64 {
    if isChecked { require((try? BodyCheck.requireMapping(kind, body)) != nil, "called checked, but is no mapping") }
    sent.append((target, kind, [UInt8](body)))
    return UInt64(sent.count)
  }

  func cancel(_ transaction: UInt64, to target: Target, now: UInt64) {}
}

/// Routes in bodies of any content, as text, and rules of any text. What is read is what a decoder finds there, what is
/// written can be read; no message passes the rules that they refuse, and none goes on under a name that was not proved.
func fuzzRoutes(_ bytes: UnsafeRawBufferPointer) {
  var input = Reader(bytes)
  let choice = input.byte()
  let kind: BodyKind = choice & 1 == 0 ? .json : .msgpack
  let rules = choice & 2 == 0 ? "" : String(decoding: input.piece(Int(input.byte())), as: UTF8.self)
  let body = input.rest()
  fuzzTexts(body)
  body.withUnsafeBytes { fuzzRoutedBody(kind, $0) }
  fuzzRouter(kind, body, choice & 10 == 8 ? strictRules : rules, isRelay: choice & 4 != 0)
}

private let strictRules = "allow estate=beta share=jobs toyard=manor\nallow yard=worker toestate=beta"

private func fuzzTexts(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  do throws(TextError) {
    let destination = try Destination(text)
    let again = try? Destination(destination.text)
    require(again == destination, "\(destination.text) is another destination")
  } catch {}
  do throws(RulesError) { _ = try Rules(text) } catch { require(error.line > 0, "no line of rules is to blame") }
}

private func fuzzRoutedBody(_ kind: BodyKind, _ bytes: UnsafeRawBufferPointer) {
  do throws(RouteError) {
    let body = try RoutedBody.read(kind, bytes, fields: ["cmd", "a"])
    do throws(BodyError) { try BodyCheck.requireMapping(kind, bytes) } catch { return }
    requireFaithful(body, kind, bytes)
    var route = Route(source: Place(estate: "s", yard: "y"), destination: Place(share: "\u{e4}\"\\"))
    (route.id, route.hops) = (7, 3)
    let written = try body.with(route, in: bytes)
    let again = try RoutedBody.read(kind, UnsafeRawBufferPointer(written.bytes))
    require(again.route == route, "written \(route), read \(String(describing: again.route))")
    requireRestAlike(kind, bytes, UnsafeRawBufferPointer(written.bytes))
  } catch {}
}

/// The route's places are those that a decoder of the whole body finds.
private func requireFaithful(_ body: RoutedBody, _ kind: BodyKind, _ bytes: UnsafeRawBufferPointer) {
  guard let whole = try? ValueCodec.decodeMapping(kind, bytes) else { return }
  guard let route = body.route else {
    if case .map(let member)? = whole["route"] {
      require(member["src"] == nil || member["dst"] == nil, "a route is passed over")
    }
    return
  }
  guard case .map(let member)? = whole["route"] else { return require(false, "a route where there is none") }
  for (places, place) in [(member["src"], route.source), (member["dst"], route.destination)] {
    guard case .array(let parts)? = places else { continue }
    for (part, read) in zip(parts, [place.estate, place.yard, place.share]) {
      require((part.asString ?? "") == (read ?? ""), "read \(read ?? "none") in \(route)")
    }
  }
}

/// But for the route nothing in the body has changed.
private func requireRestAlike(_ kind: BodyKind, _ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) {
  guard !one.isEmpty, let before = try? ValueCodec.decodeMapping(kind, one) else { return }
  guard let after = try? ValueCodec.decodeMapping(kind, other) else {
    return require(other.count > WireLimit.controlBody, "with a route it cannot be read any more")
  }
  func rest(_ mapping: Mapping) -> [UInt8]? {
    try? ValueCodec.encode(Mapping(mapping.entries.filter { $0.key != "route" }), kind)
  }
  require(rest(before) == rest(after), "the rest has changed")
}

private func fuzzRouter(_ kind: BodyKind, _ body: [UInt8], _ text: String, isRelay: Bool) {
  let ports = FuzzPorts()
  let router = Router(ports, chance: 0)
  _ = router.attach(FuzzPorts.road, isRoad: true, name: "alpha")
  _ = router.attach(FuzzPorts.lane, isRoad: false, name: "manor")
  router.relayLimit = isRelay ? 4 : 0
  let strict = text == strictRules
  if let rules = try? Rules(text) { router.rules = rules }
  // What is no mapping never comes so far.
  let isMapping = body.withUnsafeBytes { (try? BodyCheck.requireMapping(kind, $0)) != nil }
  for from in [ports.beta, ports.worker] where isMapping { receive(router, kind, body, from: from) }
  // Rules may trust an estate to speak for others.
  let mayClaim = text.contains("via")
  while let told = router.nextEvent() {
    guard told.event.kind == .message, let source = told.source else { continue }
    let isTrue = ["beta/", "alpha/worker/", "/worker/"].contains { source.hasPrefix($0) }
    require(isTrue || mayClaim, "\(source) was never proved")
    require(!strict || source.hasPrefix("beta/") && told.share == "jobs", "\(source) got past the rules")
  }
  for (target, kind, body) in ports.sent {
    let route = body.withUnsafeBytes { try? RoutedBody.read(kind, $0) }?.route
    guard let route, route.report == nil else { continue }
    let isTrue = route.source.estate == "alpha" && route.source.yard == "worker" || route.source.estate == "beta"
    require(isTrue || mayClaim, "\(route.source.text) was never proved, to \(target.port)")
    require(!strict || route.destination.estate == "beta", "\(route.destination.text) got past the rules")
  }
  requirePassage(router, ports)
}

private func receive(_ router: Router, _ kind: BodyKind, _ body: [UInt8], from: Target) {
  var event = Event(.message)
  event.remote = from.remote
  event.bodyKind = kind
  event.body = body.withUnsafeBytes { $0.isEmpty ? nil : ReceivedBody(copying: $0, kind: kind) }
  router.receive(Incoming(from: from, event: event, uid: 7), now: 1000)
}

/// A message that is as it should be is handed to the host, whatever came before.
private func requirePassage(_ router: Router, _ ports: FuzzPorts) {
  router.rules = Rules()
  let body = Array("{\"route\":{\"src\":[\"beta\",null,null],\"dst\":[\"alpha\",null,\"jobs\"]},\"health\":1}".utf8)
  receive(router, .json, body, from: ports.beta)
  var arrived = false
  while let told = router.nextEvent() {
    if told.event.kind == .message, told.share == "jobs" { arrived = told.event.body.map { [UInt8]($0.bytes) } == body }
  }
  require(arrived, "messages do not pass any more")
}
