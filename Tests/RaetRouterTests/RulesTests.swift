import Testing

@testable import RaetRouter

@Suite struct RulesTests {
  static let bad: [(String, Int, String)] = [
    ("permit", 1, "begins neither"), ("allow\n\nfoo", 3, "begins neither"), ("allow estate", 1, "SUBJECT=PATTERN"),
    ("allow colour=red", 1, "nothing is called colour"), ("allow estate=%4", 1, "two hex digits"),
    ("allow field:=x", 1, "no name of a field"), ("forged", 1, "\"correct\" or"), ("forged maybe", 1, "\"correct\" or"),
    ("allow " + String(repeating: "estate=a ", count: 17), 1, "too many patterns"),
    ("allow estate=" + String(repeating: "a", count: 256), 1, "too long"),
    (String(repeating: "allow\n", count: 1_025), 1_025, "too many rules"),
    (String(repeating: " ", count: RouterLimit.rulesText + 1), 0, "too long"),
    (
      "allow " + (0..<17).map { "field:f\($0)=a" }.prefix(16).joined(separator: " ") + "\nallow field:g=a", 2,
      "too many f"
    ),
  ]

  @Test(arguments: bad) func aBadRuleIsNamedByItsLine(text: String, line: Int, why: String) {
    let error = #expect(throws: RulesError.self) { try Rules(text) }
    #expect(error?.line == line)
    #expect(error?.text.contains(why) == true, "\(error?.text ?? "")")
  }

  static let globs: [(String, String, Bool)] = [
    ("", "", true), ("", "a", false), ("a", "a", true), ("a", "ab", false), ("*", "", true), ("*", "abc", true),
    ("a*", "a", true), ("a*", "abc", true), ("a*", "ba", false), ("*a", "ba", true), ("*a", "ab", false),
    ("a*b", "ab", true), ("a*b", "axxb", true), ("a*a", "a", false), ("*b*", "abc", true), ("*b*", "ac", false),
    ("a*b*c", "a1b2c", true), ("a*b*c", "acb", false), ("*ab*ab*", "abab", true), ("*ab*ab*", "aab", false),
    ("**", "x", true), ("%2A", "*", true), ("%2A", "x", false), ("%2a*", "*x", true), ("a%20b", "a b", true),
    ("é", "e\u{301}", false), ("?", "x", false),
  ]

  @Test(arguments: globs) func globsMatchWhole(pattern: String, text: String, isMatch: Bool) throws {
    let glob = try #require(Glob(Array(pattern.utf8)[...]))
    #expect(glob.matches(text) == isMatch)
  }

  @Test func aContrivedPatternTakesNoTime() throws {
    let glob = try #require(Glob(Array(String(repeating: "*a", count: 127).utf8)[...]))
    #expect(!glob.matches(String(repeating: "a", count: 1_000) + "b"))
  }
}
