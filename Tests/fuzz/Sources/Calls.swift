import CRaet
import RaetABI

/// Calls of the C interface in any order, on two stacks whose datagrams are carried in memory; each accepted message has
/// one report in the end, and a fresh pair of stacks works.
func fuzzCalls(_ bytes: UnsafeRawBufferPointer) {
  var input = Reader(bytes)
  var session = CallSession()
  for _ in 0..<200 where !input.isAtEnd { session.call(&input) }
  session.end()
}

/// Stacks under fuzz, and what their host has been told.
private struct CallSession {
  private var config: OpaquePointer?
  private var stacks: [OpaquePointer?] = [nil, nil]
  private var now: UInt64 = 1_000_000_000
  private var tag: UInt64 = 0
  private var open: Set<UInt64> = []
  private var endpoints = ["127.0.0.1:7001", "127.0.0.1:7002"]

  init() {
    for index in 0..<2 { stacks[index] = make(index) }
  }

  private func make(_ index: Int) -> OpaquePointer? {
    var config: OpaquePointer?
    guard raet_config_new(raet_enum(RAET_KIND_ROAD), &config) == 0 else { return nil }
    defer { raet_config_free(config) }
    _ = raet_config_set_str(config, raet_enum(RAET_KEY_NAME), index == 0 ? "main" : "other")
    _ = raet_config_set_str(config, raet_enum(RAET_KEY_ENDPOINT), endpoints[index])
    _ = raet_config_set_u64(config, raet_enum(RAET_KEY_MAIN), index == 0 ? 1 : 0)
    _ = raet_config_set_u64(config, raet_enum(RAET_KEY_ACCEPT), UInt64(RAET_ACCEPT_ONCE))
    _ = raet_config_set_u64(config, raet_enum(RAET_KEY_SEND_QUEUE), 100_000)
    var stack: OpaquePointer?
    _ = raet_stack_new(config, now, &stack)
    return stack
  }

  mutating func call(_ input: inout Reader) {
    let index = Int(input.byte() & 1)
    let stack = stacks[index]
    switch input.byte() % 24 {
    case 0, 1: advance(UInt64(input.short()) * 1_000_000)
    case 2: _ = raet_stack_service(stack, now, UInt32(input.byte()))
    case 3: takeEvents(index)
    case 4: addRemote(stack, &input)
    case 5, 6, 7: send(stack, &input)
    case 8: _ = raet_connect(stack, remote(stack, &input), now)
    case 9: _ = raet_disconnect(stack, remote(stack, &input), now)
    case 10: _ = raet_join(stack, remote(stack, &input), now, UInt64(input.byte()) << 28, nil)
    case 11: _ = raet_allow(stack, remote(stack, &input), now, UInt64(input.byte()) << 28, nil)
    case 12: _ = raet_alive(stack, remote(stack, &input), now, 0, nil)
    case 13: _ = raet_txn_cancel(stack, UInt64(input.byte()), now)
    case 14: _ = raet_remote_remove(stack, remote(stack, &input), now)
    case 15: give(stack, &input)
    case 16: roles(stack, &input)
    case 17: look(stack, &input)
    case 18: configure(&input)
    case 19: _ = raet_stack_close(stack, now, UInt64(input.byte()) << 26)
    case 20: restart(index)
    case 21: _ = raet_stack_service(stack, now > 5 ? now - 5 : 0, 0)
    case 22: nulls(input.byte())
    default: carry()
    }
  }

  private mutating func advance(_ period: UInt64) {
    for _ in 0..<4 {
      carry()
      now += period / 4
      for stack in stacks { _ = raet_stack_service(stack, now, 0) }
    }
    carry()
  }

  private func carry() {
    for _ in 0..<200 {
      var found = false
      for index in 0..<2 {
        var bytes = [UInt8](repeating: 0, count: 1024)
        var length = 0
        var to = raet_addr()
        guard raet_stack_output(stacks[index], now, &bytes, bytes.count, &length, &to) == 0 else { continue }
        found = true
        var from = raet_addr()
        _ = raet_addr_parse(endpoints[index], &from)
        _ = raet_stack_input(stacks[1 - index], now, bytes, length, &from)
      }
      if !found { return }
    }
  }

  private mutating func takeEvents(_ index: Int) {
    var event: UnsafePointer<raet_event>?
    while raet_stack_next_event(stacks[index], &event) == 0, let shown = event?.pointee {
      guard shown.type == raet_enum(RAET_EV_DELIVERED) || shown.type == raet_enum(RAET_EV_FAILED) else { continue }
      require(open.remove(shown.tag) != nil, "a report for tag \(shown.tag), which nobody waits for")
    }
  }

  private func remote(_ stack: OpaquePointer?, _ input: inout Reader) -> UInt64 {
    var found: UInt64 = 0
    let after = UInt64(input.byte() % 4)
    if raet_remote_next(stack, after, &found) != 0 { found = UInt64(input.byte()) }
    return found
  }

  private func addRemote(_ stack: OpaquePointer?, _ input: inout Reader) {
    var id: UInt64 = 0
    let shape = input.byte()
    if shape % 3 != 0 {
      _ = raet_remote_add(stack, shape % 3 == 1 ? nil : "main", endpoints[Int(shape >> 2) % 2], &id)
    } else {
      let text = input.piece(Int(input.byte())).map { CChar(bitPattern: $0) } + [0]
      _ = raet_remote_add(stack, shape & 4 == 0 ? nil : text, text, &id)
      _ = raet_remote_set_endpoint(stack, id, text, now)
    }
    if shape & 8 != 0 { _ = raet_connect(stack, id, now) }
  }

