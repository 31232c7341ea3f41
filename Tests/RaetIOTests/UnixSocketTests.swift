import CPosix
import Glibc
import RaetCrypto
import RaetStack
import RaetWire
import Testing

@testable import RaetIO

@Suite struct UnixSocketTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func lane(_ name: String, in path: String? = nil) throws -> Lane {
    var settings = LaneSettings()
    settings.name = name
    settings.folder = path ?? folder.path + "/lane"
    return try Lane.make(settings, entropy: SodiumEntropy(), now: 0)
  }

  private func open(_ name: String, in path: String? = nil) throws -> UnixSocket {
    try UnixSocket.open(try lane(name, in: path), bufferBytes: 1 << 20)
  }

  private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private func mode(_ path: String) -> UInt32 {
    var status = rx_file_status()
    return rx_status_at(AT_FDCWD, path, &status) == 0 ? status.mode : 0
  }

  /// A socket that another process left at a yard's path: bound, and nobody has it open.
  private func leave(_ path: String, closing: Bool = true) {
    let left = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    var path = path
    let size = path.withUTF8 { rx_unix_address(&address, $0.baseAddress, $0.count) }
    _ = rx_bind(left, &address, size)
    if closing { close(left) }
  }

  /// Makes a file.
  private func write(_ path: String) { close(creat(path, 0o600)) }

  // MARK: Opening.

  @Test func makesTheFolderForItsOwnerAlone() throws {
    let path = folder.path + "/a/b/lane"
    let socket = try open("one", in: path)
    #expect(mode(path) == 0o700 && mode(folder.path + "/a") == 0o700)
    #expect(mode(path + "/lane.one.uxd") == 0o600)
    withExtendedLifetime(socket) {}
  }

  @Test func removesItsPathAtTheEnd() throws {
    let path = try lane("one").path
    do {
      let socket = try open("one")
      #expect(exists(path))
      withExtendedLifetime(socket) {}
    }
    #expect(!exists(path))
  }

  @Test func leavesAPathThatAnotherSocketHasByNow() throws {
    let path = try lane("one").path
    do {
      let socket = try open("one")
      unlink(path)
      leave(path)
      withExtendedLifetime(socket) {}
    }
    #expect(exists(path))
  }

  @Test func takesAwayWhatADeadProcessLeft() throws {
    let path = try lane("one").path
    mkdir(folder.path + "/lane", 0o700)
    leave(path)
    let socket = try open("one")
    #expect(exists(path))
    withExtendedLifetime(socket) {}
  }

  @Test func aLivingProcessKeepsItsYard() throws {
    let socket = try open("one")
    #expect(throws: LaneSocketError.exists) { try open("one") }
    #expect(exists(try lane("one").path))
    withExtendedLifetime(socket) {}
  }

  @Test func whatIsNoSocketIsLeftAlone() throws {
    let path = try lane("one").path
    mkdir(folder.path + "/lane", 0o700)
    write(path)
    #expect(throws: LaneSocketError.occupied) { try open("one") }
    #expect(exists(path))
    unlink(path)
    symlink(folder.path + "/elsewhere", path)
    #expect(throws: LaneSocketError.occupied) { try open("one") }
    #expect(!exists(folder.path + "/elsewhere"))
  }

  @Test(arguments: [0o770, 0o702, 0o777, 0o1777] as [mode_t])
  func aFolderThatOthersMayWriteInIsRefused(_ mode: mode_t) throws {
    mkdir(folder.path + "/lane", 0o700)
    chmod(folder.path + "/lane", mode)
    #expect(throws: LaneSocketError.unsafeFolder) { try open("one") }
  }

  @Test func aFolderThatOthersMayReadIsTaken() throws {
    mkdir(folder.path + "/lane", 0o700)
    chmod(folder.path + "/lane", 0o755)
    #expect(throws: Never.self) { _ = try open("one") }
  }

  @Test func aFolderThatIsALinkOrAFileIsRefused() throws {
    mkdir(folder.path + "/true", 0o700)
    symlink(folder.path + "/true", folder.path + "/lane")
    #expect(throws: LaneSocketError.unsafeFolder) { try open("one") }
    unlink(folder.path + "/lane")
    write(folder.path + "/lane")
    #expect(throws: LaneSocketError.self) { try open("one") }
  }

  @Test func aFolderOfAnotherUserIsRefused() throws {
    guard geteuid() == 0 else { return }
    mkdir(folder.path + "/lane", 0o700)
    chown(folder.path + "/lane", 1, 1)
    #expect(throws: LaneSocketError.unsafeFolder) { try open("one") }
  }

  @Test func aSocketOfAnotherUserIsLeftAlone() throws {
    guard geteuid() == 0 else { return }
    let path = try lane("one").path
    mkdir(folder.path + "/lane", 0o700)
    leave(path)
    chown(path, 1, 1)
    #expect(throws: LaneSocketError.occupied) { try open("one") }
    #expect(exists(path))
  }

  @Test func oneProcessAtATimeOpensAYardInAFolder() throws {
    mkdir(folder.path + "/lane", 0o700)
    let other = rx_open_folder(AT_FDCWD, folder.path + "/lane")
    #expect(rx_lock(other) == 0)
    #expect(throws: LaneSocketError.locked) { try open("one") }
    _ = rx_unlock(other)
    #expect(throws: Never.self) { _ = try open("one") }
    close(other)
  }

  // MARK: Pages.

  @Test func sendsAsTheYardThatItIsAndByThePathAlone() throws {
    let sender = try lane("two")
    let two = try UnixSocket.open(sender, bufferBytes: 1 << 20)
    let remote = try sender.remote(sender.addRemote(name: "one"))
    // Each batch goes to the socket that has the path by then, even while the one before is still open.
    var receivers: [UnixSocket] = []
    for count in [1, 3, 2, 1] {
      unlink(remote.path)
      let one = try open("one")
      receivers.append(one)
      try queue(count, sender, remote)
      #expect(two.send(sender, to: remote) == .sent(count))
      sender.sent(count, to: remote, now: 0)
      var seen: [String] = []
      let got = one.receive(limit: 16) { _, source, credentials in
        #expect(credentials == Credentials(pid: getpid(), uid: geteuid(), gid: getegid()))
        seen.append(String(decoding: source, as: UTF8.self))
      }
      #expect(got == count && seen == Array(repeating: "two", count: count))
      #expect(receivers.dropLast().allSatisfy { $0.receive(limit: 1) { _, _, _ in } == -Int(EAGAIN) })
    }
    // The path of a yard leads to the socket that receives, not to the one that its pages come from.
    for _ in 0..<2 { #expect(send("page", to: sender.path) == 4) }
    #expect(two.receive(limit: 16) { _, _, _ in } == 2 && !two.holdsPages)
  }

  @Test(arguments: [1, 2]) func aBatchToASocketThatNobodyHasOpenTellsThatTheYardIsGone(_ count: Int) throws {
    let sender = try lane("two")
    let two = try UnixSocket.open(sender, bufferBytes: 1 << 20)
    let remote = try sender.remote(sender.addRemote(name: "one"))
    try queue(count, sender, remote)
    #expect(two.send(sender, to: remote) == .gone)
    leave(remote.path)
    #expect(two.send(sender, to: remote) == .gone)
    unlink(remote.path)
    write(remote.path)
    #expect(two.send(sender, to: remote) == .gone)
  }

  @Test func pagesThatCameBeforeTheSocketWasThereAreNotLost() throws {
    let path = try lane("one").path
    let made = try open("one")
    let folder = try LaneFolder.open(self.folder.path + "/lane")
    withExtendedLifetime(made) { _ = unlink(path) }
    let outgoing = try OutgoingSocket.open(path, "lane.one.uxd", folder, bufferBytes: 1 << 20) {
      for _ in 0..<3 { #expect(self.send("page", to: path) == 4) }
    }
    #expect(outgoing.holdsPages && !exists(path))
    let receiver = PageReceiver()
    #expect(outgoing.takePages(receiver, limit: 2) == 2 && outgoing.holdsPages)
    #expect(outgoing.takePages(receiver, limit: 2) == 1 && !outgoing.holdsPages)
    #expect(receiver.page(0)?.count == 4)
  }

  private func queue(_ count: Int, _ lane: Lane, _ yard: Yard) throws {
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    for _ in 0..<count { _ = try lane.send(yard.id, .json, none, timeout: 0, tag: 0, now: 0) }
  }

  /// Sends from a socket without a name; what sendto() answers.
  private func send(_ text: String, to path: String) -> Int {
    let sender = RaetIOTests.socket(nil)
    defer { close(sender) }
    var address = sockaddr_un()
    var path = path
    let size = path.withUTF8 { rx_unix_address(&address, $0.baseAddress, $0.count) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(sender, text, text.utf8.count, 0, $0, size) }
    }
  }

  @Test func tellsWhichYardOfTheLaneAPageIsFrom() throws {
    let socket = try open("one")
    let path = try lane("one").path
    func send(_ boundTo: String?) {
      let sender = RaetIOTests.socket(boundTo)
      defer { close(sender) }
      var address = sockaddr_un()
      var path = path
      let size = path.withUTF8 { rx_unix_address(&address, $0.baseAddress, $0.count) }
      let sent = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(sender, "page", 4, 0, $0, size) }
      }
      #expect(sent == 4)
    }
    let lanes = folder.path + "/lane/"
    mkdir(folder.path + "/other", 0o700)
    let sources: [(String?, String)] = [
      (lanes + "lane.two.uxd", "two"), (nil, ""), (folder.path + "/other/lane.two.uxd", ""),
      (lanes + "cherry.two.uxd", ""), (lanes + "lane.two", ""), (lanes + "lane..uxd", ""),
    ]
    for (bound, name) in sources {
      send(bound)
      var seen: [String] = []
      let count = socket.receive(limit: 4) { page, source, credentials in
        #expect(page?.count == 4 && credentials == Credentials(pid: getpid(), uid: geteuid(), gid: getegid()))
        seen.append(String(decoding: source, as: UTF8.self))
      }
      #expect(count == 1 && seen == [name], "\(bound ?? "unbound")")
    }
  }

  @Test func anotherSocketAtAPathHasAnotherNumber() throws {
    let socket = try open("one")
    let path = folder.path + "/lane/lane.two.uxd"
    #expect(socket.number(atPath: path) == nil)
    var numbers: Set<UInt64> = []
    for _ in 0..<3 {
      leave(path)
      let number = try #require(socket.number(atPath: path))
      #expect(number != 0 && socket.number(atPath: path) == number)
      numbers.insert(number)
      unlink(path)
      usleep(20_000)
    }
    #expect(numbers.count == 3)
  }
}

/// A socket that is bound to a path, or to none.
private func socket(_ path: String?) -> Int32 {
  let made = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
  guard var path else { return made }
  var address = sockaddr_un()
  let size = path.withUTF8 { rx_unix_address(&address, $0.baseAddress, $0.count) }
  _ = rx_bind(made, &address, size)
  return made
}
