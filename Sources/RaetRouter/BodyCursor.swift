/// Steps through a body without building anything of it. A body of any bytes can be given: what is not formed well ends
/// with an error, and nothing outside it is read.
protocol BodyCursor {
  /// At the body's first byte.
  init(_ bytes: UnsafeRawBufferPointer)
  /// Where it is, in bytes from the body's beginning.
  var at: Int { get }
  /// Steps into a mapping; `.malformed` when there is none.
  mutating func openMapping() throws(RouteError) -> BodyGroup
  /// Steps into an array; nil, and past the value, when it is none.
  mutating func openArray() throws(RouteError) -> BodyGroup?
  /// Steps to the next member; false, and behind the group, when there is none.
  mutating func next(_ group: inout BodyGroup) throws(RouteError) -> Bool
  /// Reads a member's name, up to its value; nil when it is no text.
  mutating func key() throws(RouteError) -> BodyText?
  /// Reads a value, whatever it is.
  mutating func value() throws(RouteError) -> BodyValue
  /// Steps over a value.
  mutating func skip() throws(RouteError)
  /// Whether what comes is a mapping.
  mutating func isAtMapping() throws(RouteError) -> Bool
  /// A text's own bytes are text; nil when they are none in UTF-8.
  func string(_ text: BodyText) -> String?
}

/// A mapping or an array that a cursor is in.
struct BodyGroup {
  /// Members to come, where the form tells.
  var left: UInt64
  let isMapping: Bool
  var isFirst = true
}

/// Where a text stands.
struct BodyText {
  let range: Range<Int>
  /// It has escapes, so its bytes are not the text's.
  let isEscaped: Bool
}

/// A value, as far as routes have such.
enum BodyValue {
  case null
  case text(BodyText)
  case number(UInt64)
  case negative(Int64)
  case other
}

extension BodyCursor {
  /// Whether a text is this name.
  func matches(_ text: BodyText, _ name: StaticString, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    guard text.isEscaped else {
      return text.range.count == wanted.count
        && UnsafeRawBufferPointer(rebasing: bytes[text.range]).elementsEqual(wanted)
    }
    return string(text)?.utf8.elementsEqual(wanted) ?? false
  }
}
