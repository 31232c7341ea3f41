import RaetWire
import Testing

@testable import RaetSession

/// Segments under way (PROTOCOL 7.2, 7.3): several messages share a window over a road that loses, doubles and reorders
/// in both directions. None gets stuck, and the window's count is always that of what is under way.
@Suite struct FlightTests {
  enum Answer {
    case acknowledge(UInt32)
    case resend([UInt32])
    case done
  }

  /// One message on both sides.
  struct Message {
    var flight: Flight
    var arrived: Set<UInt32> = []
    var sent: Set<UInt32> = []
    var isDone = false
    var answers: [(due: UInt64, answer: Answer)] = []
    var segments: [(due: UInt64, segment: Flight.Segment)] = []
    var lastHeard: UInt64 = 0
    var count: UInt32 { flight.segmentation.count }

    /// What the receiver says to a segment that asks, or when nothing comes.
    var answer: [Answer] {
      guard arrived.count < Int(count) else { return [.done] }
      let highest = arrived.max() ?? 0
      var missing = (0..<highest).filter { !arrived.contains($0) }.prefix(256)[...]
      if missing.isEmpty { return [.acknowledge(highest)] }
      var lists: [Answer] = []
      while !missing.isEmpty {
        lists.append(.resend(Array(missing.prefix(WireLimit.misseds))))
        missing = missing.dropFirst(WireLimit.misseds)
      }
      return lists
    }
  }

  struct Run {
    var chance: Chance
    var window: SendWindow
    var messages: [Message]
    let loss: Int
    let delay: Int
    var doubles = 5
    /// The receiver has no room for the first so many messages, and says nothing of them.
    var deaf = 0
    var now: UInt64 = second
    var datagrams = 0
    /// Those that have something to send, in the order of their turns.
    var turns: [Int] = []

    init(seed: UInt64, counts: [Int], loss: Int, most: Int = 512, delay: Int = 20) throws {
      chance = Chance(seed: seed)
      window = SendWindow(most: most)
      self.loss = loss
      self.delay = delay
      messages = try counts.enumerated().map {
        Message(flight: Flight(session: 2, transaction: UInt32($0 + 1), segmentation: try segmentation($1)))
      }
    }

    var isDone: Bool { messages.dropFirst(deaf).allSatisfy { $0.isDone } }

    mutating func arrival() -> UInt64? {
      guard !chance.happens(loss) else { return nil }
      return now + millisecond * UInt64(chance.number(1...delay))
    }

    mutating func send(_ segment: Flight.Segment, _ index: Int) {
      datagrams += 1
      messages[index].sent.insert(segment.number)
      for _ in 0..<(index < deaf ? 0 : chance.happens(doubles) ? 2 : 1) {
        if let due = arrival() { messages[index].segments.append((due, segment)) }
      }
    }

    mutating func pump() {
      for index in messages.indices where messages[index].flight.hasMore && !turns.contains(index) {
        turns.append(index)
      }
      while window.room > 0, window.departure <= now, !turns.isEmpty {
        let index = turns.removeFirst()
        guard !messages[index].isDone, let segment = messages[index].flight.take(window: &window, now: now) else {
          continue
        }
        send(segment, index)
        if messages[index].flight.hasMore { turns.append(index) }
      }
    }

    mutating func receive(_ index: Int) {
      let arrived = messages[index].segments.filter { $0.due <= now }
      messages[index].segments.removeAll { $0.due <= now }
      for (_, segment) in arrived {
        messages[index].arrived.insert(segment.number)
        messages[index].lastHeard = now
        let isComplete = messages[index].arrived.count == Int(messages[index].count)
        if segment.wait || isComplete { answer(index) }
      }
      // The receiver asks by itself when nothing comes.
      let isBegun = !messages[index].arrived.isEmpty && messages[index].arrived.count < Int(messages[index].count)
      if isBegun, now - messages[index].lastHeard > 200 * millisecond {
        messages[index].lastHeard = now
        answer(index)
      }
    }

    mutating func answer(_ index: Int) {
      for answer in messages[index].answer {
        if let due = arrival() { messages[index].answers.append((due, answer)) }
      }
    }

    mutating func hear(_ index: Int) {
      let come = messages[index].answers.filter { $0.due <= now }
      messages[index].answers.removeAll { $0.due <= now }
      for (_, answer) in come where !messages[index].isDone {
        switch answer {
        case .acknowledge(let highest):
          messages[index].flight.acknowledge(highest: highest, window: &window, now: now)
        case .resend(let missed): messages[index].flight.resend(missed, window: &window, now: now)
        case .done:
          messages[index].flight.finish(isAnswered: true, window: &window, now: now)
          messages[index].isDone = true
        }
      }
    }

    /// What is broken, if anything is.
    func broken() -> String? {
      let underway = messages.reduce(0) { $0 + ($1.isDone ? 0 : $1.flight.inFlight) }
      if underway != window.inFlight { return "\(window.inFlight) in the window, \(underway) under way" }
      guard !isDone else { return nil }
      let canSend = window.room > 0 && messages.contains { !$0.isDone && $0.flight.hasMore }
      let isDue = messages.contains { !$0.isDone && $0.flight.due != .max }
      return canSend || isDue ? nil : "nothing will ever leave again"
    }

