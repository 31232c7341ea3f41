import RaetCrypto
import RaetSession
import RaetWire

/// An estate on a road with all its remotes (RoadStack in the reference's source): the whole engine, without a clock, a
/// socket, a file or randomness of its own.
///
/// In: `receive` for each datagram, `service` when `deadline` is reached, and the host's calls. Out: datagrams in
/// `outbox`, events by `nextEvent`, records by way of the store, and `deadline`. The way of a datagram is numbered in
/// docs/ARCHITECTURE.md: in by RoadReceive.swift, out by RoadSend.swift.
public final class Road {
  /// The settings it was made with, but for the secret keys.
  public let settings: RoadSettings
  let store: any RecordStore
  let entropy: any Entropy
  let memory: SecretMemory
  let signing: SigningKey
  let long: PrivateKey
  /// Name of the estate.
  public let name: String
  /// Its role.
  public let role: String
  /// Its own id, which no remote has.
  let ownID: UInt32
  /// The last id given to a remote (`puid` in files).
  var lastNearID: UInt32
  /// Where others find it, as files tell; the driver knows the real one.
  public var address: Address

  /// The latest `now` that came in: time never runs back.
  var now: UInt64
  /// Datagrams on their way out.
  public let outbox: Outbox
  /// What happened and was not taken yet.
  var events = Queue<Event>()
  /// Bytes of messages in `events` and half received ones.
  var receivedBytes = 0
  /// What is counted.
  public internal(set) var statistics = Statistics()
  /// Where log lines go.
  public var log = Log()

  /// Remotes by slot, the slots that are free, and when they are due.
  var slots: [Remote?] = []
  var freeSlots: [Int] = []
  var deadlines = Deadlines()
  /// Remotes by our id for them, by handle, and by name.
  var byNear: [UInt32: Remote] = [:]
  var byID: [UInt64: Remote] = [:]
  var byName: [String: Remote] = [:]
  /// The handles of all.
  var handles = Handles()
  var lastTransaction: UInt64 = 0
  /// Remotes that no handshake has proved yet, oldest first.
  var unproven: [UInt64] = []

  /// Roles and their keys.
  var roles: [String: Role] = [:]
  /// Roles of which a person was told that they wait.
  var pendingTold: Set<String> = []
  /// Roles of which the host was told that other keys came for them.
  var changedTold: Set<String> = []
  /// When the store was last looked at for a role that joins.
  var rolesRefreshed: [String: UInt64] = [:]
  /// Roles that the store did not take as they are.
  var rolesUnsaved: Set<String> = []
  /// Joins that others began, by their address.
  var joinees: [Address: JoinResponder] = [:]
  /// When something of them is due at the earliest; may be too early.
  var joineesDue: UInt64 = .max
  /// How many records strangers may still have written at the present `now`.
  var strangerRecords = RoadLimit.strangerRecords
  /// How many records were written in all.
  public internal(set) var recordsWritten = 0
  var life = Life.open

  /// Whether it still works.
  enum Life: Equatable {
    case open
    /// The host has closed it; messages under way may end until then.
    case closing(until: UInt64)
    case closed
  }

  /// Loads or makes the identity, and loads roles and remotes (PROTOCOL 8). `now` in nanoseconds. No initializer, since a
  /// class whose initializer throws leaks in Embedded Swift.
  public static func make(
    _ settings: RoadSettings, store: any RecordStore, entropy: any Entropy, now: UInt64
  ) throws(RoadFailure) -> Road {
    do throws(CryptoError) { try Sodium.initialize() } catch { throw RoadFailure(.crypto, "libsodium does not start") }
    let memory = SecretMemory()
    let identity = try Identity.load(settings, store: store, entropy: entropy, memory: memory)
    let road = Road(settings, identity, store: store, entropy: entropy, memory: memory, now: now)
    try road.loadRolesAndRemotes()
    if !identity.isStored { try road.saveLocal(includingKeys: true) }
    return road
  }

