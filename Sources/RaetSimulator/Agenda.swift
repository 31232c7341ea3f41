/// What is going to happen, the earliest first; of two at the same time that which was put in first.
struct Agenda<Item> {
  private struct Entry {
    let due: UInt64
    let order: UInt64
    let item: Item

    func precedes(_ other: Entry) -> Bool { (due, order) < (other.due, other.order) }
  }

  private var heap: [Entry] = []
  private var order: UInt64 = 0

  var count: Int { heap.count }
  /// When the first is due; `UInt64.max` when there is none.
  var due: UInt64 { heap.first?.due ?? .max }

  /// When those are due for which `condition` holds, the earliest first.
  func dues(where condition: (Item) -> Bool) -> [UInt64] {
    heap.filter { condition($0.item) }.map(\.due).sorted()
  }

  mutating func add(_ item: Item, at due: UInt64) {
    order += 1
    heap.append(Entry(due: due, order: order, item: item))
    var place = heap.count - 1
    while place > 0, heap[place].precedes(heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func next() -> Item? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first.item }
    heap[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].precedes(heap[least]) {
        least = child
      }
      guard least != place else { return first.item }
      heap.swapAt(place, least)
      place = least
    }
  }
}