  private mutating func send(_ stack: OpaquePointer?, _ input: inout Reader) {
    let kind = raet_enum(input.byte() % 6)
    let body = [UInt8](repeating: input.byte(), count: Int(input.short()))
    tag += 1
    let timeout = UInt64(input.byte()) << 28
    let status = raet_send(stack, remote(stack, &input), now, kind, body, body.count, timeout, tag, nil)
    if status == 0 { open.insert(tag) }
  }

  private func give(_ stack: OpaquePointer?, _ input: inout Reader) {
    var from = raet_addr()
    _ = raet_addr_parse(endpoints[Int(input.byte() & 1)], &from)
    let bytes = input.piece(Int(input.short() % 1500))
    _ = raet_stack_input(stack, now, bytes, bytes.count, &from)
    from.len = UInt32(input.byte())
    _ = raet_stack_input(stack, now, bytes, bytes.count, &from)
  }

  private func roles(_ stack: OpaquePointer?, _ input: inout Reader) {
    let key = input.piece(32) + [UInt8](repeating: 1, count: 32)
    _ = raet_role_set_keys(stack, "role", key, key, now)
    _ = raet_role_set_status(stack, input.byte() & 1 == 0 ? "role" : "other", raet_enum(input.byte() % 4), now)
    _ = raet_role_forget(stack, input.byte() & 1 == 0 ? "role" : "other", now)
  }

  private func look(_ stack: OpaquePointer?, _ input: inout Reader) {
    var (number, need) = (UInt64(0), 0)
    var text = [CChar](repeating: 0, count: Int(input.byte() % 40))
    let key = raet_enum(input.byte())
    _ = raet_stack_get_u64(stack, key, &number)
    let status = raet_stack_get_str(stack, key, &text, text.count, &need)
    let isTooSmall = status == raet_status(RAET_EBUFSIZE)
    require(!isTooSmall || need > text.count, "a buffer of \(text.count) is too small for \(need)")
    _ = raet_remote_get_u64(stack, remote(stack, &input), key, &number)
    _ = raet_remote_get_str(stack, remote(stack, &input), key, &text, text.count, &need)
    _ = raet_stack_deadline(stack)
    _ = raet_stack_timeout_ms(stack, now)
    var (txn, done, total) = (UInt64(0), UInt64(0), UInt64(0))
    if raet_transfer_next(stack, 0, &txn) == 0 {
      _ = raet_transfer_progress(stack, txn, nil, nil, &done, &total)
      require(done <= total, "\(done) of \(total) bytes")
    }
  }

  private mutating func configure(_ input: inout Reader) {
    if config == nil { _ = raet_config_new(raet_enum(input.byte()), &config) }
    let key = raet_enum(input.byte())
    let text = input.piece(Int(input.byte() % 80))
    _ = raet_config_set_u64(config, key, UInt64(input.word()))
    _ = raet_config_set_str(config, key, text.map { CChar(bitPattern: $0) } + [0])
    _ = raet_config_set_bytes(config, key, text, text.count)
    guard input.byte() % 8 == 0 else { return }
    _ = raet_config_set_str(config, raet_enum(RAET_KEY_DIR), nil)
    raet_config_free(config)
    config = nil
  }

  /// What the stacks had not told when they were freed is not told any more.
  private mutating func restart(_ index: Int) {
    for index in 0..<2 { takeEvents(index) }
    raet_stack_free(stacks[index])
    require(raet_stack_service(stacks[index], now, 0) == raet_status(RAET_EINVAL), "a freed stack works")
    raet_stack_free(stacks[1 - index])
    open = []
    for index in 0..<2 { stacks[index] = make(index) }
  }

  private func nulls(_ which: UInt8) {
    let invalid = raet_status(RAET_EINVAL)
    switch which % 6 {
    case 0: require(raet_stack_service(nil, now, 0) == invalid, "service(NULL)")
    case 1: require(raet_send(nil, 1, now, 2, nil, 5, 0, 0, nil) == invalid, "send(NULL)")
    case 2: require(raet_stack_next_event(stacks[0], nil) == invalid, "next_event(NULL)")
    case 3: require(raet_stack_output(stacks[0], now, nil, 0, nil, nil) == invalid, "output(NULL)")
    case 4: require(raet_remote_find(stacks[0], nil, nil) == invalid, "find(NULL)")
    default: require(raet_stack_input(stacks[0], now, nil, 9, nil) == invalid, "input(NULL)")
    }
  }

  /// Closes the stacks: all messages have their report then; a fresh pair is healthy.
  mutating func end() {
    for stack in stacks { _ = raet_stack_close(stack, now, 0) }
    // One that was closed before may linger for 17 s.
    now += 20_000_000_000
    for stack in stacks { _ = raet_stack_service(stack, now, 0) }
    for index in 0..<2 { takeEvents(index) }
    require(open.isEmpty, "\(open.count) messages without a report")
    raet_config_free(config)
    for stack in stacks { raet_stack_free(stack) }
    for index in 0..<2 { stacks[index] = make(index) }
    var id: UInt64 = 0
    require(raet_remote_add(stacks[1], nil, endpoints[0], &id) == 0, "a fresh stack takes no remote")
    _ = raet_connect(stacks[1], id, now)
    tag += 1
    open.insert(tag)
    let status = raet_send(stacks[1], id, now, raet_enum(RAET_BODY_RAW), [1, 2, 3], 3, 0, tag, nil)
    require(status == 0, "no message is taken")
    for _ in 0..<40 where !open.isEmpty {
      advance(100_000_000)
      takeEvents(1)
    }
    require(open.isEmpty, "a fresh pair exchanges no message")
    for stack in stacks { raet_stack_free(stack) }
  }
}
