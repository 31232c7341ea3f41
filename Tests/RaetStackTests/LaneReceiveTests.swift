import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

@Suite struct LaneReceiveTests {
  private let yard: VirtualYard

  init() throws { yard = try VirtualYard("me", seed: 1) { ($0.maxMessage, $0.receiveQueue) = (1000, 4000) } }

  private func page(
    _ piece: String = "{}", from source: String = "you", to destination: String = "me", session: Int = 1, book: Int = 1,
    number: Int = 0, count: Int = 1, pack: Int = 0
  ) -> [UInt8] {
    func digits(_ number: Int, _ places: Int) -> String {
      let text = String(number, radix: 16)
      return String(repeating: "0", count: max(0, places - text.count)) + text
    }
    let head =
      "ri RAET\nvn 0\npk \(pack)\nsn \(source)\ndn \(destination)\nsi \(digits(session, 18))\n"
      + "bi \(digits(book, 1))\npn \(digits(number, 4))\npc \(digits(count, 4))\n\n"
    return Array((head + piece).utf8)
  }

  private func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }
  private var bodies: [String] {
    yard.takeEvents()
    return yard.bodies.map { text($0) }
  }

  // MARK: Who it is from.

  @Test func aMessageTellsItsSenderAndTheProcess() throws {
    yard.receive(page("{\"a\":1}"), from: "you", credentials: Credentials(pid: 1, uid: 2, gid: 3))
    #expect(bodies == ["{\"a\":1}"])
    let event = try #require(yard.events(.message).first)
    #expect(event.name == "you" && event.credentials == Credentials(pid: 1, uid: 2, gid: 3))
    #expect(yard.events.map { $0.kind } == [.remoteAdded, .message])
    let known = try yard.lane.findRemote(name: "you")
    #expect(event.remote == known)
  }

  @Test(arguments: ["", "other", "yo", "youu", "YOU"])
  func aYardThatClaimsAnotherSNameIsNotHeard(_ source: String) throws {
    yard.receive(page(), from: source)
    #expect(bodies.isEmpty && yard.count(.invalidSourceYard) == 1)
    #expect(throws: Status.notFound) { try yard.lane.findRemote(name: "you") }
  }

  @Test func aForgedPageDoesNotDisturbABookOfTheYardItClaims() {
    yard.receive(page("{\"a\"", number: 0, count: 2), from: "you")
    yard.receive(page("\":666}", number: 1, count: 2), from: "liar")
    yard.receive(page("{}", session: 9), from: "liar")
    yard.receive(page(":1}", number: 1, count: 2), from: "you")
    #expect(bodies == ["{\"a\":1}"])
    #expect(yard.count(.invalidSourceYard) == 2)
  }

  @Test func aPageForAnotherYardIsDropped() {
    yard.receive(page(to: "you"), from: "you")
    #expect(bodies.isEmpty && yard.count(.invalidDestination) == 1)
  }

  @Test func nobodyIsHeardUnderTheOwnName() {
    yard.receive(page(from: "me"), from: "me")
    #expect(bodies.isEmpty && yard.count(.invalidSourceYard) == 1)
  }

  @Test func strangersAreHeardOnlyWhereTheyAreAccepted() throws {
    let closed = try VirtualYard("me", seed: 1) { $0.acceptsStrangers = false }
    closed.receive(page(), from: "you")
    #expect(closed.count(.unacceptedSourceYard) == 1 && !closed.lane.hasEvents)
    _ = try closed.lane.addRemote(name: "you")
    closed.receive(page(), from: "you")
    closed.takeEvents()
    #expect(closed.bodies.count == 1)
  }

  // MARK: Books.

  @Test func pagesMayComeInAnyOrderAfterTheFirst() {
    yard.receive(page("{\"a", number: 0, count: 3), from: "you")
    yard.receive(page("}", number: 2, count: 3), from: "you")
    #expect(bodies.isEmpty)
    yard.receive(page("\":1", number: 1, count: 3), from: "you")
    #expect(bodies == ["{\"a\":1}"])
    #expect(yard.lane.gatheringBytes == 0)
  }

  @Test func aBookWithoutItsFirstPageIsNotBegun() {
    yard.receive(page("}", number: 1, count: 2), from: "you")
    #expect(yard.count(.missedPage) == 1 && yard.lane.gatheringBytes == 0)
  }

  @Test func pagesThatComeTwiceCountOnce() {
    for _ in 0..<3 { yard.receive(page("{\"a\"", number: 0, count: 2), from: "you") }
    yard.receive(page(":1}", number: 1, count: 2), from: "you")
    #expect(bodies == ["{\"a\":1}"])
    #expect(yard.count(.messageDuplicateRx) == 2)
  }

  @Test func booksOfOneYardMayBeMingled() {
    yard.receive(page("{\"a\"", book: 1, number: 0, count: 2), from: "you")
    yard.receive(page("{\"b\"", book: 2, number: 0, count: 2), from: "you")
    yard.receive(page("{\"c\"", book: 1, number: 0, count: 2), from: "they-")
    yard.receive(page(":2}", book: 2, number: 1, count: 2), from: "you")
    yard.receive(page(":1}", book: 1, number: 1, count: 2), from: "you")
    #expect(bodies == ["{\"b\":2}", "{\"a\":1}"])
  }

  @Test func booksOfTwoYardsAreNeverMixed() {
    yard.receive(page("{\"a\"", number: 0, count: 2), from: "you")
    yard.receive(page("{\"b\"", from: "they", number: 0, count: 2), from: "they")
    yard.receive(page(":2}", from: "they", number: 1, count: 2), from: "they")
    yard.receive(page(":1}", number: 1, count: 2), from: "you")
    #expect(bodies == ["{\"b\":2}", "{\"a\":1}"])
  }

  @Test func aNewSessionDropsWhatTheEarlierBegan() {
    yard.receive(page("{\"a\"", session: 1, number: 0, count: 2), from: "you")
    yard.receive(page("{\"b\"", from: "they", session: 1, number: 0, count: 2), from: "they")
    yard.receive(page("{}", session: 2), from: "you")
    yard.receive(page(":1}", session: 2, number: 1, count: 2), from: "you")
    #expect(yard.count(.messageSilent) == 1)
    // The other yard's goes on.
    yard.receive(page(":2}", from: "they", session: 1, number: 1, count: 2), from: "they")
    #expect(bodies == ["{}", "{\"b\":2}"])
    #expect(yard.lane.gatheringBytes == 0)
  }

  @Test func numbersThatContradictEachOtherAreDroppedAndTheBookGoesOn() {
    yard.receive(page("{\"a\"", number: 0, count: 3), from: "you")
    yard.receive(page(":11,", number: 1, count: 4), from: "you")
    yard.receive(page(":11,", number: 1, count: 2), from: "you")
    yard.receive(page(":11,", number: 1, count: 3, pack: 1), from: "you")
    yard.receive(page(":1", number: 1, count: 3), from: "you")
    yard.receive(page("\"b\":2}", number: 2, count: 3), from: "you")
    #expect(yard.count(.invalidPageHeader) == 5)
    yard.receive(page(":11,", number: 1, count: 3), from: "you")
    yard.receive(page("\"b\"", number: 2, count: 3), from: "you")
    #expect(bodies.isEmpty)
    #expect(yard.count(.parsingMessageError) == 1)
  }

  @Test func aCountThatPromisesTooMuchTakesNoMemory() {
    yard.receive(page("{\"a\"", number: 0, count: 0xffff), from: "you")
    yard.receive(page(String(repeating: "x", count: 400), book: 2, number: 0, count: 4), from: "you")
    #expect(yard.lane.gatheringBytes == 0 && yard.count(.invalidPageHeader) == 2)
  }

  @Test func aBookThatTurnsOutTooLongIsDropped() {
    let piece = String(repeating: "x", count: 400)
    yard.receive(page("{\"a\":\"" + piece.dropLast(6), number: 0, count: 3), from: "you")
    yard.receive(page(piece, number: 1, count: 3), from: "you")
    yard.receive(page(piece.dropLast(2) + "\"}", number: 2, count: 3), from: "you")
    #expect(bodies.isEmpty && yard.lane.gatheringBytes == 0)
    yard.receive(page("{\"a\":\"" + piece.dropLast(6), book: 2, number: 0, count: 3), from: "you")
    yard.receive(page(piece, book: 2, number: 1, count: 3), from: "you")
    yard.receive(page(String(repeating: "x", count: 198) + "\"}", book: 2, number: 2, count: 3), from: "you")
    #expect(bodies.map { $0.count } == [1000])
  }

  @Test func onePageMayBeAsLongAsAMessage() {
    let text = "{\"a\":\"" + String(repeating: "x", count: 992) + "\"}"
    yard.receive(page(text), from: "you")
    yard.receive(page(String(text.dropLast(2)) + "x\"}"), from: "you")
    #expect(bodies == [text])
  }

  @Test func booksThatNeverEndGiveWay() {
    for book in 1...20 {
      yard.receive(page("{\"\(book)\"", book: book, number: 0, count: 2), from: "you")
    }
    #expect(yard.count(.messageSilent) == 12)
    yard.receive(page(":1}", book: 12, number: 1, count: 2), from: "you")
    yard.receive(page(":1}", book: 20, number: 1, count: 2), from: "you")
    #expect(bodies == ["{\"20\":1}"])
  }

  @Test func halfReceivedMessagesHaveALimitInAll() throws {
    let piece = String(repeating: "x", count: 490)
    for number in 1...20 {
      let name = "yard\(number)"
      yard.receive(page(piece, from: name, number: 0, count: 2), from: name, now: UInt64(number))
      #expect(yard.lane.gatheringBytes <= 4000)
    }
    #expect(yard.count(.dropLimit) == 16)
    #expect(yard.lane.transfers().count == 4)
  }

  @Test func whatIsLongerThanTheRoomForAllIsRefusedAndDisturbsNobody() throws {
    let yard = try VirtualYard("me", seed: 1) { $0.receiveQueue = 100 }
    yard.receive(page("{\"a\"", number: 0, count: 2), from: "you")
    let piece = "{\"a\":\"" + String(repeating: "x", count: 94)
    yard.receive(page(piece, from: "they", number: 0, count: 3), from: "they")
    yard.receive(page(piece, from: "they", number: 1, count: 3), from: "they")
    yard.receive(page(piece.dropLast() + "\"}", from: "they", book: 2), from: "they")
    #expect(yard.count(.invalidPageHeader) == 3 && yard.count(.dropLimit) == 0)
    yard.receive(page(":1}", number: 1, count: 2), from: "you")
    yard.takeEvents()
    #expect(yard.bodies.map { text($0) } == ["{\"a\":1}"])
  }

  @Test func oneMessageMayTakeTheRoomForAll() throws {
    let yard = try VirtualYard("me", seed: 1) { $0.receiveQueue = 100 }
    let whole = "{\"a\":\"" + String(repeating: "x", count: 92) + "\"}"
    yard.receive(page(String(whole.prefix(60)), number: 0, count: 2), from: "you")
    yard.receive(page(String(whole.dropFirst(60)), number: 1, count: 2), from: "you")
    yard.takeEvents()
    yard.receive(page(whole), from: "you")
    yard.takeEvents()
    #expect(yard.bodies.map { text($0) } == [whole, whole])
    // What has one byte more than its first page tells: it ends with its last.
    yard.receive(page(String(whole.prefix(60)), book: 2, number: 0, count: 2), from: "you")
    yard.receive(page(" " + whole.dropFirst(60), book: 2, number: 1, count: 2), from: "you")
    yard.takeEvents()
    #expect(yard.bodies.count == 2 && yard.lane.gatheringBytes == 0 && yard.count(.invalidPageHeader) == 1)
  }

  @Test func silentBooksAreForgotten() {
    yard.receive(page("{\"a\"", number: 0, count: 3), from: "you", now: 0)
    yard.receive(page(":1, ", number: 1, count: 3), from: "you", now: 200 * second)
    yard.lane.service(now: 500 * second - 1)
    #expect(yard.lane.gatheringBytes > 0)
    #expect(yard.lane.deadline == 500 * second)
    yard.lane.service(now: 500 * second)
    #expect(yard.lane.gatheringBytes == 0 && yard.lane.deadline == .max)
  }

  // MARK: Bodies.

  @Test(arguments: ["[]", "1", "{", "{\"a\":}", "{} x"])
  func whatIsNoMappingIsDropped(_ body: String) {
    yard.receive(page(body), from: "you")
    #expect(bodies.isEmpty && yard.count(.parsingMessageError) == 1 && yard.lane.waitingBytes == 0)
  }

  @Test func aHostThatTakesNothingIsNotOverrun() {
    let text = "{\"a\":\"" + String(repeating: "x", count: 900) + "\"}"
    var taken = 0
    while yard.lane.takesPages, taken < 100 {
      yard.receive(page(text), from: "you")
      taken += 1
    }
    #expect(taken == 5)
    yard.takeEvents()
    #expect(yard.lane.takesPages && yard.lane.waitingBytes == 0)
  }
}
