/// How much a line of the log matters. The raw values are those of `RAET_LOG_...` in raet.h.
public enum LogLevel: UInt32, Sendable {
  case off = 0
  case error = 1
  case warning = 2
  case info = 3
  case debug = 4
}

/// Takes log lines.
public protocol LogSink: AnyObject {
  /// A line without its end, and without other control characters.
  func write(_ level: LogLevel, _ line: String)
}

/// Where log lines go. Lines never hold keys, bodies or file contents.
public struct Log {
  private let sink: (any LogSink)?
  private let level: LogLevel

  /// A log that goes nowhere.
  public init() {
    sink = nil
    level = .off
  }

  /// Lines up to this level go to `sink`.
  public init(_ sink: any LogSink, upTo level: LogLevel) {
    self.sink = sink
    self.level = level
  }

  /// Makes and writes the line only when somebody wants it.
  func callAsFunction(_ level: LogLevel, _ line: @autoclosure () -> String) {
    guard let sink, level.rawValue <= self.level.rawValue else { return }
    sink.write(level, Log.printable(line()))
  }

  /// A line holds names that peers chose: what ends lines or steers terminals in them becomes `?`.
  private static func printable(_ line: String) -> String {
    guard line.unicodeScalars.contains(where: isControl) else { return line }
    var shown = String.UnicodeScalarView()
    for scalar in line.unicodeScalars { shown.append(isControl(scalar) ? "?" : scalar) }
    return String(shown)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: true
    default: false
    }
  }
}
