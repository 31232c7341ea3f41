import RaetWire

/// Datagrams on their way out, in slots of fixed size in one piece of memory: nothing is allocated per datagram.
public final class Outbox {
  /// How many datagrams it holds.
  public static let capacity = 256
  private let memory: UnsafeMutableRawPointer
  private var lengths = [Int](repeating: 0, count: Outbox.capacity)
  private var addresses: [Address]
  private var first = 0
  /// How many datagrams wait.
  public private(set) var count = 0

  init(filler: Address) {
    memory = .allocate(byteCount: Outbox.capacity * WireLimit.datagram, alignment: 64)
    addresses = [Address](repeating: filler, count: Outbox.capacity)
  }

  deinit { memory.deallocate() }

  /// How many more datagrams it takes.
  var room: Int { Outbox.capacity &- count }

  /// The slot for the next datagram, nil when there is no room. It counts only once it is committed.
  func slot() -> UnsafeMutableRawBufferPointer? {
    guard room > 0 else { return nil }
    let index = (first &+ count) % Outbox.capacity
    return UnsafeMutableRawBufferPointer(start: memory + index &* WireLimit.datagram, count: WireLimit.datagram)
  }

  /// The slot holds a datagram of so many bytes.
  func commit(_ length: Int, to address: Address) {
    let index = (first &+ count) % Outbox.capacity
    lengths[index] = length
    addresses[index] = address
    count &+= 1
  }

  /// The waiting datagram at `index`, 0 for the first; valid until it is removed.
  public func datagram(_ index: Int) -> (bytes: UnsafeRawBufferPointer, to: Address)? {
    guard index >= 0, index < count else { return nil }
    let place = (first &+ index) % Outbox.capacity
    let bytes = UnsafeRawBufferPointer(start: memory + place &* WireLimit.datagram, count: lengths[place])
    return (bytes, addresses[place])
  }

  /// The first `sent` datagrams have left.
  public func remove(_ sent: Int) {
    let sent = min(max(sent, 0), count)
    first = (first &+ sent) % Outbox.capacity
    count &-= sent
  }
}
