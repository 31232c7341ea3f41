import Testing

@testable import RaetStack

@Suite struct HandlesTests {
  @Test func listsThoseInUseInTheOrderTheyWereGiven() {
    var handles = Handles()
    #expect(handles.next(after: 0) == nil)
    let given = (0..<20).map { _ in handles.give() }
    #expect(Set(given).count == 20 && !given.contains(0))
    for id in given where id.isMultiple(of: 3) { handles.remove(id) }
    var listed: [UInt64] = []
    while let next = handles.next(after: listed.last ?? 0) { listed.append(next) }
    #expect(listed == given.filter { !$0.isMultiple(of: 3) })
    #expect(listed == handles.all)
  }

  @Test func goesOnFromAHandleThatIsGoneMeanwhile() {
    var handles = Handles()
    let given = (0..<3).map { _ in handles.give() }
    handles.remove(given[1])
    #expect(handles.next(after: given[0]) == given[2])
    #expect(handles.next(after: given[1]) == given[2])
    #expect(handles.next(after: given[2]) == nil)
    #expect(handles.next(after: .max) == nil)
  }

  @Test func givesNoHandleTwiceEvenWhenAllAreGone() {
    var handles = Handles()
    let first = handles.give()
    handles.remove(first)
    #expect(handles.give() != first)
  }
}
