import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// Who listens on the path and remembers what went by.
struct Attacker {
  struct Seen {
    let time: UInt64
    let datagram: Datagram
  }

  var chance: Chance
  /// The last datagrams, and some of all before them.
  private(set) var recent: [Seen] = []
  private(set) var archive: [Seen] = []
  private var foreigners: UInt32 = 0
  /// How many floods larger than all limits there were, which take their time.
  var largeFloods = 0
  /// Keys of its own.
  private var keys: [RoleKeys] = []

  init(seed: UInt64) { chance = Chance(seed: seed, purpose: 4) }

  /// One of its own keys; nil when libsodium makes none.
  mutating func someKeys() -> RoleKeys? {
    if keys.isEmpty {
      let memory = SecretMemory()
      for _ in 0..<3 {
        let verify = chance.bytes(32).withUnsafeBytes { try? SigningKey(seed: $0, memory: memory).verifyKey }
        let encrypt = chance.bytes(32).withUnsafeBytes { try? PrivateKey(secret: $0, memory: memory).publicKey }
        if let verify, let encrypt { keys.append(RoleKeys(verify: verify, encrypt: encrypt)) }
      }
    }
    return chance.pick(keys)
  }

  mutating func sees(_ datagram: Datagram, now: UInt64) {
    recent.append(Seen(time: now, datagram: datagram))
    if recent.count > 64 { recent.removeFirst(32) }
    guard chance.happens(15) else { return }
    archive.append(Seen(time: now, datagram: datagram))
    if archive.count > 300 { archive.remove(at: chance.number(0...299)) }
  }

  /// An address of the attacker's own.
  mutating func foreignAddress() -> Address {
    foreigners += 1
    return Address(ipv4: 0x0a09_0000 + foreigners % 60_000, port: 9)
  }

  /// An address that is neither a node's nor used for copies of true packets.
  static func isForeign(_ address: Address) -> Bool { address.port == 9 }

  /// An address that copies of true packets come from: who takes one of them for the remote's new place is right, as
  /// long as it is the newest.
  mutating func copyAddress() -> Address { Address(ipv4: 0x0a08_0000 + UInt32(chance.number(1...200)), port: 8) }
}

/// Packets that no engine would send.
enum Forgery {
  /// How a forged packet is signed.
  enum Signature {
    case none
    case random
    case key(SigningKey)
  }

  static func packet(
    _ head: Head, coat: [UInt8], _ signature: Signature, _ chance: inout Chance
  ) -> [UInt8] {
    var head = head
    if case .none = signature { head.footKind = .none } else { head.footKind = .nacl }
    var bytes = [UInt8](repeating: 0, count: 2048)
    let length = bytes.withUnsafeMutableBytes { head.encode(coatLength: coat.count, into: $0) } ?? 0
    bytes.replaceSubrange(length..<length + coat.count, with: coat)
    bytes.removeLast(bytes.count - length - coat.count - head.footKind.length)
    switch signature {
    case .none: break
    case .random: bytes.replaceSubrange((bytes.count - 64)..., with: chance.bytes(64))
    case .key(let key):
      var foot = [UInt8](repeating: 0, count: 64)
      bytes.withUnsafeBytes { message in
        foot.withUnsafeMutableBytes { if let start = $0.baseAddress { key.sign(message, into: start) } }
      }
      bytes.replaceSubrange((bytes.count - 64)..., with: foot)
    }
    return bytes
  }

  /// What an estate of this name and these keys says of itself in a join.
  static func joinBody(_ name: String, _ keys: RoleKeys, isMain: Bool, nearID: UInt32?) -> [UInt8] {
    let body = JoinBody(
      name: name, mode: isMain ? 1 : 0, kind: 0, nearID: nearID,
      verifyKey: keys.verify.raw.withBytes { [UInt8]($0) }, publicKey: keys.encrypt.raw.withBytes { [UInt8]($0) },
      role: name)
    return (try? body.encode(.json)) ?? []
  }
}
