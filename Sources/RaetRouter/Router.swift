import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// Leads messages between the estates and yards of attached stacks and this process (PROTOCOL 14), without a clock, a
/// socket or randomness of its own.
///
/// In: `receive` for each message, `ended` for each message sent, `changed` for remotes, `expire` when `deadline` is
/// reached, and the host's calls. Out: messages by way of `RouterPorts`, and events by `nextEvent`. A message's way is
/// RouterReceive.swift (who sent it, and may he), RouterWays.swift (where it goes), RouterHops.swift (what becomes of it).
public final class Router {
  /// A stack that is attached.
  struct Port {
    let id: Int
    let isRoad: Bool
    /// This side's name there: of the estate, or of the yard.
    let name: String
  }

  let stacks: any RouterPorts
  var ports: [Port] = []
  /// The host's own name for its estate; nil: that of the first road.
  var estateSetting: String?
  /// The yard that takes what this process cannot place itself.
  public var manor: String?
  /// The estate that takes what is for estates not known here.
  public var via: String?
  /// Messages between other estates are handed on when fewer routers than this have done so before; 0: none is.
  public var relayLimit: UInt64 = 0
  /// Who may send what.
  public var rules = Rules()
  /// The shares the host announced; none: all are taken.
  var shares: Set<String> = []

  var now: UInt64 = 0
  var events = Queue<RouterEvent>()
  /// Bytes of messages in `events`.
  var eventBytes = 0
  /// Audit events in `events`.
  var audits = 0
  var counters = [UInt64](repeating: 0, count: RouterCounter.allCases.count)

  /// Messages on their way, by the number that they have there.
  var hops: [UInt64: Hop] = [:]
  var lastHop: UInt64
  /// Those handed on, of which only a report can come, oldest first.
  var passed = Queue<(id: UInt64, until: UInt64)>()
  /// Those that wait for the last router's word.
  var confirming: Set<UInt64> = []
  var confirmDue: UInt64 = .max
  /// Those that can be tried with another remote, and bytes kept for that.
  var choosing: Set<UInt64> = []
  var heldBytes = 0

  /// A router of no stacks yet. `chance`, any number that no one knows beforehand, decides where it begins to number
  /// messages: late reports on those of a process before must not meet its own.
  public init(_ stacks: any RouterPorts, chance: UInt64) {
    self.stacks = stacks
    // Below 2^53, which all that read JSON hold exactly.
    lastHop = (chance & 0x7fff_ffff) << 20
  }

  /// The number of the last message, for a simulator's liars, who may have seen it.
  package var lastNumber: UInt64 { lastHop }

  // MARK: Stacks.

  /// Attaches a stack: a road or a lane, with this side's name there. false: there are too many.
  public func attach(_ id: Int, isRoad: Bool, name: String) -> Bool {
    guard ports.count < RouterLimit.ports, !ports.contains(where: { $0.id == id }) else { return false }
    ports.append(Port(id: id, isRoad: isRoad, name: name))
    return true
  }

  /// A stack is about to go: ends what it has and what can still be taken back.
  public func release(_ id: Int, now: UInt64) {
    enter(now)
    for hop in hops.values.filter({ $0.target.port == id }).sorted(by: { $0.id < $1.id }) {
      guard case .sending = hop.state else { continue }
      hop.isCanceled = true
      stacks.cancel(hop.transaction, to: hop.target, now: self.now)
    }
  }

  /// Lets a stack go. Messages under way there end, and may have arrived.
  public func detach(_ id: Int, now: UInt64) {
    enter(now)
    ports.removeAll { $0.id == id }
    let under = hops.values.filter { $0.target.port == id }.sorted { $0.id < $1.id }
    for hop in under {
      if case .passed(isWaiting: false) = hop.state { remove(hop) } else { end(hop, .unknown) }
    }
  }

  func port(_ id: Int) -> Port? { ports.first { $0.id == id } }

  /// This side's estate: the setting, or the name on the first road; nil in a process without either.
  public var estate: String? { estateSetting ?? ports.first { $0.isRoad }?.name }

  /// This side's yard on the first lane.
  var yard: String? { ports.first { !$0.isRoad }?.name }

  /// Sets the estate's name; nil: that of the first road.
  public func setEstate(_ name: String?) { estateSetting = name }

  /// Announces a share of the host's, or takes it back; from the first one on, others do not exist. false: too many.
  public func setShare(_ share: String, _ isOpen: Bool) -> Bool {
    if !isOpen {
      shares.remove(share)
    } else if shares.count < RouterLimit.shares {
      shares.insert(share)
    } else {
      return shares.contains(share)
    }
    return true
  }

  func isMine(estate name: String) -> Bool {
    if let estateSetting, RouteText.same(estateSetting, name) { return true }
    return ports.contains { $0.isRoad && RouteText.same($0.name, name) }
  }

  func isMine(yard name: String) -> Bool {
    ports.contains { !$0.isRoad && RouteText.same($0.name, name) }
  }

  func isManor(_ name: String) -> Bool { manor.map { RouteText.same($0, name) } ?? false }

  // MARK: Events.

  /// Takes the next event; nil when there is none.
  public func nextEvent() -> RouterEvent? {
    guard let event = events.popFirst() else { return nil }
    eventBytes &-= event.event.body?.bytes.count ?? 0
    if event.event.kind == .refused { audits &-= 1 }
    return event
  }

  /// True when events wait.
  public var hasEvents: Bool { !events.isEmpty }

  /// False while so much waits for the host that stacks are better left alone.
  public var hasRoom: Bool { events.count < RouterLimit.events && eventBytes < RouterLimit.eventBytes }

  /// Tells the host.
  public func tell(_ event: RouterEvent) {
    eventBytes &+= event.event.body?.bytes.count ?? 0
    events.append(event)
  }

  /// A counter's value.
  public func value(_ counter: RouterCounter) -> UInt64 { counters[counter.rawValue] }

  func count(_ counter: RouterCounter) { counters[counter.rawValue] &+= 1 }

  /// Takes the host's clock, which counts as standing still while it runs back.
  func enter(_ now: UInt64) { self.now = max(self.now, now) }
}
