import RaetCrypto
import RaetWire

/// What one side brings to a handshake.
public struct HandshakeParty {
  /// Our long-term secret key.
  let long: PrivateKey
  /// The remote's long-term public key.
  let theirLong: PublicKey
  /// Our id for the remote.
  let nearID: UInt32
  /// The remote's id for us.
  let farID: UInt32
  let entropy: any Entropy
  let memory: SecretMemory

  /// What one side brings to a handshake.
  public init(
    long: PrivateKey, theirLong: PublicKey, nearID: UInt32, farID: UInt32, entropy: any Entropy, memory: SecretMemory
  ) {
    self.long = long
    self.theirLong = theirLong
    self.nearID = nearID
    self.farID = farID
    self.entropy = entropy
    self.memory = memory
  }
}

/// An allow from the side that asks (Allower in the reference's source; PROTOCOL 6.4): hello, then initiate with the
/// cookie that came, until the remote's ack proves the new short-term keys.
public struct AllowInitiator {
  private enum State {
    case helloSent(RedoTimer)
    case initiateSent([UInt8], SharedKey, RedoTimer)
  }

  /// What a packet of the remote leads to.
  public enum Answer {
    /// Send an initiate with this body.
    case initiate([UInt8])
    /// The remote has proved the new keys: use this one, and send the last ack.
    case complete(SharedKey)
    /// It is over for now.
    case refused
    /// The remote knows no such transaction, nor begins it: it has seen later sessions of ours than this one.
    case stale
    /// The remote rejects us.
    case rejected
    /// The remote has forgotten the join.
    case unjoined
    /// A packet that has no place here, or a second copy of one.
    case misplaced
    /// A cookie that is not valid; the handshake goes on without it.
    case invalid(HandshakeError)
  }

  /// What to do when its time has come.
  public enum Step {
    case send(PacketKind, [UInt8])
    case end
    case wait
  }

  private var state: State
  private let limit: UInt64
  private let short: PrivateKey
  private let helloKey: SharedKey
  /// The body of the hello, which the caller sends first.
  public let hello: [UInt8]
  /// The transaction id.
  public let transaction: UInt32
  /// The session it belongs to.
  public let session: UInt32
  /// The remote's id for us, as the handshake is to prove it.
  public let farID: UInt32
  /// The host's transaction that it ends, 0 for none.
  public let host: UInt64

  /// Makes new short-term keys and the hello. `timeout` in nanoseconds.
  public init(
    _ party: HandshakeParty, transaction: UInt32, session: UInt32, host: UInt64, timeout: UInt64, now: UInt64
  ) throws(HandshakeError) {
    short = try Handshake.shortTerm(party.entropy, party.memory)
    helloKey = try Handshake.share(short, party.theirLong, party.memory)
    let plain = [UInt8](repeating: AllowBody.helloPlain, count: AllowBody.Hello.plain.count)
    hello = plain + Handshake.bytes(short.publicKey) + (try Handshake.box(plain, helloKey, party.entropy))
    self.transaction = transaction
    self.session = session
    self.host = host
    farID = party.farID
    limit = now.after(timeout)
    state = .helloSent(RedoTimer(Times.allowPacket, now: now))
  }

  /// When `step(now:)` has something to do.
  public var due: UInt64 {
    switch state {
    case .helloSent(let timer), .initiateSent(_, _, let timer): return min(timer.due, limit)
    }
  }

  /// True once the initiate was sent: the remote may have taken the new keys, whether its ack comes or not.
  public var mayHaveChangedKeys: Bool {
    switch state {
    case .helloSent: return false
    case .initiateSent: return true
    }
  }

  /// A verified packet came that matches by session and transaction.
  public mutating func receive(
    _ kind: PacketKind, body: UnsafeRawBufferPointer, party: HandshakeParty, domain: String, now: UInt64
  ) -> Answer {
    switch kind {
    case .cookie:
      guard case .helloSent = state else { return .misplaced }
      do throws(HandshakeError) {
        let (initiate, key) = try answer(cookie: [UInt8](body), party: party, domain: domain)
        state = .initiateSent(initiate, key, RedoTimer(Times.allowPacket, now: now))
        return .initiate(initiate)
      } catch { return .invalid(error) }
    case .ack:
      guard case .initiateSent(_, let key, _) = state else { return .misplaced }
      return .complete(key)
    case .nack: return mayHaveChangedKeys ? .refused : .stale
    case .refuse: return .refused
    case .reject: return .rejected
    case .unjoined: return .unjoined
    case .message, .resend, .request, .response, .hello, .initiate, .unallowed, .renew, .pend, .done: return .misplaced
    }
  }

  /// What is due.
  public mutating func step(now: UInt64) -> Step {
    if now >= limit { return .end }
    switch state {
    case .helloSent(var timer):
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .helloSent(timer)
      return .send(.hello, hello)
    case .initiateSent(let body, let key, var timer):
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .initiateSent(body, key, timer)
      return .send(.initiate, body)
    }
  }

  /// Opens the cookie and makes the initiate, with the vouch that ties the short-term key to the long-term one.
  private func answer(
    cookie body: [UInt8], party: HandshakeParty, domain: String
  ) throws(HandshakeError) -> ([UInt8], SharedKey) {
    guard body.count == AllowBody.Cookie.length else { throw .length }
    let inside = try Handshake.open(body[...], helloKey)
    guard let content = Handshake.cookieContent(inside) else { throw .length }
    let theirShort = try Handshake.publicKey(content.shortKey[...])
    guard content.source == party.farID, content.destination == party.nearID else { throw .mismatch }

    let longKey = try Handshake.share(party.long, party.theirLong, party.memory)
    let vouch = try Handshake.box(Handshake.bytes(short.publicKey), longKey, party.entropy)
    let nameLength = AllowBody.InitiateContent.domain.count
    var name = [UInt8](domain.utf8.prefix(nameLength))
    name += [UInt8](repeating: AllowBody.InitiateContent.filler, count: nameLength &- name.count)
    let key = try Handshake.share(short, theirShort, party.memory)
    let sealed = try Handshake.box(Handshake.bytes(party.long.publicKey) + vouch + name, key, party.entropy)
    return (Handshake.bytes(short.publicKey) + content.cookie + sealed, key)
  }
}