  private init(
    _ settings: RoadSettings, _ identity: Identity, store: any RecordStore, entropy: any Entropy, memory: SecretMemory,
    now: UInt64
  ) {
    var settings = settings
    settings.signSeed = nil
    settings.privateKey = nil
    self.settings = settings
    self.store = store
    self.entropy = entropy
    self.memory = memory
    self.now = now
    signing = identity.signing
    long = identity.long
    name = identity.name
    role = identity.role
    ownID = identity.ownID
    lastNearID = identity.lastNearID
    address = settings.address
    outbox = Outbox(filler: settings.address)
  }

  /// When `service` has something to do; a time that has passed: now. `UInt64.max`: never.
  public var deadline: UInt64 {
    let due = min(deadlines.earliest, joineesDue)
    switch life {
    case .open: return due
    case .closing(let until): return isIdle ? 0 : min(due, until)
    case .closed: return .max
    }
  }

  /// True when no message is under way.
  var isIdle: Bool { slots.allSatisfy { $0?.messages.isIdle ?? true } }

  /// The public keys of this estate.
  public var keys: RoleKeys { RoleKeys(verify: signing.verifyKey, encrypt: long.publicKey) }

  /// Takes the next event; nil when there is none.
  public func nextEvent() -> Event? {
    guard let event = events.popFirst() else { return nil }
    if let body = event.body { receivedBytes &-= body.range.count }
    return event
  }

  /// True when events wait.
  public var hasEvents: Bool { !events.isEmpty }

  func report(_ event: Event) {
    // Strangers can make us tell of them; what the host is owed is never left out: the end of something of its own, a
    // message that the sender takes for delivered, and that there is room again.
    let isOwed: Bool
    switch event.kind {
    case .message, .writable, .closed: isOwed = true
    default: isOwed = event.transaction != 0
    }
    guard events.count < RoadLimit.events || isOwed else { return count(.dropEvent) }
    var event = event
    event.time = now
    events.append(event)
  }

  func report(
    _ kind: EventKind, _ remote: Remote?, status: Status = .ok, transaction: UInt64 = 0, name: String? = nil
  ) {
    var event = Event(kind)
    event.status = status
    event.transaction = transaction
    event.remote = remote?.id ?? 0
    event.name = name ?? remote?.name
    report(event)
    log(.info, "\(kind.text) \(name ?? remote?.name ?? "") (\(status.rawValue))")
  }

  func count(_ counter: Counter, _ amount: Int = 1) {
    statistics.count(counter, amount)
  }

  /// Takes the host's clock, which counts as standing still while it runs back.
  func enter(_ now: UInt64) {
    guard now > self.now else { return }
    self.now = now
    strangerRecords = RoadLimit.strangerRecords
  }

  func nextTransactionID() -> UInt64 {
    lastTransaction &+= 1
    return lastTransaction
  }

  /// What a handshake with this remote builds on: its relation, or the candidate's.
  func party(_ remote: Remote, _ relation: Relation) -> HandshakeParty {
    HandshakeParty(
      long: long, theirLong: relation.keys.encrypt, nearID: remote.nearID, farID: relation.farID, entropy: entropy,
      memory: memory)
  }

  /// Keeps the heap of deadlines in step with the remote.
  func reschedule(_ remote: Remote) {
    deadlines.set(slot: remote.slot, due: remote.due)
  }
}

/// Why a road could not be made, or a call failed: a status and a sentence.
public struct RoadFailure: Error {
  /// The status for the host.
  public let status: Status
  /// What is wrong.
  public let text: String
  /// `errno`, with `Status.io`.
  public let systemError: Int32

  init(_ status: Status, _ text: String, systemError: Int32 = 0) {
    self.status = status
    self.text = text
    self.systemError = systemError
  }

  /// A store's failure with the record, or folder, of this name.
  public init(_ error: StoreError, _ key: String) {
    switch error {
    case .system(let number): self.init(.io, "store: \(key)", systemError: number)
    case .host(let status): self.init(.io, "store of the host: \(key): status \(status)")
    case .locked: self.init(Status.locked, "another process uses the store")
    case .unsafe: self.init(.store, "store: \(key): a symbolic link, or of another user")
    case .tooLarge: self.init(.store, "store: \(key): longer than a record can be")
    }
  }
}
