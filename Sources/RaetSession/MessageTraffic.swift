import RaetWire

/// The messages of one remote: those that wait, those under way, and those half received (PROTOCOL 7).
public struct MessageTraffic {
  /// Messages that wait, in the order the host gave them.
  private var waiting = WaitingMessages<MessageInitiator>()
  /// Messages under way, by transaction.
  public private(set) var underway: [UInt32: MessageInitiator] = [:]
  /// Messages under way of which segments are still to be sent, in turn.
  public var streams = Queue<UInt32>()
  /// Messages of which a nack left it open whether they had arrived.
  public var doubted: [MessageInitiator] = []
  /// Messages of an earlier session, by session and transaction.
  public var inquiring: [UInt64: MessageInitiator] = [:]
  /// Messages half received, by session and transaction.
  public var incoming: [UInt64: MessageResponder] = [:]
  /// How much may be under way.
  public var window: SendWindow
  /// Bytes of bodies that wait or are under way.
  public private(set) var queuedBytes = 0
  /// The host was told EAGAIN and waits for room.
  public var owesWritable = false
  /// When something can be sent that now has to wait; `UInt64.max` when an answer will tell.
  public var pumpDue: UInt64 = .max
  /// When something under way is due at the earliest; may be too early, never too late.
  public var flightDue: UInt64 = .max

  /// No messages yet; at most `window` datagrams under way.
  public init(window: Int) {
    self.window = SendWindow(most: window)
  }

  /// The key under which a message is known by session and transaction.
  public static func key(session: UInt32, transaction: UInt32) -> UInt64 {
    UInt64(session) << 32 | UInt64(transaction)
  }

  /// When something of it is due.
  public var due: UInt64 { min(pumpDue, flightDue, waiting.due) }
  /// How many messages wait.
  public var waitingCount: Int { waiting.count }
  /// True when nothing waits, is sent, or is received.
  public var isIdle: Bool {
    waiting.isEmpty && underway.isEmpty && doubted.isEmpty && inquiring.isEmpty && incoming.isEmpty
  }

  /// The host hands a message over.
  public mutating func append(_ message: MessageInitiator) {
    waiting.append(message)
    queuedBytes &+= message.length
  }

  /// A message has to be sent anew, before those that wait.
  public mutating func putBack(_ message: MessageInitiator) {
    message.state = .waiting
    waiting.prepend(message)
  }

  /// Takes the first message that waits.
  public mutating func takeWaiting() -> MessageInitiator? {
    waiting.popFirst()
  }

  /// Takes the message of this transaction, if it waits.
  public mutating func takeWaiting(id: UInt64) -> MessageInitiator? {
    waiting.take(id: id)
  }

  /// Takes the messages that wait and whose limit has come, in order.
  public mutating func takeLate(now: UInt64) -> [MessageInitiator] {
    waiting.takeLate(now: now)
  }

  /// Calls `body` with each message that waits.
  public func forEachWaiting(_ body: (MessageInitiator) -> Void) {
    waiting.forEach(body)
  }

  /// A message is under way.
  public mutating func start(_ message: MessageInitiator, transaction: UInt32) {
    underway[transaction] = message
  }

  /// A message is under way no more.
  public mutating func stop(transaction: UInt32) {
    underway[transaction] = nil
  }

  /// Takes all messages that are under way, oldest transaction first.
  public mutating func takeUnderway() -> [MessageInitiator] {
    let all = underway.sorted { Serial.isNewerOrEqual($1.key, $0.key) }.map { $0.value }
    underway.removeAll()
    streams = Queue()
    return all
  }

  /// A message has ended: its bytes are free.
  public mutating func ended(_ message: MessageInitiator) {
    queuedBytes = max(0, queuedBytes &- message.length)
  }
}
