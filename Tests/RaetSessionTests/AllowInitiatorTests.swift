import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

/// The table of PROTOCOL 6.4.1, and what is checked in a cookie.
@Suite struct AllowInitiatorTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>) func aWholeHandshakeGivesBothTheSameKey(seed: UInt64) throws {
    let two = try Handshakers(seed: seed)
    var (initiator, responder, initiate) = try two.begun()
    guard case .prove(let theirs) = two.tell(&responder, .initiate, initiate),
      case .complete(let ours) = two.tell(&initiator, .ack), case .complete = two.tell(&responder, .ack)
    else { return fail("seed \(seed): no handshake") }
    #expect(two.areSame(ours, theirs))
    var (next, _, _) = try two.begun()
    guard case .complete(let later) = two.tell(&next, .ack) else { return fail("no handshake") }
    #expect(!two.areSame(later, theirs))
  }

  @Test func theBodiesHaveTheLengthsOfTheProtocol() throws {
    let two = try Handshakers(seed: 1)
    let (initiator, responder, initiate) = try two.begun()
    #expect([initiator.hello.count, responder.cookieBody.count, initiate.count] == [200, 104, 328])
    #expect(initiator.hello[..<64].allSatisfy { $0 == 0x30 })
  }

  @Test func eachPacketDoesWhatTheTableSays() throws {
    let two = try Handshakers(seed: 2)
    let (sent, responder, _) = try two.begun()
    let known: [PacketKind: String] = [.refuse: "refused", .reject: "rejected", .unjoined: "unjoined"]
    for kind in PacketKind.all where kind != .cookie && kind != .ack {
      var hello = try two.initiator()
      var initiate = sent
      #expect("\(two.tell(&hello, kind))" == (kind == .nack ? "stale" : known[kind] ?? "misplaced"), "\(kind)")
      #expect("\(two.tell(&initiate, kind))" == (kind == .nack ? "refused" : known[kind] ?? "misplaced"), "\(kind)")
    }
    var hello = try two.initiator()
    #expect("\(two.tell(&hello, .ack))" == "misplaced")
    var initiate = sent
    #expect("\(two.tell(&initiate, .cookie, responder.cookieBody))" == "misplaced")
    #expect(!hello.mayHaveChangedKeys && initiate.mayHaveChangedKeys)
  }

  @Test func aBadCookieChangesNothingAndAGoodOneStillCounts() throws {
    let two = try Handshakers(seed: 3)
    var initiator = try two.initiator()
    let responder = try two.responder(initiator.hello)
    let good = responder.cookieBody
    let stranger = try Handshakers(seed: 99)
    var bad = Handshakers.tampered(good) + [[], Array(good.dropLast()), good + [0], [UInt8](repeating: 0, count: 104)]
    bad.append(try stranger.responder(try stranger.initiator().hello).cookieBody)
    for body in bad {
      guard two.tell(&initiator, .cookie, body).isInvalid else { return fail("a bad cookie was taken") }
      #expect(!initiator.mayHaveChangedKeys)
    }
    guard case .initiate = two.tell(&initiator, .cookie, good) else { return fail("the good one was not") }
  }

  @Test func aCookieForOthersDoesNotCount() throws {
    let two = try Handshakers(seed: 4)
    for (nearID, farID) in [(22, 12), (23, 11), (11, 22)] as [(UInt32, UInt32)] {
      var initiator = try two.initiator()
      let wrong = HandshakeParty(
        long: two.asked.long, theirLong: two.asked.theirLong, nearID: nearID, farID: farID, entropy: two.entropy,
        memory: two.memory)
      let responder = try initiator.hello.withUnsafeBytes {
        try AllowResponder(wrong, hello: $0, transaction: 4, session: 2, now: 0)
      }
      #expect(two.tell(&initiator, .cookie, responder.cookieBody).isInvalid)
    }
  }

  @Test func aLowOrderKeyInACookieIsRefused() throws {
    let two = try Handshakers(seed: 5)
    for point in Handshakers.lowOrder {
      var initiator = try two.initiator()
      let key = try Handshake.share(
        two.asked.long, PublicKey(raw: try #require(initiator.hello[64..<96].withUnsafeBytes { Key32($0) })),
        two.memory)
      let content = AllowBody.CookieContent(
        shortKey: point, source: 22, destination: 11, cookie: [UInt8](repeating: 7, count: 24))
      let cookie = try Handshake.box(try #require(content.encode()), key, two.entropy)
      #expect(two.tell(&initiator, .cookie, cookie).isInvalid)
    }
  }

  @Test func itSendsAgainEverLaterAndEnds() throws {
    let two = try Handshakers(seed: 6)
    var (initiator, _, initiate) = try two.begun()
    var fresh = try two.initiator()
    for _ in 0..<3 {
      guard case .send(.hello, let body) = fresh.step(now: fresh.due), body == fresh.hello else {
        return fail("no hello")
      }
      guard case .send(.initiate, let again) = initiator.step(now: initiator.due), again == initiate else {
        return fail("no initiate")
      }
    }
    guard case .end = fresh.step(now: Times.allow), case .end = initiator.step(now: Times.allow) else {
      return fail("no end")
    }
  }

  @Test func withoutRandomnessItFailsClosed() throws {
    let two = try Handshakers(seed: 7)
    var initiator = try two.initiator()
    let responder = try two.responder(initiator.hello)
    two.entropy.isDry = true
    #expect(throws: HandshakeError.entropy) { try two.initiator() }
    #expect(throws: HandshakeError.entropy) { try two.responder(initiator.hello) }
    #expect(two.tell(&initiator, .cookie, responder.cookieBody).isInvalid)
    two.entropy.isDry = false
    guard case .initiate = two.tell(&initiator, .cookie, responder.cookieBody) else { return fail("lost") }
  }
}
