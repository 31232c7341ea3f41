import CPosix
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

/// Datagrams of one length to one address leave in one piece.
@Suite struct DatagramRunTests {
  private let here = Address(ipv4: 0x7f00_0001, port: 7_530)
  private let there = Address(ipv4: 0x7f00_0001, port: 7_531)

  private struct Run {
    var result = SendResult.sent(0)
    /// How many datagrams each header of each call was to send.
    var offered: [[Int]] = []
    var failures: [Int: Int32] = [:]
    /// The sizes that the headers name for their runs, 0 without one.
    var sizes: [[Int]] = []
  }

  private func size(_ header: msghdr) -> Int {
    guard header.msg_controllen > 0, let control = header.msg_control else { return 0 }
    #expect(header.msg_controllen == Int(RX_SEGMENT_ROOM))
    #expect(control.load(fromByteOffset: 8, as: Int32.self) == Int32(IPPROTO_UDP))
    #expect(control.load(fromByteOffset: 12, as: Int32.self) == Int32(RX_UDP_SEGMENT))
    return Int(control.load(fromByteOffset: 16, as: UInt16.self))
  }

  private func send(
    _ lengths: [Int], to: [Address]? = nil, by sender: DatagramSender = DatagramSender(sendsRuns: true),
    _ answer: ([Int]) -> Int32
  ) -> Run {
    var run = Run()
    let payload = [UInt8](repeating: 7, count: 70_000)
    payload.withUnsafeBytes { bytes in
      run.result = sender.send(
        count: lengths.count, mapped: false,
        {
          OutgoingDatagram(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<lengths[$0]]), to: to?[$0] ?? here)
        },
        failed: { run.failures[$0] = $1 },
        transmit: { headers, ready in
          run.offered.append((0..<Int(ready)).map { headers[$0].msg_hdr.msg_iovlen })
          run.sizes.append((0..<Int(ready)).map { size(headers[$0].msg_hdr) })
          return answer(run.offered[run.offered.count - 1])
        })
    }
    return run
  }

  @Test(arguments: [
    ([100, 100, 100], [3], [100]),
    ([100, 100, 60, 100], [3, 1], [100, 0]),
    ([100, 101, 101], [1, 2], [0, 101]),
    ([100, 60, 60], [2, 1], [100, 0]),
    ([0, 0, 5, 0], [1, 1, 1, 1], [0, 0, 0, 0]),
    ([1_024, 1_024, 1_025, 1_025], [2, 1, 1], [1_024, 0, 0]),
  ])
  func joinsWhatIsOfOneLengthAndItsShorterEnd(_ lengths: [Int], _ runs: [Int], _ sizes: [Int]) {
    let run = send(lengths) { Int32($0.count) }
    #expect(run.result == .sent(lengths.count))
    #expect(run.offered == [runs])
    #expect(run.sizes == [sizes])
  }

  @Test func joinsOnlyWhatGoesToOneAddress() {
    let run = send([9, 9, 9, 9], to: [here, there, there, here]) { Int32($0.count) }
    #expect(run.offered == [[1, 2, 1]])
  }

  @Test func joinsNoMoreThanTheSystemTakes() {
    let run = send([Int](repeating: 1_024, count: 100)) { Int32($0.count) }
    #expect(run.offered == [[32, 32], [32, 4]])
    #expect(run.result == .sent(100))
  }

  @Test func countsDatagramsNotRuns() {
    let run = send([9, 9, 8, 9, 9, 9]) { _ in 1 }
    #expect(run.offered == [[3, 3], [3]])
    #expect(run.result == .sent(6))
    var calls = 0
    let blocked = send([9, 9, 8, 9, 9, 9]) { _ in
      calls += 1
      return calls == 1 ? 1 : -EAGAIN
    }
    #expect(blocked.result == .wouldBlock(3))
  }

  @Test func sendsOneByOneWhatCannotGoInOnePiece() {
    let run = send([9, 9, 9, 8, 9]) { $0.first == 1 ? Int32($0.count) : -ECONNREFUSED }
    #expect(run.offered == [[4, 1], [1, 1, 1, 1], [1]])
    #expect(run.result == .sent(5))
    #expect(run.failures.isEmpty)
  }

  @Test(arguments: [EINVAL, EIO, EMSGSIZE, EOPNOTSUPP])
  func triesNoRunsAgainWhereThereCanBeNone(_ error: Int32) {
    let sender = DatagramSender(sendsRuns: true)
    let run = send([9, 9, 9], by: sender) { $0.first == 1 ? Int32($0.count) : -error }
    #expect(run.offered == [[3], [1, 1, 1]])
    #expect(run.failures.isEmpty && !sender.sendsRuns)
    #expect(send([9, 9], by: sender) { Int32($0.count) }.offered == [[1, 1]])
  }
}
