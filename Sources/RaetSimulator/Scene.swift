import RaetSession
import RaetStack
import RaetWire

/// Who takes part in a run, and for how long.
struct Scene {
  /// How many strangers may wait for a person: few, so that each flood comes to the limit.
  private static let maxPending = 8

  let nodes: Int
  let duration: UInt64
  private let plan: FaultPlan
  private let hasEvilPeer: Bool
  private let isLong: Bool
  private var chance: Chance

  init(_ plan: FaultPlan, nodes: Int?, _ chance: inout Chance) {
    self.plan = plan
    hasEvilPeer = plan[.evilPeer] != .off && nodes == nil
    let honest = nodes ?? chance.pick([2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 7]) ?? 2
    self.nodes = honest + (hasEvilPeer ? 1 : 0)
    // Copies that come after 20 minutes, and processes that stand still for 10, need time; heartbeats are rare there.
    let wantsTime = plan[.lateDuplicate] == .high || plan[.pause] == .high || plan[.lateReplay] == .high
    isLong = wantsTime && chance.happens(50)
    duration = Times.second * UInt64(isLong ? chance.number(700...1500) : chance.number(4...25))
    self.chance = Chance(seed: chance.next())
  }

  /// The application when the user brings none.
  func load() -> any Application {
    var chance = chance
    let longest = plan[.sizeLimit] == .high ? 900 : chance.pick([1500, 9000, 9000, 30_000, 60_000]) ?? 9000
    let pause = duration / UInt64(chance.number(10...40))
    return RandomLoad(messages: longest > 20_000 ? 40 : 120, longest: longest, pause: pause)
  }

  func build(_ run: Simulation) {
    var chance = chance
    let mains = nodes <= 2 ? 1 : chance.number(1...min(3, nodes - 1))
    let headKind = chance.happens(25) ? HeadKind.json : .raet
    let bodyKind = chance.happens(40) ? BodyKind.msgpack : .json
    let storeKind = chance.happens(40) ? BodyKind.msgpack : .json
    let accept = chance.pick([AcceptMode.once, .once, .once, .always, .never]) ?? .once
    let isMutable = accept != .always && chance.happens(30)
    let areClear = chance.happens(15)
    for index in 0..<nodes {
      var settings = RoadSettings(address: Address(ipv4: 0x0a00_0001 + UInt32(index), port: 7530))
      let isMain = index < mains || chance.happens(15)
      let isEvil = hasEvilPeer && index == nodes - 1
      settings.name = isEvil ? Node.evilName : "\(isMain ? "main" : "node")\(index)"
      settings.isMain = isMain && !isEvil
      settings.accept = isEvil ? .once : accept
      settings.isMutable = isMutable
      settings.headKind = headKind
      settings.bodyKind = bodyKind
      settings.storeKind = storeKind
      settings.encrypts = !areClear
      settings.acceptsClear = areClear
      settings.sendQueue = chance.happens(20) ? 40_000 : 10 << 20
      settings.receiveQueue = chance.happens(20) ? chance.pick([100_000, 25_000]) ?? 100_000 : 10 << 20
      settings.maxPending = Scene.maxPending
      settings.messageTimeout = Times.second * UInt64(chance.pick([5, 60, 300, 300]) ?? 300)
      settings.interim = chance.happens(30) ? 60 * Times.second : 3600 * Times.second
      if isLong { settings.period = 30 * Times.second }
      let node = Node(settings.name ?? "", index: index, run: run, settings: settings)
      node.lateness = plan[.latePoll].choose(0, 20 * Times.millisecond, Times.second)
      node.clock.drift = plan[.drift].choose(0, Int64(chance.number(-100...100)), Int64(chance.number(-5000...5000)))
      node.clock.tick = plan[.coarse].choose(1, Times.millisecond, 16 * Times.millisecond)
      if node.lateness > 0 { run.coverage.meet(.latePoll) }
      if node.clock.drift != 0 { run.coverage.meet(.drift) }
      if node.clock.tick > 1 { run.coverage.meet(.coarse) }
      run.nodes.append(node)
    }
    befriend(run.nodes, mains, &chance)
  }

  /// Everyone knows a main; mains know each other; two mains may both begin.
  private func befriend(_ nodes: [Node], _ mains: Int, _ chance: inout Chance) {
    for node in nodes.dropFirst() {
      var known = [nodes[chance.number(0...min(mains, node.index) - 1)]]
      if node.index < mains { known = [nodes[0]] }
      if chance.happens(30), let other = chance.pick(nodes.filter { $0.isMain && $0 !== node }) { known.append(other) }
      for friend in known where friend !== node && !node.friends.contains(where: { $0.name == friend.name }) {
        node.friends.append((friend.name, friend.address))
        // Both begin.
        let begin = node.isMain && chance.happens(50)
        if begin, !friend.friends.contains(where: { $0.name == node.name }) {
          friend.friends.append((node.name, node.address))
        }
      }
    }
  }
}

extension Node {
  static let evilName = "mallory"
  /// Joined like others, and lies.
  var isEvil: Bool { name == Node.evilName }
}
