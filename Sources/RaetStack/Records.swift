import RaetCrypto
import RaetSession
import RaetWire

/// The records of a store, with the reference's keys and fields (PROTOCOL 8.1, 8.2).
enum RecordKey {
  static func ending(_ kind: BodyKind) -> String {
    kind == .msgpack ? ".msgpack" : ".json"
  }
  static func local(_ kind: BodyKind) -> String { "local/estate" + ending(kind) }
  static func localRole(_ kind: BodyKind) -> String { "role/local/role" + ending(kind) }
  static func remote(_ name: String, _ kind: BodyKind) -> String { "remote/estate." + name + ending(kind) }
  static func role(_ role: String, _ kind: BodyKind) -> String { "role/remote/role." + role + ending(kind) }

  /// The name in a key of this form, and the record's kind.
  static func parse(_ key: String, prefix: String) -> (name: String, kind: BodyKind)? {
    // By bytes: a name that begins with a combining mark makes one character of it and the dot before.
    let bytes = key.utf8
    guard bytes.starts(with: prefix.utf8) else { return nil }
    for kind in [BodyKind.json, BodyKind.msgpack] where isOf(key, kind) {
      let name = bytes.dropFirst(prefix.utf8.count).dropLast(ending(kind).utf8.count)
      return name.isEmpty ? nil : (String(decoding: name, as: UTF8.self), kind)
    }
    return nil
  }

  /// Whether a record is of this kind, as its key says.
  static func isOf(_ key: String, _ kind: BodyKind) -> Bool {
    key.utf8.suffix(ending(kind).utf8.count).elementsEqual(ending(kind).utf8)
  }
}

/// The own estate as `local/estate` holds it.
struct LocalRecord {
  let name: String
  let role: String
  let ownID: UInt32
  let lastNearID: UInt32

  init(name: String, role: String, ownID: UInt32, lastNearID: UInt32) {
    self.name = name
    self.role = role
    self.ownID = ownID
    self.lastNearID = lastNearID
  }

  /// nil when a field that counts is missing or of another type.
  init?(_ fields: Mapping) {
    guard let name = fields["name"]?.asString, !name.isEmpty, let ownID = fields["uid"]?.asUInt32 else { return nil }
    self.name = name
    self.ownID = ownID
    role = fields["role"]?.asString ?? name
    lastNearID = fields["puid"]?.asUInt32 ?? ownID
  }

  func fields(address: Address) -> Mapping {
    var fields = Mapping()
    let shown = address.loopbackForWildcard
    fields.append("name", .string(name))
    fields.append("uid", .int(Int64(ownID)))
    fields.append("ha", .address(shown))
    fields.append("iha", .null)
    fields.append("natted", .null)
    fields.append("fqdn", .string(shown.host))
    fields.append("dyned", .null)
    fields.append("sid", .int(0))
    fields.append("puid", .int(Int64(lastNearID)))
    fields.append("aha", .address(address))
    fields.append("role", .string(role))
    return fields
  }
}

/// A remote as `remote/estate.NAME` holds it; its keys and acceptance are its role's.
struct RemoteRecord {
  let name: String
  let role: String
  let nearID: UInt32
  let farID: UInt32
  let address: Address
  let session: UInt32
  let isMain: Bool
  let kind: UInt8
  let isJoined: Bool

  /// nil when a field that counts is missing or of another type.
  init?(_ fields: Mapping) {
    guard let name = fields["name"]?.asString, !name.isEmpty, let nearID = fields["uid"]?.asUInt32, nearID != 0,
      let address = fields["ha"]?.asAddress
    else { return nil }
    self.name = name
    self.nearID = nearID
    self.address = address
    role = fields["role"]?.asString ?? name
    farID = fields["fuid"]?.asUInt32 ?? 0
    session = fields["sid"]?.asUInt32 ?? 0
    isMain = fields["main"]?.asFlag ?? false
    kind = UInt8(exactly: fields["kind"]?.asUInt32 ?? 0) ?? 0
    isJoined = (fields["joined"]?.asFlag ?? false) && farID != 0
  }

  static func fields(_ remote: Remote, _ relation: Relation) -> Mapping {
    var fields = Mapping()
    fields.append("name", .string(relation.name))
    fields.append("uid", .int(Int64(remote.nearID)))
    fields.append("fuid", .int(Int64(relation.farID)))
    fields.append("ha", .address(relation.address))
    fields.append("iha", .null)
    fields.append("natted", .null)
    fields.append("fqdn", .string(relation.address.host))
    fields.append("dyned", .null)
    fields.append("sid", .int(Int64(remote.near.reserved)))
    fields.append("main", .bool(relation.isMain))
    fields.append("kind", .int(Int64(relation.kind)))
    fields.append("joined", .bool(remote.isJoined))
    fields.append("role", .string(relation.role))
    return fields
  }
}

extension Role {
  /// nil when a field is missing or not valid.
  init?(_ fields: Mapping) {
    guard let number = fields["acceptance"]?.asUInt32, let small = UInt8(exactly: number),
      let acceptance = Acceptance(rawValue: small), let keys = RoleKeys(fields)
    else { return nil }
    self.init(acceptance: acceptance, keys: keys)
  }

  func fields(_ role: String) -> Mapping {
    var fields = Mapping()
    fields.append("role", .string(role))
    fields.append("acceptance", .int(Int64(acceptance.rawValue)))
    fields.append("verhex", .string(Hex.encode(keys.verify.raw)))
    fields.append("pubhex", .string(Hex.encode(keys.encrypt.raw)))
    return fields
  }
}

extension RoleKeys {
  /// The keys of a role's record.
  init?(_ fields: Mapping) {
    guard let verify = fields["verhex"]?.asKey, let encrypt = fields["pubhex"]?.asKey else { return nil }
    self.init(verify: VerifyKey(raw: verify), encrypt: PublicKey(raw: encrypt))
    guard isSound else { return nil }
  }

  /// The keys that a join's body claims, sound or not.
  init?(claimedBy body: JoinBody) {
    guard let verify = body.verifyKey.withUnsafeBytes({ Key32($0) }),
      let encrypt = body.publicKey.withUnsafeBytes({ Key32($0) })
    else { return nil }
    self.init(verify: VerifyKey(raw: verify), encrypt: PublicKey(raw: encrypt))
  }

  /// Whether signatures and shared keys made with them mean anything. Costs two multiplications of a point.
  var isSound: Bool { verify.isValid && !encrypt.isLowOrder }
}

extension Hex {
  static func encode(_ key: Key32) -> String {
    encode(key.withBytes { [UInt8]($0) })
  }
}

extension Value {
  static func address(_ address: Address) -> Value {
    .array([.string(address.host), .int(Int64(address.port))])
  }

  /// A pair of numeric host and port; an empty host stands for all addresses.
  var asAddress: Address? {
    guard case .array(let pair) = self, pair.count == 2, let host = pair[0].asString, let number = pair[1].asUInt32,
      let port = UInt16(exactly: number)
    else { return nil }
    return Address(host: host.isEmpty ? "0.0.0.0" : host, port: port)
  }

  /// A flag, which the reference also writes as a number or null.
  var asFlag: Bool {
    switch self {
    case .bool(let flag): return flag
    case .int(let number): return number != 0
    case .null, .uint, .double, .string, .bytes, .array, .map: return false
    }
  }

  var asKey: Key32? {
    guard let text = asString, let bytes = Hex.decode(text, count: Key32.count) else { return nil }
    return bytes.withUnsafeBytes { Key32($0) }
  }
}
