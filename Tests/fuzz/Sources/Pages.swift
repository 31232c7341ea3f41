import RaetCrypto
import RaetSession
import RaetSimulator
import RaetStack
import RaetWire

/// A yard of a fuzzer, with a small memory.
private final class FuzzYard {
  let lane: Lane
  var received: [[UInt8]] = []

  init?(_ name: String, now: UInt64) {
    var settings = LaneSettings()
    settings.name = name
    settings.maxMessage = 1 << 18
    settings.receiveQueue = 1 << 20
    settings.maxRemotes = 12
    do throws(RoadFailure) {
      lane = try Lane.make(settings, entropy: SeededEntropy(seed: UInt64(name.utf8.count)), now: now)
    } catch { return nil }
  }

  func receive(_ page: [UInt8], from name: String, now: UInt64) {
    let user = Credentials(pid: 7, uid: 7, gid: 7)
    page.withUnsafeBytes { page in
      Array(name.utf8).withUnsafeBytes { lane.receive(page, from: $0, credentials: user, now: now) }
    }
    var halfReceived: [UInt64: Int] = [:]
    for transfer in lane.transfers() where !transfer.isSending { halfReceived[transfer.remote, default: 0] += 1 }
    require(halfReceived.values.allSatisfy { $0 <= 8 }, "half received: \(halfReceived)")
  }

  func takeEvents() {
    while let event = lane.nextEvent() {
      if event.kind == .message { received.append(event.body.map { [UInt8]($0.bytes) } ?? []) }
    }
  }
}

/// Pages of any content, from known and unknown yards and in any order: no more is half received than may be, and then
/// messages still pass between the two yards.
func fuzzPages(_ bytes: UnsafeRawBufferPointer) {
  var now = 1000 * Times.second
  guard let one = FuzzYard("one", now: now), let other = FuzzYard("other", now: now) else { return }
  var input = Reader(bytes)
  while !input.isAtEnd {
    let choice = input.byte()
    let source = ["other", "one", "third", "fourth"][Int(choice >> 6)]
    switch choice % 8 {
    case 0: one.receive(input.piece(Int(input.short() % 2000)), from: source, now: now)
    case 1:
      now += UInt64(input.short()) * Times.second / 16
      one.lane.service(now: now)
    case 2: one.takeEvents()
    case 3:
      // A page as it should be but for some bytes of its head.
      var page = goodPage(&input, from: source)
      for _ in 0..<Int(input.byte() % 4) {
        let place = Int(input.byte())
        if place < page.count { page[place] = input.byte() }
      }
      one.receive(page, from: source, now: now)
    case 4: one.receive(goodPage(&input, from: source), from: "stranger\(input.byte())", now: now)
    default: one.receive(goodPage(&input, from: source), from: source, now: now)
    }
  }
  requirePassage(one, other, now)
}

/// A page whose head is well-formed, of few books and with numbers that may not fit.
private func goodPage(_ input: inout Reader, from source: String) -> [UInt8] {
  let numbers = input.byte()
  let (book, session) = (Int(numbers % 16), Int(numbers >> 5 % 4))
  let (number, count) = (Int(input.byte() % 9), Int(input.byte() % 9))
  let piece = input.piece(numbers & 0x80 == 0 ? 16 : Int(input.short()))
  let head =
    "ri RAET\nvn 0\npk \(numbers & 0x10 == 0 ? 0 : 1)\nsn \(source)\ndn one\nsi 00000000000000000\(session)\nbi \(book)\n"
    + "pn 000\(number)\npc 000\(count)\n\n"
  return Array(head.utf8) + piece
}

/// Messages of one page and of several pass in both directions, whatever came before.
private func requirePassage(_ one: FuzzYard, _ other: FuzzYard, _ now: UInt64) {
  let short = Array("{\"health\": 1}".utf8)
  let long = Array("{\"health\": \"\(String(repeating: "x", count: 70_000))\"}".utf8)
  one.takeEvents()
  for (from, to) in [(one, other), (other, one)] {
    _ = try? from.lane.addRemote(name: to.lane.name)
    guard let id = try? from.lane.findRemote(name: to.lane.name) else {
      // No yard is forgotten that sent something: there may be no room for one more.
      return require(from === one, "a healthy yard cannot be added")
    }
    for body in [short, long] {
      body.withUnsafeBytes { _ = try? from.lane.send(id, .json, $0, timeout: 0, tag: 1, now: now) }
    }
    carry(from, to, now)
    to.takeEvents()
    require(to.received.contains(short) && to.received.contains(long), "messages do not pass any more")
  }
}

private func carry(_ from: FuzzYard, _ to: FuzzYard, _ now: UInt64) {
  while let yard = from.lane.takeReady() {
    var pages: [[UInt8]] = []
    from.lane.pages(of: yard, limit: 8) { page in
      var head = [UInt8](page.head)
      if page.number > 0 { head.withUnsafeMutableBytes { PageHead.setNumber(page.number, $0) } }
      pages.append(head + [UInt8](page.piece))
    }
    for page in pages { to.receive(page, from: from.lane.name, now: now) }
    from.lane.sent(pages.count, to: yard, now: now)
  }
}
