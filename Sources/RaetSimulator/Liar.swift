import RaetSession
import RaetStack
import RaetWire

/// A process that may write in the folder and sends what no yard would.
struct Liar {
  /// Its id, which the kernel tells.
  static let process: Int32 = 666
  private(set) var chance: Chance
  private var strangers = 0

  init(seed: UInt64) { chance = Chance(seed: seed, purpose: 205) }

  /// A page of a fault's kind for a yard: its bytes, and the name of the yard whose path it comes from.
  mutating func page(_ fault: LaneFault, to yard: String, as victim: String, longest: Int) -> (bytes: [UInt8], String)?
  {
    let body = Array("{\"lie\":\(chance.next() % 1000)}".utf8)
    let name = "mallory"
    let session = fault == .newSessions ? chance.next() : 7
    func page(
      _ source: String, _ to: String, book: Int = 1, number: Int = 0, count: Int = 1, _ piece: [UInt8]
    ) -> [UInt8] {
      func digits(_ number: UInt64, _ places: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, places - text.count)) + text
      }
      let head =
        "ri RAET\nvn 0\npk 0\nsn \(source)\ndn \(to)\nsi \(digits(session, 18))\nbi \(digits(UInt64(book), 1))\n"
        + "pn \(digits(UInt64(number), 4))\npc \(digits(UInt64(count), 4))\n\n"
      return Array(head.utf8) + piece
    }
    switch fault {
    case .stranger:
      strangers += 1
      let stranger = "stranger\(strangers)"
      return (page(stranger, yard, body), stranger)
    case .forgedName:
      let count = chance.number(1...3)
      return (
        page(victim, yard, book: chance.number(1...20), number: chance.number(0...count - 1), count: count, body), name
      )
    case .unboundSocket: return (page(name, yard, body), "")
    case .wrongDestination: return (page(name, victim, body), name)
    case .laneGarbage: return (chance.bytes(chance.number(0...200)), name)
    case .changedPage:
      var bytes = page(name, yard, number: chance.number(0...2), count: 3, body)
      bytes[chance.number(0...bytes.count - 1)] ^= UInt8(1 << chance.number(0...7))
      return (bytes, name)
    case .endlessBook: return (page(name, yard, book: chance.number(2...5000), count: 2, body), name)
    case .hugeBook:
      let piece = chance.bytes(60_000)
      return (page(name, yard, book: chance.number(2...5000), count: chance.pick([30, 40, 0xffff]) ?? 30, piece), name)
    case .contradictingPage:
      let count = chance.number(2...4)
      let piece = Array(body.prefix(chance.number(0...body.count)))
      return (page(name, yard, number: chance.number(0...4), count: count, piece), name)
    case .newSessions: return (page(name, yard, book: chance.number(1...3), count: 2, body), name)
    case .noMapping: return (page(name, yard, Array("[1,2".utf8)), name)
    default: return nil
    }
  }

  /// So many pages at a time.
  mutating func number(_ most: Int) -> Int { chance.number(1...most) }

  mutating func happens(_ percent: Int) -> Bool { chance.happens(percent) }
}

extension LaneSimulation {
  private static let lies: [LaneFault] = [
    .stranger, .forgedName, .unboundSocket, .wrongDestination, .laneGarbage, .changedPage, .endlessBook, .hugeBook,
    .contradictingPage, .newSessions, .noMapping,
  ]

  func attack() {
    guard !isHealed else { return }
    schedule(.attack, after: chance.period(Times.millisecond * 5...Times.second / 4))
    guard let node = chance.pick(nodes), let victim = chance.pick(nodes) else { return }
    for fault in Self.lies where plan[fault] != .off && liar.happens(plan[fault].choose(0, 20, 60)) {
      for _ in 0..<liar.number(5) {
        guard let (bytes, source) = liar.page(fault, to: node.name, as: victim.name, longest: longest) else { continue }
        let page = SocketPage(bytes: bytes, source: source, process: Liar.process)
        guard sockets.send(page, to: node.name) == .taken else { continue }
        coverage.meet(fault)
        if fault == .stranger, !node.settings.acceptsStrangers { coverage.meet(.strangerRefused) }
        hash.add(now)
        wake(node.index)
      }
    }
  }
}
