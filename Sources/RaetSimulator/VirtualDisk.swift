import RaetSession
import RaetStack
import RaetWire

/// A disk that outlives the program, and fails as disks do. A record comes or goes whole, as `RecordStore` promises;
/// that this holds for files is for the tests of FileStore to show.
public final class VirtualDisk: RecordStore {
  /// What a write finds.
  enum Health {
    case sound
    /// No write works.
    case full
    /// So many of a hundred writes fail.
    case failing(Int)
  }

  private(set) var records: [String: [UInt8]] = [:]
  /// What was there before the last writes, oldest first.
  private var past: [[String: [UInt8]]] = []
  /// The session of each remote's record, by the remote's name.
  private(set) var sessions: [String: UInt32] = [:]
  var health = Health.sound
  /// The program dies in the write after so many more; nil: it does not.
  var writesToCrash: Int?
  /// The program has died in a write: nothing that it does from now on counts.
  private(set) var hasCrashed = false
  private(set) var failures = 0
  /// A record was changed by the disk.
  var wasDamaged = false
  /// Records of the own identity that were damaged, as they were.
  private var spoiled: [String: [UInt8]] = [:]
  /// One of them is damaged now.
  var isOwnIdentityDamaged: Bool { !spoiled.isEmpty }
  private var chance: Chance

  init(seed: UInt64) { chance = Chance(seed: seed, purpose: 11) }

  // MARK: RecordStore.

  /// See `RecordStore`.
  public func load(_ key: String) throws(StoreError) -> [UInt8]? { records[key] }

  /// See `RecordStore`.
  public func save(_ key: String, _ record: [UInt8]) throws(StoreError) {
    try write {
      records[key] = record
      if let name = Self.remoteName(key) { sessions[name] = Self.session(key, record) }
    }
  }

  /// See `RecordStore`.
  public func remove(_ key: String) throws(StoreError) {
    guard records[key] != nil else { return }
    try write { records[key] = nil }
  }

  /// See `RecordStore`.
  public func keys() throws(StoreError) -> [String] { records.keys.sorted() }

  private func write(_ change: () -> Void) throws(StoreError) {
    guard !hasCrashed else { throw .system(5) }
    if let left = writesToCrash {
      writesToCrash = left - 1
      if left <= 0 {
        // It dies before the rename, or after it.
        if chance.happens(50) { change() }
        hasCrashed = true
        throw .system(5)
      }
    }
    switch health {
    case .sound: break
    case .full:
      failures += 1
      throw .system(28)
    case .failing(let percent):
      if chance.happens(percent) {
        failures += 1
        throw .system(5)
      }
    }
    past.append(records)
    if past.count > 40 { past.removeFirst(20) }
    change()
  }

  // MARK: What becomes of it while the program is dead.

  /// The program starts again, on a disk that works for it.
  func reopen() {
    hasCrashed = false
    writesToCrash = nil
    sessions = [:]
    for (key, record) in records {
      if let name = Self.remoteName(key) { sessions[name] = Self.session(key, record) }
    }
  }

  /// The last write was never really on the disk.
  func loseLastWrite() {
    if let before = past.popLast() { records = before }
  }

  /// An older state is put back, as from a backup; false when there is none that still knows the own keys.
  func putBack(_ age: Int) -> Bool {
    let usable = past.filter { $0.keys.contains { $0.hasPrefix("role/local/") } }
    guard !usable.isEmpty else { return false }
    records = usable[max(0, usable.count - 1 - age)]
    return true
  }

  /// Only records for which `isKept` holds are left.
  func keep(_ isKept: (String) -> Bool) {
    records = records.filter { isKept($0.key) }
    past = []
  }

  /// Flips a bit of a record, or cuts one of the own identity: a bit of a key that is another one nobody can see.
  func damage(ownIdentity: Bool) {
    let keys = records.keys.filter { Self.isOwn($0) == ownIdentity }.sorted()
    guard let key = chance.pick(keys), var record = records[key], !record.isEmpty else { return }
    if ownIdentity {
      if spoiled[key] == nil { spoiled[key] = record }
      record.removeLast(chance.number(record.count / 2...record.count))
    } else {
      record[chance.number(0...record.count - 1)] ^= UInt8(1 << chance.number(0...7))
      wasDamaged = true
    }
    records[key] = record
  }

  private static func isOwn(_ key: String) -> Bool { key.hasPrefix("role/local/") || key.hasPrefix("local/") }

  /// A person frees the disk, and puts the own identity back as it was.
  func mend() {
    health = .sound
    for (key, record) in spoiled where records[key] != nil { records[key] = record }
    spoiled = [:]
  }

  // MARK: What records say.

  /// The name in the key of a record; nil when the key does not begin like this.
  static func name(_ key: String, _ beginning: String) -> String? {
    guard key.hasPrefix(beginning) else { return nil }
    let name = key.dropFirst(beginning.count)
    return name.lastIndex(of: ".").map { String(name[..<$0]) }
  }

  private static func remoteName(_ key: String) -> String? { name(key, "remote/estate.") }

  private static func session(_ key: String, _ record: [UInt8]) -> UInt32? {
    fields(key, record)?["sid"]?.asUInt32
  }

  /// The fields of a record; nil when it cannot be read.
  static func fields(_ key: String, _ record: [UInt8]) -> Mapping? {
    record.withUnsafeBytes { (bytes) -> Mapping? in
      do throws(BodyError) {
        return try ValueCodec.decodeMapping(key.hasSuffix(".msgpack") ? .msgpack : .json, bytes)
      } catch { return nil }
    }
  }
}
