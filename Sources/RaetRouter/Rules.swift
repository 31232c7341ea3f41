import RaetWire

/// What is known of who sent a message, as far as something proved it; an empty text is what nothing proved.
public struct Sender: Equatable, Sendable {
  /// The estate.
  public var estate = ""
  /// The yard: proved by the kernel on a lane, by the estate's own word on a road.
  public var yard = ""
  /// The share that it names.
  public var share = ""
  /// The role whose keys the estate proved.
  public var role = ""
  /// The estate's kind, in digits.
  public var kind = ""
  /// The user of a yard on the same lane, in digits.
  public var uid = ""
  /// Its group.
  public var gid = ""
  /// The estate that vouches for all this; empty when the estate itself sent it.
  public var via = ""
  /// The stack that it came by: "road/ESTATE" or "lane/YARD", with this side's name there.
  public var on = ""

  /// A sender of which nothing is known.
  public init() {}

  /// As a place: where an answer goes.
  public var place: Place {
    Place(
      estate: estate.isEmpty ? nil : estate, yard: yard.isEmpty ? nil : yard, share: share.isEmpty ? nil : share)
  }
}

/// What a rule looks at.
enum Subject: Equatable, Sendable {
  case estate
  case role
  case kind
  case yard
  case uid
  case gid
  case via
  case on
  case share
  case toEstate
  case toYard
  case body
  /// A member of the body: its place among those the rules look at.
  case field(Int)

  /// The subject of this name, fields excepted.
  static func named(_ name: String) -> Subject? {
    switch name {
    case "estate": return .estate
    case "role": return .role
    case "kind": return .kind
    case "yard": return .yard
    case "uid": return .uid
    case "gid": return .gid
    case "via": return .via
    case "on": return .on
    case "share": return .share
    case "toestate": return .toEstate
    case "toyard": return .toYard
    case "body": return .body
    default: return nil
    }
  }
}

/// One line of the rules: all of its patterns must match.
struct Rule: Equatable, Sendable {
  let isAllowing: Bool
  let patterns: [(subject: Subject, glob: Glob)]
  /// The line it stands in, from 1.
  let line: Int

  /// It speaks of who vouches for the sender; else it is about those that need nobody.
  var namesVia: Bool { patterns.contains { $0.subject == .via } }

  static func == (left: Rule, right: Rule) -> Bool {
    left.isAllowing == right.isAllowing && left.line == right.line
      && left.patterns.elementsEqual(right.patterns) { $0.subject == $1.subject && $0.glob == $1.glob }
  }

  func matches(_ message: Judged) -> Bool {
    guard namesVia || message.sender.via.isEmpty else { return false }
    return patterns.allSatisfy { matches($0.subject, $0.glob, message) }
  }

  private func matches(_ subject: Subject, _ glob: Glob, _ message: Judged) -> Bool {
    switch subject {
    case .estate: return glob.matches(message.sender.estate)
    case .role: return glob.matches(message.sender.role)
    case .kind: return glob.matches(message.sender.kind)
    case .yard: return glob.matches(message.sender.yard)
    case .uid: return glob.matches(message.sender.uid)
    case .gid: return glob.matches(message.sender.gid)
    case .via: return glob.matches(message.sender.via)
    case .on: return glob.matches(message.sender.on)
    case .share: return glob.matches(message.destination.share ?? "")
    case .toEstate: return glob.matches(message.destination.estate ?? "")
    case .toYard: return glob.matches(message.destination.yard ?? "")
    case .body: return glob.matches(message.bodyName)
    case .field(let index):
      guard index < message.fields.count else { return false }
      switch message.fields[index] {
      case .absent: return false
      case .text(let text): return glob.matches(text)
      // What cannot be compared is not let in by a pattern, and not spared by one.
      case .other: return !isAllowing
      }
    }
  }
}

/// A message as the rules see it.
struct Judged {
  var sender: Sender
  /// Where it goes, with this side's own names where the route has null.
  var destination: Place
  var bodyKind: BodyKind
  var fields: [RoutedBody.Field]

  var bodyName: String {
    switch bodyKind {
    case .none: return "none"
    case .json: return "json"
    case .raw: return "raw"
    case .msgpack: return "msgpack"
    }
  }
}

/// What the rules say of a message.
enum Verdict: Equatable {
  case allowed
  /// By the rule in this line; 0: no rule matched.
  case refused(line: Int)
}

