/// Keys of records as a store of the host's gets them: a name in one has the form that it has in a file's name (PROTOCOL
/// 8.1), so that it can be a path, and no peer chooses which.
public enum EncodedKey {
  private static let code = FileNameCode(foldsCase: false)

  /// Nil when the key is none of a store's.
  public static func encode(_ key: String) -> String? {
    guard let name = RecordName(key: key) else { return nil }
    return String(decoding: [UInt8]("\(name.folder.path)/".utf8) + name.fileName(code), as: UTF8.self)
  }

  /// The key that `encode` made this of; nil when it is no record's.
  public static func decode(_ encoded: String) -> String? {
    let bytes = [UInt8](encoded.utf8)
    for folder in StoreFolder.allCases {
      let start = [UInt8]("\(folder.path)/".utf8)
      guard bytes.starts(with: start) else { continue }
      return RecordName.decode([UInt8](bytes[start.count...]), in: folder, code)?.key
    }
    return nil
  }
}
