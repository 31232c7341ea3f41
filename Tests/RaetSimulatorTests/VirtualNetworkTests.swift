import RaetSession
import RaetWire
import Testing

@testable import RaetSimulator

/// The network does to datagrams what its plan says, and nothing else.
@Suite struct VirtualNetworkTests {
  private let addresses = [Address(ipv4: 1, port: 1), Address(ipv4: 2, port: 1)]

  private func network(seed: UInt64 = 1, _ levels: [Fault: Level] = [:]) -> VirtualNetwork {
    var plan = FaultPlan()
    for (fault, level) in levels { plan[fault] = level }
    return VirtualNetwork(plan, nodes: 2, seed: seed)
  }

  private func datagram(_ number: Int, length: Int = 100) -> Datagram {
    var bytes = [UInt8](repeating: 7, count: length)
    withUnsafeBytes(of: number) { bytes.replaceSubrange(0..<8, with: $0) }
    return Datagram(from: addresses[0], to: addresses[1], bytes: bytes)
  }

  /// What becomes of many datagrams, one each millisecond.
  private func carry(_ network: inout VirtualNetwork, _ count: Int = 2000, length: Int = 100) -> [Passage] {
    (0..<count).map { number in
      let passage = network.carry(datagram(number, length: length), 0, 1, now: UInt64(number) * Times.millisecond)
      for _ in passage.arrivals { network.arrived(0, 1) }
      return passage
    }
  }

  @Test func withoutFaultsAllArriveOnceSoonAndAsTheyWere() {
    var network = network()
    for (number, passage) in carry(&network).enumerated() {
      let sent = UInt64(number) * Times.millisecond
      #expect(passage.faults.isEmpty && passage.arrivals.map { $0.datagram.bytes } == [datagram(number).bytes])
      #expect(passage.arrivals.allSatisfy { $0.due > sent && $0.due <= sent + 2 * Times.millisecond })
    }
  }

  @Test func sameSeedSameFate() {
    let levels: [Fault: Level] = [.loss: .high, .duplicate: .high, .delay: .high, .flip: .high, .reorder: .high]
    func fate(_ seed: UInt64) -> [[UInt64]] {
      var network = network(seed: seed, levels)
      return carry(&network, 300).map { $0.arrivals.map { $0.due } }
    }
    #expect(fate(1) == fate(1))
    #expect(fate(1) != fate(2))
  }

  @Test func lossAndDoublesAreAsOftenAsThePlanSays() {
    var network = network([.loss: .low, .duplicate: .low])
    let passages = carry(&network)
    let lost = passages.count { $0.arrivals.isEmpty }
    let doubled = passages.count { $0.arrivals.count == 2 }
    #expect((30...90).contains(lost) && passages.count { $0.faults.contains(.loss) } == lost)
    #expect((60...140).contains(doubled) && passages.count { $0.faults.contains(.duplicate) } == doubled)
  }

  @Test func lossesComeInBursts() {
    var network = network([.burst: .high])
    let lost = carry(&network).map { $0.arrivals.isEmpty }
    let pairs = zip(lost, lost.dropFirst()).count { $0 && $1 }
    #expect(pairs > lost.count { $0 } / 2)
  }

  @Test func laterOnesOvertake() {
    var network = network([.reorder: .high])
    let due = carry(&network).flatMap { $0.arrivals.map { $0.due } }
    #expect(zip(due, due.dropFirst()).contains { $0 > $1 })
  }

  @Test func copiesComeUpToTwentyMinutesLate() {
    var network = network([.lateDuplicate: .high])
    let passages = carry(&network)
    let late = passages.enumerated().flatMap { number, passage in
      passage.arrivals.map { $0.due - UInt64(number) * Times.millisecond }.filter { $0 >= 3 * Times.second }
    }
    #expect(late.count == passages.count { $0.faults.contains(.lateDuplicate) } && late.count > 10)
    #expect(late.allSatisfy { $0 <= 1200 * Times.second })
    #expect(passages.allSatisfy { !$0.arrivals.isEmpty })
  }

  @Test func whatIsTooLargeVanishes() {
    var network = network([.sizeLimit: .high])
    #expect(carry(&network, 10, length: 576).allSatisfy { !$0.arrivals.isEmpty })
    #expect(carry(&network, 10, length: 577).allSatisfy { $0.arrivals.isEmpty && $0.faults == [.sizeLimit] })
  }

  @Test func aShortQueueOverflows() {
    var network = network([.shortQueue: .high])
    let passages = (0..<20).map { network.carry(datagram($0), 0, 1, now: 0) }
    #expect(passages.map { $0.arrivals.count } == [Int](repeating: 1, count: 8) + [Int](repeating: 0, count: 12))
    network.arrived(0, 1)
    #expect(network.carry(datagram(20), 0, 1, now: 1).arrivals.count == 1)
  }

  @Test func aCutIsOfOneDirectionAndEnds() {
    var network = network()
    network[0, 1].cutUntil = Times.second
    #expect(network.carry(datagram(0), 0, 1, now: Times.second - 1).faults == [.partition])
    #expect(network.carry(datagram(0), 1, 0, now: 0).arrivals.count == 1)
    #expect(network.carry(datagram(0), 0, 1, now: Times.second).arrivals.count == 1)
  }

  @Test func whileItStallsAllWaits() {
    var network = network()
    network[0, 1].stalledUntil = Times.second
    #expect(carry(&network, 10).allSatisfy { $0.arrivals.allSatisfy { $0.due >= Times.second } })
  }

  @Test(arguments: [Fault.flip, .cut, .lengthen, .splice, .empty]) func bytesChangeAsTheFaultSays(fault: Fault) {
    var network = network([fault: .high])
    let passages = carry(&network)
    let changed = passages.enumerated().filter { number, passage in
      passage.arrivals.first?.datagram.bytes != datagram(number).bytes
    }.map { $0.element }
    #expect(changed.count > 10 && changed.allSatisfy { $0.faults == [fault] })
    let lengths = changed.compactMap { $0.arrivals.first?.datagram.bytes.count }
    switch fault {
    case .flip: #expect(lengths.allSatisfy { $0 == 100 })
    case .cut: #expect(lengths.allSatisfy { $0 < 100 })
    case .lengthen: #expect(lengths.allSatisfy { (101...400).contains($0) })
    case .empty: #expect(lengths.allSatisfy { $0 == 0 })
    default: #expect(lengths.allSatisfy { $0 <= 200 })
    }
  }

  @Test func healedItLosesNothingMore() {
    var network = network([.loss: .high, .duplicate: .high, .delay: .high, .sizeLimit: .high, .cut: .high])
    network[0, 1].cutUntil = .max
    network.heal()
    #expect(carry(&network, 500, length: 1000).allSatisfy { $0.arrivals.count == 1 && $0.faults.isEmpty })
  }
}
