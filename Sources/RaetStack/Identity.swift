import RaetCrypto
import RaetSession
import RaetWire

/// Who the estate is: from the settings, else from the store, else made (PROTOCOL 8.2).
///
/// An identity whose files are there but damaged, or that contradicts the settings, is an error: it is never made anew
/// in their place.
struct Identity {
  let name: String
  let role: String
  let ownID: UInt32
  let lastNearID: UInt32
  let signing: SigningKey
  let long: PrivateKey
  /// True when the store has all of it.
  let isStored: Bool

  /// The longest name of a file for an estate or a role, in bytes, so that it fits in all file systems.
  private static let longestFileName = 200

  static func load(
    _ settings: RoadSettings, store: any RecordStore, entropy: any Entropy, memory: SecretMemory
  ) throws(RoadFailure) -> Identity {
    let stored = try localRecord(store, settings.storeKind)
    guard let name = settings.name ?? stored?.name else {
      throw RoadFailure(.invalid, "no name: neither set nor stored")
    }
    guard isName(name) else { throw RoadFailure(.invalid, "the name is empty, too long, or has a NUL") }
    if let stored, stored.name != name {
      throw RoadFailure(.store, "the store belongs to estate \(stored.name), not \(name)")
    }
    let role = settings.role ?? stored?.role ?? name
    guard isName(role) else { throw RoadFailure(.invalid, "the role is empty, too long, or has a NUL") }
    if let stored, stored.role != role { throw RoadFailure(.store, "the store has role \(stored.role), not \(role)") }

    let keys = try localKeys(store, settings.storeKind)
    // An estate that is stored had keys: they are lost, not to be made anew.
    guard stored == nil || keys != nil || (settings.signSeed != nil && settings.privateKey != nil) else {
      throw RoadFailure(.store, "the store has the estate, but not its secret keys")
    }
    let signing = try signingKey(settings.signSeed, keys?.seed, entropy, memory)
    let long = try privateKey(settings.privateKey, keys?.secret, entropy, memory)
    return Identity(
      name: name, role: role, ownID: stored?.ownID ?? 1, lastNearID: stored?.lastNearID ?? 1, signing: signing,
      long: long, isStored: stored != nil && keys != nil)
  }

  /// Whether a name or role can be stored: not all that the wire carries fits the name of a file (PROTOCOL 8.1).
  static func isName(_ text: String) -> Bool {
    guard JoinBody.isName(text) else { return false }
    // Bytes that are not plain take three in the name of a file.
    return text.utf8.reduce(0) { $0 &+ (isPlain($1) ? 1 : 3) } <= longestFileName
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
      UInt8(ascii: "_"):
      return true
    default: return false
    }
  }

  private static func localRecord(
    _ store: any RecordStore, _ kind: BodyKind
  ) throws(RoadFailure) -> LocalRecord? {
    for kind in kind == .json ? [BodyKind.json, .msgpack] : [.msgpack, .json] {
      let key = RecordKey.local(kind)
      guard let fields = try mapping(store, key, kind) else { continue }
      guard let record = LocalRecord(fields) else {
        throw RoadFailure(.store, "\(key): a field is missing or not valid")
      }
      return record
    }
    return nil
  }

  private static func localKeys(
    _ store: any RecordStore, _ kind: BodyKind
  ) throws(RoadFailure) -> (seed: SecretKeyBytes, secret: SecretKeyBytes)? {
    for kind in kind == .json ? [BodyKind.json, .msgpack] : [.msgpack, .json] {
      let key = RecordKey.localRole(kind)
      guard var record = try load(store, key) else { continue }
      defer { wipe(&record) }
      guard let seed = SecretField.sign.take(from: &record, kind),
        let secret = SecretField.encrypt.take(from: &record, kind)
      else { throw RoadFailure(.store, "\(key): damaged, or a secret key is missing or not valid") }
      let fields = try decode(record, key, kind)
      // Elsewhere in the record it does not count.
      guard fields["sighex"] == SecretField.blank, fields["prihex"] == SecretField.blank else {
        throw RoadFailure(.store, "\(key): a secret key is missing")
      }
      return (seed, secret)
    }
    return nil
  }

  /// A record's fields; nil when there is no such record.
  static func mapping(
    _ store: any RecordStore, _ key: String, _ kind: BodyKind
  ) throws(RoadFailure) -> Mapping? {
    guard let record = try load(store, key) else { return nil }
    return try decode(record, key, kind)
  }

  private static func load(_ store: any RecordStore, _ key: String) throws(RoadFailure) -> [UInt8]? {
    do throws(StoreError) { return try store.load(key) } catch { throw RoadFailure(error, key) }
  }

  private static func decode(_ record: [UInt8], _ key: String, _ kind: BodyKind) throws(RoadFailure) -> Mapping {
    let decoded = record.withUnsafeBytes { (bytes) -> Mapping? in
      do throws(BodyError) { return try ValueCodec.decodeMapping(kind, bytes) } catch { return nil }
    }
    guard let decoded, !record.isEmpty else { throw RoadFailure(.store, "\(key): damaged") }
    return decoded
  }

  static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { $0.wipe() }
  }

  private static func signingKey(
    _ set: SecretKeyBytes?, _ stored: SecretKeyBytes?, _ entropy: any Entropy, _ memory: SecretMemory
  ) throws(RoadFailure) -> SigningKey {
    try requireSame(set, stored)
    do throws(CryptoError) {
      guard let seed = set ?? stored else { return try SigningKey.generate(entropy: entropy, memory: memory) }
      return try seed.withBytes { (seed) throws(CryptoError) in
        try SigningKey(seed: UnsafeRawBufferPointer(seed), memory: memory)
      }
    } catch { throw RoadFailure(.crypto, "the signing key is not valid, or there is no randomness") }
  }

  private static func privateKey(
    _ set: SecretKeyBytes?, _ stored: SecretKeyBytes?, _ entropy: any Entropy, _ memory: SecretMemory
  ) throws(RoadFailure) -> PrivateKey {
    try requireSame(set, stored)
    do throws(CryptoError) {
      guard let secret = set ?? stored else { return try PrivateKey.generate(entropy: entropy, memory: memory) }
      return try secret.withBytes { (secret) throws(CryptoError) in
        try PrivateKey(secret: UnsafeRawBufferPointer(secret), memory: memory)
      }
    } catch { throw RoadFailure(.crypto, "the private key is not valid, or there is no randomness") }
  }

  private static func requireSame(_ set: SecretKeyBytes?, _ stored: SecretKeyBytes?) throws(RoadFailure) {
    guard let set, let stored else { return }
    guard set.isEqual(to: stored) else {
      throw RoadFailure(.store, "the store has other secret keys than the settings")
    }
  }
}
