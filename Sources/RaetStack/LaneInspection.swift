import RaetSession

/// What the simulator sees of the inside of a lane.
extension Lane {
  /// Bytes kept for messages that are half received.
  package var bytesHalfReceived: Int { gatheringBytes }
  /// Bytes of messages that wait for the host.
  package var bytesWaiting: Int { waitingBytes }
  /// The host has not closed it.
  package var isOpen: Bool { life == .open }
  /// Yards in all.
  package var yardCount: Int { byID.count }
  /// Yards that messages wait for.
  package var yardsWithMessages: [Yard] { slots.compactMap { $0 }.filter { !$0.queue.isEmpty } }
  /// Books half received from each yard, the most.
  package var mostBooks: Int { slots.reduce(0) { max($0, $1?.books.count ?? 0) } }
}

extension Yard {
  /// The first of its messages is half sent.
  package var isHalfSent: Bool { (queue[0]?.next ?? 0) > 0 }
  /// A message of it is half received.
  package var isHalfReceived: Bool { !books.isEmpty }
}
