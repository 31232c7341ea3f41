import RaetCrypto
import RaetSession
import RaetWire

/// A datagram's way out, in the order of the functions (docs/ARCHITECTURE.md): what to say, the coat, the head, the
/// foot, the slot in the outbox.
extension Road {
  // 1. What to say.

  /// Begins a packet of a transaction that we began.
  func head(_ remote: Remote, _ transactionKind: TransactionKind, _ kind: PacketKind) -> Head {
    var head = Head()
    head.headKind = settings.headKind
    head.transactionKind = transactionKind
    head.packetKind = kind
    head.source = remote.nearID
    head.destination = remote.farID
    head.bodyKind = transactionKind == .allow ? .raw : settings.bodyKind
    if transactionKind != .join {
      head.footKind = settings.signs || transactionKind != .message ? .nacl : .none
    }
    return head
  }

  /// Begins a packet of a transaction that the remote began: the kinds of coat and foot are those it used.
  func head(answering head: Head, _ kind: PacketKind) -> Head {
    var answer = Head()
    answer.headKind = settings.headKind
    answer.transactionKind = head.transactionKind
    answer.packetKind = kind
    answer.source = head.destination
    answer.destination = head.source
    answer.session = head.session
    answer.transaction = head.transaction
    answer.bodyKind = head.transactionKind == .allow ? .raw : settings.bodyKind
    answer.coatKind = head.coatKind
    answer.footKind = head.footKind
    if !head.flags.contains(.correspondent) { answer.flags = .correspondent }
    return answer
  }

  /// Answers a packet with one that has no body.
  func answer(_ head: Head, _ kind: PacketKind, order: UInt32 = 0, to address: Address) {
    var answer = self.head(answering: head, kind)
    answer.order = order
    transmit(answer, coat: UnsafeRawBufferPointer(start: nil, count: 0), to: address)
  }

  /// Sends a body in clear, as those of join and allow are: what is secret in them is boxed already.
  func transmit(_ head: Head, body: [UInt8], to address: Address) {
    body.withUnsafeBytes { _ = transmit(head, coat: $0, to: address) }
  }

  // 2. The coat.

  /// Sends a body in the coat that the head names, with the remote's present keys.
  func transmit(_ head: Head, sealing body: [UInt8], for remote: Remote, to address: Address) {
    guard head.coatKind == .nacl, !body.isEmpty else { return transmit(head, body: body, to: address) }
    guard let key = remote.keys?.current else { return }
    var coat = [UInt8](repeating: 0, count: body.count &+ WireLimit.coatOverhead)
    let isSealed = coat.withUnsafeMutableBytes { (coat) -> Bool in
      guard let base = coat.baseAddress else { return false }
      let nonceAt = body.count &+ SharedKey.overhead
      guard entropy.fill(UnsafeMutableRawBufferPointer(rebasing: coat[nonceAt...])) else { return false }
      body.withUnsafeBytes { key.seal($0, nonce: base + nonceAt, into: base) }
      return true
    }
    guard isSealed else { return count(.randomError) }
    transmit(head, body: coat, to: address)
  }

  // 3. The head, 4. the foot, 5. the slot.

  /// Puts a datagram into the outbox: head, coat, and the foot's signature over both (PROTOCOL 2). Drops and counts it
  /// when there is no room, as the network might. Returns its length, 0 when it was dropped.
  @discardableResult
  func transmit(_ head: Head, coat: UnsafeRawBufferPointer, to address: Address) -> Int {
    guard let slot = outbox.slot(), let start = slot.baseAddress else {
      count(.dropOutboxFull)
      return 0
    }
    guard let headLength = head.encode(coatLength: coat.count, into: slot) else {
      count(.packingError)
      return 0
    }
    let coatEnd = headLength &+ coat.count
    let length = coatEnd &+ head.footKind.length
    guard length <= slot.count else {
      count(.packingError)
      return 0
    }
    if let bytes = coat.baseAddress { (start + headLength).copyMemory(from: bytes, byteCount: coat.count) }
    switch head.footKind {
    case .none: break
    case .nacl: sign(slot, coatEnd: coatEnd, length: length)
    }
    outbox.commit(length, to: address)
    count(.packetsTx)
    count(.bytesTx, length)
    return length
  }

  /// The signature covers head, coat and a foot of zeros (PROTOCOL 2.6).
  private func sign(_ slot: UnsafeMutableRawBufferPointer, coatEnd: Int, length: Int) {
    let foot = UnsafeMutableRawBufferPointer(rebasing: slot[coatEnd..<length])
    guard let into = foot.baseAddress else { return }
    foot.initializeMemory(as: UInt8.self, repeating: 0)
    withUnsafeTemporaryAllocation(byteCount: SigningKey.signatureLength, alignment: 8) { signature in
      guard let made = signature.baseAddress else { return }
      signing.sign(UnsafeRawBufferPointer(rebasing: slot[0..<length]), into: made)
      into.copyMemory(from: made, byteCount: SigningKey.signatureLength)
    }
  }
}
