import CRaet
import RaetCrypto
import RaetIO
import RaetStack

/// A store of the host's as the engine sees it.
final class HostStore: RecordStore {
  private let ops: raet_store_ops
  private let user: UnsafeMutableRawPointer?

  init(_ ops: raet_store_ops, _ user: UnsafeMutableRawPointer?) {
    self.ops = ops
    self.user = user
  }

  /// The key as the host gets it.
  private func encoded(_ key: String) throws(StoreError) -> String {
    guard let encoded = EncodedKey.encode(key) else { throw .host(raet_status(RAET_EINVAL)) }
    return encoded
  }

  func load(_ key: String) throws(StoreError) -> [UInt8]? {
    guard let load = ops.load else { return nil }
    let key = try encoded(key)
    var record = [UInt8](repeating: 0, count: 4096)
    defer { record.withUnsafeMutableBytes { $0.wipe() } }
    // A record may grow between the two calls, but not for ever.
    for _ in 0..<4 {
      var need = 0
      let status = key.withCString { key in
        record.withUnsafeMutableBufferPointer { load(user, key, $0.baseAddress, $0.count, &need) }
      }
      switch Int(status) {
      case RAET_OK where need >= 0 && need <= record.count:
        return [UInt8](record[..<need])
      case RAET_ENOTFOUND: return nil
      case RAET_EBUFSIZE:
        guard need <= StoreLimit.record, need > record.count else { throw .tooLarge }
        record = [UInt8](repeating: 0, count: need)
      default: throw .host(status)
      }
    }
    throw .host(raet_status(RAET_EBUFSIZE))
  }

  func save(_ key: String, _ record: [UInt8]) throws(StoreError) {
    guard let store = ops.store else { return }
    let status = try encoded(key).withCString { key in
      record.withUnsafeBufferPointer { store(user, key, $0.baseAddress, $0.count) }
    }
    guard Int(status) == RAET_OK else { throw .host(status) }
  }

  func remove(_ key: String) throws(StoreError) {
    guard let store = ops.store else { return }
    let status = try encoded(key).withCString { store(user, $0, nil, 0) }
    guard Int(status) == RAET_OK || Int(status) == RAET_ENOTFOUND else { throw .host(status) }
  }

  func keys() throws(StoreError) -> [String] {
    guard let next = ops.next else { return [] }
    var keys: [String] = []
    var count = 0
    var after = ""
    var name = [CChar](repeating: 0, count: 1024)
    while true {
      var need = 0
      let status = after.withCString { after in
        name.withUnsafeMutableBufferPointer { next(user, after, $0.baseAddress, $0.count, &need) }
      }
      if Int(status) == RAET_ENOTFOUND { return keys }
      guard Int(status) == RAET_OK, need > 1, need <= name.count else { throw .host(status) }
      let key = name.withUnsafeBufferPointer { Text.read($0.baseAddress, limit: need &- 1) }
      guard let key, key != after, count < 1 << 20 else { throw .host(status) }
      if let record = EncodedKey.decode(key) { keys.append(record) }
      after = key
      count &+= 1
    }
  }
}

/// A source of randomness of the host's.
final class HostEntropy: Entropy {
  private let fn: raet_random_fn
  private let user: UnsafeMutableRawPointer?

  init(_ fn: @escaping raet_random_fn, _ user: UnsafeMutableRawPointer?) {
    self.fn = fn
    self.user = user
  }

  func fill(_ out: UnsafeMutableRawBufferPointer) -> Bool {
    guard let start = out.baseAddress else { return out.isEmpty }
    return Int(fn(user, start.assumingMemoryBound(to: UInt8.self), out.count)) == RAET_OK
  }
}

/// The host's function for log lines.
final class HostLog: LogSink {
  private let fn: raet_log_fn
  private let user: UnsafeMutableRawPointer?

  init(_ fn: @escaping raet_log_fn, _ user: UnsafeMutableRawPointer?) {
    self.fn = fn
    self.user = user
  }

  func write(_ level: LogLevel, _ line: String) {
    guard let text = CText(line) else { return }
    fn(user, level.rawValue, text.pointer, line.utf8.count)
  }
}
