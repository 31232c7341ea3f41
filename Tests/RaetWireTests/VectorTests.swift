import RaetCrypto
import RaetWire
import Testing

/// What the reference sent is read, verified, opened, and written again to the same bytes.
@Suite struct VectorTests {
  private let memory = SecretMemory()

  init() throws { try Sodium.initialize() }

  private func key32(_ text: String) throws -> Key32 {
    let bytes = hex(text)
    return try #require(bytes.withUnsafeBytes { Key32($0) })
  }

  private func privateKey(_ text: String) throws -> PrivateKey {
    let bytes = hex(text)
    return try bytes.withUnsafeBytes { try PrivateKey(secret: $0, memory: memory) }
  }

  /// Opens a box whose nonce follows it.
  private func open(_ coat: [UInt8], _ secret: PrivateKey, _ theirs: PublicKey) throws -> [UInt8]? {
    guard coat.count >= WireLimit.coatOverhead else { return nil }
    let shared = try SharedKey.agree(secret, theirs, memory: memory)
    var plain = [UInt8](repeating: 0, count: coat.count - WireLimit.coatOverhead)
    let nonce = Array(coat.suffix(WireLimit.nonce))
    let isOpen = coat.dropLast(WireLimit.nonce).withUnsafeBytes { sealed in
      nonce.withUnsafeBytes { nonce in
        plain.withUnsafeMutableBytes { out in
          guard let start = nonce.baseAddress, let room = out.baseAddress else { return sealed.count == 16 }
          return shared.open(sealed, nonce: start, into: room)
        }
      }
    }
    return isOpen ? plain : nil
  }

