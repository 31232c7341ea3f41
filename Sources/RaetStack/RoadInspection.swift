import RaetCrypto
import RaetSession

/// What tests and the simulator see of the inside of a road.
extension Road {
  /// Joins that others began and that have not ended.
  package var halfDoneJoins: Int { joinees.count }
  /// Remotes that no handshake has proved.
  package var unprovenRemotes: Int { slots.reduce(0) { $0 + ($1.map { !$0.isStored } ?? false ? 1 : 0) } }
  /// All remotes, in the order of their slots.
  package var remotes: [Remote] { slots.compactMap { $0 } }
  /// Remotes in all.
  package var remoteCount: Int { byID.count }
  /// Roles that wait for a person.
  package var pendingRoles: [String] { roles.filter { $0.value.acceptance == .pending }.keys.sorted() }
  /// Bytes of messages that wait for the host, or are half received.
  package var heldBytes: Int { receivedBytes }
  /// The long-term key that signs, for peers that lie.
  package var signingKey: SigningKey { signing }
  /// The long-term key for handshakes, for tests of where it may not appear.
  package var handshakeKey: PrivateKey { long }
}
