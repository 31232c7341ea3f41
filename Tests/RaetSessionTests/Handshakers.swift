import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

/// Two estates that know each other's long-term keys, for handshakes without a road.
struct Handshakers {
  let memory = SecretMemory()
  let entropy: SeededEntropy
  let asker: HandshakeParty
  let asked: HandshakeParty

  init(seed: UInt64) throws {
    try Sodium.initialize()
    entropy = SeededEntropy(seed: seed)
    let first = try PrivateKey.generate(entropy: entropy, memory: memory)
    let second = try PrivateKey.generate(entropy: entropy, memory: memory)
    asker = HandshakeParty(
      long: first, theirLong: second.publicKey, nearID: 11, farID: 22, entropy: entropy, memory: memory)
    asked = HandshakeParty(
      long: second, theirLong: first.publicKey, nearID: 22, farID: 11, entropy: entropy, memory: memory)
  }

  func initiator() throws -> AllowInitiator {
    try AllowInitiator(asker, transaction: 4, session: 2, host: 0, timeout: Times.allow, now: 0)
  }

  func responder(_ hello: [UInt8]) throws -> AllowResponder {
    try hello.withUnsafeBytes { try AllowResponder(asked, hello: $0, transaction: 4, session: 2, now: 0) }
  }

  func tell(_ initiator: inout AllowInitiator, _ kind: PacketKind, _ body: [UInt8] = []) -> AllowInitiator.Answer {
    body.withUnsafeBytes { initiator.receive(kind, body: $0, party: asker, domain: "127.0.0.1", now: 1) }
  }

  func tell(_ responder: inout AllowResponder, _ kind: PacketKind, _ body: [UInt8] = []) -> AllowResponder.Answer {
    body.withUnsafeBytes { responder.receive(kind, body: $0, party: asked, now: 1) }
  }

  /// As far as the initiate.
  func begun() throws -> (initiator: AllowInitiator, responder: AllowResponder, initiate: [UInt8]) {
    var initiator = try initiator()
    let responder = try responder(initiator.hello)
    guard case .initiate(let initiate) = tell(&initiator, .cookie, responder.cookieBody) else {
      throw HandshakeError.cookie
    }
    return (initiator, responder, initiate)
  }

  /// Whether what one key seals the other opens.
  func areSame(_ one: SharedKey, _ other: SharedKey) -> Bool {
    let plain: [UInt8] = [1, 2, 3]
    do throws(HandshakeError) {
      return try Handshake.open(try Handshake.box(plain, one, entropy)[...], other) == plain
    } catch { return false }
  }

  /// The body with one bit changed in each of its bytes, one after the other.
  static func tampered(_ body: [UInt8]) -> [[UInt8]] {
    body.indices.map { index in
      var other = body
      // Not the highest bit, which curves ignore.
      other[index] ^= 1 << UInt8(index % 7)
      return other
    }
  }

  /// Points of low order on Curve25519: boxes with them would have a key that everybody knows.
  static let lowOrder: [[UInt8]] = [
    [UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31),
    [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f], [0xed] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    [
      0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d,
      0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
  ]
}

extension AllowInitiator.Answer {
  var isInvalid: Bool { if case .invalid = self { true } else { false } }
}

extension AllowResponder.Answer {
  var isInvalid: Bool { if case .invalid = self { true } else { false } }
}
