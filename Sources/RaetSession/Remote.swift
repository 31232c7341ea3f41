import RaetCrypto
import RaetWire

/// Another estate on the road, and everything under way with it (RemoteEstate in the reference's source; PROTOCOL 3.1).
public final class Remote {
  /// The host's handle for it, never used again.
  public let id: UInt64
  /// Our id for it (`nuid` in the reference's source).
  public let nearID: UInt32
  /// Its place in the heap of deadlines.
  public let slot: Int
  /// Where the host or the last handshake has said that it is; what is known of it follows its packets from there.
  public var address: Address
  /// Where else it may be: where its last packet came from, or where it was before. When it is silent, this and `address`
  /// are tried in turn.
  public var elsewhere: Address?
  /// The name by which the host knows it, until a join tells its own.
  public var placeholder: String
  /// The host has said how it must call itself; else it is known by its address until it is joined.
  public var isNamed = false
  /// How far it has come.
  public var standing: Standing
  /// A change that a handshake has to prove.
  public var candidate: Candidate?
  /// Whether it is there.
  public var presence = Presence.unknown
  /// When a fresh, verified packet of it came last; 0 before the first.
  public var lastHeard: UInt64 = 0
  /// How often in a row it has refused our handshakes, or our heartbeats.
  public var refusals: UInt32 = 0
  /// What the host wants of it.
  public var goal: Goal
  /// True once a handshake has proved it, or the store held it.
  public var isStored: Bool
  /// Our sessions.
  public var near: NearSession
  /// Its sessions.
  public var far = FarSession()
  /// The transaction of the last join that we began and completed, 0 for none: its ack may have to be sent again.
  public var joinedBy: UInt32 = 0
  /// The status of the join that the host was told last, so that it is told of a change only.
  public var toldJoin: Int32 = 0
  /// The join under way that we began; those it began are kept by address until they end.
  public var join: JoinInitiator?
  /// The transaction of the last allow that we began and completed, 0 for none: its ack may have to be sent again.
  public var allowedBy: UInt32 = 0
  /// The host's transaction of an allow of ours that gave way to the remote's, which ends it; 0 for none.
  public var adoptedAllow: UInt64 = 0
  /// The allow under way.
  public var allow = Conversation<AllowInitiator, AllowResponder>.none
  /// The heartbeat under way.
  public var alive: AliveInitiator?
  /// When the next heartbeat or attempt to connect is due.
  public var upkeep: UInt64 = .max
  /// How the attempts to connect spread.
  public var anew: RedoTimer?
  /// Messages to it and from it.
  public var messages: MessageTraffic

  /// A remote of which an address is known.
  public init(id: UInt64, nearID: UInt32, slot: Int, address: Address, name: String, session: UInt32, window: Int) {
    self.id = id
    self.nearID = nearID
    self.slot = slot
    self.address = address
    placeholder = name
    standing = .stranger(nil)
    goal = .answer
    isStored = false
    near = NearSession(stored: session)
    messages = MessageTraffic(window: window)
  }

  /// What is known of it, nil when nothing but an address.
  public var relation: Relation? {
    get {
      switch standing {
      case .stranger(let relation): return relation
      case .joined(let relation), .allowed(let relation, _): return relation
      }
    }
    set {
      guard let newValue else { return }
      switch standing {
      case .stranger: standing = .stranger(newValue)
      case .joined: standing = .joined(newValue)
      case .allowed(_, let keys): standing = .allowed(newValue, keys)
      }
    }
  }

  /// What a handshake has proved of it, or a person has accepted; nil when nobody has.
  public var proven: Relation? { isStored ? relation : nil }
  /// Its name.
  public var name: String { relation?.name ?? placeholder }
  /// Its id for us; 0 before it is joined.
  public var farID: UInt32 { relation?.farID ?? 0 }
  /// True when it is joined.
  public var isJoined: Bool {
    switch standing {
    case .stranger: return false
    case .joined, .allowed: return true
    }
  }
  /// The keys for messages, nil unless it is allowed.
  public var keys: SessionKeys? {
    switch standing {
    case .stranger, .joined: return nil
    case .allowed(_, let keys): return keys
    }
  }
  /// True when it is allowed.
  public var isAllowed: Bool { keys != nil }

  /// When something is due with it.
  public var due: UInt64 {
    var due = min(upkeep, messages.due)
    if let join { due = min(due, join.due) }
    if let alive { due = min(due, alive.due) }
    switch allow {
    case .none: break
    case .initiating(let allow): due = min(due, allow.due)
    case .responding(let allow): due = min(due, allow.due)
    }
    return due
  }
}
