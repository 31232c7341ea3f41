import RaetWire

/// A join from the side that asks for it (Joiner in the reference's source; PROTOCOL 6.2).
///
/// Nothing in a join is signed: whatever an answer says ends this attempt at the most, and never costs what was known
/// of the remote before (PROTOCOL 10).
public struct JoinInitiator {
  private enum State {
    /// The request was sent.
    case requested(RedoTimer)
    /// The remote waits for a person to accept our keys; the request is sent again now and then.
    case pendedThere(RedoTimer)
    /// The remote has answered and we wait for a person to accept its keys.
    case pendedHere(JoinBody, poll: UInt64)
  }

  /// What an answer means for this join.
  public enum Answer {
    /// Its body has to be judged: `accepted`, or `pendHere()`, or the end.
    case judge
    /// Nothing to do but to wait.
    case wait
    /// It is over for now: refused, or stale.
    case refused
    /// It is over: keys rejected, or a change that is not permitted.
    case rejected
    /// The remote does not know us any more: join it as a stranger.
    case renew
    /// A packet that has no place in this join.
    case misplaced
  }

  /// What to do when its time has come.
  public enum Step {
    /// Send the request again.
    case request
    /// See whether a person has decided on the remote's keys, of whom this was heard.
    case poll(JoinBody)
    /// Give up; `pended` when all it waited for was a person.
    case end(pended: Bool)
    /// Nothing yet.
    case wait
  }

  private var state: State
  /// When it ends if nothing came of it; `.max`: never.
  public let limit: UInt64
  /// The transaction id.
  public let transaction: UInt32
  /// True when it does not name the remote's own id for us.
  public let isVacuous: Bool
  /// The host's transaction that it ends, 0 for none.
  public let host: UInt64

  /// Starts with the request that the caller sends now. `timeout` in nanoseconds.
  public init(transaction: UInt32, isVacuous: Bool, host: UInt64, timeout: UInt64, now: UInt64) {
    self.transaction = transaction
    self.isVacuous = isVacuous
    self.host = host
    limit = now.after(timeout)
    state = .requested(RedoTimer(Times.joinRequest, now: now))
  }

  /// When `step(now:)` has something to do.
  public var due: UInt64 {
    switch state {
    case .requested(let timer), .pendedThere(let timer): return min(timer.due, limit)
    case .pendedHere(_, let poll): return min(poll, limit)
    }
  }

  /// An answer came that matches this join by transaction, ids and address.
  public mutating func receive(_ kind: PacketKind, now: UInt64) -> Answer {
    switch kind {
    case .response: return .judge
    case .pend:
      guard pendingBody == nil else { return .misplaced }
      state = .pendedThere(RedoTimer(Times.joinPended, now: now))
      return .wait
    case .nack, .refuse: return .refused
    case .reject: return .rejected
    case .renew: return isVacuous || pendingBody != nil ? .misplaced : .renew
    case .message, .ack, .resend, .request, .hello, .cookie, .initiate, .unjoined, .unallowed, .done:
      return .misplaced
    }
  }

  /// A person has to accept the remote's keys, which came in `body`.
  public mutating func pendHere(_ body: JoinBody, now: UInt64) {
    state = .pendedHere(body, poll: now.after(Times.acceptancePoll))
  }

  /// What is due.
  public mutating func step(now: UInt64) -> Step {
    switch state {
    case .requested(var timer):
      if now >= limit { return .end(pended: false) }
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .requested(timer)
      return .request
    case .pendedThere(var timer):
      if now >= limit { return .end(pended: true) }
      guard now >= timer.due else { return .wait }
      timer.again(now: now)
      state = .pendedThere(timer)
      return .request
    case .pendedHere(let body, let poll):
      if now >= limit { return .end(pended: true) }
      guard now >= poll else { return .wait }
      state = .pendedHere(body, poll: now.after(Times.acceptancePoll))
      return .poll(body)
    }
  }

  /// True when all it waits for is a person, on either side.
  public var isPended: Bool {
    switch state {
    case .requested: return false
    case .pendedThere, .pendedHere: return true
    }
  }

  /// The remote's answer while a person has to decide on its keys, else nil.
  public var pendingBody: JoinBody? {
    switch state {
    case .requested, .pendedThere: return nil
    case .pendedHere(let body, _): return body
    }
  }
}
