/// When each remote is due: a binary heap over slots, so that remotes with nothing to do cost nothing.
struct Deadlines {
  private struct Entry {
    var due: UInt64
    let slot: Int
  }

  private var heap: [Entry] = []
  /// Place in the heap by slot; -1 when not in it.
  private var places: [Int] = []

  /// The earliest time that anything is due; `UInt64.max` when nothing is.
  var earliest: UInt64 { heap.first?.due ?? .max }

  /// Takes out and returns the slot that is due first, if it is due by `now`.
  mutating func popDue(now: UInt64) -> Int? {
    guard let first = heap.first, first.due <= now else { return nil }
    remove(at: 0)
    return first.slot
  }

  /// The slot is due at this time; `UInt64.max`: not at all.
  mutating func set(slot: Int, due: UInt64) {
    while places.count <= slot { places.append(-1) }
    let place = places[slot]
    if place < 0 {
      guard due != .max else { return }
      heap.append(Entry(due: due, slot: slot))
      places[slot] = heap.count &- 1
      rise(heap.count &- 1)
    } else if due == .max {
      remove(at: place)
    } else if due != heap[place].due {
      let isEarlier = due < heap[place].due
      heap[place].due = due
      if isEarlier { rise(place) } else { sink(place) }
    }
  }

  private mutating func remove(at place: Int) {
    places[heap[place].slot] = -1
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    places[last.slot] = place
    rise(place)
    sink(places[last.slot])
  }

  private mutating func rise(_ start: Int) {
    var place = start
    let entry = heap[place]
    while place > 0 {
      let above = (place &- 1) / 2
      guard entry.due < heap[above].due else { break }
      heap[place] = heap[above]
      places[heap[place].slot] = place
      place = above
    }
    heap[place] = entry
    places[entry.slot] = place
  }

  private mutating func sink(_ start: Int) {
    var place = start
    let entry = heap[place]
    while true {
      var below = 2 &* place &+ 1
      guard below < heap.count else { break }
      if below &+ 1 < heap.count, heap[below &+ 1].due < heap[below].due { below &+= 1 }
      guard heap[below].due < entry.due else { break }
      heap[place] = heap[below]
      places[heap[place].slot] = place
      place = below
    }
    heap[place] = entry
    places[entry.slot] = place
  }
}
