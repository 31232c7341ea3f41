import CPosix
import CRaet
import RaetCrypto
import RaetIO
import RaetRouter
import RaetSession
import RaetStack
import RaetWire

/// A stack attached to a router.
final class AttachedStack {
  let port: Int
  let handle: OpaquePointer
  let stack: StackHandle
  /// What the router's descriptor waits on: the stack's, and for what; -1 for nothing yet.
  var descriptor: Int32 = -1
  var interest: UInt32 = 0
  /// Where its thread of control was before the router went to work.
  var outer = StackHandle.Activity.idle

  init(port: Int, handle: OpaquePointer, stack: StackHandle) {
    self.port = port
    self.handle = handle
    self.stack = stack
  }
}

/// The attached stacks as the router uses them.
final class AttachedStacks: RouterPorts {
  var all: [AttachedStack] = []

  func find(port: Int) -> AttachedStack? { all.first { $0.port == port } }

  func facts(_ target: Target) -> RemoteFacts? {
    guard let attached = find(port: target.port) else { return nil }
    do throws(Status) {
      switch attached.stack.engine {
      case .road(let driver):
        let remote = try driver.road.remote(target.remote)
        var facts = RemoteFacts(name: remote.name, isAlive: remote.isAllowed && isThere(remote.presence))
        facts.role = remote.relation?.role ?? ""
        facts.kind = remote.relation?.kind
        return facts
      case .lane(let driver): return RemoteFacts(name: try driver.lane.remote(target.remote).name, isAlive: true)
      }
    } catch { return nil }
  }

  private func isThere(_ presence: Presence) -> Bool {
    switch presence {
    case .alive, .unknown: return true
    case .dead, .reaped: return false
    }
  }

  func find(_ name: String, port: Int) -> UInt64? {
    guard let attached = find(port: port) else { return nil }
    do throws(Status) { return try attached.stack.engine.findRemote(name: name) } catch { return nil }
  }

  func meet(_ name: String, port: Int) -> UInt64? {
    guard case .lane(let driver) = find(port: port)?.stack.engine else { return nil }
    do throws(Status) { return try driver.lane.addRemote(name: name) } catch { return nil }
  }

  func remote(after: UInt64, port: Int) -> UInt64? {
    guard let attached = find(port: port) else { return nil }
    do throws(Status) { return try attached.stack.engine.remote(after: after) } catch { return nil }
  }

  func send(
    _ target: Target, _ kind: BodyKind, _ body: UnsafeRawBufferPointer, isChecked: Bool, timeout: UInt64, tag: UInt64,
    now: UInt64
  ) throws(Status) -> UInt64 {
    guard let attached = find(port: target.port) else { throw .notFound }
    return try attached.stack.engine.send(
      target.remote, kind, body, isChecked: isChecked, timeout: timeout, tag: tag, now: now)
  }

  func cancel(_ transaction: UInt64, to target: Target, now: UInt64) {
    guard let attached = find(port: target.port) else { return }
    do throws(Status) { try attached.stack.engine.cancel(transaction, of: target.remote, now: now) } catch { return }
  }
}

/// What a raet_router * stands for: the router, the stacks attached to it, and what the host was handed last.
final class RouterHandle {
  let stacks = AttachedStacks()
  let router: Router
  /// What the host waits on: becomes readable when a stack's socket is ready.
  let descriptor: Int32
  var activity = StackHandle.Activity.idle
  /// raet_router_free() was called from inside a callback.
  var isFreed = false
  var now: UInt64 = 0
  private var lastPort = 0
  private var current: EventBox?
  private var spare: EventBox?
  var error: CText?

  private init(descriptor: Int32, chance: UInt64) {
    router = Router(stacks, chance: chance)
    self.descriptor = descriptor
  }

  /// A router; nil when the system gives no descriptor or no randomness.
  static func make() -> RouterHandle? {
    var chance: UInt64 = 0
    guard withUnsafeMutableBytes(of: &chance, { SodiumEntropy().fill($0) }) else { return nil }
    let descriptor = rx_epoll()
    return descriptor >= 0 ? RouterHandle(descriptor: descriptor, chance: chance) : nil
  }

  deinit { _ = rx_close(descriptor) }

  static func looking(_ handle: OpaquePointer?) -> RouterHandle? {
    HandleTable.find(handle, .router, as: RouterHandle.self)
  }

  /// Does `body` as the router's work, and that of all its stacks: refused while any of them is at work.
  static func working(
    _ handle: OpaquePointer?, now: UInt64?, _ body: (RouterHandle) throws(Failure) -> Void
  ) -> raet_status {
    guard let handle, let router = looking(handle) else { return raet_status(RAET_EINVAL) }
    if case .working = router.activity { return raet_status(RAET_EREENTRANT) }
    for attached in router.stacks.all {
      if case .working = attached.stack.activity { return raet_status(RAET_EREENTRANT) }
    }
    if let now { router.now = max(router.now, now) }
    let outer = router.activity
    router.activity = .working
    for attached in router.stacks.all {
      attached.outer = attached.stack.activity
      attached.stack.activity = .working
      attached.stack.now = max(attached.stack.now, router.now)
    }
    var status = raet_status(RAET_OK)
    do throws(Failure) { try body(router) } catch {
      status = error.status.rawValue
      router.error = error.text.isEmpty ? nil : CText(error.text)
    }
    for attached in router.stacks.all { attached.stack.activity = attached.outer }
    router.activity = outer
    for attached in router.stacks.all where attached.stack.isFreed { attached.stack.freeIfAsked(attached.handle) }
    router.freeIfAsked(handle)
    return status
  }

