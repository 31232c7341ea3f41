import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// One program of a run: an estate with its engine, disk and clock.
public final class Node: VirtualProcess {
  /// Where the program is in its life.
  enum Life {
    case running(Road)
    /// The process is stopped; what comes waits in the socket until it goes on.
    case paused(Road, until: UInt64, inbox: [Datagram])
    /// Dead until then.
    case down(until: UInt64)
  }

  /// The name of its estate.
  public let name: String
  /// Numbers for the application that follow from the seed of the run.
  public var chance: Chance
  let index: Int
  let disk: VirtualDisk
  let isMain: Bool
  /// The estates that it joins.
  var friends: [(name: String, address: Address)] = []
  var address: Address
  var clock = VirtualClock()
  var settings: RoadSettings
  var life: Life
  /// The host takes events.
  var reads = true
  /// It has started with another store than it had.
  var hasLostStore = false
  /// How much too late the host calls, in nanoseconds.
  var lateness: UInt64 = 0
  var lives = 0
  /// All public keys that its programs have had, the present ones last; who lost its store has new ones.
  var keys: [RoleKeys] = []
  let log = LogWatch()
  unowned let run: Simulation
  private(set) var entropy: SeededEntropy

  init(_ name: String, index: Int, run: Simulation, settings: RoadSettings) {
    self.name = name
    self.index = index
    self.run = run
    self.settings = settings
    address = settings.address
    isMain = settings.isMain
    disk = VirtualDisk(seed: run.seed &+ UInt64(index))
    chance = Chance(seed: run.seed, purpose: 100 + UInt64(index))
    entropy = SeededEntropy(seed: 0)
    life = .down(until: 0)
  }

  /// Starts the program on its disk. Throws what the engine says is wrong with that.
  func start(at time: UInt64) throws(RoadFailure) {
    lives += 1
    entropy = SeededEntropy(seed: run.seed &* 1_000_003 &+ UInt64(index) &* 1009 &+ UInt64(lives))
    disk.reopen()
    settings.address = address
    let road = try Road.make(settings, store: disk, entropy: entropy, now: clock.now(at: time))
    if run.watchesLogs || run.trace.isKept { road.log = Log(log, upTo: .debug) }
    if run.trace.isKept { log.show = { [unowned self] in run.trace.note(run.now, "  \(name) log: \($0)") } }
    keys.removeAll { $0 == road.keys }
    keys.append(road.keys)
    life = .running(road)
    reads = true
  }

  /// The engine, while the program lives.
  var road: Road? {
    switch life {
    case .running(let road), .paused(let road, _, _): return road
    case .down: return nil
    }
  }

  /// The engine, while it is served.
  var served: Road? {
    if case .running(let road) = life { return road }
    return nil
  }

  /// When the host has to do something, as the run's time goes.
  var due: UInt64 {
    switch life {
    case .running(let road):
      let due = clock.time(of: road.deadline)
      return due == .max ? .max : due &+ lateness
    case .paused(_, let until, _): return until
    case .down(let until): return until
    }
  }

  /// What its clock shows.
  public var now: UInt64 { clock.now(at: run.now) }

  // MARK: What an application can do.

  /// Names of the estates that it knows: those it connects to, and those that joined it.
  public var peers: [String] {
    guard let road = served else { return [] }
    var names: [String] = []
    var id: UInt64 = 0
    while let next = try? road.remote(after: id), let remote = try? road.remote(next) {
      id = next
      if remote.proven != nil, run.node(named: remote.name) != nil { names.append(remote.name) }
    }
    return names
  }

  /// The number that the next message of the run gets.
  public var nextNumber: Int { run.ledger.nextNumber }

  /// Connects to the estates that the run gave it as friends.
  public func connectToFriends() { connect { _ in true } }

  /// Connects to friends that the road has lost: those it does not know, has reaped, or knows only since they joined it
  /// after it had forgotten them. All others it tries again by itself.
  func connectToLostFriends() {
    guard let road = served else { return }
    connect { friend in
      let known = (try? road.findRemote(name: friend.name)) ?? road.findRemote(address: friend.address)
      guard let known, let remote = try? road.remote(known) else { return true }
      if case .reaped = remote.presence { return true }
      return remote.goal != .connect
    }
  }

  private func connect(_ isWanted: ((name: String, address: Address)) -> Bool) {
    guard let road = served else { return }
    for friend in friends where isWanted(friend) {
      let known = try? road.findRemote(name: friend.name)
      guard
        let id = try? known ?? road.findRemote(address: friend.address)
          ?? road.addRemote(name: nil, address: friend.address)
      else { continue }
      try? road.connect(id, now: now)
    }
  }

  /// Sends a message to an estate; false when the stack does not take it (the queue is full, or it is not known).
  /// That it ends in one true report, and arrives at most once and exactly, is the run's business.
  @discardableResult
  public func send(_ body: [UInt8], kind: BodyKind, to name: String, timeout: UInt64 = 0) -> Bool {
    guard let road = served, let receiver = run.node(named: name), let id = try? road.findRemote(name: name) else {
      return false
    }
    return body.withUnsafeBytes { bytes in
      do throws(Status) {
        _ = try road.send(id, kind, bytes, timeout: timeout, tag: UInt64(run.ledger.nextNumber), now: now)
        run.ledger.sent(bytes, kind, from: index, to: receiver.index)
        return true
      } catch {
        if error == .again { run.coverage.meet(.queueFull) }
        run.trace.note(run.now, "\(self.name) takes no message for \(name): \(error)")
        return false
      }
    }
  }
}

/// Looks for secrets in log lines.
final class LogWatch: LogSink {
  private(set) var lines = 0
  private(set) var leak: String?
  /// Shows each line in the trace.
  var show: ((String) -> Void)?
  /// Texts that no line may hold.
  var secrets: [String] = []

  func write(_ level: LogLevel, _ line: String) {
    lines += 1
    show?(line)
    for secret in secrets where line.contains(secret) { leak = line }
  }
}
