import RaetCrypto
import RaetWire

/// A message from the side that sends it (Messenger in the reference's source; PROTOCOL 7.1), from the moment the host
/// hands it over until its one report.
public final class MessageInitiator: WaitingMessage {
  /// Where it stands.
  public enum State {
    /// It waits until the remote is allowed and the window has room.
    case waiting
    /// Its segments are under way.
    case underway(Flight)
    /// The remote answered with a nack; a heartbeat finds out whether it still has the session. `isRefused` when it has
    /// certainly not taken the message; else the nack leaves open whether it had done so before.
    case doubted(Flight, isRefused: Bool)
    /// Its session is over and the remote may have it: asked about in that session at `due`, until `limit`.
    case inquiring(Flight, due: UInt64, limit: UInt64)
  }

  /// What the bytes after the first 16 are.
  private enum Contents {
    case plain
    case sealed(SharedKey)
  }

  /// The host's transaction.
  public let id: UInt64
  /// The host's mark.
  public let tag: UInt64
  /// The body's kind.
  public let bodyKind: BodyKind
  /// Bytes of the body.
  public let length: Int
  /// When it fails if it has not ended.
  public let limit: UInt64
  /// Where it stands.
  public var state = State.waiting
  /// Room for the coat's MAC, the body, room for the coat's nonce.
  private let buffer: WipedBytes
  private var contents = Contents.plain

  /// Copies the body; nil when there is no memory. `limit` is the point in time at which it fails.
  public init?(id: UInt64, tag: UInt64, bodyKind: BodyKind, body: UnsafeRawBufferPointer, limit: UInt64) {
    guard let buffer = WipedBytes(count: body.count &+ WireLimit.coatOverhead) else { return nil }
    UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[SharedKey.overhead...]).copyMemory(from: body)
    self.buffer = buffer
    self.id = id
    self.tag = tag
    self.bodyKind = bodyKind
    self.limit = limit
    length = body.count
  }

  /// Bytes of the coat; an empty body has an empty one (PROTOCOL 2.7).
  public var coatLength: Int {
    guard length > 0 else { return 0 }
    switch contents {
    case .plain: return length
    case .sealed: return length &+ WireLimit.coatOverhead
    }
  }

  /// The coat, valid as long as this object.
  public var coat: UnsafeRawBufferPointer {
    let start: Int
    switch contents {
    case .plain: start = SharedKey.overhead
    case .sealed: start = 0
    }
    return UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<start &+ coatLength])
  }

  /// Encrypts the body where it lies; false when there is no randomness.
  public func seal(with key: SharedKey, entropy: any Entropy) -> Bool {
    guard length > 0 else { return true }
    let nonceAt = SharedKey.overhead &+ length
    let nonce = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[nonceAt..<nonceAt &+ WireLimit.nonce])
    guard let base = buffer.bytes.baseAddress, let noncePointer = nonce.baseAddress, entropy.fill(nonce) else {
      return false
    }
    let plain = UnsafeRawBufferPointer(rebasing: buffer.bytes[SharedKey.overhead..<nonceAt])
    key.seal(plain, nonce: noncePointer, into: base)
    contents = .sealed(key)
    return true
  }

  /// Decrypts the body where it lies, so that it can be sealed for a new session.
  public func unseal() -> Bool {
    switch contents {
    case .plain: return true
    case .sealed(let key):
      let nonceAt = SharedKey.overhead &+ length
      guard let base = buffer.bytes.baseAddress else { return false }
      let sealed = UnsafeRawBufferPointer(rebasing: buffer.bytes[0..<nonceAt])
      guard key.open(sealed, nonce: base + nonceAt, into: base + SharedKey.overhead) else { return false }
      contents = .plain
      return true
    }
  }
}
