/// What the library promises, in the order of docs/TESTING.md; each is checked in every run that it concerns.
public enum Promise: String, CaseIterable, Sendable {
  /// 1. Each accepted send ends in exactly one report, and the report is true.
  case report
  /// 2. Each message reaches the application at most once.
  case once
  /// 3. Bytes, kind and sender of a message are exact.
  case exact
  /// 4. What carries no valid signature changes nothing of a remote.
  case signature
  /// 5. New short-term keys replace old ones only when a handshake proves them.
  case keys
  /// 6. No join that somebody forges takes over, moves or deletes a known remote, or its keys.
  case join
  /// 7. No more than three times the bytes that came go to an address that nobody has proved.
  case amplification
  /// 8. Remotes, half-done joins, records and memory have limits.
  case limits
  /// 9. Sessions are on disk before use; the own identity is never made anew.
  case session
  /// 10. A start loads what is stored, or says what is wrong with it.
  case store
  /// 11. A large message never bursts.
  case burst
  /// 12. When faults heal, all is well again within 30 s, and nothing is left behind.
  case heals
  /// 13. No body and no secret key on the road in clear, in records that are not the own keys', or in the log.
  case secret
  /// 14. No call fails that must not, and the engine never spins.
  case calls
  /// 15. What the rules of a router refuse does not pass it, and the source of a route is what the wire proved.
  case trust
}

/// A promise that was broken, and how.
public struct Violation: Error, Sendable {
  /// The promise.
  public let promise: Promise
  /// What happened.
  public let text: String

  init(_ promise: Promise, _ text: String) {
    self.promise = promise
    self.text = text
  }
}
