import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

/// A message's bytes on their way into a coat and back (PROTOCOL 2.7).
@Suite struct MessageInitiatorTests {
  static func message(_ body: [UInt8]) throws -> MessageInitiator {
    try #require(
      body.withUnsafeBytes { MessageInitiator(id: 1, tag: 2, bodyKind: .raw, body: $0, limit: .max) })
  }

  @Test(arguments: [1, 2, 100, 5000]) func itIsSealedAndUnsealedWhereItLies(length: Int) throws {
    let two = try Handshakers(seed: 1)
    let key = try Handshake.share(two.asker.long, two.asker.theirLong, two.memory)
    let body = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let message = try Self.message(body)
    #expect(message.coatLength == length)
    var coats: Set<[UInt8]> = []
    for _ in 0..<3 {
      #expect(message.seal(with: key, entropy: two.entropy))
      #expect(message.coatLength == length + 40)
      let coat = [UInt8](message.coat)
      #expect(coats.insert(coat).inserted, "a nonce came twice")
      let opened = try Handshake.open(coat[...], try Handshake.share(two.asked.long, two.asked.theirLong, two.memory))
      #expect(opened == body)
      #expect(message.unseal())
      let isBack = [UInt8](message.coat) == body
      #expect(isBack)
    }
    #expect(message.unseal())
  }

  @Test func anEmptyBodyHasAnEmptyCoat() throws {
    let two = try Handshakers(seed: 2)
    let key = try Handshake.share(two.asker.long, two.asker.theirLong, two.memory)
    let message = try Self.message([])
    #expect(message.seal(with: key, entropy: two.entropy))
    #expect(message.coatLength == 0 && message.coat.isEmpty)
    #expect(message.unseal())
  }

  @Test func withoutRandomnessItStaysInClearAndUnsent() throws {
    let two = try Handshakers(seed: 3)
    let key = try Handshake.share(two.asker.long, two.asker.theirLong, two.memory)
    let message = try Self.message([1, 2, 3])
    two.entropy.isDry = true
    #expect(!message.seal(with: key, entropy: two.entropy))
    #expect([UInt8](message.coat) == [1, 2, 3])
  }
}
