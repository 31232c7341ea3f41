import RaetSession
import RaetStack
import Testing

@testable import RaetSimulator

/// A flow of the user's own is told what happens, and what it sends arrives.
@Suite struct ApplicationTests {
  final class Echo: Application {
    var starts: [String: Int] = [:]
    var events: Set<EventKind> = []
    var sent = 0
    var echoed = 0
    var refused = 0

    func started(_ node: Node) {
      starts[node.name, default: 0] += 1
      node.connectToFriends()
    }

    func happened(_ event: Event, at node: Node) {
      events.insert(event.kind)
      guard event.kind == .message, let name = event.name, let received = event.body else { return }
      let body = [UInt8](received.bytes)
      if body.first == 1 { echoed += 1 } else { node.send([1] + body, kind: .raw, to: name) }
    }

    func passed(at node: Node) -> UInt64? {
      guard !node.isMain else { return nil }
      for peer in node.peers where node.send([0, UInt8(node.nextNumber & 255)], kind: .raw, to: peer) { sent += 1 }
      if !node.send([0], kind: .raw, to: "nobody") { refused += 1 }
      return Times.second / 2
    }
  }

  @Test func aFlowRunsOnAllNodes() {
    let echo = Echo()
    let outcome = Simulation(seed: 4, plan: FaultPlan(), nodes: 3, application: echo).run()
    #expect(outcome.violation == nil)
    #expect(echo.starts.count == 3 && echo.starts.values.allSatisfy { $0 == 1 })
    #expect(echo.sent > 3 && echo.refused > 0)
    #expect(echo.echoed == echo.sent, "of \(echo.sent)")
    #expect(echo.events.isSuperset(of: [.joined, .allowed, .message, .delivered]))
  }

  @Test func aFlowSurvivesItsPrograms() {
    var plan = FaultPlan()
    plan[.crash] = .high
    let starts = (1...5 as ClosedRange<UInt64>).map { seed in
      let echo = Echo()
      let outcome = Simulation(seed: seed, plan: plan, nodes: 2, application: echo).run()
      #expect(outcome.violation == nil && outcome.coverage.count(.crash) > 0, "seed \(seed)")
      return echo.starts.values.reduce(0, +)
    }
    #expect(starts.allSatisfy { $0 > 2 })
  }

  @Test func aFlowGetsTheSameChanceFromTheSameSeed() {
    final class Dice: Application {
      var thrown: [UInt64] = []
      func started(_ node: Node) { thrown.append(node.chance.next()) }
      func happened(_ event: Event, at node: Node) {}
      func passed(at node: Node) -> UInt64? { nil }
    }
    let (one, other, third) = (Dice(), Dice(), Dice())
    for (seed, dice) in [(7, one), (7, other), (8, third)] as [(UInt64, Dice)] {
      _ = Simulation(seed: seed, plan: FaultPlan(), nodes: 2, application: dice).run()
    }
    #expect(one.thrown == other.thrown && one.thrown != third.thrown)
  }
}
