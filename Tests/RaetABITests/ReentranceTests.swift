import CRaet
import Testing

@testable import RaetABI

/// Calls from inside callbacks, and around the end of a stack.
@Suite(.serialized) struct ReentranceTests {
  /// What callbacks see: they capture nothing.
  final class Seen {
    var stack: OpaquePointer?
    var nextEvent = raet_status(RAET_OK)
    var types: [raet_enum] = []
    var user: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
    static func at(_ user: UnsafeMutableRawPointer?) -> Seen? {
      user.map { Unmanaged<Seen>.fromOpaque($0).takeUnretainedValue() }
    }
  }

  private func makeStack() throws -> OpaquePointer {
    var config: OpaquePointer?
    #expect(raet_config_new(raet_enum(RAET_KIND_ROAD), &config) == RAET_OK)
    defer { raet_config_free(config) }
    #expect(raet_config_set_str(config, raet_enum(RAET_KEY_NAME), "a") == RAET_OK)
    #expect(raet_config_set_str(config, raet_enum(RAET_KEY_ENDPOINT), "127.0.0.1:0") == RAET_OK)
    var stack: OpaquePointer?
    #expect(raet_stack_new(config, 1, &stack) == RAET_OK)
    return try #require(stack)
  }

  /// A remote with a join under way.
  private func join(_ stack: OpaquePointer) -> (remote: raet_remote, transaction: raet_txn) {
    var remote: raet_remote = 0
    var transaction: raet_txn = 0
    #expect(raet_remote_add(stack, nil, "127.0.0.1:9", &remote) == RAET_OK)
    #expect(raet_join(stack, remote, 2, 0, &transaction) == RAET_OK)
    return (remote, transaction)
  }

  @Test func aStackFreedFromItsLogIsGoneWhenTheCallReturns() throws {
    let stack = try makeStack()
    let seen = Seen()
    seen.stack = stack
    let (remote, transaction) = join(stack)
    let log: raet_log_fn = { (user, _, _, _) in raet_stack_free(Seen.at(user)?.stack) }
    #expect(raet_stack_set_log(stack, raet_enum(RAET_LOG_DEBUG), log, seen.user) == RAET_OK)
    #expect(raet_txn_cancel(stack, transaction, 3) == RAET_OK)
    #expect(raet_connect(stack, remote, 4) == RAET_EINVAL)
    withExtendedLifetime(seen) {}
  }

  @Test func anEventStaysAsItIsWhileTheHostLooksAtIt() throws {
    let stack = try makeStack()
    defer { raet_stack_free(stack) }
    for _ in 0..<3 {
      let (remote, transaction) = join(stack)
      #expect(raet_txn_cancel(stack, transaction, 3) == RAET_OK)
      #expect(raet_remote_remove(stack, remote, 3) == RAET_OK)
    }
    let seen = Seen()
    let dispatch: raet_event_fn = { (user, stack, event) in
      guard let seen = Seen.at(user), let event else { return }
      let type = event.pointee.type
      var other: UnsafePointer<raet_event>?
      seen.nextEvent = raet_stack_next_event(stack, &other)
      if event.pointee.type == type { seen.types.append(type) }
    }
    #expect(raet_stack_dispatch(stack, dispatch, seen.user, 0) == RAET_OK)
    #expect(seen.nextEvent == RAET_EREENTRANT)
    #expect(seen.types.count == 6)
    withExtendedLifetime(seen) {}
  }

  @Test func aClosedStackSendsItsLastWordsAndSleeps() throws {
    let stack = try makeStack()
    defer { raet_stack_free(stack) }
    #expect(raet_stack_open(stack, 1) == RAET_OK)
    _ = join(stack)
    #expect(raet_stack_close(stack, 3, 0) == RAET_OK)
    var event: UnsafePointer<raet_event>?
    while raet_stack_next_event(stack, &event) == RAET_OK {}
    #expect(raet_stack_service(stack, 4, 0) == RAET_OK)
    #expect(raet_stack_fd(stack) == -1)
    #expect(raet_stack_deadline(stack) == .max)
    #expect(raet_stack_service(stack, 5, 0) == RAET_ECLOSED)
  }
}
