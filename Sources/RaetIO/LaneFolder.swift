import CPosix

/// Why a yard has no socket.
public enum LaneSocketError: Error, Equatable, Sendable {
  /// A system call failed: errno.
  case system(Int32)
  /// The folder is a symbolic link, of another user, or others may write in it.
  case unsafeFolder
  /// What lies at the socket's path is no socket, or of another user.
  case occupied
  /// A process that is alive has the yard's socket.
  case exists
  /// Another process opens a yard in the folder right now.
  case locked

  static func check(_ result: Int32) throws(LaneSocketError) -> Int32 {
    guard result >= 0 else { throw .system(-result) }
    return result
  }
}

/// The folder of a lane's sockets, open (PROTOCOL 13.1). It guards the lane: nobody but its owner may write in it.
final class LaneFolder {
  private let descriptor: Int32

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { _ = rx_close(descriptor) }

  /// Opens the folder, making it and the ones above it where they are missing, for their owner alone.
  static func open(_ path: String) throws(LaneSocketError) -> LaneFolder {
    let bytes = [UInt8](path.utf8)
    guard bytes.first == UInt8(ascii: "/"), !bytes.contains(0) else { throw .system(EINVAL) }
    for end in bytes.indices.dropFirst() where bytes[end] == UInt8(ascii: "/") { try make(bytes[..<end]) }
    try make(bytes[...])
    let opened = rx_open_folder(AT_FDCWD, path)
    guard opened >= 0 else {
      var status = rx_file_status()
      let isLink = rx_status_at(AT_FDCWD, path, &status) == 0 && status.kind == RX_LINK
      throw isLink ? .unsafeFolder : .system(-opened)
    }
    let folder = LaneFolder(opened)
    var status = rx_file_status()
    _ = try LaneSocketError.check(rx_status(opened, &status))
    guard status.owner == geteuid(), status.mode & 0o022 == 0 else { throw .unsafeFolder }
    return folder
  }

  private static func make(_ path: ArraySlice<UInt8>) throws(LaneSocketError) {
    let made = rx_make_folder(AT_FDCWD, OpenFolder.terminated([UInt8](path)))
    // Above it there may be folders that we must not write in, as long as they are there.
    guard made >= 0 || made == -EEXIST || made == -EROFS || made == -EACCES else { throw .system(-made) }
  }

  /// One process at a time makes and removes sockets here, but not while this waits for long.
  func lock() throws(LaneSocketError) {
    for _ in 0..<50 {
      let result = rx_lock(descriptor)
      if result == 0 { return }
      guard result == -EWOULDBLOCK else { throw .system(-result) }
      rx_pause_ms(2)
    }
    throw .locked
  }

  func unlock() { _ = rx_unlock(descriptor) }

  /// What a name stands for; nil when there is nothing.
  func status(_ name: String) throws(LaneSocketError) -> rx_file_status? {
    var status = rx_file_status()
    let result = rx_status_at(descriptor, name, &status)
    if result == -ENOENT { return nil }
    _ = try LaneSocketError.check(result)
    return status
  }

  func remove(_ name: String) throws(LaneSocketError) {
    let result = rx_unlink(descriptor, name)
    guard result >= 0 || result == -ENOENT else { throw .system(-result) }
  }

  /// Nobody but the owner may write to the socket of this name.
  func close(_ name: String) throws(LaneSocketError) {
    _ = try LaneSocketError.check(rx_set_mode_at(descriptor, name, 0o600))
  }
}