    /// Nil when all are done in time and nothing was broken on the way.
    mutating func run(until end: UInt64) -> String? {
      while !isDone {
        pump()
        for index in messages.indices {
          receive(index)
          hear(index)
          guard !messages[index].isDone, messages[index].flight.due <= now else { continue }
          messages[index].flight.expire(window: &window, now: now)
        }
        if let broken = broken() { return broken }
        if now > end { return "not done at \(now / second) s" }
        now = max(now + millisecond, next)
      }
      return nil
    }

    /// When something happens next.
    var next: UInt64 {
      var next = window.room > 0 && window.departure > now ? window.departure : .max
      for message in messages where !message.isDone {
        next = min(next, message.flight.due, message.arrived.isEmpty ? .max : message.lastHeard + 201 * millisecond)
        next = message.segments.reduce(next) { min($0, $1.due) }
        next = message.answers.reduce(next) { min($0, $1.due) }
      }
      return next == .max ? now : next
    }
  }

  @Test(arguments: [0, 5, 30, 60], 1...5 as ClosedRange<UInt64>)
  func allFinishWhateverIsLost(loss: Int, seed: UInt64) throws {
    var chance = Chance(seed: seed)
    let counts = (0..<chance.number(1...12)).map { _ in [1, 2, 3, 70, 200][chance.number(0...(loss > 30 ? 3 : 4))] }
    var run = try Run(seed: seed, counts: counts, loss: loss, most: [8, 64, 512][chance.number(0...2)])
    #expect(run.run(until: 300 * second) == nil, "seed \(seed), loss \(loss)")
  }

  @Test(arguments: [2, 20]) func thoseThatAreNotAnsweredLeaveRoomForOthers(deaf: Int) throws {
    var run = try Run(seed: 3, counts: [Int](repeating: 6, count: deaf + 4), loss: 0)
    run.deaf = deaf
    #expect(run.run(until: 30 * second) == nil)
  }

  @Test func withoutLossEachSegmentLeavesOnce() throws {
    var run = try Run(seed: 1, counts: [1, 2, 500], loss: 0, delay: 1)
    run.doubles = 0
    #expect(run.run(until: 10 * second) == nil)
    #expect(run.datagrams == 503)
  }

  @Test func someLossCostsFewDatagramsMore() throws {
    var run = try Run(seed: 2, counts: [3000], loss: 5, delay: 3)
    #expect(run.run(until: 60 * second) == nil)
    #expect(run.datagrams < 3000 * 13 / 10, "\(run.datagrams)")
  }

  /// A joined remote may say anything: what it claims costs it its own messages, not our memory or our sense.
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func absurdAnswersDoNoHarm(seed: UInt64) throws {
    var chance = Chance(seed: seed)
    var window = SendWindow(most: 64)
    var flight = Flight(session: 2, transaction: 1, segmentation: try segmentation(100))
    var now = second
    for _ in 0..<3000 {
      now += UInt64(chance.number(0...300)) * millisecond
      switch chance.number(0...5) {
      case 0, 1: if window.room > 0, flight.hasMore { _ = flight.take(window: &window, now: now) }
      case 2: flight.acknowledge(highest: UInt32(chance.number(0...120)), window: &window, now: now)
      case 3, 4:
        let numbers = (0..<chance.number(0...200)).map { _ in UInt32(chance.number(0...99)) }
        flight.resend(chance.happens(50) ? Array(Set(numbers)).sorted() : numbers, window: &window, now: now)
      default: if flight.due <= now { flight.expire(window: &window, now: now) }
      }
      guard window.inFlight == flight.inFlight, window.inFlight <= 64, flight.arrivedBytes <= 100 * 1024 else {
        Issue.record("seed \(seed): \(window.inFlight) in the window, \(flight.inFlight) under way")
        return
      }
    }
    flight.finish(isAnswered: false, window: &window, now: now)
    #expect(window.inFlight == 0 && flight.inFlight == 0)
  }

  @Test func anUnsortedListOfMissingSegmentsCannotGrowWithoutEnd() throws {
    var window = SendWindow(most: 64)
    var flight = Flight(session: 2, transaction: 1, segmentation: try segmentation(200))
    var now = second
    while !flight.isSentWhole {
      now += second
      if window.room == 0 { flight.acknowledge(highest: 199, window: &window, now: now) }
      _ = flight.take(window: &window, now: now)
    }
    for _ in 0..<1000 {
      flight.resend((1...100).reversed(), window: &window, now: now)
      flight.resend(Array(2...101), window: &window, now: now)
    }
    var again = 0
    while flight.hasMore, again < 1000 {
      now += second
      flight.acknowledge(highest: 0, window: &window, now: now)
      if window.room == 0 { flight.acknowledge(highest: 199, window: &window, now: now) }
      if flight.take(window: &window, now: now) != nil { again += 1 }
    }
    #expect(again <= 200)
  }

  @Test func againIsSaidOnlyToARemoteThatKnowsTheMessage() throws {
    var window = SendWindow(most: 64)
    var flight = Flight(session: 2, transaction: 1, segmentation: try segmentation(2))
    _ = flight.take(window: &window, now: 0)
    #expect(flight.take(window: &window, now: 0) == Flight.Segment(number: 1, wait: true, again: false))
    flight.expire(window: &window, now: second)
    #expect(window.inFlight == 0 && flight.due == .max)
    #expect(flight.take(window: &window, now: second) == Flight.Segment(number: 1, wait: true, again: false))
    flight.resend([0], window: &window, now: second)
    #expect(flight.take(window: &window, now: 2 * second) == Flight.Segment(number: 0, wait: true, again: true))
    #expect(flight.isResent)
  }
}
