import CPosix
import Glibc
import Testing

@testable import RaetIO
@testable import RaetStack

@Suite struct PageSenderTests {
  private let folder: TemporaryFolder
  private let sender = PageSender()

  init() throws { folder = try TemporaryFolder() }

  /// Adds pages that say which they are, as many as there is room for; how many were sent, or a negated errno.
  private func send(_ pages: Range<UInt8>, _ descriptor: Int32, to path: String) -> Int {
    sender.begin(path: path)
    let bytes = pages.flatMap { [UInt8](repeating: $0, count: 100) }
    return bytes.withUnsafeBytes { all in
      for place in pages.indices {
        let start = (place - pages.startIndex).magnitude
        let page = UnsafeRawBufferPointer(rebasing: all[Int(start) * 100..<(Int(start) + 1) * 100])
        sender.add(
          OutgoingPage(
            number: 0, head: UnsafeRawBufferPointer(rebasing: page[..<80]),
            piece: UnsafeRawBufferPointer(rebasing: page[80...])))
      }
      return sender.send(descriptor)
    }
  }

  private func read(_ descriptor: Int32) -> [UInt8] {
    var first: [UInt8] = []
    var page = [UInt8](repeating: 0, count: 200)
    while recv(descriptor, &page, 200, Int32(MSG_DONTWAIT)) == 100 { first.append(page[0]) }
    return first
  }

  /// What does not fit is left, and the next batch is not much larger than what did.
  @Test func aBatchIsAsLargeAsTheQueueTakes() throws {
    let path = folder.at("socket")
    let receiver = rx_unix_socket()
    let descriptor = rx_unix_socket()
    defer {
      close(receiver)
      close(descriptor)
    }
    var address = UnixAddress(path)
    try #require(address.bind(receiver) == 0)
    #expect(sender.limit == PageSender.capacity)
    let taken = send(0..<200, descriptor, to: path)
    #expect(taken > 0 && taken <= PageSender.capacity)
    #expect(sender.count == PageSender.capacity, "no more are taken")
    #expect(read(descriptor).isEmpty && read(receiver) == (0..<taken).map { UInt8($0) })
    let limit = taken < PageSender.capacity ? max(16, min(2 * taken, PageSender.capacity)) : PageSender.capacity
    #expect(sender.limit == limit)
    // One page tells nothing of the queue.
    #expect(send(7..<8, descriptor, to: path) == 1 && sender.limit == limit)
    #expect(read(receiver) == [7])
    #expect(send(0..<200, descriptor, to: path) > 0 && sender.count == limit)
  }

  @Test func tellsThatNobodyIsThere() throws {
    let descriptor = rx_unix_socket()
    defer { close(descriptor) }
    #expect(send(0..<1, descriptor, to: folder.at("nobody")) == -Int(ENOENT))
    #expect(send(0..<3, descriptor, to: folder.at("nobody")) == -Int(ENOENT))
    #expect(sender.limit == PageSender.capacity)
  }
}
