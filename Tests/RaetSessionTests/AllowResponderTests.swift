import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

/// The table of PROTOCOL 6.4.2, and what is checked in a hello and in an initiate.
@Suite struct AllowResponderTests {
  static func proven(_ two: Handshakers) throws -> (AllowResponder, [UInt8]) {
    var (_, responder, initiate) = try two.begun()
    guard case .prove = two.tell(&responder, .initiate, initiate) else { throw HandshakeError.cookie }
    return (responder, initiate)
  }

  @Test func eachPacketDoesWhatTheTableSays() throws {
    let two = try Handshakers(seed: 1)
    let (_, cookieSent, _) = try two.begun()
    let (ackSent, initiate) = try Self.proven(two)
    let beforeProof: [PacketKind: String] = [
      .nack: "end(proven: false)", .refuse: "end(proven: false)", .reject: "rejected",
    ]
    let afterProof: [PacketKind: String] = [
      .ack: "complete", .nack: "end(proven: true)", .refuse: "end(proven: true)", .reject: "rejected",
      .initiate: "acknowledge",
    ]
    for kind in PacketKind.all {
      if kind != .initiate {
        var responder = cookieSent
        #expect("\(two.tell(&responder, kind))" == beforeProof[kind] ?? "misplaced", "\(kind)")
        #expect(!responder.isProven)
      }
      var responder = ackSent
      #expect("\(two.tell(&responder, kind, initiate))" == afterProof[kind] ?? "misplaced", "\(kind)")
      #expect(responder.isProven)
    }
  }

  @Test func aBadHelloBeginsNothing() throws {
    let two = try Handshakers(seed: 2)
    let good = try two.initiator().hello
    var bad =
      Handshakers.tampered(good) + [[], Array(good.dropLast()), good + [0], [UInt8](repeating: 0x30, count: 200)]
    bad.append(try Handshakers(seed: 99).initiator().hello)
    for body in bad {
      #expect(throws: HandshakeError.self) { try two.responder(body) }
    }
    _ = try two.responder(good)
  }

  @Test func aLowOrderKeyInAHelloIsRefused() throws {
    let two = try Handshakers(seed: 3)
    for point in Handshakers.lowOrder {
      var hello = try two.initiator().hello
      hello.replaceSubrange(64..<96, with: point)
      #expect(throws: HandshakeError.self) { try two.responder(hello) }
    }
  }

  @Test func aBadInitiateChangesNothingAndAGoodOneStillProves() throws {
    let two = try Handshakers(seed: 4)
    var (_, responder, good) = try two.begun()
    let (_, _, old) = try two.begun()
    let bad = Handshakers.tampered(good) + [[], Array(good.dropLast()), good + [0], old]
    for body in bad {
      guard two.tell(&responder, .initiate, body).isInvalid else { return fail("a bad initiate was taken") }
      #expect(!responder.isProven)
    }
    guard case .prove = two.tell(&responder, .initiate, good) else { return fail("the good one was not") }
  }

  /// What an initiator says who has the short-term keys but not the long-term one that the join told of.
  @Test func aVouchByAnotherLongTermKeyProvesNothing() throws {
    let two = try Handshakers(seed: 5)
    let thief = try PrivateKey.generate(entropy: two.entropy, memory: two.memory)
    let party = HandshakeParty(
      long: thief, theirLong: two.asker.theirLong, nearID: 11, farID: 22, entropy: two.entropy, memory: two.memory)
    var initiator = try AllowInitiator(party, transaction: 4, session: 2, host: 0, timeout: Times.allow, now: 0)
    var responder = try two.responder(initiator.hello)
    let answer = responder.cookieBody.withUnsafeBytes {
      initiator.receive(.cookie, body: $0, party: party, domain: "x", now: 1)
    }
    guard case .initiate(let initiate) = answer else { return fail("no initiate") }
    #expect(two.tell(&responder, .initiate, initiate).isInvalid)
    #expect(!responder.isProven)
  }

  /// What an initiator says who has everything but names another long-term key than the join did.
  @Test func anotherLongTermKeyInsideProvesNothing() throws {
    let two = try Handshakers(seed: 8)
    let short = try PrivateKey.generate(entropy: two.entropy, memory: two.memory)
    let plain = [UInt8](repeating: AllowBody.helloPlain, count: 64)
    let helloKey = try Handshake.share(short, two.asker.theirLong, two.memory)
    let shortBytes = Handshake.bytes(short.publicKey)
    var responder = try two.responder(plain + shortBytes + (try Handshake.box(plain, helloKey, two.entropy)))
    let content = try #require(Handshake.cookieContent(try Handshake.open(responder.cookieBody[...], helloKey)))
    let key = try Handshake.share(short, try Handshake.publicKey(content.shortKey[...]), two.memory)
    let longKey = try Handshake.share(two.asker.long, two.asker.theirLong, two.memory)
    let vouch = try Handshake.box(shortBytes, longKey, two.entropy)
    let name = [UInt8](repeating: 0x20, count: 128)
    func initiate(_ long: PublicKey) throws -> [UInt8] {
      shortBytes + content.cookie + (try Handshake.box(Handshake.bytes(long) + vouch + name, key, two.entropy))
    }
    #expect(two.tell(&responder, .initiate, try initiate(two.asked.long.publicKey)).isInvalid)
    #expect(two.tell(&responder, .initiate, try initiate(short.publicKey)).isInvalid)
    guard case .prove = two.tell(&responder, .initiate, try initiate(two.asker.long.publicKey)) else {
      return fail("the true one was not taken")
    }
  }

  @Test func eachHandshakeHasItsOwnCookieAndKey() throws {
    let two = try Handshakers(seed: 6)
    let hello = try two.initiator().hello
    let bodies = try (0..<20).map { _ in try two.responder(hello).cookieBody }
    #expect(Set(bodies).count == 20)
  }

  @Test func itSendsAgainEverLaterAndEnds() throws {
    let two = try Handshakers(seed: 7)
    var (_, cookieSent, _) = try two.begun()
    var (ackSent, _) = try Self.proven(two)
    for _ in 0..<3 {
      guard case .send(.cookie, let body) = cookieSent.step(now: cookieSent.due), body == cookieSent.cookieBody,
        case .send(.ack, []) = ackSent.step(now: ackSent.due)
      else { return fail("nothing sent") }
    }
    guard case .end(proven: false) = cookieSent.step(now: Times.allow),
      case .end(proven: true) = ackSent.step(now: Times.allow + 1)
    else { return fail("no end") }
  }
}
