import Glibc
import RaetWire
import Testing

@testable import RaetIO

/// Receiving as the system's answers have it, which sockets of a test seldom give.
@Suite struct DatagramReceiverTests {
  /// Receives while the system gives these answers, the last one again and again.
  private func receive(limit: Int, _ answers: [Int32]) -> (result: ReceiveResult, calls: Int, asked: [UInt32]) {
    let receiver = DatagramReceiver()
    var asked: [UInt32] = []
    let result = receiver.receive(limit: limit, { _, _ in }) { _, wanted in
      asked.append(wanted)
      return answers[min(asked.count, answers.count) - 1]
    }
    return (result, asked.count, asked)
  }

  @Test func readsUntilNothingIsLeft() {
    let run = receive(limit: 1_000, [64, 64, 10, 64])
    #expect(run.result == .drained(138))
    #expect(run.asked == [64, 64, 64])
    #expect(receive(limit: 1_000, [64, -EAGAIN]).result == .drained(64))
    #expect(receive(limit: 1_000, [0]).result == .drained(0))
  }

  @Test func readsNoMoreThanAllowed() {
    let run = receive(limit: 100, [64, 36])
    #expect(run.result == .more(100))
    #expect(run.asked == [64, 36])
    #expect(receive(limit: 0, [64]).calls == 0)
    #expect(receive(limit: -1, [64]).result == .more(0))
  }

  @Test(arguments: [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EPERM, EMSGSIZE, ENETDOWN, EPROTO, EHOSTDOWN])
  func goesOnAfterWhatBecameOfAnEarlierDatagram(_ error: Int32) {
    let run = receive(limit: 100, [-error, 5])
    #expect(run.result == .drained(5))
    #expect(run.calls == 2)
  }

  @Test func doesNotGoOnForEver() {
    let run = receive(limit: 100, [-ECONNREFUSED])
    #expect(run.result == .drained(0))
    #expect(run.calls == 64)
  }

  @Test(arguments: [EAGAIN, ENOBUFS, ENOMEM])
  func comesBackLaterWhereTheSystemIsShort(_ error: Int32) {
    let run = receive(limit: 100, [-error])
    #expect(run.result == .drained(0))
    #expect(run.calls == 1)
  }

  @Test(arguments: [EBADF, ENOTSOCK, EFAULT])
  func tellsThatTheSocketIsBroken(_ error: Int32) {
    #expect(receive(limit: 100, [-error]).result == .broken(error))
  }

  @Test func handsOutNothingWithoutAnAddress() {
    let receiver = DatagramReceiver()
    var count = 0
    let result = receiver.receive(limit: 1, { _, _ in count += 1 }) { headers, _ in
      headers[0].msg_len = 5
      headers[0].msg_hdr.msg_namelen = 0
      return 1
    }
    #expect(result == .more(1))
    #expect(count == 0)
  }
}
