import CPosix
import RaetStack

/// A store in a folder of the file system, laid out as the reference's, which can use it before and after (PROTOCOL 8).
///
/// Folders are made 0700 and files 0600. No symbolic link is followed below the folder, nor in place of it. A record is
/// replaced by writing a new file, which becomes the record once it is on the disk: a crash leaves the old one or the
/// new one. The folder is locked as long as the store lives.
public final class FileStore: RecordStore {
  private static let lockName = ".raet-lock"

  private let lock: FolderLock
  private let local: OpenFolder
  private let remote: OpenFolder
  private let localRole: OpenFolder
  private let remoteRole: OpenFolder
  private let code: FileNameCode

  /// Opens a folder, making what is missing. `.locked`: a store, here or in another process, has it. `.unsafe`: it or a
  /// folder in it is a symbolic link or somebody else's. `.system`: errno of what failed.
  /// No initializer, since a class whose initializer throws leaks in Embedded Swift.
  public static func open(folder path: String) throws(StoreError) -> FileStore {
    try open(folder: path, foldsCase: nil)
  }

  /// A test says itself whether the file system takes upper for lower case.
  static func open(folder path: String, foldsCase: Bool?) throws(StoreError) -> FileStore {
    let root = try OpenFolder.open(path: [UInt8](path.utf8))
    let lock = try root.lock(FileStore.lockName)
    let role = try root.folder("role")
    let store = FileStore(
      lock: lock, local: try root.folder("local"), remote: try root.folder("remote"),
      localRole: try role.folder("local"), remoteRole: try role.folder("remote"),
      code: FileNameCode(foldsCase: foldsCase ?? root.isSame("local", "LOCAL")))
    for folder in [store.local, store.remote, store.localRole, store.remoteRole] { folder.removeUnfinished() }
    return store
  }

  private init(
    lock: FolderLock, local: OpenFolder, remote: OpenFolder, localRole: OpenFolder, remoteRole: OpenFolder,
    code: FileNameCode
  ) {
    self.lock = lock
    self.local = local
    self.remote = remote
    self.localRole = localRole
    self.remoteRole = remoteRole
    self.code = code
  }

  private func folder(_ folder: StoreFolder) -> OpenFolder {
    switch folder {
    case .local: local
    case .remote: remote
    case .localRole: localRole
    case .remoteRole: remoteRole
    }
  }

  private func parse(_ key: String) throws(StoreError) -> RecordName {
    guard let name = RecordName(key: key) else { throw .system(EINVAL) }
    return name
  }

  /// The record's bytes, or nil when there is none. `.unsafe`: it is no ordinary file, or somebody else's; `.tooLarge`;
  /// `.system` with EINVAL: no key of a store's (PROTOCOL 8.1). A secret file that others can read is closed to them.
  public func load(_ key: String) throws(StoreError) -> [UInt8]? {
    let name = try parse(key)
    let folder = folder(name.folder)
    if let record = try folder.read(name.fileName(code), isSecret: name.folder.isSecret) { return record }
    guard let plain = try plainFile(of: name) else { return nil }
    return try folder.read(plain, isSecret: name.folder.isSecret)
  }

  /// Replaces the record as a whole; durable on return. When it fails, the old record is there as it was, or in one
  /// case, that the disk fails at the very end, the new one. `.tooLarge`; `.system`: ENAMETOOLONG when the name makes a
  /// file name of more than 255 bytes, EINVAL as for `load`.
  public func save(_ key: String, _ record: [UInt8]) throws(StoreError) {
    let name = try parse(key)
    guard record.count <= StoreLimit.record else { throw .tooLarge }
    let folder = folder(name.folder)
    try folder.replace(name.fileName(code), record)
    if let plain = try plainFile(of: name) { try folder.remove(plain) }
  }

  /// Removes the record, if there is one; durable on return. Errors as for `load`.
  public func remove(_ key: String) throws(StoreError) {
    let name = try parse(key)
    let folder = folder(name.folder)
    if let plain = try plainFile(of: name) { try folder.remove(plain) }
    try folder.remove(name.fileName(code))
  }

  /// All keys, in any order. Files that are none of a store's are passed over.
  public func keys() throws(StoreError) -> [String] {
    var keys: Set<String> = []
    for place in StoreFolder.allCases {
      for file in try folder(place).names() {
        if let key = RecordName.decode(file, in: place, code)?.key { keys.insert(key) }
      }
    }
    return [String](keys)
  }

  /// The file that the reference wrote for a name that we would encode, if there is one.
  private func plainFile(of name: RecordName) throws(StoreError) -> [UInt8]? {
    guard let plain = name.plainFileName(code) else { return nil }
    let folder = folder(name.folder)
    guard folder.has(plain) else { return nil }
    guard code.foldsCase else { return plain }
    // It may be the file of a name that differs in case.
    return try folder.names().contains(plain) ? plain : nil
  }
}
