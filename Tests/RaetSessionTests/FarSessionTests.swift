import Testing

@testable import RaetSession

/// The remote's sessions as we saw them (PROTOCOL 3.3, 7.4, 9).
@Suite struct FarSessionTests {
  @Test func sessionsOnlyGoUp() {
    var far = FarSession()
    #expect(far.enter(7) == .current)
    #expect(far.enter(7) == .current)
    #expect(far.enter(9) == .current)
    #expect(far.id == 9)
    #expect(far.enter(7) == .previous)
    #expect(far.enter(8) == .stale)
    #expect(far.enter(6) == .stale)
    #expect(far.id == 9)
  }

  @Test func theyComeRound() {
    var far = FarSession()
    #expect(far.enter(.max) == .current)
    #expect(far.enter(1) == .current)
    #expect(far.enter(.max) == .previous)
    // A difference of 2^31 is stale, one less is not.
    #expect(far.enter(1 + 0x8000_0000) == .stale)
    #expect(far.enter(0x8000_0000) == .current)
  }

  @Test func whatIsDoneIsRememberedForTwoSessions() {
    var far = FarSession()
    _ = far.enter(1)
    _ = far.take(5)
    #expect(far.status(session: 1, transaction: 5) == .done)
    #expect(far.status(session: 1, transaction: 6) == .new)
    _ = far.enter(2)
    #expect(far.status(session: 1, transaction: 5) == .done)
    #expect(far.status(session: 1, transaction: 6) == .new)
    #expect(far.status(session: 2, transaction: 5) == .new)
    _ = far.enter(3)
    #expect(far.status(session: 1, transaction: 5) == .tooOld)
    #expect(far.status(session: 9, transaction: 5) == .tooOld)
  }

  @Test func aSessionIsWholeByProofOnly() {
    var far = FarSession()
    // An old copy, then the running session: an earlier life of ours may have had messages of it.
    _ = far.enter(3)
    _ = far.enter(7)
    #expect(!far.isWhole(session: 7))
    // A handshake in session 7: what follows is whole, 7 itself is not.
    far.proved(7, by: 1)
    #expect(!far.isWhole(session: 7))
    _ = far.enter(8)
    #expect(far.isWhole(session: 8))
    #expect(!far.isWhole(session: 7))
    _ = far.enter(9)
    #expect(far.isWhole(session: 9) && far.isWhole(session: 8) && !far.isWhole(session: 7))
  }

  @Test func aSessionSealedWithKeysOfThisLifeIsWhole() {
    var far = FarSession()
    _ = far.enter(7)
    far.unsealed(6)
    #expect(!far.isWhole(session: 7))
    far.unsealed(7)
    #expect(far.isWhole(session: 7))
    _ = far.enter(12)
    #expect(far.isWhole(session: 12))
    #expect(!far.isWhole(session: 6))
  }

  @Test func whatIsNotSealedIsTakenWhereItCannotBeOld() {
    var far = FarSession()
    _ = far.enter(7)
    #expect(!far.takesUnsealed(7))
    far.proved(7, by: 1)
    #expect(!far.takesUnsealed(7))
    _ = far.enter(8)
    #expect(far.takesUnsealed(8) && !far.takesUnsealed(7))
    var newcomer = FarSession(isNewcomer: true)
    _ = newcomer.enter(7)
    #expect(newcomer.takesUnsealed(7) && !newcomer.isWhole(session: 7))
  }

  @Test func whatIsOlderThanTheFirstProofOfASessionMayBeAnOldCopy() {
    var far = FarSession()
    _ = far.enter(7)
    #expect(far.status(session: 7, transaction: 18) == .new)
    far.proved(7, by: 22)
    _ = far.take(22)
    _ = far.take(25)
    #expect(far.status(session: 7, transaction: 18) == .tooOld)
    #expect(far.status(session: 7, transaction: 22) == .done)
    // A second handshake takes nothing from what came after the first.
    far.proved(7, by: 30)
    #expect(far.status(session: 7, transaction: 25) == .done)
    #expect(far.status(session: 7, transaction: 26) == .new)
    // Of a session that began in this life there are no old copies.
    _ = far.enter(8)
    far.proved(8, by: 5)
    #expect(far.status(session: 8, transaction: 3) == .new)
  }

  @Test func onlyANewerTransactionIsTheNewest() {
    var far = FarSession()
    _ = far.enter(1)
    let first = [far.take(4), far.take(4), far.take(3), far.take(5)]
    #expect(first == [true, false, false, true])
    _ = far.enter(2)
    let second = far.take(1)
    #expect(second)
  }

  @Test func whatComesAfterAProvedSessionIsOfThisLife() {
    var far = FarSession()
    _ = far.enter(100)
    #expect(!far.isWhole(session: 5000))
    far.proved(100, by: 3)
    #expect(far.isWhole(session: 101) && far.isWhole(session: 5000))
    #expect(!far.isWhole(session: 100) && !far.isWhole(session: 99))
    #expect(!FarSession().isWhole(session: 1))
  }
}
