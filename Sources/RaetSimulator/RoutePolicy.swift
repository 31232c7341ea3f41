/// Who may send what to the processes of an estate: told to routers as rules, and known to the run in its own words.
struct RoutePolicy {
  /// The shares of every process; "closed" is none of them.
  static let shares = ["hello", "open", "jobs", "secret", "answers"]
  /// A name that no estate has.
  static let nowhere = "nowhere"

  /// The estate.
  let estate: String
  /// There are rules at all; without, everything is allowed whose source is proved.
  var hasRules = true
  /// A forged source is put right, and the message judged then.
  var correctsForged = false
  /// Estates that may send to the share jobs.
  var jobs: [String] = []
  /// The estate that the yards of this one may not send to.
  var closedTo: String?
  /// What relays say of others is believed.
  var believesRelays = false
  /// Messages between other estates may pass.
  var relays = false

  /// Whether a process of `estate` and `yard` may send to this share of one in this estate.
  func allows(_ share: String, from estate: String, yard: String) -> Bool {
    guard hasRules else { return true }
    switch share {
    case "open", "hello", "answers": return true
    case "jobs": return jobs.contains(estate)
    case "secret": return estate == self.estate && yard.hasSuffix("w0")
    default: return false
    }
  }

  /// The rules of the process that holds the road.
  func manorRules(among estates: [String]) -> String {
    guard hasRules else { return forgedLine }
    var lines = [forgedLine]
    for other in estates + [Self.nowhere] where other != estate {
      lines.append(other == closedTo ? "refuse on=lane/* toestate=\(other)" : "allow on=lane/* toestate=\(other)")
      let verb = relays ? "allow" : "refuse"
      lines.append("\(verb) on=road/* toestate=\(other)")
      lines.append("\(verb) on=road/* via=* toestate=\(other)")
    }
    // By its user, too, who cannot be told from another machine.
    lines.append("allow share=secret on=lane/* yard=*w0 uid=100")
    return (lines + shareRules(estate)).joined(separator: "\n")
  }

  /// The rules of a worker, for which the manor proves what comes from elsewhere.
  var workerRules: String {
    guard hasRules else { return forgedLine }
    var lines = [forgedLine]
    for own in [estate, ""] { lines.append("allow share=secret yard=*w0 estate=\(own)") }
    if jobs.contains(estate) { lines.append("allow share=jobs estate=") }
    return (lines + shareRules(estate)).joined(separator: "\n")
  }

  private var forgedLine: String { "forged \(correctsForged ? "correct" : "refuse")" }

  private func shareRules(_ estate: String) -> [String] {
    var lines: [String] = []
    for via in believesRelays ? ["", " via=*"] : [""] {
      for share in ["open", "hello", "answers"] { lines.append("allow share=\(share)\(via)") }
      for other in jobs { lines.append("allow share=jobs estate=\(other)\(via)") }
    }
    return lines
  }
}
