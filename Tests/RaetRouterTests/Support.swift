import RaetStack
import RaetWire

@testable import RaetRouter

/// Stacks that only write down what they are given.
final class FakeStacks: RouterPorts {
  struct Sent {
    let target: Target
    let kind: BodyKind
    let body: [UInt8]
    let timeout: UInt64
    let tag: UInt64
    let transaction: UInt64

    var text: String { String(decoding: body, as: UTF8.self) }
    var route: Route? {
      body.withUnsafeBytes { bytes in try? RoutedBody.read(kind, bytes).route }
    }
  }

  var remotes: [(target: Target, facts: RemoteFacts)] = []
  var sent: [Sent] = []
  var canceled: [UInt64] = []
  var refusal: Status?
  private var lastTransaction: UInt64 = 0

  func add(_ name: String, port: Int, role: String = "", kind: UInt8? = nil, isAlive: Bool = true) -> Target {
    let target = Target(port: port, remote: UInt64(remotes.count + 1))
    var facts = RemoteFacts(name: name, isAlive: isAlive)
    facts.role = role
    facts.kind = kind
    remotes.append((target, facts))
    return target
  }

  func setAlive(_ target: Target, _ isAlive: Bool) {
    for index in remotes.indices where remotes[index].target == target { remotes[index].facts.isAlive = isAlive }
  }

  /// How often somebody asked for a remote's facts.
  var looks = 0

  func facts(_ target: Target) -> RemoteFacts? {
    looks += 1
    return remotes.first { $0.target == target }?.facts
  }

  func find(_ name: String, port: Int) -> UInt64? {
    remotes.first { $0.target.port == port && $0.facts.name == name }?.target.remote
  }

  /// The one yard that can be made known.
  var toMeet: String?

  func meet(_ name: String, port: Int) -> UInt64? { name == toMeet ? add(name, port: port).remote : nil }

  func remote(after: UInt64, port: Int) -> UInt64? {
    remotes.first { $0.target.port == port && $0.target.remote > after }?.target.remote
  }

  func send(
    _ target: Target, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool, timeout: UInt64, tag: UInt64,
    now: UInt64
  ) throws(Status) -> UInt64 {
    if let refusal { throw refusal }
    lastTransaction += 1
    sent.append(
      Sent(
        target: target, kind: kind, body: [UInt8](body), timeout: timeout, tag: tag, transaction: lastTransaction))
    return lastTransaction
  }

  func cancel(_ transaction: UInt64, to target: Target, now: UInt64) { canceled.append(transaction) }
}

/// A process that holds a road (port 1, as "alpha") and a lane (port 2, as "manor"), or one of them.
final class Process {
  static let road = 1
  static let lane = 2
  let stacks = FakeStacks()
  let router: Router
  var now: UInt64 = 1_000

  init(road: String? = "alpha", lane: String? = "manor", chance: UInt64 = 0) {
    router = Router(stacks, chance: chance)
    if let road { _ = router.attach(Process.road, isRoad: true, name: road) }
    if let lane { _ = router.attach(Process.lane, isRoad: false, name: lane) }
  }

  func estate(_ name: String, role: String = "", kind: UInt8? = 0, isAlive: Bool = true) -> Target {
    stacks.add(name, port: Process.road, role: role.isEmpty ? name : role, kind: kind, isAlive: isAlive)
  }

  func yard(_ name: String) -> Target { stacks.add(name, port: Process.lane) }

  /// A message comes; its body is JSON unless told otherwise.
  func receive(_ body: String, from target: Target, kind: BodyKind = .json, uid: UInt32? = nil) {
    receive(Array(body.utf8), from: target, kind: kind, uid: uid)
  }

  func receive(_ body: [UInt8], from target: Target, kind: BodyKind = .json, uid: UInt32? = nil) {
    var event = Event(.message)
    event.remote = target.remote
    event.bodyKind = kind
    event.body = body.withUnsafeBytes { bytes in bytes.isEmpty ? nil : ReceivedBody(copying: bytes, kind: kind) }
    router.receive(Incoming(from: target, event: event, uid: uid), now: now)
  }

  /// A message with this route, as JSON: "SRC > DST" in text, null for empty parts, and further members.
  func route(_ route: String, more: String = "", from target: Target, body: String = "", uid: UInt32? = nil) {
    receive(Process.body(route, more: more, body: body), from: target, uid: uid)
  }

  static func body(_ route: String, more: String = "", body: String = "") -> String {
    let places = route.split(separator: ">").map { place -> String in
      let parts = place.filter { $0 != " " }.split(separator: "/", omittingEmptySubsequences: false)
      return "[" + parts.map { $0.isEmpty ? "null" : "\"\($0)\"" }.joined(separator: ",") + "]"
    }
    return "{\"route\":{\"src\":\(places[0]),\"dst\":\(places[1])\(more)}\(body)}"
  }

  func send(
    _ destination: String, _ body: String = "{}", confirms: Bool = false, timeout: UInt64 = 0, tag: UInt64 = 7,
    share: String? = nil
  ) throws -> UInt64 {
    var parcel = Parcel(to: try Destination(destination), .json)
    parcel.confirms = confirms
    parcel.timeout = timeout
    parcel.tag = tag
    parcel.share = share
    return try Array(body.utf8).withUnsafeBytes { bytes in try router.send(parcel, bytes, now: now) }
  }

  /// A message that was sent ends.
  @discardableResult
  func end(_ sent: FakeStacks.Sent?, _ status: Status = .ok) -> Bool {
    guard let sent else { return false }
    var event = Event(status == .ok ? .delivered : .failed)
    event.status = status
    event.tag = sent.tag
    event.transaction = sent.transaction
    event.remote = sent.target.remote
    return router.ended(event, port: sent.target.port, now: now)
  }

  /// All events that wait, in words: "MESSAGE source > destination", "REFUSED why", "DELIVERED 0".
  func events() -> [String] {
    var words: [String] = []
    while let told = router.nextEvent() {
      let name = told.event.kind.name.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
      switch told.event.kind {
      case .message: words.append("\(name) \(told.source ?? "-") > \(told.destination ?? "-")")
      case .refused: words.append("\(name) \(told.source ?? "-") \(told.event.name ?? "")")
      default: words.append("\(name) \(told.event.status) \(told.event.tag)")
      }
    }
    return words
  }

  /// What was sent since the last call: "NAME route".
  func out() -> [String] {
    defer { stacks.sent = [] }
    return stacks.sent.map { sent in
      let name = stacks.facts(sent.target)?.name ?? "?"
      guard let route = sent.route else { return "\(name) \(sent.text)" }
      if let report = route.report { return "\(name) re \(report.id) \(report.status)" }
      return "\(name) \(route.source.text) > \(route.destination.text)"
    }
  }
}
