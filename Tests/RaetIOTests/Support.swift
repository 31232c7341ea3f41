import Glibc
import RaetStack
import Testing

@testable import RaetIO

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = [CChar]("/tmp/raet-tests-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    TemporaryFolder.removeAll(path)
  }

  private static func removeAll(_ path: String) {
    for name in names(path) {
      let entry = "\(path)/\(name)"
      if kind(entry) == S_IFDIR { removeAll(entry) } else { unlink(entry) }
    }
    rmdir(path)
  }

  private static func names(_ path: String) -> [String] {
    guard let list = opendir(path) else { return [] }
    defer { closedir(list) }
    var names: [String] = []
    while let entry = readdir(list) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  private static func kind(_ path: String) -> mode_t? {
    status(path).map { $0.st_mode & S_IFMT }
  }

  func at(_ name: String) -> String { "\(path)/\(name)" }
  func names(_ folder: String = ".") -> [String] { TemporaryFolder.names(at(folder)) }
  func exists(_ name: String) -> Bool { TemporaryFolder.status(at(name)) != nil }
  func isLink(_ name: String) -> Bool { TemporaryFolder.kind(at(name)) == S_IFLNK }
  func mode(_ name: String) -> mode_t? { TemporaryFolder.status(at(name)).map { $0.st_mode & 0o7777 } }

  func makeFolders(_ names: [String], mode: mode_t = 0o755) throws {
    for name in names {
      try #require(mkdir(at(name), mode) == 0 || errno == EEXIST)
      try #require(chmod(at(name), mode) == 0)
    }
  }

  func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws {
    let file = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, mode)
    try #require(file >= 0)
    defer { close(file) }
    try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    try #require(fchmod(file, mode) == 0)
  }

  func read(_ name: String) -> [UInt8]? {
    let file = open(at(name), O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 100_000)
    let count = Glibc.read(file, &bytes, bytes.count)
    return count < 0 ? nil : [UInt8](bytes[..<count])
  }
}

/// Names that make files of their own.
enum Names {
  static let plain = ["alpha", "Alpha-1_b", "alpha.example.org", "a.json", "a..b", "a.", "user@host:1", "a+b=c,d", "0"]
  static let other = [
    ".", "..", ".hidden", "a b", "a/b", "../../etc/passwd", "a\0b", "\u{fc}ber", "100%", "%41", "a%41", "%", "a\nb",
    "~", "$(x)", "\u{1f600}", "\u{7f}",
  ]
}

let sizes = [0, 1, 100, 4_095, 4_096, 4_097, 65_535, 65_536]

func pattern(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}
