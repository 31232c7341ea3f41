import CJansson
import CPosix

/// JSON through jansson.
enum ValueJSON {
  /// Reads a mapping from bytes that `JSONCheck` has passed.
  static func decode(_ bytes: UnsafeRawBufferPointer) throws(BodyError) -> Mapping {
    guard let start = bytes.baseAddress else { return Mapping() }
    var error = json_error_t()
    let flags = Int(JSON_REJECT_DUPLICATES) | Int(JSON_ALLOW_NUL)
    guard let root = json_loadb(start.assumingMemoryBound(to: CChar.self), bytes.count, flags, &error) else {
      switch json_error_code(&error) {
      case json_error_numeric_overflow: throw .number
      case json_error_null_byte_in_key: throw .key
      case json_error_out_of_memory: throw .noMemory
      default: throw .malformed
      }
    }
    defer { json_decref(root) }
    guard root.pointee.type == JSON_OBJECT else { throw .notMapping }
    return try mapping(root)
  }

  private static func mapping(_ object: UnsafeMutablePointer<json_t>) throws(BodyError) -> Mapping {
    var mapping = Mapping()
    mapping.entries.reserveCapacity(json_object_size(object))
    var item = json_object_iter(object)
    while let current = item {
      guard let key = json_object_iter_key(current), let member = json_object_iter_value(current) else { break }
      let name = UnsafeRawBufferPointer(start: key, count: strlen(key))
      mapping.append(String(decoding: name, as: UTF8.self), try value(member))
      item = json_object_iter_next(object, current)
    }
    return mapping
  }

  /// Recursion is bounded by `WireLimit.controlDepth`.
  private static func value(_ json: UnsafeMutablePointer<json_t>) throws(BodyError) -> Value {
    switch json.pointee.type {
    case JSON_OBJECT: return .map(try mapping(json))
    case JSON_ARRAY:
      var values: [Value] = []
      let count = json_array_size(json)
      values.reserveCapacity(count)
      var index = 0
      while index < count, let element = json_array_get(json, index) {
        values.append(try value(element))
        index = index &+ 1
      }
      return .array(values)
    case JSON_STRING:
      let text = UnsafeRawBufferPointer(start: json_string_value(json), count: json_string_length(json))
      return .string(String(decoding: text, as: UTF8.self))
    case JSON_INTEGER: return .int(Int64(json_integer_value(json)))
    case JSON_REAL: return .double(json_real_value(json))
    case JSON_TRUE: return .bool(true)
    case JSON_FALSE: return .bool(false)
    default: return .null
    }
  }

  /// Writes a mapping as Python does: ASCII only, no blanks, or with `indent` in lines indented by 2.
  static func encode(_ mapping: Mapping, indent: Bool) throws(BodyError) -> [UInt8] {
    let root = try object(mapping, depth: 1)
    defer { json_decref(root) }
    // JSON_COMPACT and JSON_INDENT(2), which are macros that Swift does not see.
    let flags = Int(JSON_ENSURE_ASCII) | (indent ? 2 : Int(JSON_COMPACT))
    guard let text = json_dumps(root, flags) else { throw .noMemory }
    defer { free(text) }
    return [UInt8](UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }

  private static func object(
    _ mapping: Mapping, depth: Int
  ) throws(BodyError) -> UnsafeMutablePointer<json_t> {
    guard depth <= WireLimit.controlDepth else { throw .tooDeep }
    guard let object = json_object() else { throw .noMemory }
    do throws(BodyError) {
      for entry in mapping.entries {
        let member = try json(entry.value, depth: depth)
        guard !entry.key.utf8.contains(0) else {
          json_decref(member)
          throw .key
        }
        // It takes over the member, also when it fails.
        guard entry.key.withCString({ json_object_set_new(object, $0, member) }) == 0 else { throw .noMemory }
      }
      return object
    } catch {
      json_decref(object)
      throw error
    }
  }

  private static func json(_ value: Value, depth: Int) throws(BodyError) -> UnsafeMutablePointer<json_t> {
    let made: UnsafeMutablePointer<json_t>?
    switch value {
    case .null: made = json_null()
    case .bool(let truth): made = truth ? json_true() : json_false()
    case .int(let number): made = json_integer(json_int_t(number))
    case .double(let number):
      guard number.isFinite else { throw .number }
      made = json_real(number)
    case .string(let text):
      var text = text
      made = text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { json_stringn($0.baseAddress ?? emptyText, $0.count) }
      }
    case .array(let values): made = try array(values, depth: depth + 1)
    case .map(let mapping): made = try object(mapping, depth: depth + 1)
    case .uint: throw .number
    case .bytes: throw .kind
    }
    guard let made else { throw .noMemory }
    return made
  }

  private static func array(_ values: [Value], depth: Int) throws(BodyError) -> UnsafeMutablePointer<json_t> {
    guard depth <= WireLimit.controlDepth else { throw .tooDeep }
    guard let array = json_array() else { throw .noMemory }
    do throws(BodyError) {
      for value in values {
        let element = try json(value, depth: depth)
        guard json_array_append_new(array, element) == 0 else { throw .noMemory }
      }
      return array
    } catch {
      json_decref(array)
      throw error
    }
  }

  private static var emptyText: UnsafePointer<CChar> {
    let text: StaticString = ""
    return UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }
}
