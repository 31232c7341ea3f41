import CPosix
import RaetStack

/// A folder that is open: all access goes through its descriptor, so that nobody can slip another one under its path.
/// Its files are replaced as a whole.
final class OpenFolder {
  /// What is being written. The reference takes no notice of a file of this name.
  private static let unfinished = terminated([UInt8](".raet-new".utf8))

  private let descriptor: Int32

  /// Takes over an open descriptor.
  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    _ = rx_close(descriptor)
  }

  /// The names of files are C strings here.
  static func terminated(_ name: [UInt8]) -> [CChar] {
    name.map { CChar(bitPattern: $0) } + [0]
  }

  static func check(_ result: Int32) throws(StoreError) {
    guard result >= 0 else { throw .system(-result) }
  }
}

// Folders.
extension OpenFolder {
  /// Opens a folder by its path, making it and the ones above it where they are missing, for their owner alone. An own
  /// folder stays as open to others as it is, but that they cannot write in it.
  static func open(path: [UInt8]) throws(StoreError) -> OpenFolder {
    var path = path
    while path.count > 1 && path.last == UInt8(ascii: "/") { path.removeLast() }
    guard !path.isEmpty, !path.contains(0) else { throw .system(EINVAL) }
    var made = rx_make_folder(AT_FDCWD, terminated(path))
    if made == -ENOENT {
      for end in path.indices where path[end] == UInt8(ascii: "/") && end > 0 {
        let above = rx_make_folder(AT_FDCWD, terminated([UInt8](path[..<end])))
        guard above >= 0 || above == -EEXIST else { throw .system(-above) }
      }
      made = rx_make_folder(AT_FDCWD, terminated(path))
    }
    guard made >= 0 || made == -EEXIST else { throw .system(-made) }
    let folder = try open(AT_FDCWD, terminated(path))
    if made >= 0 { folder.synchronizeAbove() }
    let sticky: UInt32 = 0o1000
    let mode = try folder.ownMode()
    if mode & 0o022 != 0 && mode & sticky == 0 { try check(rx_set_mode(folder.descriptor, mode & ~0o022)) }
    return folder
  }

  /// Opens a folder within this one, making it where it is missing. Only its owner can enter it then.
  func folder(_ name: String) throws(StoreError) -> OpenFolder {
    let name = OpenFolder.terminated([UInt8](name.utf8))
    let made = rx_make_folder(descriptor, name)
    guard made >= 0 || made == -EEXIST else { throw .system(-made) }
    if made >= 0 { try synchronize() }
    let folder = try OpenFolder.open(descriptor, name)
    if try folder.ownMode() != 0o700 { try OpenFolder.check(rx_set_mode(folder.descriptor, 0o700)) }
    return folder
  }

  private static func open(_ above: Int32, _ name: [CChar]) throws(StoreError) -> OpenFolder {
    let opened = rx_open_folder(above, name)
    if opened >= 0 { return OpenFolder(opened) }
    var status = rx_file_status()
    guard rx_status_at(above, name, &status) < 0 || status.kind != RX_LINK else { throw .unsafe }
    throw .system(-opened)
  }

  /// Its mode; `.unsafe` when it belongs to somebody else.
  private func ownMode() throws(StoreError) -> UInt32 {
    var status = rx_file_status()
    try OpenFolder.check(rx_status(descriptor, &status))
    guard status.owner == geteuid() else { throw .unsafe }
    return status.mode
  }

  /// Whether two names are those of one file.
  func isSame(_ one: String, _ other: String) -> Bool {
    var first = rx_file_status()
    var second = rx_file_status()
    return rx_status_at(descriptor, one, &first) == 0 && rx_status_at(descriptor, other, &second) == 0
      && first.node == second.node && first.device == second.device
  }

  /// Makes what happened to its entries durable.
  private func synchronize() throws(StoreError) {
    try OpenFolder.check(rx_sync(descriptor))
  }

  /// Makes it durable that this folder was made. Who may not read the folder above cannot do that.
  private func synchronizeAbove() {
    let above = rx_open_folder(descriptor, "..")
    guard above >= 0 else { return }
    _ = rx_sync(above)
    _ = rx_close(above)
  }

