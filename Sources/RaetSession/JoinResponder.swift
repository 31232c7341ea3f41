import RaetWire

/// A join from the side that is asked (Joinent in the reference's source; PROTOCOL 6.2).
///
/// Its address is unproven: it answers with at most three times the bytes it was sent.
public struct JoinResponder {
  private enum State {
    /// A person has to accept the keys.
    case pended(poll: UInt64, forgotten: UInt64)
    /// The response was sent.
    case responded(RedoTimer, limit: UInt64)
    /// The response was sent, and the initiator waits for a person on its side.
    case pendedThere(RedoTimer, forgotten: UInt64)
  }

  /// What a packet of the initiator means.
  public enum Answer {
    /// Send the last packet again.
    case again
    /// It is complete: the initiator took the response.
    case complete
    /// It is over.
    case end
    /// Nothing to do.
    case wait
    /// A packet that has no place in this join.
    case misplaced
  }

  /// What to do when its time has come.
  public enum Step {
    /// Send the response again.
    case respond
    /// See whether a person has decided.
    case poll
    /// Give up and say so with a nack.
    case end
    /// Nothing yet.
    case wait
  }

  private var state: State
  private var lastHeard: UInt64
  /// Bytes that may still go to the unproven address.
  private var credit: Int
  /// The transaction id.
  public let transaction: UInt32
  /// True when the request named no id of ours.
  public let isVacuous: Bool
  /// What the initiator says of itself.
  public let body: JoinBody
  /// The initiator's id for us.
  public let farID: UInt32
  /// Our id for the initiator.
  public let nearID: UInt32

  /// Starts pended or with the response that the caller sends now; `bytes` is the length of the request.
  public init(
    transaction: UInt32, isVacuous: Bool, body: JoinBody, farID: UInt32, nearID: UInt32, isPended: Bool, bytes: Int,
    now: UInt64
  ) {
    self.transaction = transaction
    self.isVacuous = isVacuous
    self.body = body
    self.farID = farID
    self.nearID = nearID
    credit = 3 &* bytes
    lastHeard = now
    state =
      isPended
      ? .pended(poll: now.after(Times.acceptancePoll), forgotten: now.after(Times.pendedJoin))
      : .responded(RedoTimer(Times.joinResponse, now: now), limit: now.after(Times.joinAnswered))
  }

  /// True while a person has to decide on the keys.
  public var isPended: Bool {
    switch state {
    case .pended: return true
    case .responded, .pendedThere: return false
    }
  }

  /// True once the response is out.
  public var isAnswered: Bool { !isPended }

  /// When `step(now:)` has something to do.
  public var due: UInt64 {
    switch state {
    case .pended(let poll, let forgotten): return min(poll, forgotten)
    case .responded(let timer, let limit): return min(timer.due, limit)
    case .pendedThere(let timer, let forgotten): return min(timer.due, forgotten)
    }
  }

  /// Takes `bytes` from what may go to the unproven address; false when they may not be sent.
  public mutating func spend(_ bytes: Int) -> Bool {
    guard bytes <= credit else { return false }
    credit &-= bytes
    return true
  }

  /// True when another request of the initiator takes its place: a newer one, or, since an estate that starts without its
  /// store counts anew, any after some silence. An old copy that does so gives way to the next packet of the newer one.
  public func givesWay(to transaction: UInt32, now: UInt64) -> Bool {
    Serial.isNewerOrEqual(transaction, self.transaction) || now >= lastHeard.after(Times.joinSilent)
  }

  /// A packet of the initiator came, of `bytes` bytes.
  public mutating func receive(_ kind: PacketKind, bytes: Int, now: UInt64) -> Answer {
    credit = min(credit &+ 3 &* bytes, 16 &* WireLimit.datagram)
    lastHeard = now
    switch kind {
    case .request:
      switch state {
      case .pended(let poll, _): state = .pended(poll: poll, forgotten: now.after(Times.pendedJoin))
      case .responded(let timer, _): state = .responded(timer, limit: now.after(Times.joinAnswered))
      case .pendedThere(let timer, _): state = .pendedThere(timer, forgotten: now.after(Times.pendedJoin))
      }
      return .again
    case .pend:
      switch state {
      case .pended: return .misplaced
      case .responded, .pendedThere:
        state = .pendedThere(RedoTimer(Times.joinPended, now: now), forgotten: now.after(Times.pendedJoin))
        return .wait
      }
    case .ack:
      switch state {
      case .pended: return .misplaced
      case .responded, .pendedThere: return .complete
      }
    case .nack:
      // Once the response is out, the reference means by it that its join is complete, and that its ack was lost.
      return isPended ? .end : .wait
    case .refuse, .reject: return .end
    case .message, .resend, .response, .hello, .cookie, .initiate, .unjoined, .unallowed, .renew, .done:
      return .misplaced
    }
  }

  /// A person has accepted the keys: the caller sends the response now.
  public mutating func respond(now: UInt64) {
    state = .responded(RedoTimer(Times.joinResponse, now: now), limit: now.after(Times.joinAnswered))
  }

  /// What is due.
  public mutating func step(now: UInt64) -> Step {
    switch state {
    case .pended(let poll, let forgotten):
      if now >= forgotten { return .end }
      guard now >= poll else { return .wait }
      state = .pended(poll: now.after(Times.acceptancePoll), forgotten: forgotten)
      return .poll
    case .responded(var timer, let limit):
      if now >= limit { return .end }
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .responded(timer, limit: limit)
      return .respond
    case .pendedThere(var timer, let forgotten):
      if now >= forgotten { return .end }
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .pendedThere(timer, forgotten: forgotten)
      return .respond
    }
  }
}