/// Rules of trust: who may send what to which share (PROTOCOL 14.5). The first rule that matches decides; with any rules
/// set, what none matches is refused.
public struct Rules: Equatable, Sendable {
  private(set) var rules: [Rule] = []
  /// Names of the members of bodies that the rules look at.
  private(set) var fields: [String] = []
  /// A source that claims more than is proved is put right; else the message is refused.
  private(set) var correctsForged = false

  /// No rules: everything whose source is proved is allowed.
  public init() {}

  /// Whether there are none.
  var isEmpty: Bool { rules.isEmpty }

  func judge(_ message: Judged) -> Verdict {
    guard !rules.isEmpty else { return message.sender.via.isEmpty ? .allowed : .refused(line: 0) }
    for rule in rules where rule.matches(message) {
      return rule.isAllowing ? .allowed : .refused(line: rule.line)
    }
    return .refused(line: 0)
  }
}

/// Why rules are refused: the line, from 1, and what is wrong with it.
public struct RulesError: Error, Equatable, Sendable {
  /// The line, from 1; 0: the text as a whole.
  public let line: Int
  /// A sentence.
  public let text: String
}

// Reading.
extension Rules {
  /// Reads rules, one a line: "allow" or "refuse" and patterns "SUBJECT=GLOB"; or "forged correct", "forged refuse".
  /// Empty lines and what follows a # are left out.
  public init(_ text: String) throws(RulesError) {
    guard text.utf8.count <= RouterLimit.rulesText else { throw RulesError(line: 0, text: "too long") }
    var number = 0
    for line in RouteText.split(Array(text.utf8)[...], at: UInt8(ascii: "\n")) {
      number &+= 1
      let words = line.prefix { $0 != UInt8(ascii: "#") }
        .split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
      guard let first = words.first else { continue }
      try read(String(decoding: first, as: UTF8.self), Array(words.dropFirst()), number)
    }
  }

  private mutating func read(_ verb: String, _ words: [ArraySlice<UInt8>], _ line: Int) throws(RulesError) {
    switch verb {
    case "allow", "refuse":
      guard rules.count < RouterLimit.rules else { throw RulesError(line: line, text: "too many rules") }
      guard words.count <= RouterLimit.patterns else { throw RulesError(line: line, text: "too many patterns") }
      var patterns: [(subject: Subject, glob: Glob)] = []
      for word in words { patterns.append(try pattern(word, line)) }
      rules.append(Rule(isAllowing: verb == "allow", patterns: patterns, line: line))
    case "forged":
      let what = words.count == 1 ? String(decoding: words[0], as: UTF8.self) : ""
      guard what == "correct" || what == "refuse" else {
        throw RulesError(line: line, text: "after \"forged\" comes \"correct\" or \"refuse\"")
      }
      correctsForged = what == "correct"
    default: throw RulesError(line: line, text: "begins neither with \"allow\" nor with \"refuse\" nor with \"forged\"")
    }
  }

  private mutating func pattern(
    _ word: ArraySlice<UInt8>, _ line: Int
  ) throws(RulesError) -> (subject: Subject, glob: Glob) {
    guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else {
      throw RulesError(line: line, text: "a pattern has the form SUBJECT=PATTERN")
    }
    let name = String(decoding: word[..<equals], as: UTF8.self)
    let value = word[(equals &+ 1)...]
    guard value.count <= RouterLimit.pattern, let glob = Glob(value) else {
      throw RulesError(line: line, text: "\(name): the pattern is too long, or has a % without two hex digits")
    }
    if let subject = Subject.named(name) { return (subject, glob) }
    guard word.starts(with: Array("field:".utf8)) else {
      throw RulesError(line: line, text: "nothing is called \(name)")
    }
    return (.field(try field(word[..<equals].dropFirst(6), line)), glob)
  }

  private mutating func field(_ name: ArraySlice<UInt8>, _ line: Int) throws(RulesError) -> Int {
    guard !name.isEmpty, let plain = RouteText.unescape(name), let text = String(validating: plain, as: UTF8.self)
    else {
      throw RulesError(line: line, text: "no name of a field")
    }
    if let index = fields.firstIndex(where: { RouteText.same($0, text) }) { return index }
    guard fields.count < RouterLimit.fields else { throw RulesError(line: line, text: "too many fields") }
    fields.append(text)
    return fields.count &- 1
  }
}
