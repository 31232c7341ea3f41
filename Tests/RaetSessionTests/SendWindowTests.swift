import Testing

@testable import RaetSession

/// How many datagrams may be under way, and how fast (PROTOCOL 7.3).
@Suite struct SendWindowTests {
  /// Sends as many as there is room for and has them answered after a round trip, `rounds` times.
  static func grow(_ window: inout SendWindow, rounds: Int, now: inout UInt64) -> [Int] {
    (0..<rounds).map { _ in
      let count = window.room
      for _ in 0..<count { window.sent(now: now) }
      let sentAt = now
      now += 10 * millisecond
      window.answered(count, sentAt: sentAt, now: now)
      return count
    }
  }

  @Test func itBeginsAtSixteenDoublesAndThenGrowsByOne() {
    var window = SendWindow(most: 512)
    var now = second
    let sizes = Self.grow(&window, rounds: 10, now: &now)
    #expect(sizes.prefix(3) == [16, 32, 64])
    #expect(zip(sizes.dropFirst(3), sizes.dropFirst(4)).allSatisfy { $1 - $0 <= 1 })
  }

  @Test func itNeverGrowsAboveTheMost() {
    for most in [1, 8, 40, 512] {
      var window = SendWindow(most: most)
      var now = second
      #expect(Self.grow(&window, rounds: 2000, now: &now).allSatisfy { $0 <= max(most, SendWindow.least) })
    }
  }

  @Test func lossHalvesItOnceARoundTripAndSilenceTakesItToTheLeast() {
    var window = SendWindow(most: 512)
    var now = second
    _ = Self.grow(&window, rounds: 3, now: &now)
    let before = window.room
    window.lost(now: now)
    window.lost(now: now)
    window.lost(now: now + 9 * millisecond)
    #expect(window.room == before / 2)
    now += 20 * millisecond
    window.lost(now: now)
    #expect(window.room == before / 4)
    for _ in 0..<100 { window.lost(now: now + second) }
    window.timedOut(0, now: now + 20 * second)
    #expect(window.room == SendWindow.least)
    for round in 0..<50 { window.lost(now: now + UInt64(30 + round) * second) }
    #expect(window.room == SendWindow.least)
  }

  @Test func aWindowThatIsNotUsedDoesNotGrow() {
    var window = SendWindow(most: 512)
    for round in 0..<1000 as Range<UInt64> {
      window.sent(now: round * second)
      window.answered(1, sentAt: round * second, now: round * second + millisecond)
    }
    #expect(window.room == SendWindow.initial)
  }

  @Test func itsCountIsNeverBelowNothing() {
    var window = SendWindow(most: 64)
    window.answered(5, sentAt: nil, now: 1)
    window.forgotten(5)
    window.timedOut(5, now: 1)
    #expect(window.inFlight == 0)
    window.sent(now: 1)
    #expect(window.inFlight == 1)
  }

  @Test func datagramsLeaveSpreadOverARoundTripButForABurst() {
    var window = SendWindow(most: 512)
    var now = second
    _ = Self.grow(&window, rounds: 4, now: &now)
    now += second
    var atOnce = 0
    while window.room > 0, window.departure <= now {
      window.sent(now: now)
      atOnce += 1
    }
    #expect((30...36).contains(atOnce), "\(atOnce)")
    let start = now
    var rest = 0
    while window.room > 0 {
      now = max(now, window.departure)
      window.sent(now: now)
      rest += 1
    }
    // The rest at a pace of 1.25 windows a round trip of 10 ms.
    let expected = 10 * millisecond * UInt64(rest) * 4 / 5 / UInt64(atOnce + rest)
    #expect(now - start > expected * 8 / 10 && now - start < expected * 12 / 10)
  }

  /// Those that are not counted, with a round trip that is not known or very short.
  @Test(arguments: [0, 1, 20, 1000] as [UInt64]) func aBurstHasFewDatagramsHoweverShortTheRoundTrip(micros: UInt64) {
    var window = SendWindow(most: 512)
    var now = second
    for _ in 0..<200 where micros > 0 {
      while window.room > 0 { window.sent(now: now) }
      let sentAt = now
      now += micros * 1000
      window.answered(window.inFlight, sentAt: sentAt, now: now)
    }
    now += second
    var atOnce: UInt64 = 0
    while window.departure <= now, atOnce < 1000 {
      window.sent(now: now, isCounted: false)
      atOnce += 1
    }
    #expect(atOnce <= SendWindow.longestBurst + 1 && atOnce >= SendWindow.burst, "\(atOnce)")
    #expect(window.inFlight == 0)
  }

  @Test func patienceFollowsTheRoundTrip() {
    for trip in [1, 20, 300, 5000] as [UInt64] {
      var window = SendWindow(most: 64)
      #expect(window.patience == Times.segment.first)
      for round in 0..<50 as Range<UInt64> {
        window.sent(now: round * second)
        window.answered(1, sentAt: round * second, now: round * second + trip * millisecond)
      }
      #expect(window.patience >= min(trip * millisecond, Times.segmentMost))
      #expect(window.patience >= Times.segmentLeast && window.patience <= Times.segmentMost)
    }
  }

  @Test func timeThatRunsBackDoesNoHarm() {
    var window = SendWindow(most: 64)
    for now in [5, 3, .max, 0, .max - 1, 7] as [UInt64] {
      window.sent(now: now)
      window.answered(1, sentAt: 9, now: now)
      window.lost(now: now)
      window.timedOut(1, now: now)
    }
    #expect(window.inFlight == 0)
    #expect(window.roundTrip <= Times.segmentMost)
  }
}
