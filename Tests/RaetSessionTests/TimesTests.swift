import Testing

@testable import RaetSession

/// When packets are sent again (PROTOCOL 5).
@Suite struct TimesTests {
  @Test func intervalsDoubleUpToTheLongest() {
    #expect(dues(Redo(first: 1, most: 4), count: 6) == [1, 3, 7, 11, 15, 19])
    #expect(dues(Redo(first: 3, most: 3), count: 3) == [3, 6, 9])
  }

  @Test func theProtocolsFiguresAreThoseOfTheTable() {
    func seconds(_ redo: Redo) -> [UInt64] { [redo.first / millisecond, redo.most / millisecond] }
    #expect(seconds(Times.joinRequest) == [1000, 4000])
    #expect(seconds(Times.joinResponse) == [100, 2000])
    #expect(seconds(Times.joinPended) == [60_000, 60_000])
    #expect(seconds(Times.allowPacket) == [250, 1000])
    #expect(seconds(Times.alivePacket) == [250, 1000])
    #expect(seconds(Times.segment) == [200, 500])
    #expect(seconds(Times.missing) == [200, 500])
    #expect([Times.join, Times.allow, Times.alive].map { $0 / second } == [5, 4, 2])
  }

  @Test func timeNeitherOverflowsNorRunsBack() {
    #expect(UInt64.max.after(1) == .max)
    #expect((UInt64.max - 5).after(3) == UInt64.max - 2)
    #expect(UInt64(3).since(5) == 0)
    #expect(UInt64(5).since(3) == 2)
    var timer = RedoTimer(Redo(first: .max, most: .max), now: 7)
    timer.again(now: .max)
    #expect(timer.due == .max)
  }
}
