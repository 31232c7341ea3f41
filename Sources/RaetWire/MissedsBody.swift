/// The body of a request to send segments again: `{"misseds":[1,2,3]}` (PROTOCOL 7.2).
public enum MissedsBody {
  /// Writes the numbers. `.fieldValue` when there are none, or more than `WireLimit.misseds`.
  public static func encode(_ segments: [UInt32], _ kind: BodyKind) throws(BodyError) -> [UInt8] {
    guard !segments.isEmpty, segments.count <= WireLimit.misseds else { throw .fieldValue }
    var fields = Mapping()
    fields.append("misseds", .array(segments.map { .int(Int64($0)) }))
    return try ValueCodec.encode(fields, kind)
  }

  /// Reads the numbers, as many as there are. `.fieldType`: something else than whole numbers; `.fieldValue`: a number that
  /// is not below the message's count of segments, or is there twice.
  public static func decode(
    _ kind: BodyKind, _ bytes: UnsafeRawBufferPointer, below segmentCount: UInt32
  ) throws(BodyError) -> [UInt32] {
    let fields = try ValueCodec.decodeMapping(kind, bytes)
    guard let field = fields["misseds"] else { throw .fieldMissing }
    guard case .array(let values) = field else { throw .fieldType }
    var segments: [UInt32] = []
    segments.reserveCapacity(values.count)
    for value in values {
      switch value {
      case .int(let number):
        guard let segment = UInt32(exactly: number), segment < segmentCount else { throw .fieldValue }
        segments.append(segment)
      case .uint: throw .fieldValue
      case .null, .bool, .double, .string, .bytes, .array, .map: throw .fieldType
      }
    }
    let sorted = segments.sorted()
    for (number, next) in zip(sorted, sorted.dropFirst()) where number == next { throw .fieldValue }
    return segments
  }
}
