import RaetWire

/// Our own sessions with a remote, and the transactions we begin in them (PROTOCOL 3.3, 3.4).
///
/// A session's id is on disk before it is used: ids are reserved some at a time, and the store holds the last reserved.
public struct NearSession {
  /// How many ids are reserved at a time.
  static let reserve: UInt32 = 16
  /// How many ids are left out at first when the remote has seen later ones than our store knew of.
  static let gap: UInt32 = 0x10_0000
  /// After so many leaps all ids that were ever seen are passed: the gaps, doubled, come to half the circle.
  public static let leaps: UInt32 = 11
  /// How many ids a start leaves out at most.
  static let skipped: UInt32 = 0xf_ffff

  /// The present session; 0 before the first.
  public private(set) var id: UInt32
  /// The last id that is on disk.
  public private(set) var reserved: UInt32
  private var lastTransaction: UInt32 = 0

  /// Goes on after what the store held, 0 when it held nothing.
  public init(stored: UInt32) {
    id = stored == 0 ? 0 : Serial.next(stored)
    reserved = stored
  }

  /// The store holds a second record of the same remote: the later number counts.
  public mutating func restored(_ stored: UInt32) {
    guard stored != 0, reserved == 0 || Serial.isNewerOrEqual(stored, reserved) else { return }
    self = NearSession(stored: stored)
  }

  /// A start leaves out up to a million ids by chance: where the store is older than it should be, as when a rename was
  /// lost, no session of the life before is begun again.
  public mutating func skip(chance: UInt32) {
    guard id != 0 else { return }
    let ahead = id &+ (chance & NearSession.skipped)
    id = ahead == 0 ? 1 : ahead
  }

  /// In the middle of a session.
  init(session: UInt32, reserved: UInt32, lastTransaction: UInt32) {
    id = session
    self.reserved = reserved
    self.lastTransaction = lastTransaction
  }

  /// True when the present id is not on disk yet and `reserveMore()` has to be called and stored before it is used.
  public var needsReserve: Bool { id == 0 || reserved == 0 || !Serial.isNewerOrEqual(reserved, id) }

  /// Begins the next session.
  public mutating func advance() {
    id = Serial.next(id)
  }

  /// Begins a session far ahead: the remote has seen later ones than our store knew of. The gap doubles with each time
  /// that it was `refused` before, so that the remote is soon passed, and by less than half the circle.
  public mutating func leap(refused: UInt32) {
    let ahead = id &+ NearSession.gap << min(refused, NearSession.leaps &- 1)
    id = ahead == 0 ? 1 : ahead
  }

  /// Begins the first session, if none has begun, at a number of chance: answers to an earlier life that was forgotten
  /// must not fit to it.
  public mutating func start(chance: UInt32) {
    if id == 0 { id = 0x1000_0000 | (chance & 0x2fff_ffff) }
  }

  /// The id to be stored, some ahead of the present one.
  public func reservation() -> UInt32 {
    let ahead = id &+ NearSession.reserve
    return ahead == 0 ? 1 : ahead
  }

  /// The reservation is on disk.
  public mutating func reserved(_ id: UInt32) {
    reserved = id
  }

  /// The id of the next transaction; true when the numbers began anew, for which a new session has to begin.
  public mutating func nextTransaction() -> (id: UInt32, wrapped: Bool) {
    let wrapped = lastTransaction == .max
    lastTransaction = Serial.next(lastTransaction)
    return (lastTransaction, wrapped)
  }
}
