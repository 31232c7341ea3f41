import RaetWire
import Testing

/// Flipped, cut and spliced bytes of real datagrams and bodies do no harm: each is taken or refused, none traps.
@Suite struct MutationTests {
  /// Changes some bytes, one to four times.
  private func mutate(_ bytes: [UInt8], _ other: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard !bytes.isEmpty else { return other }
      // Heads and the beginnings of bodies are where most is decided.
      let reach = Bool.random(using: &random) ? min(bytes.count, 110) : bytes.count
      let at = Int.random(in: 0..<reach, using: &random)
      switch UInt8.random(in: 0...6, using: &random) {
      case 0, 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 3: bytes[at] = "0123456789abcdef \n{}[]\",:-\\".utf8.randomElement(using: &random) ?? 0
      case 4: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...8, using: &random)))
      case 5: bytes.insert(contentsOf: other.prefix(Int.random(in: 0...12, using: &random)), at: at)
      default: bytes = Array(bytes[..<at] + other.suffix(max(0, other.count - at)))
      }
    }
    return bytes
  }

  /// Sets `pl` and `hl` right in a raet head, so that more than lengths is looked at.
  private func mendLengths(_ bytes: inout [UInt8]) {
    guard bytes.count > 22, bytes.count <= 1024,
      let end = bytes.indices.dropLast().first(where: {
        bytes[$0] == 0x0a && bytes[$0 + 1] == 0x0a
      }), end < 250
    else { return }
    func write(_ value: Int, _ places: Int, at: Int) {
      let digits = Array("0123456789abcdef".utf8)
      for place in 0..<places { bytes[at + places - 1 - place] = digits[value >> (4 * place) & 15] }
    }
    write(bytes.count, 4, at: 11)
    write(end + 2, 2, at: 19)
  }

  @Test func datagramsDoNoHarm() throws {
    let datagrams = Conversation.all.flatMap { $0.datagrams.map(\.bytes) }
    try #require(!datagrams.isEmpty)
    var random = SeededGenerator(seed: 2026)
    var taken = 0
    var errors: Set<WireError> = []
    for step in 0..<200_000 {
      let one = datagrams[Int(random.next() % UInt64(datagrams.count))]
      let other = datagrams[Int(random.next() % UInt64(datagrams.count))]
      var mutated = mutate(one, other, &random)
      if step.isMultiple(of: 2) { mendLengths(&mutated) }
      do {
        let layout = try parse(mutated)
        try layout.head.requireValidNumbers()
        taken += 1
        // A macro in each of so many rounds takes most of the time.
        if layout.foot.upperBound != mutated.count { Issue.record("parts do not add up: \(mutated)") }
        useFurther(layout, mutated)
      } catch let error as WireError {
        errors.insert(error)
      }
    }
    // The run has met what it is for.
    #expect(taken > 10_000)
    #expect(errors.count >= 20)
  }

  /// Lets what passed the head go into all that reads it later.
  private func useFurther(_ layout: PacketLayout, _ datagram: [UInt8]) {
    let head = layout.head
    datagram.withUnsafeBytes { all in
      let coat = UnsafeRawBufferPointer(rebasing: all[layout.coat])
      try? BodyCheck.requireMapping(head.bodyKind, coat)
      _ = try? JoinBody.decode(head.bodyKind, coat, response: head.packetKind == .response)
      _ = try? MissedsBody.decode(head.bodyKind, coat, below: head.segmentCount)
      _ = try? AllowBody.CookieContent.decode(coat)
      guard var reassembly = try? Reassembly(first: head, pieceLength: coat.count, limit: 1 << 20) else { return }
      _ = try? reassembly.insert(head, coat)
      _ = reassembly.missing(limit: 64)
    }
  }

  @Test(arguments: [BodyKind.json, .msgpack])
  func bodiesDoNoHarm(_ kind: BodyKind) throws {
    let join = try JoinBody(
      name: "alpha", mode: 1, kind: 0, nearID: 2, verifyKey: [UInt8](repeating: 1, count: 32),
      publicKey: [UInt8](repeating: 2, count: 32), role: "é\u{1f600}"
    ).encode(kind)
    let misseds = try MissedsBody.encode([1, 2, 3, 70_000], kind)
    var inner = Mapping()
    inner.append("a", .array([.null, .bool(true), .double(-2.5e10), .int(-1), .map(Mapping())]))
    let other = try ValueCodec.encode(inner, kind)
    var random = SeededGenerator(seed: UInt64(kind.rawValue))
    var taken = 0
    for step in 0..<40_000 {
      let bodies = [join, misseds, other]
      let body = mutate(bodies[step % 3], bodies[step / 3 % 3], &random)
      body.withUnsafeBytes { bytes in
        let passed = (try? BodyCheck.requireMapping(kind, bytes)) != nil
        let mapping = try? ValueCodec.decodeMapping(kind, bytes)
        // What the codec takes, the check takes.
        if mapping != nil, !passed { Issue.record("taken, but not by the check: \(body)") }
        if let mapping, let again = try? ValueCodec.encode(mapping, kind) {
          taken += 1
          let decoded = again.withUnsafeBytes { try? ValueCodec.decodeMapping(kind, $0) }
          // Bytes come back as text from msgpack of the old style.
          if decoded != mapping, kind == .json { Issue.record("read otherwise than written: \(body)") }
        }
        _ = try? JoinBody.decode(kind, bytes, response: true)
        _ = try? MissedsBody.decode(kind, bytes, below: 100)
      }
    }
    #expect(taken > 1_000)
  }
}
