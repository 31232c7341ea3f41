/// What a packet is for, within its transaction: field `pk` (PROTOCOL 2.4).
public enum PacketKind: UInt8, Sendable, CaseIterable {
  case message = 0, ack, nack, resend, request, response, hello, cookie, initiate, unjoined, unallowed, renew, refuse
  case reject, pend, done
}

/// The kind of a transaction: field `tk` (PROTOCOL 2.4). `bind` is reserved and never used.
public enum TransactionKind: UInt8, Sendable, CaseIterable {
  case message = 0, join, bind, allow, alive
}

/// How a head is written: field `hk` (PROTOCOL 2.1, 2.2). Kind 2, binary, is reserved (PROTOCOL 2.3).
public enum HeadKind: UInt8, Sendable, CaseIterable {
  case raet = 0, json
}

/// How a body is written: field `bk` (PROTOCOL 2.8).
public enum BodyKind: UInt8, Sendable, CaseIterable {
  case none = 0, json, raw, msgpack
}

/// How a coat protects the body: field `ck` (PROTOCOL 2.7). Kinds 2 and 3 are reserved.
public enum CoatKind: UInt8, Sendable, CaseIterable {
  case none = 0, nacl
}

/// How a foot protects the datagram: field `fk` (PROTOCOL 2.6). Kinds 2 and 3 are reserved.
public enum FootKind: UInt8, Sendable, CaseIterable {
  case none = 0, nacl

  /// Bytes of such a foot; field `fl`.
  public var length: Int {
    switch self {
    case .none: 0
    case .nacl: WireLimit.foot
    }
  }
}

/// The flags of a head: field `fg` (PROTOCOL 2.5).
public struct PacketFlags: OptionSet, Sendable, Hashable {
  /// The bits as on the wire.
  public let rawValue: UInt8
  /// Takes the bits as on the wire; all are defined.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// `cf`: sent by the transaction's correspondent, not by its initiator.
  public static let correspondent = PacketFlags(rawValue: 0x01)
  /// `bf`: broadcast; never used, packets with it are dropped.
  public static let broadcast = PacketFlags(rawValue: 0x02)
  /// `wf`: the sender waits for an answer to this segment.
  public static let wait = PacketFlags(rawValue: 0x04)
  /// `sf`: one of several segments.
  public static let segment = PacketFlags(rawValue: 0x08)
  /// `af`: sent before, and sent again.
  public static let again = PacketFlags(rawValue: 0x10)
  /// `nf`: the sender is behind address translation; carries no meaning here.
  public static let nat = PacketFlags(rawValue: 0x20)
  /// `df`: the sender's address changes; carries no meaning here.
  public static let dynamic = PacketFlags(rawValue: 0x40)
  /// `vf`: the sender uses IPv6; carries no meaning here.
  public static let ipv6 = PacketFlags(rawValue: 0x80)
}
