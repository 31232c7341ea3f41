import Testing

@testable import RaetStack

/// Lines of the log.
@Suite struct LogTests {
  private final class Lines: LogSink {
    var all: [String] = []
    func write(_ level: LogLevel, _ line: String) { all.append(line) }
  }

  @Test func aNameThatAPeerChoseEndsNoLineAndSteersNoTerminal() {
    let lines = Lines()
    let log = Log(lines, upTo: .debug)
    log(.info, "join of x\nERROR y\r\n\u{1b}[2J\u{9b}\u{7f}\u{2028}Äé")
    #expect(lines.all == ["join of x?ERROR y???[2J???Äé"])
  }

  @Test func linesBelowTheLevelAreNotMade() {
    let lines = Lines()
    let log = Log(lines, upTo: .warning)
    var made = 0
    func line() -> String {
      made += 1
      return "a"
    }
    log(.info, line())
    log(.warning, line())
    #expect(made == 1 && lines.all == ["a"])
  }
}
