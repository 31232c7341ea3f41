import Glibc
import RaetWire
import Testing

@testable import RaetIO

/// Sending as the system's answers have it, which sockets of a test seldom give.
@Suite struct DatagramSenderTests {
  private let address = Address(ipv4: 0x7f00_0001, port: 7_530)

  private struct Run {
    var result = SendResult.sent(0)
    /// How many datagrams each call was to send.
    var asked: [UInt32] = []
    /// What the first byte of each datagram was that was given to the system.
    var offered: [[UInt8]] = []
    var failures: [Int: Int32] = [:]
  }

  /// Sends datagrams of one byte each, 0 and so on, while the system gives these answers.
  private func send(_ count: Int, _ answers: [Int32]) -> Run {
    var run = Run()
    let payload = [UInt8](0...255)
    payload.withUnsafeBytes { bytes in
      run.result = DatagramSender().send(
        count: count, mapped: false,
        { OutgoingDatagram(bytes: UnsafeRawBufferPointer(rebasing: bytes[$0..<$0 + 1]), to: address) },
        failed: { run.failures[$0] = $1 },
        transmit: { headers, ready in
          run.asked.append(ready)
          run.offered.append(
            (0..<Int(ready)).compactMap {
              headers[$0].msg_hdr.msg_iov.pointee.iov_base?.load(as: UInt8.self)
            })
          return answers[min(run.asked.count, answers.count) - 1]
        })
    }
    return run
  }

  @Test func sendsAllInTheirOrder() {
    let run = send(150, [64, 64, 22])
    #expect(run.result == .sent(150))
    #expect(run.asked == [64, 64, 22])
    #expect(run.offered.flatMap { $0 } == [UInt8](0..<150))
    #expect(send(0, [1]).asked.isEmpty)
  }

  @Test(arguments: [(false, AF_INET, 16), (true, AF_INET6, 28)])
  func writesAddressesAsTheSocketTakesThem(_ mapped: Bool, _ family: Int32, _ length: UInt32) {
    var found: sa_family_t?
    let result = DatagramSender().send(
      count: 1, mapped: mapped,
      { _ in OutgoingDatagram(bytes: UnsafeRawBufferPointer(start: nil, count: 0), to: address) },
      failed: { _, _ in },
      transmit: { headers, _ in
        #expect(headers[0].msg_hdr.msg_namelen == length)
        found = headers[0].msg_hdr.msg_name?.load(as: sa_family_t.self)
        return 1
      })
    #expect(result == .sent(1))
    #expect(found == sa_family_t(family))
  }

  @Test func goesOnWhereTheSystemStopped() {
    let run = send(10, [3, 7])
    #expect(run.result == .sent(10))
    #expect(run.offered == [[UInt8](0..<10), [UInt8](3..<10)])
  }

  @Test(arguments: [EAGAIN, ENOBUFS, ENOMEM])
  func keepsWhatThereIsNoRoomFor(_ error: Int32) {
    let run = send(100, [64, 6, -error])
    #expect(run.result == .wouldBlock(70))
    #expect(run.asked.count == 3)
    #expect(run.failures.isEmpty)
  }

  @Test(arguments: [
    ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EPERM, EACCES, EMSGSIZE, EADDRNOTAVAIL, EINVAL, ENETDOWN, EAFNOSUPPORT,
  ])
  func losesOnlyWhatCannotBeSent(_ error: Int32) {
    let run = send(10, [3, -error, 2, -error, 3])
    #expect(run.result == .sent(10))
    #expect(run.failures == [3: error, 6: error])
    #expect(run.offered.last == [7, 8, 9])
  }

  @Test func losesAllWhereNothingCanBeSent() {
    let run = send(10, [-ENETUNREACH])
    #expect(run.result == .sent(10))
    #expect(run.failures.count == 10)
    #expect(run.asked.count == 10)
  }

  @Test(arguments: [EBADF, ENOTSOCK, EPIPE, EFAULT])
  func tellsThatTheSocketIsBroken(_ error: Int32) {
    let run = send(10, [3, -error])
    #expect(run.result == .broken(error))
    #expect(run.failures.isEmpty)
  }

  @Test func doesNotGoOnForEver() {
    #expect(send(10, [0]).result == .wouldBlock(0))
    #expect(send(10, [1_000]).result == .sent(10))
  }
}
