import RaetCrypto
import Testing

@testable import RaetSession

/// PROTOCOL 6.3 as a table: what is known of a role, the mode, and what is decided on keys that claim it.
@Suite struct AcceptanceTests {
  static let keys = RoleKeys(verify: VerifyKey(raw: key(1)), encrypt: PublicKey(raw: key(2)))
  static let others = RoleKeys(verify: VerifyKey(raw: key(3)), encrypt: PublicKey(raw: key(2)))

  static func key(_ byte: UInt8) -> Key32 {
    [UInt8](repeating: byte, count: 32).withUnsafeBytes { Key32($0) } ?? Key32()
  }

  static func decide(
    _ known: Acceptance?, _ mode: AcceptMode, sameKeys: Bool = true, isMutable: Bool = false
  ) -> Admission {
    let role = known.map { Role(acceptance: $0, keys: keys) }
    return Admission.decide(sameKeys ? keys : others, known: role, mode: mode, isMutable: isMutable)
  }

  @Test func newKeysWaitForAPersonOrAreAcceptedByMode() {
    #expect(Self.decide(nil, .never) == .pending(isNew: true))
    #expect(Self.decide(nil, .once) == .accepted(isNew: true))
    #expect(Self.decide(nil, .always) == .accepted(isNew: true))
  }

  @Test func whatAPersonDecidedHoldsInEveryMode() {
    for mode in [AcceptMode.never, .once, .always] {
      #expect(Self.decide(.accepted, mode) == .accepted(isNew: false))
      #expect(Self.decide(.rejected, mode) == .rejected(areOther: false))
    }
  }

  @Test func pendingKeysWaitOnlyInModeNever() {
    #expect(Self.decide(.pending, .never) == .pending(isNew: false))
    #expect(Self.decide(.pending, .once) == .accepted(isNew: true))
    #expect(Self.decide(.pending, .always) == .accepted(isNew: true))
  }

  @Test func otherKeysAreTakenOnlyOnAnOpenRoad() {
    for known in [Acceptance.pending, .accepted] {
      for mode in [AcceptMode.never, .once] {
        #expect(Self.decide(known, mode, sameKeys: false, isMutable: true) == .rejected(areOther: true))
      }
      #expect(Self.decide(known, .always, sameKeys: false) == .rejected(areOther: true))
      #expect(Self.decide(known, .always, sameKeys: false, isMutable: true) == .changed)
    }
    #expect(Self.decide(.rejected, .always, sameKeys: false, isMutable: true) == .rejected(areOther: true))
  }
}
