import RaetCrypto
import RaetSession
import RaetStack
import RaetWire

/// Datagrams of anybody to a main estate that has a connected remote.
func fuzzDatagrams(_ bytes: UnsafeRawBufferPointer) {
  guard var road = FuzzRoad.connected(1) else { return }
  let main = road.estates[0]
  var input = Reader(bytes)
  for _ in 0..<8 where !input.isAtEnd {
    let sources = [road.estates[1].address, Address(ipv4: 0x0a09_0001, port: 9), main.address]
    let source = sources[Int(input.byte()) % sources.count]
    road.give(input.piece(Int(input.short() % 1500)), to: main, from: source)
    if input.byte() % 4 == 0 { road.run(Times.second) }
  }
  road.requireHealth(road.estates[1])
}

/// Packets of a peer that has joined and is allowed, made up from the input, and signed and sealed as it should be.
func fuzzSigned(_ bytes: UnsafeRawBufferPointer) {
  guard var road = FuzzRoad.connected(2) else { return }
  let (main, liar) = (road.estates[0], road.estates[1])
  var input = Reader(bytes)
  for _ in 0..<12 where !input.isAtEnd {
    guard let here = liar.remote("main"), let packet = packet(&input, here, liar) else { break }
    road.give(packet, to: main, from: liar.address)
    if input.byte() % 4 == 0 { road.run(Times.second) }
  }
  road.requireHealth(road.estates[2])
}

/// The head that the input describes, with what it has for a coat.
private func packet(_ input: inout Reader, _ remote: Remote, _ liar: Estate) -> [UInt8]? {
  var head = Head()
  guard let kind = TransactionKind(rawValue: input.byte() % 5), let packetKind = PacketKind(rawValue: input.byte() % 20)
  else { return [] }
  head.transactionKind = kind
  head.packetKind = packetKind
  head.source = remote.nearID
  head.destination = remote.farID
  head.session = remote.near.id &+ UInt32(input.byte() % 4)
  head.transaction = UInt32(input.byte())
  let shape = input.byte()
  head.flags = PacketFlags(rawValue: input.byte())
  head.bodyKind = BodyKind(rawValue: shape % 4) ?? .raw
  head.headKind = shape & 4 == 0 ? .raet : .json
  if shape & 8 != 0 {
    head.segment = UInt32(input.byte())
    head.segmentCount = UInt32(input.byte())
    head.messageLength = UInt32(input.short())
  } else if shape & 16 != 0 {
    head.segment = input.word()
    head.segmentCount = input.word()
    head.messageLength = input.word()
  }
  var coat = input.piece(Int(input.short() % 900))
  if shape & 32 != 0 { coat = sealed(coat, remote) ?? coat }
  head.coatKind = shape & 64 != 0 || shape & 32 != 0 ? .nacl : .none
  head.footKind = shape & 128 != 0 && input.byte() == 7 ? .none : .nacl
  return signed(head, coat, liar)
}

private func sealed(_ body: [UInt8], _ remote: Remote) -> [UInt8]? {
  guard let key = remote.keys?.current else { return nil }
  let nonce = [UInt8](repeating: 9, count: WireLimit.nonce)
  var out = [UInt8](repeating: 0, count: body.count + SharedKey.overhead)
  body.withUnsafeBytes { plain in
    nonce.withUnsafeBytes { nonce in
      out.withUnsafeMutableBytes { into in
        guard let nonce = nonce.baseAddress, let into = into.baseAddress else { return }
        key.seal(plain, nonce: nonce, into: into)
      }
    }
  }
  return out + nonce
}

/// The packet of a head and a coat; signed with the key of `signer` when the head says so.
func signed(_ head: Head, _ coat: [UInt8], _ signer: Estate) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: 4096)
  guard let length = bytes.withUnsafeMutableBytes({ head.encode(coatLength: coat.count, into: $0) }) else { return nil }
  bytes = bytes.prefix(length) + coat + [UInt8](repeating: 0, count: head.footKind.length)
  guard head.footKind == .nacl else { return bytes }
  var foot = [UInt8](repeating: 0, count: SigningKey.signatureLength)
  bytes.withUnsafeBytes { message in
    foot.withUnsafeMutableBytes { if let into = $0.baseAddress { signer.road.signingKey.sign(message, into: into) } }
  }
  bytes.replaceSubrange((bytes.count - foot.count)..., with: foot)
  return bytes
}

/// A handshake whose packets the input changes before they are signed, at either side; then one that it leaves alone.
func fuzzHandshakes(_ bytes: UnsafeRawBufferPointer) {
  guard let main = Estate("main", port: 1, isMain: true), let other = Estate("other", port: 2, isMain: false) else {
    return
  }
  var road = FuzzRoad([main, other])
  var input = Reader(bytes)
  road.connect(other)
  var left = 1 + Int(input.byte() % 8)
  road.change = { datagram, from in
    guard left > 0, input.byte() % 2 == 0 else { return }
    left -= 1
    datagram = mutated(datagram, &input, from)
  }
  road.run(3 * Times.second)
  road.requireHealth(other)
}

private func mutated(_ datagram: [UInt8], _ input: inout Reader, _ signer: Estate) -> [UInt8] {
  let layout = datagram.withUnsafeBytes { (bytes) -> PacketLayout? in
    do throws(WireError) { return try Head.parse(bytes) } catch { return nil }
  }
  guard let layout else { return datagram }
  var head = layout.head
  var coat = [UInt8](datagram[layout.coat])
  // A join with other keys is believed at first sight: that is what pinned keys are for. And a number that was not used
  // yet would be used twice, by one who signs both: what it is used for next then counts as done.
  switch head.transactionKind == .join ? 3 + input.byte() % 3 : input.byte() % 6 {
  case 0: coat = input.piece(Int(input.short() % 900))
  case 1: for _ in 0..<3 where !coat.isEmpty { coat[Int(input.short()) % coat.count] ^= input.byte() }
  case 2: coat.removeLast(min(coat.count, Int(input.byte())))
  case 3: head.packetKind = PacketKind(rawValue: input.byte() % 20) ?? head.packetKind
  case 4: head.transaction = UInt32(input.byte()) % (head.transaction + 1)
  default: head.destination = UInt32(input.byte())
  }
  return signed(head, coat, signer) ?? datagram
}
