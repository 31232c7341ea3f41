import RaetCrypto
import RaetWire

/// An allow from the side that is asked (Allowent in the reference's source; PROTOCOL 6.4): a cookie for the hello, and
/// new keys once the initiate has brought the cookie back.
public struct AllowResponder {
  private enum State {
    /// The cookie was sent.
    case cookieSent(RedoTimer, limit: UInt64)
    /// The initiate was valid and the ack sent; the last ack is awaited.
    case ackSent(RedoTimer, limit: UInt64)
  }

  /// What a packet of the initiator leads to.
  public enum Answer {
    /// The handshake proves the initiator: use this key, begin a session, and send the ack.
    case prove(SharedKey)
    /// Send the ack again.
    case acknowledge
    /// The initiator has the ack: messages may go to it.
    case complete
    /// It is over; `proven` when the initiate had been valid.
    case end(proven: Bool)
    /// The initiator rejects us.
    case rejected
    /// A packet that has no place here, or a second copy of one.
    case misplaced
    /// An initiate that is not valid; the handshake goes on without it.
    case invalid(HandshakeError)
  }

  /// What to do when its time has come.
  public enum Step {
    case send(PacketKind, [UInt8])
    case end(proven: Bool)
    case wait
  }

  private var state: State
  private let short: PrivateKey
  private let theirShort: PublicKey
  private let cookie: [UInt8]
  /// The body of the cookie packet, which the caller sends first.
  public let cookieBody: [UInt8]
  /// The transaction id.
  public let transaction: UInt32
  /// The initiator's session.
  public let session: UInt32
  /// The initiator's id for us, as the handshake is to prove it.
  public let farID: UInt32

  /// Opens a hello, makes new short-term keys and the cookie. Throws when the hello is not valid.
  public init(
    _ party: HandshakeParty, hello: UnsafeRawBufferPointer, transaction: UInt32, session: UInt32, now: UInt64
  ) throws(HandshakeError) {
    let body = [UInt8](hello)
    guard body.count == AllowBody.Hello.length else { throw .length }
    let plain = body[AllowBody.Hello.plain]
    theirShort = try Handshake.publicKey(body[AllowBody.Hello.shortKey])
    let helloKey = try Handshake.share(party.long, theirShort, party.memory)
    guard try Handshake.open(body[AllowBody.Hello.box.lowerBound...], helloKey).elementsEqual(plain) else {
      throw .mismatch
    }

    short = try Handshake.shortTerm(party.entropy, party.memory)
    var fresh = [UInt8](repeating: 0, count: AllowBody.Initiate.cookie.count)
    guard fresh.withUnsafeMutableBytes({ party.entropy.fill($0) }) else { throw .entropy }
    cookie = fresh
    let content = AllowBody.CookieContent(
      shortKey: Handshake.bytes(short.publicKey), source: party.nearID, destination: party.farID, cookie: fresh)
    guard let inside = content.encode() else { throw .length }
    cookieBody = try Handshake.box(inside, helloKey, party.entropy)
    self.transaction = transaction
    self.session = session
    farID = party.farID
    state = .cookieSent(RedoTimer(Times.allowPacket, now: now), limit: now.after(Times.allow))
  }

  /// When `step(now:)` has something to do.
  public var due: UInt64 {
    switch state {
    case .cookieSent(let timer, let limit), .ackSent(let timer, let limit): return min(timer.due, limit)
    }
  }

  /// True once the initiate was valid.
  public var isProven: Bool {
    switch state {
    case .cookieSent: return false
    case .ackSent: return true
    }
  }

  /// A verified packet came that matches by session and transaction.
  public mutating func receive(
    _ kind: PacketKind, body: UnsafeRawBufferPointer, party: HandshakeParty, now: UInt64
  ) -> Answer {
    switch kind {
    case .initiate:
      guard case .cookieSent = state else { return .acknowledge }
      do throws(HandshakeError) {
        let key = try prove([UInt8](body), party: party)
        state = .ackSent(RedoTimer(Times.allowPacket, now: now), limit: now.after(Times.allow))
        return .prove(key)
      } catch { return .invalid(error) }
    case .ack:
      return isProven ? .complete : .misplaced
    case .nack, .refuse: return .end(proven: isProven)
    case .reject: return .rejected
    case .hello, .message, .resend, .request, .response, .cookie, .unjoined, .unallowed, .renew, .pend, .done:
      return .misplaced
    }
  }

  /// What is due.
  public mutating func step(now: UInt64) -> Step {
    switch state {
    case .cookieSent(var timer, let limit):
      if now >= limit { return .end(proven: false) }
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .cookieSent(timer, limit: limit)
      return .send(.cookie, cookieBody)
    case .ackSent(var timer, let limit):
      if now >= limit { return .end(proven: true) }
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .ackSent(timer, limit: limit)
      return .send(.ack, [])
    }
  }

  /// Checks an initiate in the order of PROTOCOL 6.4: keys, cookie, box, long-term key, vouch.
  private func prove(_ body: [UInt8], party: HandshakeParty) throws(HandshakeError) -> SharedKey {
    guard body.count == AllowBody.Initiate.length else { throw .length }
    guard try Handshake.publicKey(body[AllowBody.Initiate.shortKey]) == theirShort else { throw .mismatch }
    guard Handshake.equal(cookie, body[AllowBody.Initiate.cookie]) else { throw .cookie }
    let key = try Handshake.share(short, theirShort, party.memory)
    let inside = try Handshake.open(body[AllowBody.Initiate.box.lowerBound...], key)
    guard inside.count == AllowBody.InitiateContent.length else { throw .length }
    guard try Handshake.publicKey(inside[AllowBody.InitiateContent.longKey]) == party.theirLong else { throw .mismatch }
    let longKey = try Handshake.share(party.long, party.theirLong, party.memory)
    let vouch = AllowBody.InitiateContent.vouch.lowerBound..<AllowBody.InitiateContent.vouchNonce.upperBound
    let vouched = try Handshake.open(inside[vouch], longKey)
    guard try Handshake.publicKey(vouched[...]) == theirShort else { throw .mismatch }
    return key
  }
}
