import RaetCrypto
import RaetSession
import RaetWire

/// What the road keeps in its store: written before it counts on the wire (PROTOCOL 8).
extension Road {
  /// Loads roles, then remotes. What is damaged is left as it is, set aside, and reported.
  func loadRolesAndRemotes() throws(RoadFailure) {
    let keys: [String]
    do throws(StoreError) { keys = try store.keys().sorted() } catch { throw RoadFailure(error, "list of records") }
    // Where a record is there in both forms, that of the form we write counts.
    let ours = settings.storeKind
    let ordered = keys.filter { RecordKey.isOf($0, ours) } + keys.filter { !RecordKey.isOf($0, ours) }
    for key in ordered {
      guard let (name, kind) = RecordKey.parse(key, prefix: "role/remote/role."), roles[name] == nil else { continue }
      guard let fields = loadOrReport(key, kind) else { continue }
      // The reference keeps keys before anybody has decided on them: nothing is known by that.
      if fields["acceptance"] == .null { continue }
      guard let role = Role(fields), fields["role"]?.asString ?? name == name else {
        reportDamaged(key)
        continue
      }
      roles[name] = role
    }
    for key in ordered {
      guard let (name, kind) = RecordKey.parse(key, prefix: "remote/estate.") else { continue }
      guard let fields = loadOrReport(key, kind) else { continue }
      guard let record = RemoteRecord(fields), record.name == name, restore(record) else {
        reportDamaged(key)
        continue
      }
    }
    // Who signs nothing is believed only small steps.
    for remote in slots.compactMap({ $0 }) where settings.signs {
      var chance: UInt32 = 0
      guard withUnsafeMutableBytes(of: &chance, { entropy.fill($0) }) else { return count(.randomError) }
      remote.near.skip(chance: chance)
    }
  }

  private func loadOrReport(_ key: String, _ kind: BodyKind) -> Mapping? {
    do throws(RoadFailure) { return try Identity.mapping(store, key, kind) } catch {
      reportFailure(error)
      return nil
    }
  }

  private func reportDamaged(_ key: String) {
    reportFailure(RoadFailure(.store, "\(key): damaged, or contradicts another record; left as it is"))
  }

  func reportFailure(_ failure: RoadFailure) {
    count(.storeError)
    var event = Event(.error)
    event.status = failure.status
    event.systemError = failure.systemError
    event.name = failure.text
    report(event)
    log(.error, failure.text)
  }

  private func restore(_ record: RemoteRecord) -> Bool {
    if let known = byName[record.name], known.isStored, known.nearID == record.nearID {
      known.near.restored(record.session)
      return true
    }
    guard record.nearID != ownID, byNear[record.nearID] == nil, byName[record.name] == nil, record.name != name else {
      // What a rename that broke off has left behind: whichever name counts, no session is used again.
      if let known = byNear[record.nearID], known.farID == record.farID { known.near.restored(record.session) }
      return false
    }
    let remote = makeRemote(
      nearID: record.nearID, address: record.address, name: record.name, session: record.session)
    remote.isStored = true
    lastNearID = max(lastNearID, record.nearID)
    guard let role = roles[record.role] else { return true }
    let relation = Relation(
      name: record.name, role: record.role, keys: role.keys, address: record.address, farID: record.farID,
      isMain: record.isMain, kind: record.kind)
    remote.standing = record.isJoined && role.acceptance == .accepted ? .joined(relation) : .stranger(relation)
    return true
  }

  // MARK: Saving. All answer false after a failure, which is reported.

  /// Writes a record in the form of the settings, and then removes the one of the other form.
  /// `finish` may change it before it is written.
  func save(
    _ key: (BodyKind) -> String, _ fields: Mapping, finish: (inout [UInt8]) -> Bool = { _ in true }
  ) -> Bool {
    let other: BodyKind = settings.storeKind == .json ? .msgpack : .json
    guard write(key(settings.storeKind), fields, finish) else { return false }
    do throws(StoreError) { try store.remove(key(other)) } catch {
      reportFailure(RoadFailure(error, key(other)))
      return false
    }
    return true
  }

  private func write(_ key: String, _ fields: Mapping, _ finish: (inout [UInt8]) -> Bool) -> Bool {
    do throws(BodyError) {
      var record = try ValueCodec.encode(fields, settings.storeKind, indent: true)
      defer { Identity.wipe(&record) }
      guard finish(&record) else { throw .malformed }
      do throws(StoreError) {
        recordsWritten &+= 1
        try store.save(key, record)
        return true
      } catch { reportFailure(RoadFailure(error, key)) }
    } catch { reportFailure(RoadFailure(.encode, "\(key): cannot be written")) }
    return false
  }

  func remove(_ key: (BodyKind) -> String) -> Bool {
    var isDone = true
    for kind in [BodyKind.json, BodyKind.msgpack] {
      do throws(StoreError) { try store.remove(key(kind)) } catch {
        reportFailure(RoadFailure(error, key(kind)))
        isDone = false
      }
    }
    return isDone
  }

  /// The own estate; its keys only when it is made.
  func saveLocal(includingKeys: Bool) throws(RoadFailure) {
    if includingKeys {
      var fields = Mapping()
      fields.append("role", .string(role))
      fields.append("sighex", SecretField.blank)
      fields.append("prihex", SecretField.blank)
      let isSaved = save(RecordKey.localRole, fields) { record in
        signing.withSeed { SecretField.sign.put($0, into: &record, settings.storeKind) }
          && long.withSecret { SecretField.encrypt.put($0, into: &record, settings.storeKind) }
      }
      guard isSaved else {
        throw RoadFailure(.io, "the store does not take the identity")
      }
    }
    guard saveLocal() else { throw RoadFailure(.io, "the store does not take the identity") }
  }

  func saveLocal() -> Bool {
    let record = LocalRecord(name: name, role: role, ownID: ownID, lastNearID: lastNearID)
    return save(RecordKey.local, record.fields(address: address))
  }

  func saveRemote(_ remote: Remote) -> Bool {
    guard var relation = remote.relation else { return true }
    // Where a single packet came from is forgotten with the program.
    relation.address = remote.address
    return saveRemote(remote, relation)
  }

  /// The remote as it is to become.
  func saveRemote(_ remote: Remote, _ relation: Relation) -> Bool {
    save({ RecordKey.remote(relation.name, $0) }, RemoteRecord.fields(remote, relation))
  }

  func saveRole(_ name: String, _ role: Role) -> Bool {
    save({ RecordKey.role(name, $0) }, role.fields(name))
  }

  /// Begins our first session with the remote, if none has begun.
  func startSession(_ remote: Remote) {
    guard remote.near.id == 0 else { return }
    var chance: UInt32 = 0
    guard withUnsafeMutableBytes(of: &chance, { entropy.fill($0) }) else { return count(.randomError) }
    remote.near.start(chance: chance)
  }

  /// Makes sure that the remote's present session is on disk, so that it may be used.
  func secureSession(_ remote: Remote) -> Bool {
    startSession(remote)
    guard remote.near.id != 0 else { return false }
    guard remote.near.needsReserve else { return true }
    let before = remote.near
    remote.near.reserved(remote.near.reservation())
    guard !remote.isStored || saveRemote(remote) else {
      remote.near = before
      return false
    }
    return true
  }
}
