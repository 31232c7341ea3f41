import Glibc
import Synchronization

/// System calls of the library that tests watch and let fail. A definition in the test program comes before the C
/// library's; it concerns only descriptors below folders that a test has named.
enum SystemCall: String, Sendable {
  case write, fsync, renameat
}

/// What is to become of the next calls of a kind, in their order. Calls after the last are done.
enum Fault: Sendable {
  case fail(Int32)
  /// A part of the bytes only is written.
  case short(Int)
  case done
}

/// The calls that concern one folder.
struct WatchedCalls: Sendable {
  /// The name of each call and what it was for, relative to the folder.
  var log: [String] = []
  var faults: [SystemCall: [Fault]] = [:]
}

private let watched = Mutex<[String: WatchedCalls]>([:])

/// Runs `body` with these faults; returns the calls that were made below `folder`.
func watching(
  _ folder: TemporaryFolder, _ faults: [SystemCall: [Fault]] = [:], _ body: () throws -> Void
) rethrows -> [String] {
  watched.withLock { $0[folder.path] = WatchedCalls(faults: faults) }
  defer { watched.withLock { $0[folder.path] = nil } }
  try body()
  return watched.withLock { $0[folder.path]?.log ?? [] }
}

private func next(_ call: SystemCall, _ descriptor: Int32) -> Fault {
  guard watched.withLock({ !$0.isEmpty }), let path = path(of: descriptor) else { return .done }
  return watched.withLock { all in
    for folder in all.keys where path == folder || path.hasPrefix("\(folder)/") {
      all[folder]?.log.append("\(call.rawValue) \(path.dropFirst(folder.count + 1))")
      guard all[folder]?.faults[call]?.isEmpty == false else { return .done }
      return all[folder]?.faults[call]?.removeFirst() ?? .done
    }
    return .done
  }
}

private func path(of descriptor: Int32) -> String? {
  var target = [CChar](repeating: 0, count: 1_024)
  let count = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
  return count < 0 ? nil : String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The C library's own function.
private func original<Function>(_ name: String, as type: Function.Type) -> Function? {
  let nextObject = UnsafeMutableRawPointer(bitPattern: -1)
  return dlsym(nextObject, name).map { unsafeBitCast($0, to: type) }
}

private func failing(_ error: Int32) -> Int {
  errno = error
  return -1
}

@_cdecl("write") func watchedWrite(_ descriptor: Int32, _ from: UnsafeRawPointer?, _ count: Int) -> Int {
  typealias Write = @convention(c) (Int32, UnsafeRawPointer?, Int) -> Int
  guard let write = original("write", as: Write.self) else { return failing(ENOSYS) }
  switch next(.write, descriptor) {
  case .fail(let error): return failing(error)
  case .short(let part): return write(descriptor, from, min(part, count))
  case .done: return write(descriptor, from, count)
  }
}

@_cdecl("fsync") func watchedSync(_ descriptor: Int32) -> Int32 {
  typealias Sync = @convention(c) (Int32) -> Int32
  if case .fail(let error) = next(.fsync, descriptor) { return Int32(failing(error)) }
  return original("fsync", as: Sync.self)?(descriptor) ?? Int32(failing(ENOSYS))
}

@_cdecl("renameat") func watchedRename(
  _ folder: Int32, _ from: UnsafePointer<CChar>?, _ other: Int32, _ to: UnsafePointer<CChar>?
) -> Int32 {
  typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?) -> Int32
  if case .fail(let error) = next(.renameat, folder) { return Int32(failing(error)) }
  return original("renameat", as: Rename.self)?(folder, from, other, to) ?? Int32(failing(ENOSYS))
}
