/// Why a store could not do what was asked.
public enum StoreError: Error, Equatable, Sendable {
  /// A system call failed; the system's `errno`.
  case system(Int32)
  /// The host's own store answered with this status.
  case host(Int32)
  /// Another process uses the store.
  case locked
  /// A folder or file is a symbolic link, or belongs to another user.
  case unsafe
  /// A record is longer than `StoreLimit.record`.
  case tooLarge
}

/// Limits of every store.
public enum StoreLimit {
  /// The longest record, in bytes.
  public static let record = 64 * 1024
}

/// Where a stack keeps what must outlive it (PROTOCOL 8). Keys are paths below the stack's folder as the reference
/// names them, such as `remote/estate.NAME.json`; a key that begins with `role/local/` holds secrets.
///
/// The engine calls it while it handles an input and goes on only when it has returned: what the engine says on the wire
/// afterwards (a new session id, a completed join) is durable by then. Records come and go whole.
public protocol RecordStore: AnyObject {
  /// The record's bytes, or nil when there is none.
  func load(_ key: String) throws(StoreError) -> [UInt8]?
  /// Replaces the record as a whole; durable on return.
  func save(_ key: String, _ record: [UInt8]) throws(StoreError)
  /// Removes the record, if there is one.
  func remove(_ key: String) throws(StoreError)
  /// All keys, in any order.
  func keys() throws(StoreError) -> [String]
}
