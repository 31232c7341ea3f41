/// The body of a join's request and of the response to it (PROTOCOL 6.2).
public struct JoinBody: Equatable, Sendable {
  /// The sender's name: 1 to 255 bytes of UTF-8 without NUL.
  public var name: String
  /// Bits of how it works; bit 0: it is a main estate. The others are not used.
  public var mode: UInt8
  /// The application's own number for the estate.
  public var kind: UInt8
  /// Field `uid`: the sender's near id for the receiver, who uses it as its far id from now on. Only in a response; not 0.
  public var nearID: UInt32?
  /// Field `verhex`: the sender's Ed25519 public key, 32 bytes.
  public var verifyKey: [UInt8]
  /// Field `pubhex`: the sender's Curve25519 public key, 32 bytes.
  public var publicKey: [UInt8]
  /// The role whose keys these are; formed as a name.
  public var role: String

  /// A body of these parts; `encode` checks them.
  public init(
    name: String, mode: UInt8, kind: UInt8, nearID: UInt32?, verifyKey: [UInt8], publicKey: [UInt8], role: String
  ) {
    self.name = name
    self.mode = mode
    self.kind = kind
    self.nearID = nearID
    self.verifyKey = verifyKey
    self.publicKey = publicKey
    self.role = role
  }

  /// Bit 0 of `mode`: the estate lets others join it.
  public var isMain: Bool { mode & 1 != 0 }

  /// Whether text can be a name or a role: 1 to 255 bytes of UTF-8 without NUL. It may hold anything else, `/` included.
  public static func isName(_ text: String) -> Bool {
    let length = text.utf8.count
    return length >= 1 && length <= WireLimit.name && !text.utf8.contains(0)
  }

  /// Reads a body; `response` says which fields must be there. Fields beyond are passed over.
  ///
  /// `.fieldMissing`, `.fieldType` and `.fieldValue` tell of fields; what else is wrong, `ValueCodec` says.
  public static func decode(
    _ kind: BodyKind, _ bytes: UnsafeRawBufferPointer, response: Bool
  ) throws(BodyError) -> JoinBody {
    let fields = try ValueCodec.decodeMapping(kind, bytes)
    var nearID: UInt32?
    if response {
      let number = try number(fields, "uid", limit: UInt32.max)
      guard number != 0 else { throw .fieldValue }
      nearID = number
    }
    return JoinBody(
      name: try name(fields, "name"),
      mode: UInt8(truncatingIfNeeded: try number(fields, "mode", limit: 0xff)),
      kind: UInt8(truncatingIfNeeded: try number(fields, "kind", limit: 0xff)),
      nearID: nearID,
      verifyKey: try key(fields, "verhex"),
      publicKey: try key(fields, "pubhex"),
      role: try name(fields, "role"))
  }

  /// Writes the body, its fields in the reference's order. `.fieldValue` when a name, a key or the near id cannot be sent.
  public func encode(_ kind: BodyKind) throws(BodyError) -> [UInt8] {
    guard Self.isName(name), Self.isName(role), verifyKey.count == 32, publicKey.count == 32, nearID != 0 else {
      throw .fieldValue
    }
    var fields = Mapping()
    fields.append("name", .string(name))
    fields.append("mode", .int(Int64(mode)))
    fields.append("kind", .int(Int64(self.kind)))
    if let nearID { fields.append("uid", .int(Int64(nearID))) }
    fields.append("verhex", .string(Hex.encode(verifyKey)))
    fields.append("pubhex", .string(Hex.encode(publicKey)))
    fields.append("role", .string(role))
    return try ValueCodec.encode(fields, kind)
  }

  private static func number(
    _ fields: Mapping, _ key: StaticString, limit: UInt32
  ) throws(BodyError) -> UInt32 {
    switch fields[key] {
    case nil: throw .fieldMissing
    case .int(let value):
      guard let number = UInt32(exactly: value), number <= limit else { throw .fieldValue }
      return number
    case .uint: throw .fieldValue
    case .null, .bool, .double, .string, .bytes, .array, .map: throw .fieldType
    }
  }

  private static func name(_ fields: Mapping, _ key: StaticString) throws(BodyError) -> String {
    guard let field = fields[key] else { throw .fieldMissing }
    guard let name = field.asString else { throw .fieldType }
    guard isName(name) else { throw .fieldValue }
    return name
  }

  private static func key(_ fields: Mapping, _ key: StaticString) throws(BodyError) -> [UInt8] {
    guard let field = fields[key] else { throw .fieldMissing }
    guard let text = field.asString else { throw .fieldType }
    guard let bytes = Hex.decode(text, count: 32) else { throw .fieldValue }
    return bytes
  }
}
