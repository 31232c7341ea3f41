import Glibc
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Mixed faults by seed. Whatever happens: each message has one report that is true, comes once and exact, and all is
/// well again 30 s after the faults have ended (promises 1, 2, 3 and 12 of robustness.md).
///
/// To see a run again: its seed, and SWIFT_DETERMINISTIC_HASHING=1 in the environment for both.
@Suite struct SoakTests {
  struct Run {
    let pair: Pair
    let ledger = Ledger()
    var chance: Chance
    /// Some restarts find nothing but the own keys.
    private let losesStores: Bool

    init(seed: UInt64) throws {
      var chance = Chance(seed: seed &* 7919)
      let areBothMain = chance.happens(30)
      let isMutable = chance.happens(30)
      let headKind = chance.happens(30) ? HeadKind.json : .raet
      let bodyKind = chance.happens(50) ? BodyKind.msgpack : .json
      pair = try Pair(seed, connects: false) {
        if areBothMain { $0.isMain = true }
        $0.isMutable = isMutable
        $0.headKind = headKind
        $0.bodyKind = bodyKind
      }
      if areBothMain || chance.happens(50) { try pair.main.connect(to: pair.other, now: pair.road.now) }
      losesStores = chance.happens(20)
      self.chance = chance
    }

    mutating func begin() {
      pair.road.loss = [0, 5, 15, 30][chance.number(0...3)]
      pair.road.doubles = [0, 10, 50][chance.number(0...2)]
      pair.road.echoes = [0, 5][chance.number(0...1)]
      pair.road.delay = 1...[1, 20, 200, 750].map { UInt64($0) }[chance.number(0...3)]
    }

    func heal() {
      pair.road.loss = 0
      pair.road.doubles = 0
      pair.road.echoes = 0
      pair.road.delay = 1...5
      pair.road.watch = { _ in true }
    }

    mutating func doSomething() throws {
      let (node, peer) = chance.happens(50) ? (pair.main, pair.other) : (pair.other, pair.main)
      let now = pair.road.now
      switch chance.number(0...99) {
      case 0..<60:
        let sizes = [8, 50, 700, 900, 3_000, 20_000]
        try ledger.send(sizes[chance.number(0...5)], node, to: peer.name, now: now)
      case 60..<66: try ledger.send(chance.number(50_000...150_000), node, to: peer.name, now: now)
      case 66..<72:
        ledger.dies(node)
        if losesStores, chance.happens(30) {
          node.store.records = node.store.records.filter { $0.key.contains("local/") }
        }
        try node.restart(now: now)
      case 72..<78:
        let isOneWay = chance.happens(50)
        pair.road.watch = { $0.from != node.address && ($0.to != node.address || isOneWay) }
      case 78..<90: pair.road.watch = { _ in true }
      case 90..<94:
        guard let id = try? node.road.findRemote(name: peer.name) else { return }
        _ = try? node.road.allow(id, timeout: Times.allow, now: now)
      case 94..<97:
        guard let transfer = node.road.transfers().first(where: { $0.isSending }) else { return }
        try node.road.cancel(transfer.id, now: now)
      default:
        guard let id = try? node.road.findRemote(name: peer.name) else { return }
        _ = try? node.road.join(id, timeout: Times.join, now: now)
      }
    }
  }

  static func soak(_ seed: UInt64) throws {
    var run = try Run(seed: seed)
    let pair = run.pair
    run.begin()
    for _ in 0..<60 {
      try run.doSomething()
      pair.road.run(UInt64(run.chance.number(1...400)) * millisecond)
    }
    run.heal()
    let ledger = run.ledger
    let isWell = pair.road.run(30 * second) {
      pair.areAllowed && ledger.unreported([pair.main, pair.other]) == 0
    }
    let left = ledger.unreported([pair.main, pair.other])
    #expect(isWell, "seed \(seed): allowed \(pair.areAllowed), unreported \(left)")
    // Old copies come for another minute.
    pair.road.run(70 * second)
    let broken = ledger.broken([pair.main, pair.other])
    #expect(broken.isEmpty, "seed \(seed): \(broken.prefix(4))")
    for node in [pair.main, pair.other] {
      #expect(node.road.slots.allSatisfy { $0?.messages.isIdle ?? true }, "seed \(seed): something is left")
      #expect(node.road.slots.allSatisfy { ($0?.messages.window.inFlight ?? 0) == 0 }, "seed \(seed): window")
      #expect(node.road.receivedBytes == 0, "seed \(seed): received bytes")
    }
  }

  /// A hundred, or what RAET_SOAK names: `1000-2000`.
  static var seeds: ClosedRange<UInt64> {
    let named = getenv("RAET_SOAK").map { String(cString: $0).split(separator: "-").compactMap { UInt64($0) } } ?? []
    guard named.count == 2, named[0] <= named[1] else { return 1...100 }
    return named[0]...named[1]
  }

  @Test(arguments: seeds) func eachMessageHasOneTrueReportAndComesOnce(seed: UInt64) throws {
    try Self.soak(seed)
  }
}
