import Testing

@testable import RaetSession

/// Ids are on disk before they are used, and only go up (PROTOCOL 3.3, 8.3).
@Suite struct NearSessionTests {
  /// Uses a session as the engine does: reserves on a disk, and says which id it used.
  static func use(_ session: inout NearSession, _ disk: inout UInt32) -> UInt32 {
    if session.needsReserve {
      disk = session.reservation()
      session.reserved(disk)
    }
    return session.id
  }

  @Test(arguments: [0, 1, 0x7fff_fff0, 0xffff_fff0, .max] as [UInt32])
  func whateverCrashesNoIdIsUsedTwice(start: UInt32) {
    var chance = Chance(seed: UInt64(start))
    var disk = start
    var used: Set<UInt32> = []
    var last: UInt32?
    for _ in 0..<200 {
      var session = NearSession(stored: disk)
      session.start(chance: 5)
      for _ in 0..<chance.number(1...40) {
        let id = Self.use(&session, &disk)
        #expect(id != 0)
        #expect(used.insert(id).inserted, "\(id) again")
        if let last { #expect(id &- last < 0x8000_0000) }
        last = id
        // What is on disk is not below what is used.
        #expect(disk &- id < 0x8000_0000)
        session.advance()
      }
    }
  }

  @Test func itWritesOnceForManySessions() {
    var session = NearSession(stored: 0)
    session.start(chance: 0)
    var disk: UInt32 = 0
    var writes = 0
    for _ in 0..<160 {
      let before = disk
      _ = Self.use(&session, &disk)
      if disk != before { writes += 1 }
      session.advance()
    }
    #expect((9...11).contains(writes))
  }

  @Test func theFirstIdIsNotThatOfAnEarlierLife() {
    var one = NearSession(stored: 0)
    var other = one
    one.start(chance: 1)
    other.start(chance: 2)
    #expect(one.id != other.id)
    let before = one.id
    one.start(chance: 77)
    #expect(one.id == before)
  }

  @Test func itLeapsAheadOverZero() {
    for stored in [5, .max - 4097, .max - 4096, .max] as [UInt32] {
      var session = NearSession(stored: stored)
      let before = session.id
      session.leap(refused: 0)
      #expect(session.id != 0)
      #expect(session.id &- before >= 0xf_ffff && session.id &- before <= 0x10_0002)
      #expect(session.needsReserve)
    }
  }

  @Test func leapsPassWhateverTheRemoteHasSeen() {
    for distance in [1, 5000, 1_000_000, 0x4000_0000, 0x7fff_ffff] as [UInt32] {
      var session = NearSession(stored: 0xf000_0000)
      let seen = session.id &+ distance
      var leaps: UInt32 = 0
      while session.id &- seen >= 0x8000_0000, leaps < 30 {
        session.leap(refused: leaps)
        leaps += 1
      }
      #expect(leaps <= 20, "\(distance)")
    }
  }

  @Test func transactionsComeRoundToOneAndSaySo() {
    var session = NearSession(session: 5, reserved: 9, lastTransaction: .max - 1)
    var (id, wrapped) = session.nextTransaction()
    #expect(id == .max && !wrapped)
    (id, wrapped) = session.nextTransaction()
    #expect(id == 1 && wrapped)
    (id, wrapped) = session.nextTransaction()
    #expect(id == 2 && !wrapped)
  }

  @Test func ofTwoRecordsTheLaterCounts() {
    var session = NearSession(stored: 10)
    session.restored(5)
    #expect(session.id == 11)
    session.restored(20)
    #expect(session.id == 21)
    session.restored(0)
    #expect(session.id == 21)
  }
}
