/// Remembers which transactions of one session are done, so that each message reaches the application at most once,
/// however late a copy of it comes (PROTOCOL 7.4).
///
/// Ids come in no certain order. The latest `WireLimit.transactionWindow` are kept one bit each; whatever is older is
/// told as such and must not be delivered. Memory grows with the span of the ids seen, to 2 KiB at most.
public struct TransactionWindow: Sendable {
  /// What is known of a transaction id.
  public enum Status: Equatable, Sendable {
    /// Not done yet.
    case new
    /// Done.
    case done
    /// So far behind that it is not known any more.
    case tooOld
  }

  /// One bit an id, at its low bits; a power of two of words, empty before the first id is done.
  private var words: [UInt64] = []
  /// The newest id that is done.
  private var newest: UInt32 = 0
  /// How many ids up to `newest` the bits tell of, at least 1 once there are words.
  private var span: UInt32 = 0

  /// A window for a new session: nothing is done.
  public init() {}

  private var bits: UInt32 { UInt32(truncatingIfNeeded: words.count) &* 64 }

  /// What is known of this id.
  public func status(_ id: UInt32) -> Status {
    if words.isEmpty { return .new }
    if Serial.isNewerOrEqual(id, newest) { return id == newest ? .done : .new }
    let age = newest &- id
    if age >= WireLimit.transactionWindow { return .tooOld }
    if age >= span { return .new }
    return isSet(id) ? .done : .new
  }

  /// Marks this id as done. Without effect when it is too old.
  public mutating func markDone(_ id: UInt32) {
    if words.isEmpty {
      words = [0]
      newest = id
      span = 1
      set(id)
    } else if Serial.isNewerOrEqual(id, newest) {
      advance(to: id)
      set(id)
    } else {
      let age = newest &- id
      if age >= WireLimit.transactionWindow { return }
      if age >= span { cover(age &+ 1) }
      set(id)
    }
  }

  /// Makes `id` the newest: the bits between the old one and it are cleared.
  private mutating func advance(to id: UInt32) {
    let step = id &- newest
    if step == 0 { return }
    if step >= WireLimit.transactionWindow {
      words = [0]
      newest = id
      // All ids that the window still covers are known not to be done.
      span = 1
      return
    }
    cover(min(span &+ step, WireLimit.transactionWindow))
    var cleared = newest
    while cleared != id {
      cleared = cleared &+ 1
      clear(cleared)
    }
    newest = id
  }

  /// Grows the bits until they hold `wanted` ids up to `newest`, and clears those not held before.
  private mutating func cover(_ wanted: UInt32) {
    if wanted > bits {
      var count = words.count
      while UInt32(truncatingIfNeeded: count) &* 64 < wanted { count &*= 2 }
      var grown = TransactionWindow()
      grown.words = [UInt64](repeating: 0, count: count)
      var age: UInt32 = 0
      while age < span {
        if isSet(newest &- age) { grown.set(newest &- age) }
        age = age &+ 1
      }
      words = grown.words
    }
    span = max(span, wanted)
  }

  private func place(_ id: UInt32) -> (word: Int, bit: UInt64) {
    let index = Int(id & (bits &- 1))
    return (index >> 6, 1 << UInt64(index & 63))
  }
  private func isSet(_ id: UInt32) -> Bool {
    let (word, bit) = place(id)
    return words[word] & bit != 0
  }
  private mutating func set(_ id: UInt32) {
    let (word, bit) = place(id)
    words[word] |= bit
  }
  private mutating func clear(_ id: UInt32) {
    let (word, bit) = place(id)
    words[word] &= ~bit
  }
}