  /// The names of its files.
  func names() throws(StoreError) -> [[UInt8]] {
    var error: Int32 = 0
    guard let list = rx_list(descriptor, &error) else { throw .system(error) }
    defer { rx_end_list(list) }
    var names: [[UInt8]] = []
    var name: UnsafePointer<CChar>?
    var result = rx_next_name(list, &name)
    while result > 0, let found = name {
      names.append([UInt8](UnsafeRawBufferPointer(start: found, count: strlen(found))))
      result = rx_next_name(list, &name)
    }
    try OpenFolder.check(result)
    return names
  }
}

// Files.
extension OpenFolder {
  /// Whether there is a file of this name.
  func has(_ name: [UInt8]) -> Bool {
    var status = rx_file_status()
    return rx_status_at(descriptor, OpenFolder.terminated(name), &status) == 0
  }

  /// All of a file; nil when there is none. A secret file that others could read they cannot read from then on.
  func read(_ name: [UInt8], isSecret: Bool) throws(StoreError) -> [UInt8]? {
    let file = rx_open_to_read(descriptor, OpenFolder.terminated(name))
    if file == -ENOENT || file == -ENAMETOOLONG { return nil }
    if file == -ELOOP { throw .unsafe }
    try OpenFolder.check(file)
    defer { _ = rx_close(file) }
    var status = rx_file_status()
    try OpenFolder.check(rx_status(file, &status))
    // The system's administrator may have put it there.
    guard status.kind == RX_FILE, status.owner == geteuid() || status.owner == 0 else { throw .unsafe }
    guard status.size <= UInt64(StoreLimit.record) else { throw .tooLarge }
    if isSecret && status.mode & 0o077 != 0 { _ = rx_set_mode(file, 0o600) }
    var result: Int32 = 0
    let record = [UInt8](unsafeUninitializedCapacity: Int(status.size)) { buffer, count in
      while count < buffer.count, let start = buffer.baseAddress {
        result = rx_read(file, start + count, buffer.count - count)
        guard result > 0 else { break }
        count += Int(result)
      }
    }
    try OpenFolder.check(result)
    return record
  }

  /// Replaces a file as a whole, durably; when it cannot, what was there is still there.
  func replace(_ name: [UInt8], _ record: [UInt8]) throws(StoreError) {
    do throws(StoreError) {
      try write(record)
      try OpenFolder.check(rx_rename(descriptor, OpenFolder.unfinished, OpenFolder.terminated(name)))
    } catch {
      removeUnfinished()
      throw error
    }
    try synchronize()
  }

  private func write(_ record: [UInt8]) throws(StoreError) {
    var file = rx_create(descriptor, OpenFolder.unfinished)
    if file == -EEXIST {
      removeUnfinished()
      file = rx_create(descriptor, OpenFolder.unfinished)
    }
    try OpenFolder.check(file)
    var result = rx_set_mode(file, 0o600)
    if result == 0 { result = rx_write_all(file, record, record.count) }
    if result == 0 { result = rx_sync(file) }
    let closed = rx_close(file)
    try OpenFolder.check(result)
    try OpenFolder.check(closed)
  }

  /// Removes what a crash has left.
  func removeUnfinished() {
    _ = rx_unlink(descriptor, OpenFolder.unfinished)
  }

  /// Removes a file durably, if there is one.
  func remove(_ name: [UInt8]) throws(StoreError) {
    let result = rx_unlink(descriptor, OpenFolder.terminated(name))
    if result == -ENOENT || result == -ENAMETOOLONG { return }
    try OpenFolder.check(result)
    try synchronize()
  }

  /// Opens and locks a file, making it where it is missing; `.locked` when it is locked already, in this process or in
  /// another one.
  func lock(_ name: String) throws(StoreError) -> FolderLock {
    let file = rx_open_lock(descriptor, name)
    if file == -ELOOP { throw .unsafe }
    try OpenFolder.check(file)
    let result = rx_lock(file)
    if result == 0 { return FolderLock(file) }
    _ = rx_close(file)
    if result == -EWOULDBLOCK { throw .locked }
    throw .system(-result)
  }
}

/// A lock, held until it is freed by the process that took it. A forked one shares the locked file: it must neither give
/// the lock back nor keep it.
final class FolderLock {
  private let descriptor: Int32
  private let process = getpid()

  fileprivate init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    if process == getpid() { _ = rx_unlock(descriptor) }
    _ = rx_close(descriptor)
  }
}
