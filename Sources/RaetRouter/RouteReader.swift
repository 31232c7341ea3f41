import RaetWire

/// A body whose route was looked for: what was found, and where (PROTOCOL 14.1). The body is not decoded.
public struct RoutedBody {
  /// How the body is written.
  public let kind: BodyKind
  /// Its route; nil when it has none.
  public internal(set) var route: Route?
  /// The members that rules look at, in the order they were asked for.
  public internal(set) var fields: [Field]
  /// Where the route's mapping stands.
  var value: Range<Int>?
  /// Members of the route that are not known here: name and value, as they stand. They go on with it.
  var extras: [Range<Int>] = []
  /// Where a first member would be put.
  var insertion = 0
  /// How many members the body has, where its form tells.
  var members: UInt64 = 0
  var isEmpty = true

  /// A member of the body that rules look at.
  public enum Field: Equatable, Sendable {
    /// It is not there.
    case absent
    /// Text that can be compared.
    case text(String)
    /// Anything else, or longer than `RouterLimit.field`.
    case other
  }

  init(_ kind: BodyKind, fields: Int) {
    self.kind = kind
    self.fields = [Field](repeating: .absent, count: fields)
  }

  /// Looks for the route and for the members named `fields`. A body of kind JSON or msgpack must be a mapping or empty;
  /// others have neither. Throws when the body is not formed well, or has one of these twice.
  public static func read(
    _ kind: BodyKind, _ bytes: UnsafeRawBufferPointer, fields: [String] = []
  ) throws(RouteError) -> RoutedBody {
    guard !bytes.isEmpty else { return RoutedBody(kind, fields: fields.count) }
    switch kind {
    case .none, .raw: return RoutedBody(kind, fields: fields.count)
    case .json:
      // A key that is there twice was refused before the body came here, so that not all of it has to be looked at.
      var reader = RouteReader<JSONCursor>(bytes)
      return try reader.read(kind, fields, stopsEarly: true)
    case .msgpack:
      var reader = RouteReader<MsgpackCursor>(bytes)
      return try reader.read(kind, fields, stopsEarly: false)
    }
  }
}

/// Reads a route by a cursor.
struct RouteReader<Cursor: BodyCursor> {
  private let bytes: UnsafeRawBufferPointer
  private var cursor: Cursor
  private var route = Route(source: Place(), destination: Place())
  private var found = Parts()
  private var status: Int32?
  private var answered: UInt64?

  /// The known members of a route.
  private struct Parts: OptionSet {
    let rawValue: UInt8
    static var source: Parts { Parts(rawValue: 1) }
    static var destination: Parts { Parts(rawValue: 2) }
    static var id: Parts { Parts(rawValue: 4) }
    static var confirm: Parts { Parts(rawValue: 8) }
    static var hops: Parts { Parts(rawValue: 16) }
    static var choice: Parts { Parts(rawValue: 32) }
    static var answered: Parts { Parts(rawValue: 64) }
    static var status: Parts { Parts(rawValue: 128) }
  }

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    cursor = Cursor(bytes)
  }

  mutating func read(_ kind: BodyKind, _ fields: [String], stopsEarly: Bool) throws(RouteError) -> RoutedBody {
    var body = RoutedBody(kind, fields: fields.count)
    var group = try cursor.openMapping()
    body.insertion = cursor.at
    body.members = group.left
    var wanted = fields.count &+ 1
    while try cursor.next(&group) {
      body.isEmpty = false
      guard let key = try cursor.key() else {
        try cursor.skip()
        continue
      }
      if cursor.matches(key, "route", bytes) {
        guard body.value == nil else { throw .twice }
        try readRoute(&body)
        wanted &-= 1
      } else if let index = index(of: key, fields) {
        guard body.fields[index] == .absent else { throw .twice }
        body.fields[index] = try field()
        wanted &-= 1
      } else {
        try cursor.skip()
      }
      if stopsEarly, wanted == 0 { break }
    }
    return body
  }

  private func index(of key: BodyText, _ fields: [String]) -> Int? {
    guard !fields.isEmpty, let name = cursor.string(key) else { return nil }
    return fields.firstIndex { RouteText.same($0, name) }
  }

  private mutating func field() throws(RouteError) -> RoutedBody.Field {
    guard case .text(let text) = try cursor.value(), text.range.count <= RouterLimit.field,
      let string = cursor.string(text)
    else { return .other }
    return .text(string)
  }

  private mutating func readRoute(_ body: inout RoutedBody) throws(RouteError) {
    guard try cursor.isAtMapping() else { throw .route }
    let start = cursor.at
    var group = try cursor.openMapping()
    while try cursor.next(&group) {
      let from = cursor.at
      guard let key = try cursor.key() else { throw .route }
      if try !member(key) {
        try cursor.skip()
        body.extras.append(from..<cursor.at)
      }
      guard cursor.at &- start <= RouterLimit.route else { throw .tooLong }
    }
    guard found.contains(.source), found.contains(.destination) else { throw .route }
    if let answered {
      guard let status else { throw .route }
      route.report = Route.Report(id: answered, status: status)
    }
    body.value = start..<cursor.at
    body.route = route
  }

  /// Reads a member of the route; false when it is not known.
  private mutating func member(_ key: BodyText) throws(RouteError) -> Bool {
    if cursor.matches(key, "src", bytes) {
      route.source = try place(.source)
    } else if cursor.matches(key, "dst", bytes) {
      route.destination = try place(.destination)
    } else if cursor.matches(key, "id", bytes) {
      route.id = try number(.id)
    } else if cursor.matches(key, "confirm", bytes) {
      route.confirms = try number(.confirm) != 0
    } else if cursor.matches(key, "hops", bytes) {
      route.hops = try number(.hops)
    } else if cursor.matches(key, "any", bytes) {
      try once(.choice)
      guard case .text(let text) = try cursor.value(), let string = cursor.string(text) else { throw .route }
      route.choice = string
    } else if cursor.matches(key, "re", bytes) {
      answered = try number(.answered)
    } else if cursor.matches(key, "status", bytes) {
      try once(.status)
      status = try signedNumber()
    } else {
      return false
    }
    return true
  }

  private mutating func once(_ part: Parts) throws(RouteError) {
    guard found.insert(part).inserted else { throw .twice }
  }

  private mutating func number(_ part: Parts) throws(RouteError) -> UInt64 {
    try once(part)
    guard case .number(let number) = try cursor.value() else { throw .route }
    return number
  }

  private mutating func signedNumber() throws(RouteError) -> Int32 {
    switch try cursor.value() {
    case .number(let number):
      guard let status = Int32(exactly: number) else { throw .route }
      return status
    case .negative(let number):
      guard let status = Int32(exactly: number) else { throw .route }
      return status
    case .null, .text, .other: throw .route
    }
  }

  /// Reads an array of three, each text or null; empty text is null.
  private mutating func place(_ part: Parts) throws(RouteError) -> Place {
    try once(part)
    guard var group = try cursor.openArray() else { throw .route }
    var parts: [String?] = []
    while try cursor.next(&group) {
      guard parts.count < 3 else { throw .route }
      switch try cursor.value() {
      case .null: parts.append(nil)
      case .text(let text):
        guard let string = cursor.string(text), RouteText.isPart(string) else { throw .route }
        parts.append(string.isEmpty ? nil : string)
      case .number, .negative, .other: throw .route
      }
    }
    guard parts.count == 3 else { throw .route }
    return Place(estate: parts[0], yard: parts[1], share: parts[2])
  }
}
