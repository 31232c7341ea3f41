import RaetCrypto
import RaetWire

@testable import RaetStack

/// Packets that no engine would send.
enum Forger {
  /// A packet without signature, unless `signer` lends its key.
  static func packet(
    _ transactionKind: TransactionKind, _ kind: PacketKind, from source: UInt32 = 0, to destination: UInt32 = 0,
    session: UInt32 = 0, transaction: UInt32 = 1, coat: [UInt8] = [], signer: Node? = nil,
    change: (inout Head) -> Void = { _ in }
  ) -> [UInt8] {
    var head = Head()
    head.transactionKind = transactionKind
    head.packetKind = kind
    head.source = source
    head.destination = destination
    head.session = session
    head.transaction = transaction
    head.bodyKind = .json
    head.footKind = signer == nil ? .none : .nacl
    change(&head)
    var bytes = [UInt8](repeating: 0, count: 1280)
    let length = bytes.withUnsafeMutableBytes { head.encode(coatLength: coat.count, into: $0) } ?? 0
    bytes.replaceSubrange(length..<length + coat.count, with: coat)
    bytes.removeLast(bytes.count - length - coat.count - head.footKind.length)
    guard let signer else { return bytes }
    var signature = [UInt8](repeating: 0, count: 64)
    bytes.withUnsafeBytes { message in
      signature.withUnsafeMutableBytes { signer.road.signing.sign(message, into: $0.baseAddress!) }
    }
    bytes.replaceSubrange((bytes.count - 64)..., with: signature)
    return bytes
  }

  /// What `node` says of itself in a join; `change` makes it a lie.
  static func joinBody(
    _ node: Node, nearID: UInt32? = nil, change: (inout JoinBody) -> Void = { _ in }
  ) -> [UInt8] {
    var body = JoinBody(
      name: node.road.name, mode: node.settings.isMain ? 1 : 0, kind: node.settings.kind, nearID: nearID,
      verifyKey: node.road.keys.verify.raw.withBytes { [UInt8]($0) },
      publicKey: node.road.keys.encrypt.raw.withBytes { [UInt8]($0) }, role: node.road.role)
    change(&body)
    do throws(BodyError) { return try body.encode(.json) } catch { return [] }
  }
}
