import CRaet
import RaetCrypto
import RaetIO
import RaetStack
import RaetWire

/// What a raet_stack * stands for: the road or lane, its driver, and what the host was handed last.
final class StackHandle {
  /// Where a thread of control is within the stack.
  enum Activity {
    /// Nowhere: all calls work.
    case idle
    /// The engine is at work; what it calls back must not change it.
    case working
    /// The host looks at an event.
    case dispatching
  }

  let engine: Engine
  let socketBuffer: Int
  var activity = Activity.idle
  /// raet_stack_free() was called from inside a callback.
  var isFreed = false
  /// The `now` of the last call that brought one.
  var now: UInt64 = 0
  /// The event that the host was handed last.
  var current: EventBox?
  /// Memory of an event that can be used again.
  var spare: EventBox?
  var wake: (fn: raet_wake_fn, user: UnsafeMutableRawPointer?)?
  var error: CText?
  /// The router that it is attached to, which services it.
  var router: OpaquePointer?

  init(_ engine: Engine, socketBuffer: Int) {
    self.engine = engine
    self.socketBuffer = socketBuffer
  }

  /// The road, for what lanes do not have: `.unsupported` there.
  var road: Road {
    get throws(Status) {
      guard case .road(let driver) = engine else { throw .unsupported }
      return driver.road
    }
  }

  /// The stack behind a handle, for functions that only look; nil for what is no stack.
  static func looking(_ handle: OpaquePointer?) -> StackHandle? {
    HandleTable.find(handle, .stack, as: StackHandle.self)
  }

  /// Does `body` as the engine's work: refused while the engine is at work. Tells the host afterwards when what it waits
  /// for has changed, unless it is about to ask anyway.
  static func working(
    _ handle: OpaquePointer?, now: UInt64?, tellsWake: Bool = true,
    _ body: (StackHandle) throws(Failure) -> Void
  ) -> raet_status {
    guard let handle, let stack = looking(handle) else { return raet_status(RAET_EINVAL) }
    if case .working = stack.activity { return raet_status(RAET_EREENTRANT) }
    let outer = stack.activity
    if let now { stack.now = max(stack.now, now) }
    let before = tellsWake && stack.wake != nil ? stack.waitingFor : nil
    stack.activity = .working
    var status = raet_status(RAET_OK)
    do throws(Failure) { try body(stack) } catch {
      status = error.status.rawValue
      stack.error = error.text.isEmpty ? nil : CText(error.text)
    }
    stack.activity = outer
    if let before, !stack.isFreed, before != stack.waitingFor { stack.tellWake(handle) }
    stack.freeIfAsked(handle)
    return status
  }

  private func tellWake(_ handle: OpaquePointer) {
    guard let wake else { return }
    let outer = activity
    activity = .dispatching
    wake.fn(wake.user, handle)
    activity = outer
    freeIfAsked(handle)
  }

  /// What the host waits for: deadline and interest.
  var waitingFor: (UInt64, UInt32) { (engine.deadline(now: now), engine.interest) }
}

/// Why a call fails: the status, and for raet_stack_error() a sentence.
struct Failure: Error {
  let status: Status
  let text: String

  init(_ status: Status, _ text: String = "") {
    self.status = status
    self.text = text
  }
}

/// Calls of the engine, whose errors are statuses, in a call of the host's.
func attempt<Result>(_ body: () throws(Status) -> Result) throws(Failure) -> Result {
  do throws(Status) { return try body() } catch { throw Failure(error) }
}
