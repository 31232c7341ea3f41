import RaetCrypto
import RaetWire

/// Puts a route into a body, at the place of the one that it has or as its first member. The rest of the body stays as it
/// is, byte by byte.
extension RoutedBody {
  /// The body with this route. `bytes` are those that were read. Throws `.noMemory`, and `.malformed` for a kind that has
  /// no members.
  public func with(_ route: Route, in bytes: UnsafeRawBufferPointer) throws(RouteError) -> WipedBytes {
    var writer: RouteWriter
    switch kind {
    case .none, .raw: throw .malformed
    case .json: writer = RouteWriter(isJSON: true)
    case .msgpack: writer = RouteWriter(isJSON: false)
    }
    let before: Int
    let after: Int
    if let value {
      (before, after) = (value.lowerBound, value.upperBound)
      writer.write(route, extras, bytes)
    } else if kind == .json {
      (before, after) = (insertion, insertion)
      writer.raw(bytes.isEmpty ? "{\"route\":" : "\"route\":")
      writer.write(route, [], bytes)
      if bytes.isEmpty { writer.raw("}") } else if !isEmpty { writer.raw(",") }
    } else {
      (before, after) = (0, insertion)
      writer.mappingHeader(members &+ 1)
      writer.text("route")
      writer.write(route, [], bytes)
    }
    return try join(bytes, before, writer.bytes, after)
  }

  private func join(
    _ bytes: UnsafeRawBufferPointer, _ before: Int, _ middle: [UInt8], _ after: Int
  ) throws(RouteError) -> WipedBytes {
    let rest = bytes.count &- after
    guard let out = WipedBytes(count: before &+ middle.count &+ rest) else { throw .noMemory }
    let room = out.bytes
    UnsafeMutableRawBufferPointer(rebasing: room[..<before]).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: bytes[..<before]))
    middle.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(rebasing: room[before..<(before &+ middle.count)]).copyMemory(from: $0)
    }
    UnsafeMutableRawBufferPointer(rebasing: room[(before &+ middle.count)...]).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: bytes[after...]))
    return out
  }
}

/// Writes a route in either form.
struct RouteWriter {
  private(set) var bytes: [UInt8] = []
  private let isJSON: Bool

  init(isJSON: Bool) {
    self.isJSON = isJSON
    bytes.reserveCapacity(192)
  }

  mutating func write(_ route: Route, _ extras: [Range<Int>], _ body: UnsafeRawBufferPointer) {
    var count = 2 &+ extras.count
    if route.id != nil { count &+= 1 }
    if route.confirms { count &+= 1 }
    if route.hops > 0 { count &+= 1 }
    if route.choice != nil { count &+= 1 }
    if route.report != nil { count &+= 2 }
    if isJSON { raw("{") } else { mappingHeader(UInt64(count)) }
    key("src", isFirst: true)
    write(route.source)
    key("dst")
    write(route.destination)
    if let id = route.id { member("id", id) }
    if route.confirms { member("confirm", 1) }
    if route.hops > 0 { member("hops", route.hops) }
    if let choice = route.choice {
      key("any")
      text(choice)
    }
    if let report = route.report {
      member("re", report.id)
      key("status")
      number(Int64(report.status))
    }
    for extra in extras {
      if isJSON { raw(",") }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: body[extra]))
    }
    if isJSON { raw("}") }
  }

  private mutating func write(_ place: Place) {
    if isJSON { raw("[") } else { bytes.append(0x93) }
    part(place.estate)
    if isJSON { raw(",") }
    part(place.yard)
    if isJSON { raw(",") }
    part(place.share)
    if isJSON { raw("]") }
  }

  private mutating func part(_ part: String?) {
    if let part { text(part) } else if isJSON { raw("null") } else { bytes.append(0xc0) }
  }

  private mutating func member(_ name: StaticString, _ value: UInt64) {
    key(name)
    integer(value)
  }

  private mutating func number(_ value: Int64) {
    if value >= 0 {
      integer(UInt64(value))
    } else if isJSON {
      var digits = String(value)
      digits.withUTF8 { bytes.append(contentsOf: $0) }
    } else if value >= -32 {
      bytes.append(UInt8(truncatingIfNeeded: value))
    } else {
      bytes.append(0xd3)
      bigEndian(UInt64(bitPattern: value), 8)
    }
  }

  private mutating func integer(_ value: UInt64) {
    if isJSON {
      var digits = String(value)
      digits.withUTF8 { bytes.append(contentsOf: $0) }
    } else if value <= 0x7f {
      bytes.append(UInt8(value))
    } else {
      bytes.append(0xcf)
      bigEndian(value, 8)
    }
  }

  private mutating func key(_ name: StaticString, isFirst: Bool = false) {
    if isJSON {
      raw(isFirst ? "\"" : ",\"")
      raw(name)
      raw("\":")
    } else {
      bytes.append(0xa0 | UInt8(truncatingIfNeeded: name.utf8CodeUnitCount))
      raw(name)
    }
  }

  mutating func raw(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Writes text; in msgpack in the old style, as the reference reads it.
  mutating func text(_ text: String) {
    var text = text
    text.withUTF8 { isJSON ? quoted($0) : packed($0) }
  }

  private mutating func packed(_ utf8: UnsafeBufferPointer<UInt8>) {
    if utf8.count <= 31 {
      bytes.append(0xa0 | UInt8(utf8.count))
    } else if utf8.count <= 0xffff {
      bytes.append(0xda)
      bigEndian(UInt64(utf8.count), 2)
    } else {
      bytes.append(0xdb)
      bigEndian(UInt64(utf8.count), 4)
    }
    bytes.append(contentsOf: utf8)
  }

  private mutating func quoted(_ utf8: UnsafeBufferPointer<UInt8>) {
    raw("\"")
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "\""): raw("\\\"")
      case UInt8(ascii: "\\"): raw("\\\\")
      case 0..<0x20:
        raw(byte < 0x10 ? "\\u000" : "\\u001")
        let digit = byte & 15
        bytes.append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ (digit &- 10))
      default: bytes.append(byte)
      }
    }
    raw("\"")
  }

  mutating func mappingHeader(_ count: UInt64) {
    if count <= 15 {
      bytes.append(0x80 | UInt8(count))
    } else if count <= 0xffff {
      bytes.append(0xde)
      bigEndian(count, 2)
    } else {
      bytes.append(0xdf)
      bigEndian(count, 4)
    }
  }

  private mutating func bigEndian(_ value: UInt64, _ length: UInt64) {
    var shift = length &* 8
    while shift > 0 {
      shift &-= 8
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
