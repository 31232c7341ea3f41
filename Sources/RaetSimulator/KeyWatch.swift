import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// Looks what a datagram does to the keys of a node: only the end of a handshake may bring new short-term ones, and what
/// merely begins one may not cost the old ones (promise 5); and it may not bring other long-term keys than those that
/// are accepted for their role, for which it takes a person.
struct KeyWatch {
  private struct Held {
    let remote: Remote
    let key: SharedKey
    /// It has a handshake of its own under way, which gives way to that of another: both sides may be ahead of these keys.
    let isInitiating: Bool
  }

  private let held: [Held]
  /// The keys of roles, when the datagram belongs to a handshake.
  private let roles: [String: RoleKeys]

  /// The keys before a datagram comes.
  init(_ road: Road, _ datagram: Datagram? = nil) {
    var roles: [String: RoleKeys] = [:]
    if datagram?.head?.transactionKind == .allow {
      for name in road.remotes.compactMap({ $0.relation?.role }) { roles[name] = (try? road.role(name))?.keys }
    }
    self.roles = roles
    held = road.remotes.compactMap { remote in
      guard let key = remote.keys?.current else { return nil }
      if case .initiating = remote.allow { return Held(remote: remote, key: key, isInitiating: true) }
      return Held(remote: remote, key: key, isInitiating: false)
    }
  }

  /// What is wrong with the keys after it came.
  func broken(by datagram: Datagram, _ road: Road) -> Violation? {
    let head = datagram.head
    for remote in road.remotes {
      guard let key = remote.keys?.current, !held.contains(where: { $0.remote === remote && $0.key === key }) else {
        continue
      }
      guard let head, head.transactionKind == .allow, head.packetKind == .initiate || head.packetKind == .ack else {
        return Violation(.keys, "\(Self.text(head)) has brought new keys for \(remote.name)")
      }
      if let proven = remote.proven, let accepted = roles[proven.role], accepted != proven.keys {
        return Violation(.join, "\(remote.name) has other keys than those accepted for \(proven.role)")
      }
    }
    guard let head, head.transactionKind == .allow, head.packetKind == .hello else { return nil }
    for held in held where held.remote.keys == nil && !held.isInitiating {
      return Violation(.keys, "\(Self.text(head)) has ended the keys for \(held.remote.name)")
    }
    return nil
  }

  /// True when a datagram that may change nothing has left all keys as they were.
  func isUnchanged(_ road: Road) -> Bool {
    let now = road.remotes.compactMap { $0.keys?.current }
    return now.count == held.count && zip(now, held).allSatisfy { $0 === $1.key }
  }

  private static func text(_ head: Head?) -> String {
    head.map { "a packet \($0.transactionKind) \($0.packetKind)" } ?? "a datagram without a head"
  }
}
