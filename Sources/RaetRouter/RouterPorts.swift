import RaetStack
import RaetWire

/// Where a router's messages come in and go out: a remote of an attached stack.
public struct Target: Hashable, Sendable {
  /// The attached stack.
  public let port: Int
  /// The remote, as the stack names it.
  public let remote: UInt64

  /// A remote of an attached stack.
  public init(port: Int, remote: UInt64) {
    self.port = port
    self.remote = remote
  }
}

/// What a stack knows of one of its remotes, as far as it was proved.
public struct RemoteFacts: Sendable {
  /// Name of the estate, or of the yard.
  public var name: String
  /// The role whose keys it proved; empty on a lane.
  public var role = ""
  /// Its kind; nil on a lane.
  public var kind: UInt8?
  /// Messages can pass now.
  public var isAlive: Bool

  /// Facts of a remote.
  public init(name: String, isAlive: Bool) {
    self.name = name
    self.isAlive = isAlive
  }
}

/// The attached stacks, as the router asks and uses them.
public protocol RouterPorts: AnyObject {
  /// What the stack knows of the remote; nil when it is gone.
  func facts(_ target: Target) -> RemoteFacts?
  /// The remote of this name.
  func find(_ name: String, port: Int) -> UInt64?
  /// Makes a yard known on a lane; nil when it cannot be.
  func meet(_ name: String, port: Int) -> UInt64?
  /// The remote that follows, 0 for the first.
  func remote(after: UInt64, port: Int) -> UInt64?
  /// Sends a message, whose end comes with `tag`; `timeout` in nanoseconds, 0 for the stack's own; `isChecked`: the body
  /// is known to be a mapping of its kind.
  func send(
    _ target: Target, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool, timeout: UInt64, tag: UInt64,
    now: UInt64
  ) throws(Status) -> UInt64
  /// Ends a message to this remote before its time, if it still can.
  func cancel(_ transaction: UInt64, to target: Target, now: UInt64)
}

/// A message that came on an attached stack.
public struct Incoming {
  /// Who sent it: the remote that the stack proved.
  public let from: Target
  /// The message's event.
  public let event: Event
  /// The sender's user, told by the kernel on a lane.
  public let uid: UInt32?
  /// Its group.
  public let gid: UInt32?

  /// A message that came.
  public init(from: Target, event: Event, uid: UInt32? = nil, gid: UInt32? = nil) {
    self.from = from
    self.event = event
    self.uid = uid
    self.gid = gid
  }
}

/// Something for the router's host.
public struct RouterEvent {
  /// What a stack told, or the router itself.
  public var event: Event
  /// The attached stack it concerns.
  public var port: Int
  /// Where the message came from, as text; nil when it is no message.
  public var source: String?
  /// Where it went to, as text; nil for a message without a route.
  public var destination: String?
  /// The share it is for; nil: none in particular.
  public var share: String?

  /// An event of an attached stack as it is.
  public init(_ event: Event, port: Int) {
    self.event = event
    self.port = port
  }
}

/// What a router counts.
public enum RouterCounter: Int, CaseIterable, Sendable {
  case received
  case delivered
  case forwardedLane
  case forwardedRoad
  case relayed
  case sent
  case unrouted
  case retried
  case undelivered
  case noEstate
  case noYard
  case noShare
  case hopLimit
  case invalidRoute
  case refusedForged
  case correctedForged
  case refusedRule
  case reportTx
  case reportRx
  case reportLost
  case reportIgnored
  case auditLost

  /// The counter's name for the host, NUL-terminated as every static string is.
  public var name: StaticString {
    switch self {
    case .received: return "received"
    case .delivered: return "delivered"
    case .forwardedLane: return "forwarded_lane"
    case .forwardedRoad: return "forwarded_road"
    case .relayed: return "relayed"
    case .sent: return "sent"
    case .unrouted: return "unrouted"
    case .retried: return "retried"
    case .undelivered: return "undelivered"
    case .noEstate: return "no_estate"
    case .noYard: return "no_yard"
    case .noShare: return "no_share"
    case .hopLimit: return "hop_limit"
    case .invalidRoute: return "invalid_route"
    case .refusedForged: return "refused_forged"
    case .correctedForged: return "corrected_forged"
    case .refusedRule: return "refused_rule"
    case .reportTx: return "report_tx"
    case .reportRx: return "report_rx"
    case .reportLost: return "report_lost"
    case .reportIgnored: return "report_ignored"
    case .auditLost: return "audit_lost"
    }
  }
}
