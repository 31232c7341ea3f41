import RaetSession
import RaetStack
import RaetWire

/// Looks what a start makes of the records on its disk: each is loaded, or it is said what is wrong with it, and none is
/// deleted for that (promise 10). Of strangers there are only keys that wait for a person (promise 8).
struct StoreWatch {
  /// The records before the start.
  private let records: [String: [UInt8]]
  private let isOwnIdentityDamaged: Bool

  init(_ disk: VirtualDisk) {
    records = disk.records
    isOwnIdentityDamaged = disk.isOwnIdentityDamaged
  }

  /// The start was refused.
  func refused(_ failure: RoadFailure) -> Violation? {
    guard failure.status == .store, !isOwnIdentityDamaged else { return nil }
    return Violation(.store, "no start, though the own identity is whole: \(failure.text)")
  }

  /// The program runs.
  func started(_ road: Road, _ disk: VirtualDisk) -> Violation? {
    if let key = records.keys.sorted().first(where: { disk.records[$0] == nil }) {
      return Violation(.store, "the start has deleted \(key)")
    }
    let missing = records.keys.sorted().filter { key in
      if let name = VirtualDisk.name(key, "remote/estate.") { return (try? road.findRemote(name: name)) == nil }
      if let name = VirtualDisk.name(key, "role/remote/role.") { return (try? road.role(name)) == nil }
      return false
    }
    guard missing.count <= Int(clamping: road.statistics[.storeError]) else {
      return Violation(.store, "the start has neither loaded nor reported all of \(missing)")
    }
    return nil
  }

  /// A record of a stranger whom no person has decided on. What a fault has put into records is not judged.
  static func stranger(on disk: VirtualDisk) -> Violation? {
    guard !disk.wasDamaged else { return nil }
    for (key, record) in disk.records where key.contains("stranger") {
      let acceptance = VirtualDisk.fields(key, record)?["acceptance"]?.asUInt32
      if acceptance != UInt32(Acceptance.pending.rawValue) {
        return Violation(.limits, "a stranger has left \(key)")
      }
    }
    return nil
  }
}
