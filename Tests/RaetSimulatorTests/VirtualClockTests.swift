import RaetSession
import Testing

@testable import RaetSimulator

/// A clock shows the time of the run as badly as it is told to, and its moments can be found.
@Suite struct VirtualClockTests {
  @Test func aGoodClockShowsTheTime() {
    let clock = VirtualClock()
    for time in [0, 1, Times.second, 12_345_678_901] as [UInt64] {
      #expect(clock.now(at: time) == time && clock.time(of: time) >= time && clock.time(of: time) <= time + 1000)
    }
  }

  @Test func aFastClockGainsAndASlowOneLoses() {
    let hour = 3600 * Times.second
    #expect(VirtualClock(drift: 5000).now(at: hour) == hour + hour / 200)
    #expect(VirtualClock(drift: -5000).now(at: hour) == hour - hour / 200)
  }

  @Test func aCoarseClockStandsStillBetweenItsTicks() {
    let clock = VirtualClock(tick: 16 * Times.millisecond)
    #expect(clock.now(at: 16 * Times.millisecond - 1) == 0)
    #expect(clock.now(at: 16 * Times.millisecond) == 16 * Times.millisecond)
  }

  @Test func aLeapIsForGood() {
    var clock = VirtualClock()
    clock.leap(Times.second)
    clock.leap(Times.second)
    #expect(clock.now(at: 5) == 2 * Times.second + 5 && clock.leapt == 2 * Times.second)
    #expect(clock.time(of: Times.second) == 0)
  }

  /// An engine that is called when its deadline has come must find that it has.
  @Test(arguments: [-5000, -1, 0, 1, 5000] as [Int64], [1, Times.millisecond, 16 * Times.millisecond] as [UInt64])
  func momentsAreFoundNeverTooEarlyAndHardlyTooLate(drift: Int64, tick: UInt64) {
    var clock = VirtualClock(drift: drift, tick: tick)
    clock.leap(3 * Times.second)
    var chance = Chance(seed: 1)
    for _ in 0..<300 {
      let moment = 4 * Times.second + UInt64(chance.number(0...3_600_000_000_000))
      let time = clock.time(of: moment)
      #expect(clock.now(at: time) >= moment)
      #expect(clock.now(at: time) <= moment + tick + 100_000)
    }
    #expect(clock.time(of: .max) == .max)
  }
}
