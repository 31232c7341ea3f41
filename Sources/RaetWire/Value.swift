/// A value of a control body or a stored record (PROTOCOL 2.8, 8.2). Bodies of messages are not taken apart.
public indirect enum Value: Equatable, Sendable {
  /// Nothing: JSON `null`, msgpack nil.
  case null
  /// True or false.
  case bool(Bool)
  /// A whole number that fits.
  case int(Int64)
  /// A whole number above `Int64.max`; msgpack only.
  case uint(UInt64)
  /// A floating-point number.
  case double(Double)
  /// Text.
  case string(String)
  /// Bytes; msgpack's bin only. Old-style raw is read as text, and bytes are written as raw.
  case bytes([UInt8])
  /// Values in order.
  case array([Value])
  /// Values by name.
  case map(Mapping)
}

/// Values by name, in the order they came in or are to be written.
public struct Mapping: Equatable, Sendable {
  /// A name and its value.
  public struct Entry: Equatable, Sendable {
    /// The name; compared byte by byte.
    public var key: String
    /// Its value.
    public var value: Value

    /// An entry of these.
    public init(key: String, value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// All entries. Decoded mappings have each key once.
  public var entries: [Entry]

  /// A mapping of these entries, or an empty one.
  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// The value of a key, nil when there is none.
  public subscript(_ key: StaticString) -> Value? {
    for entry in entries where entry.key.utf8.elementsEqual(key) { return entry.value }
    return nil
  }

  /// Adds an entry at the end; the key must be new.
  public mutating func append(_ key: String, _ value: Value) {
    entries.append(Entry(key: key, value: value))
  }
}

extension Sequence<UInt8> {
  /// Whether the bytes are those of a name in the source.
  func elementsEqual(_ name: StaticString) -> Bool {
    elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }
}

extension Value {
  /// A whole number within 32 bits that is not negative.
  public var asUInt32: UInt32? {
    switch self {
    case .int(let number): UInt32(exactly: number)
    case .null, .bool, .uint, .double, .string, .bytes, .array, .map: nil
    }
  }

  /// Text.
  public var asString: String? {
    switch self {
    case .string(let text): text
    case .null, .bool, .int, .uint, .double, .bytes, .array, .map: nil
    }
  }
}

/// Reads and writes mappings of control bodies and stored records: small ones, at most `WireLimit.controlBody` bytes and
/// `WireLimit.controlDepth` deep (PROTOCOL 2.8).
public enum ValueCodec {
  /// Reads a mapping; no bytes are an empty one. Refuses what `BodyCheck` refuses, keys that are no text, and, in msgpack as
  /// in JSON, keys that are there twice. `.kind` for raw bodies.
  public static func decodeMapping(_ kind: BodyKind, _ bytes: UnsafeRawBufferPointer) throws(BodyError) -> Mapping {
    guard bytes.count <= WireLimit.controlBody else { throw .tooLong }
    switch kind {
    case .json:
      try JSONCheck.requireMapping(bytes, depth: WireLimit.controlDepth)
      return bytes.isEmpty ? Mapping() : try ValueJSON.decode(bytes)
    case .msgpack:
      try MsgpackCheck.requireMapping(bytes, depth: WireLimit.controlDepth, uniqueTextKeys: true)
      return bytes.isEmpty ? Mapping() : try ValueMsgpack.decode(bytes)
    case .none:
      guard bytes.isEmpty else { throw .kind }
      return Mapping()
    case .raw: throw .kind
    }
  }

  /// Writes a mapping. An empty one is no bytes, as on the wire, unless `indent` asks for the form of files: JSON in lines
  /// indented by 2, msgpack unchanged. `.kind`: raw, or bytes in JSON; `.tooDeep`, `.tooLong`, `.number`: not finite.
  public static func encode(
    _ mapping: Mapping, _ kind: BodyKind, indent: Bool = false
  ) throws(BodyError) -> [UInt8] {
    if mapping.entries.isEmpty, !indent { return [] }
    let bytes: [UInt8]
    switch kind {
    case .json: bytes = try ValueJSON.encode(mapping, indent: indent)
    case .msgpack: bytes = try ValueMsgpack.encode(mapping)
    case .none, .raw: throw .kind
    }
    guard bytes.count <= WireLimit.controlBody else { throw .tooLong }
    return bytes
  }
}
