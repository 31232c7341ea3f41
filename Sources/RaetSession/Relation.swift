import RaetCrypto
import RaetWire

/// What an estate says of itself in a join, and where it is: all that an allow proves (PROTOCOL 3.1, 6.2).
public struct Relation: Equatable, Sendable {
  /// Its name, unique on the road.
  public var name: String
  /// The role whose keys it has.
  public var role: String
  /// Its long-term keys.
  public var keys: RoleKeys
  /// Where it is.
  public var address: Address
  /// Its id for us.
  public var farID: UInt32
  /// It takes joins of strangers.
  public var isMain: Bool
  /// The application's own number for it.
  public var kind: UInt8

  /// A relation as a join brings it.
  public init(
    name: String, role: String, keys: RoleKeys, address: Address, farID: UInt32, isMain: Bool, kind: UInt8
  ) {
    self.name = name
    self.role = role
    self.keys = keys
    self.address = address
    self.farID = farID
    self.isMain = isMain
    self.kind = kind
  }

  /// True when `other` differs in something that only a mutable estate lets a remote change. The remote's id for us is
  /// not of that sort, since an estate that lost its store counts anew; nor is the address, which ports and networks
  /// change by themselves: keys prove who it is (PROTOCOL 10).
  public func isMutation(of other: Relation) -> Bool {
    var same = self
    same.farID = other.farID
    same.address = other.address
    return same != other
  }

  /// In which words `other` is a mutation, for logs: "role, keys".
  public func mutations(of other: Relation) -> String {
    var changed: [String] = []
    if name != other.name { changed.append("name") }
    if role != other.role { changed.append("role") }
    if keys != other.keys { changed.append("keys") }
    if isMain != other.isMain { changed.append("main") }
    if kind != other.kind { changed.append("kind") }
    return changed.joined(separator: ", ")
  }
}

/// How far a remote has come (PROTOCOL 6.1).
public enum Standing {
  /// Not joined. The relation as the host's call or an earlier life left it, nil when nothing but an address is known.
  case stranger(Relation?)
  /// Joined: long-term keys are exchanged and accepted.
  case joined(Relation)
  /// Allowed: short-term keys are agreed on, messages can pass.
  case allowed(Relation, SessionKeys)
}

/// The keys for messages: of this session, and of the one before as long as packets of it can be under way.
public struct SessionKeys {
  /// Seals and opens.
  public let current: SharedKey
  /// Opens what was sealed before the handshake; nil once the remote has used the new ones.
  public var previous: SharedKey?

  /// Keys that follow `previous`.
  public init(current: SharedKey, previous: SharedKey?) {
    self.current = current
    self.previous = previous
  }
}

/// Whether the remote is there (PROTOCOL 6.5).
public enum Presence: Equatable, Sendable {
  /// Nothing is known yet.
  case unknown
  /// It was heard of lately.
  case alive
  /// It does not answer since then; `heartbeats` were in vain.
  case dead(since: UInt64, heartbeats: UInt32)
  /// It was dead for so long that it is left alone until it is heard of.
  case reaped
}

/// A change of a known remote that a join brought, which only a handshake can make true (PROTOCOL 10).
public struct Candidate {
  /// What the remote is to become.
  public var relation: Relation
  /// The join was vacuous: the remote has begun to count its sessions anew.
  public var resetsSession: Bool
  /// Our own join brought it; else it is the remote that has to begin the handshake, since anybody may have joined in
  /// its name to have us send to an address.
  public let isOurs: Bool

  /// A change to be proved.
  public init(relation: Relation, resetsSession: Bool, isOurs: Bool) {
    self.isOurs = isOurs
    self.relation = relation
    self.resetsSession = resetsSession
  }
}

/// The join or allow that is under way with a remote; at most one of either, by one of both sides (PROTOCOL 6.6).
public enum Conversation<Initiator, Responder> {
  case none
  case initiating(Initiator)
  case responding(Responder)

  /// True when one is under way.
  public var isUnderWay: Bool {
    switch self {
    case .none: return false
    case .initiating, .responding: return true
    }
  }
}

/// What the host wants of a remote.
public enum Goal: Equatable, Sendable {
  /// Answer it, and watch whether it is there.
  case answer
  /// Keep it connected: join, allow and heartbeats by ourselves.
  case connect
  /// The host has ended the connection: no packets of our own accord.
  case rest
}
