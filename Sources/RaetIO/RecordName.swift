/// One of the folders of a store, as the reference lays them out (PROTOCOL 8.1).
enum StoreFolder: CaseIterable {
  /// The own estate.
  case local
  /// An estate each: the remotes.
  case remote
  /// The own role's secret keys.
  case localRole
  /// A role each: the remotes' public keys.
  case remoteRole

  /// Below the store's folder.
  var path: String {
    switch self {
    case .local: "local"
    case .remote: "remote"
    case .localRole: "role/local"
    case .remoteRole: "role/remote"
    }
  }

  /// What its files' names begin with.
  var prefix: String {
    switch self {
    case .local, .remote: "estate."
    case .localRole, .remoteRole: "role."
    }
  }

  /// Whether it has many records, each with a name of its own.
  var isNamed: Bool {
    switch self {
    case .remote, .remoteRole: true
    case .local, .localRole: false
    }
  }

  /// Whether its records hold secret keys.
  var isSecret: Bool {
    switch self {
    case .localRole: true
    case .local, .remote, .remoteRole: false
    }
  }
}

/// A record's key taken apart: `FOLDER/PREFIX.NAME.ENDING`, or without the name where there is one record only.
struct RecordName: Equatable {
  /// The endings a record may have, which tell how it is encoded.
  static let endings = ["json", "msgpack"]

  let folder: StoreFolder
  /// The name of the estate or role as it is, whatever bytes it has; nil where there is one record only.
  let name: [UInt8]?
  /// One of `endings`.
  let ending: String

  /// Nil when the key is none of a store's.
  init?(key: String) {
    let bytes = [UInt8](key.utf8)
    for folder in StoreFolder.allCases {
      let start = [UInt8]("\(folder.path)/".utf8)
      guard bytes.starts(with: start) else { continue }
      self.init(folder, file: bytes[start.count...])
      return
    }
    return nil
  }

  /// Nil unless the bytes are those of a file's name that has its folder's prefix and one of the endings.
  init?(_ folder: StoreFolder, file: ArraySlice<UInt8>) {
    let prefix = folder.prefix.utf8
    guard file.starts(with: prefix) else { return nil }
    let rest = file.dropFirst(prefix.count)
    for ending in RecordName.endings {
      guard RecordName.ends(rest, with: ending) else { continue }
      let name = rest.dropLast(ending.utf8.count)
      if !folder.isNamed {
        guard name.isEmpty else { continue }
        (self.folder, self.name, self.ending) = (folder, nil, ending)
        return
      }
      guard name.count > 1, name.last == FileNameCode.dot else { continue }
      (self.folder, self.name, self.ending) = (folder, [UInt8](name.dropLast()), ending)
      return
    }
    return nil
  }

  private static func ends(_ bytes: ArraySlice<UInt8>, with ending: String) -> Bool {
    bytes.suffix(ending.utf8.count).elementsEqual(ending.utf8)
  }

  private func file(named name: [UInt8]?) -> [UInt8] {
    guard let name else { return [UInt8]("\(folder.prefix)\(ending)".utf8) }
    return [UInt8](folder.prefix.utf8) + name + [FileNameCode.dot] + [UInt8](ending.utf8)
  }

  /// Nil when the name is not UTF-8: then it is none of ours.
  var key: String? {
    let bytes = [UInt8]("\(folder.path)/".utf8) + file(named: name)
    let key = String(decoding: bytes, as: UTF8.self)
    return key.utf8.elementsEqual(bytes) ? key : nil
  }

  /// The name of its file.
  func fileName(_ code: FileNameCode) -> [UInt8] {
    file(named: name.map { code.encode($0) })
  }

  /// The name under which the reference would have its file, when that is another one, a file can have it, and it is not
  /// the one of another record: `a%2Fb` stands for `a/b`.
  func plainFileName(_ code: FileNameCode) -> [UInt8]? {
    guard let name, code.encode(name) != name, !name.contains(FileNameCode.slash), !name.contains(0) else { return nil }
    guard code.decode(name) == name else { return nil }
    return file(named: name)
  }

  /// The record that a file holds; nil when it is none of ours.
  static func decode(_ file: [UInt8], in folder: StoreFolder, _ code: FileNameCode) -> RecordName? {
    guard let found = RecordName(folder, file: file[...]) else { return nil }
    return RecordName(folder, found.name.map { code.decode($0) }, found.ending)
  }

  private init(_ folder: StoreFolder, _ name: [UInt8]?, _ ending: String) {
    (self.folder, self.name, self.ending) = (folder, name, ending)
  }
}

/// How names become parts of files' names: plain ones as they are, which is what the reference does with all of them;
/// in others every byte that is not plain as `%` and two digits (PROTOCOL 8.1).
struct FileNameCode {
  static let dot = UInt8(ascii: ".")
  static let slash = UInt8(ascii: "/")
  private static let percent = UInt8(ascii: "%")
  private static let digits = [UInt8]("0123456789ABCDEF".utf8)

  /// Whether the file system takes `A` for `a`, so that upper case has to be encoded as well.
  let foldsCase: Bool

  private func isPlain(_ byte: UInt8, first: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): !foldsCase
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "+"),
      UInt8(ascii: "="), UInt8(ascii: ","):
      true
    case FileNameCode.dot: !first
    default: false
    }
  }

  func encode(_ name: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(name.count)
    for (at, byte) in name.enumerated() {
      if isPlain(byte, first: at == 0) {
        out.append(byte)
      } else {
        out.append(FileNameCode.percent)
        out.append(FileNameCode.digits[Int(byte >> 4)])
        out.append(FileNameCode.digits[Int(byte & 15)])
      }
    }
    return out
  }

  /// The name that `encode` makes this of; otherwise the reference wrote it, which encodes nothing, and it is the name.
  func decode(_ encoded: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(encoded.count)
    var rest = encoded[...]
    while let byte = rest.popFirst() {
      guard byte == FileNameCode.percent else {
        out.append(byte)
        continue
      }
      let high = rest.popFirst().flatMap(FileNameCode.value)
      let low = rest.popFirst().flatMap(FileNameCode.value)
      guard let high, let low else { return encoded }
      out.append(high << 4 | low)
    }
    return encode(out) == encoded ? out : encoded
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    digits.firstIndex(of: digit).map { UInt8($0) }
  }
}