  /// The body of a coat under the short-term keys of that time.
  private func body(_ coat: [UInt8], _ head: Head, _ datagram: Conversation.Datagram) throws -> [UInt8] {
    guard head.coatKind == .nacl, !coat.isEmpty else { return coat }
    let secret = try privateKey(try #require(datagram.short[datagram.dst]))
    let sender = try privateKey(try #require(datagram.short[datagram.src]))
    return try #require(try open(coat, secret, sender.publicKey))
  }

  @Test func thereAreAllConversations() {
    #expect(Conversation.all.count == 6)
    #expect(Conversation.all.reduce(0) { $0 + $1.datagrams.count } == 151)
  }

  @Test(arguments: Conversation.all.indices)
  func headsAreWrittenToTheSameBytes(_ index: Int) throws {
    for datagram in Conversation.all[index].datagrams {
      let bytes = datagram.bytes
      let layout = try parse(bytes)
      try layout.head.requireValidNumbers()
      #expect(layout.foot.upperBound == bytes.count)
      #expect(layout.head.headKind.rawValue == Conversation.all[index].head)
      #expect(encode(layout.head, coatLength: layout.coatLength) == Array(bytes[..<layout.headLength]))
    }
  }

  @Test(arguments: Conversation.all.indices)
  func signaturesVerify(_ index: Int) throws {
    let conversation = Conversation.all[index]
    for datagram in conversation.datagrams {
      let bytes = datagram.bytes
      let layout = try parse(bytes)
      guard layout.head.footKind == .nacl else {
        #expect(layout.head.transactionKind == .join || conversation.foot == 0)
        continue
      }
      let key = VerifyKey(raw: try key32(try #require(conversation.keys[datagram.src]).verkey))
      let signed = Array(bytes[layout.signed]) + [UInt8](repeating: 0, count: 64)
      let isValid = bytes.withUnsafeBytes { all in
        signed.withUnsafeBytes { message in
          all.baseAddress.map { key.verify($0 + layout.foot.lowerBound, message) } ?? false
        }
      }
      #expect(isValid)
    }
  }

  @Test(arguments: Conversation.all.indices)
  func joinBodiesAreWrittenToTheSameBytes(_ index: Int) throws {
    let conversation = Conversation.all[index]
    var seen = 0
    for datagram in conversation.datagrams {
      let bytes = datagram.bytes
      let layout = try parse(bytes)
      let isResponse = layout.head.packetKind == .response
      guard layout.head.transactionKind == .join, isResponse || layout.head.packetKind == .request else { continue }
      let coat = Array(bytes[layout.coat])
      let join = try coat.withUnsafeBytes {
        try JoinBody.decode(layout.head.bodyKind, $0, response: isResponse)
      }
      let keys = try #require(conversation.keys[datagram.src])
      #expect(join.name == datagram.src)
      #expect(join.verifyKey == hex(keys.verkey))
      #expect(join.publicKey == hex(keys.pubkey))
      #expect(join.isMain == (datagram.src == "alpha"))
      #expect(try join.encode(layout.head.bodyKind) == coat)
      seen += 1
    }
    #expect(seen == 2)
  }

  @Test(arguments: Conversation.all.indices)
  func handshakesOpen(_ index: Int) throws {
    let conversation = Conversation.all[index]
    var seen: [PacketKind] = []
    for datagram in conversation.datagrams {
      let bytes = datagram.bytes
      let layout = try parse(bytes)
      guard layout.head.transactionKind == .allow, layout.coatLength > 0 else { continue }
      seen.append(layout.head.packetKind)
      let coat = Array(bytes[layout.coat])
      let mine = try #require(conversation.keys[datagram.dst])
      let theirs = try #require(conversation.keys[datagram.src])
      let myShort = try privateKey(try #require(datagram.short[datagram.dst]))
      let theirShort = try privateKey(try #require(datagram.short[datagram.src])).publicKey
      switch layout.head.packetKind {
      case .hello:
        #expect(coat.count == AllowBody.Hello.length)
        #expect(coat[AllowBody.Hello.plain].allSatisfy { $0 == AllowBody.helloPlain })
        let sealed = Array(coat[AllowBody.Hello.box] + coat[AllowBody.Hello.nonce])
        #expect(try open(sealed, privateKey(mine.prikey), theirShort) == Array(coat[AllowBody.Hello.plain]))
      case .cookie:
        #expect(coat.count == AllowBody.Cookie.length)
        let longKey = PublicKey(raw: try key32(theirs.pubkey))
        let opened = try #require(try open(coat, myShort, longKey))
        let content = try opened.withUnsafeBytes { try AllowBody.CookieContent.decode($0) }
        #expect(content.source == layout.head.source)
        #expect(content.destination == layout.head.destination)
        #expect(content.encode() == opened)
      case .initiate:
        #expect(coat.count == AllowBody.Initiate.length)
        let sealed = Array(coat[AllowBody.Initiate.box] + coat[AllowBody.Initiate.nonce])
        let opened = try #require(try open(sealed, myShort, theirShort))
        #expect(opened.count == AllowBody.InitiateContent.length)
        #expect(Array(opened[AllowBody.InitiateContent.longKey]) == hex(theirs.pubkey))
      case .message, .ack, .nack, .resend, .request, .response, .unjoined, .unallowed, .renew, .refuse, .reject, .pend,
        .done:
        Issue.record("\(layout.head.packetKind) has a coat")
      }
    }
    #expect(seen == [.hello, .cookie, .initiate])
  }

  /// Reassembles, opens, checks and compares what was sent; then cuts the coats into the same datagrams again.
  @Test(arguments: Conversation.all.indices)
  func messagesArriveAndAreCutAlike(_ index: Int) throws {
    let conversation = Conversation.all[index]
    var underWay: [UInt32: Reassembly] = [:]
    var pieces: [UInt32: [PacketLayout]] = [:]
    var arrived: [Content] = []
    for datagram in conversation.datagrams {
      let bytes = datagram.bytes
      let layout = try parse(bytes)
      let head = layout.head
      guard head.transactionKind == .message, head.packetKind == .message else { continue }
      let piece = Array(bytes[layout.coat])
      var coat: [UInt8]? = piece
      if head.segmentCount > 1 {
        var reassembly =
          try underWay[head.transaction]
          ?? Reassembly(first: head, pieceLength: layout.coatLength, limit: WireLimit.message)
        #expect(try piece.withUnsafeBytes { try reassembly.insert(head, $0) } == .fresh)
        underWay[head.transaction] = reassembly
        pieces[head.transaction, default: []].append(layout)
        coat = reassembly.withCoat { [UInt8](UnsafeRawBufferPointer($0)) }
      }
      guard let coat else { continue }
      if let parts = pieces[head.transaction] { try compare(parts, with: coat.count) }
      let body = try body(coat, head, datagram)
      try body.withUnsafeBytes { try BodyCheck.requireMapping(head.bodyKind, $0) }
      arrived.append(Content(try body.withUnsafeBytes { try ValueCodec.decodeMapping(head.bodyKind, $0) }))
      underWay[head.transaction] = nil
      pieces[head.transaction] = nil
    }
    #expect(underWay.isEmpty)
    #expect(arrived.count == conversation.messages.count)
    for message in conversation.messages {
      #expect(arrived.contains(message.body))
      #expect(message.received == [message.body])
    }
  }

  /// The cut of a message of this length must have given these segments.
  private func compare(_ parts: [PacketLayout], with coatLength: Int) throws {
    var message = try #require(parts.first).head
    message.flags.remove(.segment)
    let cut = try #require(Segmentation(coatLength: coatLength, head: message, foot: message.footKind))
    #expect(Int(cut.count) == parts.count)
    for part in parts {
      #expect(cut.range(of: part.head.segment)?.count == part.coatLength)
      var expected = try #require(cut.head(of: part.head.segment, message: message))
      if part.head.flags.contains(.wait) { expected.flags.insert(.wait) }
      #expect(part.head == expected)
    }
  }
}
