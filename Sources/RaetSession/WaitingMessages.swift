/// A message that waits for its turn, until its limit at the latest.
public protocol WaitingMessage: AnyObject {
  /// The host's transaction.
  var id: UInt64 { get }
  /// When it fails if it has not ended.
  var limit: UInt64 { get }
}

/// Messages that wait, in the order the host gave them.
///
/// There may be a million of them, each with a limit of its own. Mostly one that waits longer has the earlier limit, as
/// when all have the same time, and then the first one alone tells what is due. Else all of them have to be looked
/// through, which is done so seldom that it never takes more than a part of the time: a limit may count so much later.
public struct WaitingMessages<Message: WaitingMessage> {
  /// How the limits lie.
  private enum Limits {
    /// No message has an earlier one than one before it.
    case inOrder
    /// In no order: the earliest, or an earlier time; and when to look through all of them again at the earliest.
    case mixed(earliest: UInt64, notBefore: UInt64)
  }

  /// Nanoseconds for which limits in no order are left alone, for each message that waits.
  static var pause: UInt64 { 100 }

  private var queue = Queue<Message>()
  private var limits = Limits.inOrder

  /// None yet.
  public init() {}

  /// How many wait.
  public var count: Int { queue.count }
  /// True when none waits.
  public var isEmpty: Bool { queue.isEmpty }
  /// The message at a place, 0 for the first; nil when there are not so many.
  public subscript(place: Int) -> Message? { queue[place] }
  /// Calls `body` with each message, the first one first.
  public func forEach(_ body: (Message) -> Void) { queue.forEach(body) }

  /// When `takeLate` has something to do; may be too early. `UInt64.max`: never.
  public var due: UInt64 {
    switch limits {
    case .inOrder: queue[0]?.limit ?? .max
    case .mixed(let earliest, let notBefore): max(earliest, notBefore)
    }
  }

  /// Puts a message at the end.
  public mutating func append(_ message: Message) {
    let isInOrder = queue[queue.count &- 1].map { $0.limit <= message.limit } ?? true
    note(message.limit, isInOrder: isInOrder)
    queue.append(message)
  }

  /// Puts a message at the front.
  public mutating func prepend(_ message: Message) {
    note(message.limit, isInOrder: queue[0].map { message.limit <= $0.limit } ?? true)
    queue.prepend(message)
  }

  private mutating func note(_ limit: UInt64, isInOrder: Bool) {
    switch limits {
    case .inOrder where isInOrder: break
    case .inOrder: limits = .mixed(earliest: min(limit, queue[0]?.limit ?? .max), notBefore: 0)
    case .mixed(let earliest, let notBefore): limits = .mixed(earliest: min(earliest, limit), notBefore: notBefore)
    }
  }

  /// Takes the first message; nil when there is none.
  public mutating func popFirst() -> Message? {
    defer { if queue.isEmpty { limits = .inOrder } }
    return queue.popFirst()
  }

  /// Takes the message of this transaction; nil when it does not wait.
  public mutating func take(id: UInt64) -> Message? {
    defer { if queue.isEmpty { limits = .inOrder } }
    return queue.takeFirst { $0.id == id }
  }

  /// Takes the messages whose limit has come by `now`, in order.
  public mutating func takeLate(now: UInt64) -> [Message] {
    guard due <= now else { return [] }
    switch limits {
    case .inOrder:
      var late: [Message] = []
      while let first = queue[0], first.limit <= now, let message = queue.popFirst() { late.append(message) }
      return late
    case .mixed:
      let late = queue.take { $0.limit <= now }
      survey(now: now)
      return late
    }
  }

  /// Finds out how the limits lie.
  private mutating func survey(now: UInt64) {
    var (earliest, latest, isInOrder) = (UInt64.max, UInt64.min, true)
    queue.forEach { message in
      let limit = message.limit
      earliest = min(earliest, limit)
      isInOrder = isInOrder && limit >= latest
      latest = limit
    }
    let pause = UInt64(queue.count) &* Self.pause
    limits = isInOrder ? .inOrder : .mixed(earliest: earliest, notBefore: now.after(pause))
  }
}
