import Glibc
import RaetIO
import Testing

@Suite struct ClockTests {
  @Test func countsNanosecondsForward() {
    let start = MonotonicClock.now()
    usleep(20_000)
    let passed = MonotonicClock.now() - start
    #expect(passed >= 20_000_000 && passed < 20_000_000_000)
  }
}
