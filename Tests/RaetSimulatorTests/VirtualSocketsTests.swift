import Testing

@testable import RaetSimulator

@Suite struct VirtualSocketsTests {
  private let page = SocketPage(bytes: [1], source: "a", process: 1)

  @Test func aQueueHasItsLengthAndKeepsTheOrder() {
    var sockets = VirtualSockets()
    let socket = sockets.bind("y", owner: 0, capacity: 2)
    for number in 0..<3 {
      let result = sockets.send(SocketPage(bytes: [UInt8(number)], source: "a", process: 1), to: "y")
      #expect(result == (number < 2 ? .taken : .full))
    }
    #expect(sockets.receive(socket)?.page.bytes == [0])
    #expect(sockets.hasRoom(at: "y"))
    #expect(sockets.receive(socket)?.page.bytes == [1])
    #expect(sockets.receive(socket) == nil)
  }

  @Test func whoWaitsIsToldOnceWhenThereIsRoomOrNobody() {
    var sockets = VirtualSockets()
    let socket = sockets.bind("y", owner: 0, capacity: 1)
    _ = sockets.send(page, to: "y")
    sockets.wait(3, at: "y")
    #expect(sockets.receive(socket)?.wakes == [3])
    _ = sockets.send(page, to: "y")
    #expect(sockets.receive(socket)?.wakes == [])
    sockets.wait(4, at: "y")
    #expect(sockets.abandon(socket) == [4])
  }

  @Test func theSocketOfADeadProcessIsGoneAndItsPagesToo() {
    var sockets = VirtualSockets()
    let socket = sockets.bind("y", owner: 0, capacity: 5)
    _ = sockets.send(page, to: "y")
    _ = sockets.abandon(socket)
    #expect(sockets.send(page, to: "y") == .gone && sockets.queued(socket) == 0)
    #expect(sockets.number(at: "y") == socket && sockets.owner(at: "y") == nil)
    let next = sockets.bind("y", owner: 0, capacity: 5)
    #expect(sockets.send(page, to: "y") == .taken && sockets.queued(next) == 1 && sockets.queued(socket) == 0)
  }

  @Test func aSocketThatIsClosedLeavesNoPathUnlessAnotherHasIt() {
    var sockets = VirtualSockets()
    let first = sockets.bind("y", owner: 0, capacity: 5)
    let second = sockets.bind("y", owner: 1, capacity: 5)
    _ = sockets.remove(first, at: "y")
    #expect(sockets.number(at: "y") == second)
    _ = sockets.remove(second, at: "y")
    #expect(sockets.number(at: "y") == nil && sockets.send(page, to: "y") == .gone)
  }
}
