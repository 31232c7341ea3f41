import Testing

@testable import RaetStack

@Suite struct StatisticsTests {
  @Test func eachCounterHasANameOfItsOwn() {
    let names = Counter.allCases.map { "\($0.name)" }
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { name in name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" } })
  }

  @Test func countersCountByThemselves() {
    var statistics = Statistics()
    statistics.count(.bytesRx, 10)
    statistics.count(.bytesRx)
    statistics.count(.bytesRx, -5)
    #expect(statistics[.bytesRx] == 11)
    #expect(Counter.allCases.filter { statistics[$0] != 0 } == [.bytesRx])
  }

  @Test func whatOneSidesSendsTheOtherCounts() throws {
    let pair = try Pair(1)
    for size in [1, 5_000] { try pair.sendThere(makeBody(1, size)) }
    pair.road.run(10 * second)
    let (main, other) = (pair.main.road.statistics, pair.other.road.statistics)
    #expect(main[.packetsRx] == other[.packetsTx] && main[.packetsTx] == other[.packetsRx])
    #expect(main[.bytesRx] == other[.bytesTx])
    #expect(other[.messagesDelivered] == 2 && main[.messengentCorrespondComplete] == 2)
    let dropped: [Counter] = [.dropSignature, .dropReplay, .dropTransaction, .parsingOuterError, .packingError]
    #expect(dropped.allSatisfy { main[$0] == 0 && other[$0] == 0 })
  }
}
