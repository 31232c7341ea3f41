import RaetCrypto
import RaetSession
import RaetWire

/// The settings of a road; their meaning, defaults and limits are those of the keys in raet.h.
public struct RoadSettings {
  /// Name of the estate; nil: as stored.
  public var name: String?
  /// Role; nil: as stored, else the name.
  public var role: String?
  /// Where to listen.
  public var address: Address
  /// Form of new files: JSON or msgpack.
  public var storeKind = BodyKind.json
  /// A main estate takes joins of strangers.
  public var isMain = false
  /// Known remotes may change name, address, role or keys.
  public var isMutable = false
  /// Whose keys are accepted without a person.
  public var accept = AcceptMode.never
  /// The application's own number for the estate.
  public var kind: UInt8 = 0
  /// Ed25519 seed, 32 bytes; nil: as stored, else made.
  public var signSeed: SecretKeyBytes?
  /// Curve25519 secret key, 32 bytes; nil: as stored, else made.
  public var privateKey: SecretKeyBytes?
  /// How heads are written.
  public var headKind = HeadKind.raet
  /// How our own bodies are written.
  public var bodyKind = BodyKind.json
  /// Messages are signed.
  public var signs = true
  /// Messages are encrypted.
  public var encrypts = true
  /// Unsigned packets of remotes count.
  public var acceptsUnsigned = false
  /// Messages in clear count.
  public var acceptsClear = false
  /// Heartbeat period in nanoseconds; 0: none.
  public var period: UInt64 = Times.second
  /// Added to the period by estates that are not main.
  public var offset: UInt64 = Times.second / 2
  /// A main reaps a remote that was dead for so long; 0: never.
  public var interim: UInt64 = 3600 * Times.second
  /// Longest body sent or received, in bytes.
  public var maxMessage = WireLimit.body
  /// Bytes of messages that wait or are under way, per remote.
  public var sendQueue = 128 << 20
  /// Bytes of messages received or half received, in all.
  public var receiveQueue = 256 << 20
  /// Limit of a message that is given none, in nanoseconds.
  public var messageTimeout: UInt64 = 300 * Times.second
  /// Most remotes.
  public var maxRemotes = 10_000
  /// Most roles that wait for a person.
  public var maxPending = 1_000
  /// Most datagrams under way to a remote.
  public var window = 512

  /// The defaults, to listen at this address.
  public init(address: Address) {
    self.address = address
  }
}

/// Limits of our own that no setting changes.
enum RoadLimit {
  /// Joins under way that others began.
  static let joinees = 1024
  /// Records written for strangers at one `now`, so that none makes all others wait for the disk.
  static let strangerRecords = 4
  /// Remotes that no handshake has proved yet.
  static let unproven = 1024
  /// Large messages sent side by side to one remote.
  static let streams = 4
  /// Messages under way to one remote.
  static let underway = 1024
  /// Room for messages of one datagram when large ones fill the receive queue, in bytes.
  static let smallMessages = 1 << 20
  /// Large messages half received from one remote.
  static let incoming = 64
  /// Datagrams of messages that wait in the outbox: more are signed only when these have left.
  static let outboxMessages = 16
  /// Room in the outbox that one remote's due work may need.
  static let outboxReserve = 32
  /// Remotes handled in one service call.
  static let remotesPerService = 256
  /// Bytes that a waiting message counts beyond its body.
  static let messageCost = 64
  /// Events that wait for the host, of which each may be a message.
  static let events = 65_536
}
