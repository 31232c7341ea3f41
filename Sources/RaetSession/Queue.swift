/// A first-in, first-out queue in a ring that grows.
public struct Queue<Element> {
  private var ring: [Element?] = []
  private var first = 0
  /// How many elements it holds.
  public private(set) var count = 0

  /// An empty queue.
  public init() {}

  /// True when it holds nothing.
  public var isEmpty: Bool { count == 0 }

  /// Puts an element at the end.
  public mutating func append(_ element: consuming Element) {
    if count == ring.count { grow() }
    ring[(first &+ count) & (ring.count &- 1)] = element
    count &+= 1
  }

  /// Puts an element at the front.
  public mutating func prepend(_ element: Element) {
    if count == ring.count { grow() }
    first = (first &- 1) & (ring.count &- 1)
    ring[first] = element
    count &+= 1
  }

  /// Takes the first element; nil when there is none.
  public mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = ring[first].take()
    first = (first &+ 1) & (ring.count &- 1)
    count &-= 1
    // What one burst needed is not kept for good.
    if count == 0, ring.count > 1024 {
      ring = []
      first = 0
    }
    return element
  }

  /// The element at a place, 0 for the first; nil when there are not so many.
  public subscript(place: Int) -> Element? {
    guard place >= 0, place < count else { return nil }
    return ring[(first &+ place) & (ring.count &- 1)]
  }

  /// Calls `body` with each element, the first one first.
  public func forEach(_ body: (Element) -> Void) {
    for index in 0..<count {
      if let element = ring[(first &+ index) & (ring.count &- 1)] { body(element) }
    }
  }

  /// Takes out all elements for which `condition` holds, in order.
  public mutating func take(where condition: (Element) -> Bool) -> [Element] {
    var taken: [Element] = []
    for _ in 0..<count {
      guard let element = popFirst() else { break }
      if condition(element) { taken.append(element) } else { append(element) }
    }
    return taken
  }

  /// Takes out the first element for which `condition` holds; nil when there is none. Those behind it are not looked at.
  public mutating func takeFirst(where condition: (Element) -> Bool) -> Element? {
    for place in 0..<count {
      guard let element = self[place], condition(element) else { continue }
      // The shorter side closes up.
      if place <= count / 2 {
        for other in stride(from: place, to: 0, by: -1) { ring.swapAt(index(other), index(other &- 1)) }
        return popFirst()
      }
      for other in place..<(count &- 1) { ring.swapAt(index(other), index(other &+ 1)) }
      count &-= 1
      return ring[index(count)].take()
    }
    return nil
  }

  /// Where the element at a place lies in the ring.
  private func index(_ place: Int) -> Int { (first &+ place) & (ring.count &- 1) }

  private mutating func grow() {
    var larger = [Element?](repeating: nil, count: max(8, ring.count &* 2))
    for index in 0..<count {
      larger[index] = ring[(first &+ index) & (ring.count &- 1)].take()
    }
    ring = larger
    first = 0
  }
}
