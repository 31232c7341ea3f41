import RaetStack

/// A store that lasts as long as its stack. It needs no secret keys then: the stack has them, in better memory.
public final class MemoryStore: RecordStore {
  private var records: [String: [UInt8]] = [:]

  private let keepsSecretKeys: Bool

  /// Makes an empty store. What outlives its stack has to keep the secret keys as well.
  public init(keepsSecretKeys: Bool = false) {
    self.keepsSecretKeys = keepsSecretKeys
  }

  /// The record's bytes, or nil when there is none. Never fails.
  public func load(_ key: String) throws(StoreError) -> [UInt8]? {
    records[key]
  }

  /// Replaces the record as a whole; `.tooLarge`.
  public func save(_ key: String, _ record: [UInt8]) throws(StoreError) {
    guard record.count <= StoreLimit.record else { throw .tooLarge }
    guard keepsSecretKeys || !key.hasPrefix("role/local/") else { return }
    records[key] = record
  }

  /// Removes the record, if there is one. Never fails.
  public func remove(_ key: String) throws(StoreError) {
    records[key] = nil
  }

  /// All keys, in any order. Never fails.
  public func keys() throws(StoreError) -> [String] {
    [String](records.keys)
  }
}
