import CMsgpack
import CPosix

/// msgpack through msgpack-c.
enum ValueMsgpack {
  /// Reads a mapping from bytes that `MsgpackCheck` has passed, with text for all keys.
  static func decode(_ bytes: UnsafeRawBufferPointer) throws(BodyError) -> Mapping {
    guard let start = bytes.baseAddress else { return Mapping() }
    var unpacked = msgpack_unpacked()
    msgpack_unpacked_init(&unpacked)
    defer { msgpack_unpacked_destroy(&unpacked) }
    var offset = 0
    let result = msgpack_unpack_next(&unpacked, start.assumingMemoryBound(to: CChar.self), bytes.count, &offset)
    guard result == MSGPACK_UNPACK_SUCCESS else { throw result == MSGPACK_UNPACK_NOMEM_ERROR ? .noMemory : .malformed }
    guard unpacked.data.type == MSGPACK_OBJECT_MAP else { throw .notMapping }
    return try mapping(unpacked.data.via.map)
  }

  private static func mapping(_ map: msgpack_object_map) throws(BodyError) -> Mapping {
    var mapping = Mapping()
    let pairs = UnsafeBufferPointer(start: map.ptr, count: Int(map.size))
    mapping.entries.reserveCapacity(pairs.count)
    for pair in pairs {
      guard case .string(let key) = try value(pair.key) else { throw .key }
      mapping.append(key, try value(pair.val))
    }
    return mapping
  }

  /// Recursion is bounded by `WireLimit.controlDepth`.
  private static func value(_ object: msgpack_object) throws(BodyError) -> Value {
    switch object.type {
    case MSGPACK_OBJECT_NIL: return .null
    case MSGPACK_OBJECT_BOOLEAN: return .bool(object.via.boolean)
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
      let number = object.via.u64
      return Int64(exactly: number).map { .int($0) } ?? .uint(number)
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return .int(object.via.i64)
    case MSGPACK_OBJECT_FLOAT32, MSGPACK_OBJECT_FLOAT64: return .double(object.via.f64)
    case MSGPACK_OBJECT_STR:
      let text = UnsafeRawBufferPointer(start: object.via.str.ptr, count: Int(object.via.str.size))
      return .string(String(decoding: text, as: UTF8.self))
    case MSGPACK_OBJECT_BIN:
      return .bytes([UInt8](UnsafeRawBufferPointer(start: object.via.bin.ptr, count: Int(object.via.bin.size))))
    case MSGPACK_OBJECT_ARRAY:
      var values: [Value] = []
      let elements = UnsafeBufferPointer(start: object.via.array.ptr, count: Int(object.via.array.size))
      values.reserveCapacity(elements.count)
      for element in elements { values.append(try value(element)) }
      return .array(values)
    case MSGPACK_OBJECT_MAP: return .map(try mapping(object.via.map))
    default: throw .extensionType
    }
  }

  /// Writes a mapping in the old style, which has neither bin nor str8: so the reference's msgpack writes, and all read.
  static func encode(_ mapping: Mapping) throws(BodyError) -> [UInt8] {
    // On the heap, because the packer keeps the buffer's address.
    guard let buffer = msgpack_sbuffer_new() else { throw .noMemory }
    defer { msgpack_sbuffer_free(buffer) }
    guard let packer = msgpack_packer_new(buffer, msgpack_sbuffer_write) else { throw .noMemory }
    defer { msgpack_packer_free(packer) }
    try pack(.map(mapping), packer, depth: 1)
    return [UInt8](UnsafeRawBufferPointer(start: buffer.pointee.data, count: buffer.pointee.size))
  }

  private static func pack(
    _ value: Value, _ packer: UnsafeMutablePointer<msgpack_packer>, depth: Int
  ) throws(BodyError) {
    let result: Int32
    switch value {
    case .null: result = msgpack_pack_nil(packer)
    case .bool(let truth): result = truth ? msgpack_pack_true(packer) : msgpack_pack_false(packer)
    case .int(let number): result = msgpack_pack_int64(packer, number)
    case .uint(let number): result = msgpack_pack_uint64(packer, number)
    case .double(let number): result = msgpack_pack_double(packer, number)
    case .string(let text):
      var text = text
      result = text.withUTF8 { packRaw(UnsafeRawBufferPointer($0), packer) }
    case .bytes(let bytes):
      // Text to a reader of the old style.
      guard bytes.withUnsafeBytes({ UTF8Check.isValid($0) }) else { throw .notUTF8 }
      result = bytes.withUnsafeBytes { packRaw($0, packer) }
    case .array(let values):
      guard depth <= WireLimit.controlDepth else { throw .tooDeep }
      guard msgpack_pack_array(packer, values.count) == 0 else { throw .noMemory }
      for element in values { try pack(element, packer, depth: depth + 1) }
      return
    case .map(let mapping):
      guard depth <= WireLimit.controlDepth else { throw .tooDeep }
      guard msgpack_pack_map(packer, mapping.entries.count) == 0 else { throw .noMemory }
      for entry in mapping.entries {
        try pack(.string(entry.key), packer, depth: depth)
        try pack(entry.value, packer, depth: depth + 1)
      }
      return
    }
    guard result == 0 else { throw .noMemory }
  }

  private static func packRaw(
    _ bytes: UnsafeRawBufferPointer, _ packer: UnsafeMutablePointer<msgpack_packer>
  ) -> Int32 {
    guard msgpack_pack_v4raw(packer, bytes.count) == 0 else { return -1 }
    guard let start = bytes.baseAddress, bytes.count > 0 else { return 0 }
    return msgpack_pack_v4raw_body(packer, start, bytes.count)
  }
}