  /// Frees the router now that the callback has returned from which that was asked.
  func freeIfAsked(_ handle: OpaquePointer?) {
    guard isFreed, case .idle = activity else { return }
    RouterHandle.free(handle)
  }

  static func free(_ handle: OpaquePointer?) {
    guard let router = HandleTable.remove(handle, .router, as: RouterHandle.self) else { return }
    for attached in router.stacks.all { attached.stack.router = nil }
  }

  // MARK: Stacks.

  func attach(_ handle: OpaquePointer, _ stack: StackHandle, to router: OpaquePointer?) throws(Failure) {
    guard stack.router == nil else { throw Failure(.state, "the stack is attached already") }
    guard case .idle = stack.activity else { throw Failure(.reentrant) }
    let name: String
    var isRoad = false
    switch stack.engine {
    case .road(let driver):
      name = driver.road.name
      isRoad = true
    case .lane(let driver): name = driver.lane.name
    }
    guard self.router.attach(lastPort &+ 1, isRoad: isRoad, name: name) else { throw Failure(.noMemory) }
    lastPort &+= 1
    stack.giveBack()
    stack.router = router
    stacks.all.append(AttachedStack(port: lastPort, handle: handle, stack: stack))
  }

  /// Lets a stack go: what is under way there ends, and what it has told is kept.
  func detach(_ stack: StackHandle) {
    guard let attached = stacks.all.first(where: { $0.stack === stack }) else { return }
    router.release(attached.port, now: now)
    drain(attached, always: true)
    router.detach(attached.port, now: now)
    stacks.all.removeAll { $0 === attached }
    if attached.descriptor >= 0 { _ = rx_epoll_remove(descriptor, attached.descriptor) }
    stack.router = nil
  }

  /// The stack is about to be freed.
  static func release(_ stack: StackHandle) {
    if let router = looking(stack.router) { router.detach(stack) }
  }

  // MARK: The loop.

  /// Makes the descriptor wait on what the stacks wait on now.
  func watch() {
    for attached in stacks.all {
      let wanted = attached.stack.engine.descriptor ?? -1
      let interest = attached.stack.engine.interest
      guard wanted != attached.descriptor || interest != attached.interest else { continue }
      if wanted >= 0 {
        let write = interest & UInt32(RAET_WANT_WRITE) != 0
        let events = UInt32(RX_READY_READ) | (write ? UInt32(RX_READY_WRITE) : 0)
        _ = rx_epoll_set(descriptor, wanted, events, 0)
      }
      attached.descriptor = wanted
      attached.interest = interest
    }
  }

  var deadline: UInt64 {
    var due = router.deadline
    for attached in stacks.all {
      let engine = attached.stack.engine
      due = min(due, engine.hasEvents && router.hasRoom ? now : engine.deadline(now: now))
    }
    return due
  }

  /// Receives, routes and sends; answers errno when a socket is broken for good.
  func service(limit: Int) -> Int32? {
    var failure: Int32?
    for attached in stacks.all {
      let engine = attached.stack.engine
      if let error = engine.service(now: now, limit: limit) { failure = error }
      drain(attached)
    }
    router.expire(now: now)
    // What was routed leaves now, and not when the host comes again.
    for attached in stacks.all {
      let engine = attached.stack.engine
      if !engine.isClosed, engine.deadline(now: now) <= now { _ = engine.service(now: now, limit: 0) }
      drain(attached)
      if engine.isClosed { engine.closeSocket() }
    }
    watch()
    return failure
  }

  private func drain(_ attached: AttachedStack, always: Bool = false) {
    let engine = attached.stack.engine
    while always || router.hasRoom, let event = engine.nextEvent() { take(event, attached) }
  }

  private func take(_ event: Event, _ attached: AttachedStack) {
    let target = Target(port: attached.port, remote: event.remote)
    switch event.kind {
    case .message:
      let who = event.credentials
      router.receive(Incoming(from: target, event: event, uid: who?.uid, gid: who?.gid), now: now)
    case .delivered, .failed:
      if !router.ended(event, port: attached.port, now: now) { router.tell(RouterEvent(event, port: attached.port)) }
    case .joined, .allowed, .alive, .dead, .reaped, .remoteGone:
      router.tell(RouterEvent(event, port: attached.port))
      router.changed(target, now: now)
    case .writable, .keyPending, .keyChanged, .remoteAdded, .error, .closed, .undelivered, .refused:
      router.tell(RouterEvent(event, port: attached.port))
    }
  }

  // MARK: Events.

  /// The next event in its C form, in memory that is used again and again.
  func takeEvent() -> EventBox? {
    giveBack()
    if !router.hasEvents { for attached in stacks.all { drain(attached) } }
    guard let told = router.nextEvent() else { return nil }
    let box = spare ?? EventBox()
    spare = nil
    box.show(told, stack: stacks.find(port: told.port)?.handle)
    current = box
    return box
  }

  /// Takes back the event that the host was handed last.
  func giveBack() {
    guard let box = current else { return }
    box.clear()
    spare = box
    current = nil
  }

  /// Makes the last event the host's; false when it is another one.
  func detach(_ event: UnsafePointer<raet_event>) -> Bool {
    guard let box = current, UnsafePointer(box.fields) == event else { return false }
    box.detach()
    current = nil
    return true
  }
}
