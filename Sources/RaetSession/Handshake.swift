import RaetCrypto
import RaetWire

/// Why a packet of the handshake is not what it should be.
public enum HandshakeError: Error, Equatable, Sendable {
  /// Its length is not that of its kind.
  case length
  /// A box does not open, or a key is not fit for one.
  case box
  /// What is inside contradicts what is outside.
  case mismatch
  /// The cookie is not the one given.
  case cookie
  /// No randomness is to be had.
  case entropy
}

/// The bodies of the CurveCP handshake: made, and opened with all checks (PROTOCOL 6.4).
enum Handshake {
  /// A box with the nonce that follows it.
  static func box(_ plain: [UInt8], _ key: SharedKey, _ entropy: any Entropy) throws(HandshakeError) -> [UInt8] {
    let sealedLength = plain.count &+ SharedKey.overhead
    var out = [UInt8](repeating: 0, count: sealedLength &+ SharedKey.nonceLength)
    let done = out.withUnsafeMutableBytes { (bytes) -> Bool in
      guard let base = bytes.baseAddress else { return false }
      let nonce = UnsafeMutableRawBufferPointer(rebasing: bytes[sealedLength...])
      guard entropy.fill(nonce) else { return false }
      plain.withUnsafeBytes { key.seal($0, nonce: base + sealedLength, into: base) }
      return true
    }
    guard done else { throw .entropy }
    return out
  }

  /// What is in a box with the nonce that follows it.
  static func open(_ boxed: ArraySlice<UInt8>, _ key: SharedKey) throws(HandshakeError) -> [UInt8] {
    let sealedLength = boxed.count &- SharedKey.nonceLength
    guard sealedLength >= SharedKey.overhead else { throw .length }
    var out = [UInt8](repeating: 0, count: sealedLength &- SharedKey.overhead)
    let done = boxed.withUnsafeBytes { (bytes) -> Bool in
      guard let base = bytes.baseAddress else { return false }
      let sealed = UnsafeRawBufferPointer(rebasing: bytes[0..<sealedLength])
      return out.withUnsafeMutableBytes { (plain) -> Bool in
        guard let into = plain.baseAddress else { return false }
        return key.open(sealed, nonce: base + sealedLength, into: into)
      }
    }
    guard done else { throw .box }
    return out
  }

  /// The key that a secret of ours and a public key of theirs share.
  static func share(_ mine: PrivateKey, _ theirs: PublicKey, _ memory: SecretMemory) throws(HandshakeError) -> SharedKey
  {
    do throws(CryptoError) { return try SharedKey.agree(mine, theirs, memory: memory) } catch { throw .box }
  }

  /// A new pair of short-term keys.
  static func shortTerm(_ entropy: any Entropy, _ memory: SecretMemory) throws(HandshakeError) -> PrivateKey {
    do throws(CryptoError) { return try PrivateKey.generate(entropy: entropy, memory: memory) } catch { throw .entropy }
  }

  static func bytes(_ key: PublicKey) -> [UInt8] {
    key.raw.withBytes { [UInt8]($0) }
  }

  static func publicKey(_ bytes: ArraySlice<UInt8>) throws(HandshakeError) -> PublicKey {
    guard let raw = bytes.withUnsafeBytes({ Key32($0) }) else { throw .length }
    return PublicKey(raw: raw)
  }

  static func cookieContent(_ bytes: [UInt8]) -> AllowBody.CookieContent? {
    bytes.withUnsafeBytes { (bytes) -> AllowBody.CookieContent? in
      do throws(BodyError) { return try AllowBody.CookieContent.decode(bytes) } catch { return nil }
    }
  }

  static func equal(_ one: [UInt8], _ other: ArraySlice<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    return one.withUnsafeBytes { (a) -> Bool in
      other.withUnsafeBytes { (b) -> Bool in
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return ConstantTime.equal(first, second, count: a.count)
      }
    }
  }
}
