import RaetWire

/// The remote's sessions as we saw them, and which transactions of theirs are done (PROTOCOL 3.3, 7.4).
public struct FarSession {
  /// What a verified packet of a transaction that the remote began says about its session.
  public enum Standing: Equatable {
    /// Of the present session, or of a new one, which has begun with it.
    case current
    /// Of the session before.
    case previous
    /// Older than that.
    case stale
  }

  /// The present session; 0 before the first.
  public private(set) var id: UInt32 = 0
  private var done = TransactionWindow()
  private var newest: UInt32 = 0
  /// It began in this life of ours: what is not done in it was never delivered, not even by an earlier life. That an
  /// older session came before says nothing, since that may have been an old copy.
  private var isWhole = false
  /// The transaction of the handshake that first proved it in this life: an earlier one may be an old copy.
  private var firstProof: UInt32?
  /// The session that follows will have begun in this life.
  private var isNextWhole = false
  private var previousID: UInt32 = 0
  private var previousDone = TransactionWindow()
  private var previousIsWhole = false

  /// The newest session in which messages were refused for want of keys.
  private var refused: UInt32 = 0
  /// A handshake of this life has proved a session.
  private var isProved = false
  /// How far ahead a session may begin without a handshake: some handshakes whose end was lost.
  private static let reach: UInt32 = 16

  /// The remote is not known from earlier, as far as our store tells.
  private let isNewcomer: Bool

  /// No session yet. Of a newcomer's sessions we say no more than of others', since it may be our store that was lost;
  /// but what carries no proof of its age is taken.
  public init(isNewcomer: Bool = false) {
    self.isNewcomer = isNewcomer
  }

  /// True when a later session may begin by a handshake only, which proves that it is no old copy's: once one was proved
  /// in this life, others follow at once; and anybody may send what is not signed.
  public func needsProof(_ session: UInt32, isSigned: Bool) -> Bool {
    guard id != 0, isProved || !isSigned else { return false }
    return Serial.isNewerOrEqual(session, id) && session &- id > FarSession.reach
  }

  /// Whether the session is not older than the present one; it begins if it is newer.
  public mutating func enter(_ session: UInt32) -> Standing {
    if session == id { return .current }
    guard id == 0 || Serial.isNewerOrEqual(session, id) else {
      return session == previousID ? .previous : .stale
    }
    begin(session)
    return .current
  }

  private mutating func begin(_ session: UInt32) {
    previousID = id
    previousDone = done
    previousIsWhole = isWhole
    isWhole = isNextWhole
    firstProof = nil
    id = session
    done = TransactionWindow()
    newest = 0
  }

  /// A handshake, which was this transaction, has proved that this session was the present one a moment ago: later ones
  /// are known whole.
  public mutating func proved(_ session: UInt32, by transaction: UInt32) {
    guard session == id else { return }
    if firstProof == nil { firstProof = transaction }
    isNextWhole = true
    isProved = true
  }

  /// Our handshake has just made the remote begin this session, so that all of it is of this life of ours.
  public mutating func began(_ session: UInt32) {
    guard session != 0, !isLater(than: session) else { return }
    if session != id { begin(session) }
    isWhole = true
    isNextWhole = true
    isProved = true
  }

  /// True when the remote, which begins this session, had come to later ones: it counts anew. 0: it does not say.
  public func isLater(than session: UInt32) -> Bool {
    session != 0 && id != 0 && !Serial.isNewerOrEqual(session, id)
  }

  /// Something of this session was sealed with keys of this life, so it began in this life: it is known whole.
  public mutating func unsealed(_ session: UInt32) {
    guard session == id else { return }
    isWhole = true
    isNextWhole = true
  }

  /// What is known of a transaction in the present or the previous session.
  public func status(session: UInt32, transaction: UInt32) -> TransactionWindow.Status {
    if session == id {
      let status = done.status(transaction)
      return status == .new && isBeforeThisLife(transaction) ? .tooOld : status
    }
    if session == previousID { return previousDone.status(transaction) }
    return .tooOld
  }

  private func isBeforeThisLife(_ transaction: UInt32) -> Bool {
    guard !isWhole, let firstProof else { return false }
    return !Serial.isNewerOrEqual(transaction, firstProof)
  }

  /// True when a transaction that is not done in this session was certainly never delivered.
  public func isWhole(session: UInt32) -> Bool {
    if session == id { return isWhole }
    if session == previousID { return previousIsWhole }
    // One that comes after what was proved in this life.
    return id != 0 && isNextWhole && Serial.isNewerOrEqual(session, id)
  }

  /// Messages of this session are refused from now on: who sent one was told that it was not delivered, and no copy of it
  /// may come later. The handshake that brings new keys begins another session.
  public mutating func refuse(_ session: UInt32) {
    if takesMessages(session) { refused = session }
  }

  /// True unless messages of this session, or of a later one, were refused for want of keys.
  public func takesMessages(_ session: UInt32) -> Bool {
    refused == 0 || !Serial.isNewerOrEqual(refused, session)
  }

  /// True when a message that is not sealed may be taken: it is not a copy from an earlier life, or there was none.
  public func takesUnsealed(_ session: UInt32) -> Bool {
    session == id && (isWhole || isNewcomer)
  }

  /// The transaction of the present session came for the first time and is taken; true when it is newer than all
  /// before it, so that no old packet can pass for it.
  public mutating func take(_ transaction: UInt32) -> Bool {
    done.markDone(transaction)
    let isNewest = newest == 0 || (transaction != newest && Serial.isNewerOrEqual(transaction, newest))
    if isNewest { newest = transaction }
    return isNewest
  }
}
