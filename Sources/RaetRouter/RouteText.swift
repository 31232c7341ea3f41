import RaetWire

/// Places as text: parts between slashes, percent-encoded where they hold what has a meaning (PROTOCOL 14.2).
public enum RouteText {
  /// Whether a byte stands for itself.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "%"), UInt8(ascii: "/"), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: "*"): return false
    default: return byte > 0x20 && byte != 0x7f
    }
  }

  /// A part with what has a meaning as %XX.
  public static func escape(_ part: String) -> String {
    if part.utf8.allSatisfy(isPlain) { return part }
    var out: [UInt8] = []
    out.reserveCapacity(part.utf8.count &+ 16)
    for byte in part.utf8 {
      if isPlain(byte) {
        out.append(byte)
      } else {
        out.append(UInt8(ascii: "%"))
        out.append(hexDigit(byte >> 4))
        out.append(hexDigit(byte & 15))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "A") &+ (value &- 10)
  }

  static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return digit &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): return digit &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): return digit &- UInt8(ascii: "A") &+ 10
    default: return nil
    }
  }

  /// The bytes that a part stands for; nil when a % is followed by no two hex digits.
  static func unescape(_ part: ArraySlice<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(part.count)
    var rest = part
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        out.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
        return nil
      }
      out.append(high << 4 | low)
    }
    return out
  }

  /// A part's own text, nil for an empty one. Throws when it is not written well, or is no name.
  static func part(_ bytes: ArraySlice<UInt8>) throws(TextError) -> String? {
    guard let plain = unescape(bytes) else { throw .escape }
    guard !plain.isEmpty else { return nil }
    guard let text = String(validating: plain, as: UTF8.self), isPart(text) else { throw .part }
    return text
  }

  /// Whether text can be an estate, a yard or a share: not longer than `RouterLimit.part`, and without NUL, at which C
  /// would cut it short.
  static func isPart(_ text: String) -> Bool {
    text.utf8.count <= RouterLimit.part && !text.utf8.contains(0)
  }

  /// Whether two names are the same, byte by byte: to Swift, text is equal also when it only looks so.
  static func same(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
  }

  /// Cuts text at a byte.
  static func split(_ bytes: ArraySlice<UInt8>, at mark: UInt8) -> [ArraySlice<UInt8>] {
    bytes.split(separator: mark, omittingEmptySubsequences: false)
  }
}

/// Why a destination's text is refused.
public enum TextError: Error, Equatable, Sendable {
  /// A % without two hex digits.
  case escape
  /// Not UTF-8, too long, or with NUL.
  case part
  /// More than three parts.
  case slashes
  /// Nothing between commas, too many estates, or no such selector.
  case estates
}

/// Which estate a message is for.
public enum Estates: Equatable, Sendable {
  /// This one.
  case here
  /// The one of this name.
  case one(String)
  /// The first one alive of these.
  case several([String])
  /// The first one alive whose keys belong to this role.
  case role(String)
  /// The first one alive of this kind.
  case kind(UInt8)

  /// Reads "NAME", "NAME,NAME", "role=NAME" or "kind=N"; nothing is here.
  init(_ bytes: ArraySlice<UInt8>) throws(TextError) {
    if bytes.isEmpty {
      self = .here
      return
    }
    if let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
      guard let value = try RouteText.part(bytes[(equals &+ 1)...]) else { throw .estates }
      switch String(decoding: bytes[..<equals], as: UTF8.self) {
      case "role": self = .role(value)
      case "kind":
        guard let kind = UInt8(value) else { throw .estates }
        self = .kind(kind)
      default: throw .estates
      }
      return
    }
    var names: [String] = []
    for name in RouteText.split(bytes, at: UInt8(ascii: ",")) {
      guard let name = try RouteText.part(name), names.count < RouterLimit.estates else { throw .estates }
      names.append(name)
    }
    if names.count == 1 { self = .one(names[0]) } else { self = .several(names) }
  }

  /// As it is written.
  public var text: String {
    switch self {
    case .here: return ""
    case .one(let name): return RouteText.escape(name)
    case .several(let names):
      var text = ""
      for name in names { text += (text.isEmpty ? "" : ",") + RouteText.escape(name) }
      return text
    case .role(let role): return "role=" + RouteText.escape(role)
    case .kind(let kind): return "kind=\(kind)"
    }
  }
}

/// Where a message of the host's goes: "ESTATES/YARD/SHARE", of which parts at the end may be missing.
public struct Destination: Equatable, Sendable {
  /// Which estate, or which of several.
  public var estates: Estates
  /// The yard; nil: the process that holds the road.
  public var yard: String?
  /// The share; nil: none in particular.
  public var share: String?

  /// A destination of these parts.
  public init(estates: Estates, yard: String? = nil, share: String? = nil) {
    self.estates = estates
    self.yard = yard
    self.share = share
  }

  /// Reads the text.
  public init(_ text: String) throws(TextError) {
    guard text.utf8.count <= RouterLimit.text else { throw .part }
    let parts = RouteText.split(Array(text.utf8)[...], at: UInt8(ascii: "/"))
    guard parts.count <= 3 else { throw .slashes }
    estates = try Estates(parts.first ?? [])
    yard = parts.count > 1 ? try RouteText.part(parts[1]) : nil
    share = parts.count > 2 ? try RouteText.part(parts[2]) : nil
  }

  /// A single place.
  public init(_ place: Place) {
    if let estate = place.estate { estates = .one(estate) } else { estates = .here }
    yard = place.yard
    share = place.share
  }

  /// As it is written.
  public var text: String {
    "\(estates.text)/\(RouteText.escape(yard ?? ""))/\(RouteText.escape(share ?? ""))"
  }
}
