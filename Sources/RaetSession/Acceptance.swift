import RaetCrypto

/// What a person, or a mode, decided on a role's keys (PROTOCOL 6.3). The raw values stand in files.
public enum Acceptance: UInt8, Sendable {
  case pending = 0
  case accepted = 1
  case rejected = 2
}

/// Whose keys an estate takes without asking a person (AutoMode in the reference's source).
public enum AcceptMode: UInt8, Sendable {
  /// None: new keys wait as pending.
  case never = 0
  /// The first keys of a role.
  case once = 1
  /// All; changed ones only where the estate is mutable: an open road.
  case always = 2
}

/// The two long-term public keys of a role.
public struct RoleKeys: Equatable, Sendable {
  /// Checks signatures.
  public let verify: VerifyKey
  /// Boxes of the handshake.
  public let encrypt: PublicKey

  /// A role's keys.
  public init(verify: VerifyKey, encrypt: PublicKey) {
    self.verify = verify
    self.encrypt = encrypt
  }
}

/// What is known of a role: its keys and whether they are accepted.
public struct Role: Equatable, Sendable {
  /// The decision.
  public var acceptance: Acceptance
  /// The keys it is about.
  public var keys: RoleKeys

  /// A role with these keys.
  public init(acceptance: Acceptance, keys: RoleKeys) {
    self.acceptance = acceptance
    self.keys = keys
  }
}

/// The decision on keys that came with a join.
public enum Admission: Equatable, Sendable {
  /// They are accepted; `isNew` when they were not so before.
  case accepted(isNew: Bool)
  /// A person has to decide; `isNew` when they were not known before.
  case pending(isNew: Bool)
  /// Other keys than the role's were accepted in their place.
  case changed
  /// They are rejected; `areOther` when the role has other keys.
  case rejected(areOther: Bool)

  /// Decides on `keys` that claim a role of which `known` is known (PROTOCOL 6.3).
  public static func decide(_ keys: RoleKeys, known: Role?, mode: AcceptMode, isMutable: Bool) -> Admission {
    guard let known else {
      return mode == .never ? .pending(isNew: true) : .accepted(isNew: true)
    }
    guard known.keys == keys else {
      return mode == .always && isMutable && known.acceptance != .rejected ? .changed : .rejected(areOther: true)
    }
    switch known.acceptance {
    case .accepted: return .accepted(isNew: false)
    case .rejected: return .rejected(areOther: false)
    case .pending: return mode == .never ? .pending(isNew: false) : .accepted(isNew: true)
    }
  }
}
