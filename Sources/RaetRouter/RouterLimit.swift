import RaetWire

/// All limits of routing, in one place (PROTOCOL 14).
public enum RouterLimit {
  /// The longest `route` mapping that is read, in bytes.
  public static let route = 16_384
  /// The longest estate, yard or share, in bytes of UTF-8.
  public static let part = WireLimit.name
  /// The longest destination as text, in bytes.
  public static let text = 8_192
  /// The most estates that a destination names.
  public static let estates = 16
  /// The most remotes that a message for one of several is tried with.
  public static let attempts = 16
  /// The most routers that hand a message on before it is given up.
  public static let hops: UInt64 = 16
  /// The most messages handed on of which reports are still understood.
  public static let passed = 65_536
  /// How long a report on a message handed on is understood, in nanoseconds.
  public static let reportTime: UInt64 = 300_000_000_000
  /// How long a router waits for the last router's word when the message has no limit of its own, in nanoseconds.
  public static let confirmTime: UInt64 = 300_000_000_000
  /// The most messages that wait for the last router's word.
  public static let confirms = 16_384
  /// Bytes of messages kept to be tried with another estate.
  public static let held = 268_435_456
  /// The most events that wait for the host before stacks are left alone.
  public static let events = 16_384
  /// Bytes of messages that wait for the host before stacks are left alone.
  public static let eventBytes = 67_108_864
  /// The most audit events that wait for the host; more are only counted.
  public static let audits = 1_024
  /// The most shares that a host announces.
  public static let shares = 4_096
  /// The most rules.
  public static let rules = 1_024
  /// The longest text of rules, in bytes.
  public static let rulesText = 262_144
  /// The most patterns of a rule.
  public static let patterns = 16
  /// The longest pattern, in bytes.
  public static let pattern = 255
  /// The most members of bodies that the rules look at.
  public static let fields = 16
  /// The longest text of such a member that can match, in bytes.
  public static let field = 1_024
  /// The most stacks attached to a router.
  public static let ports = 64
}
