import RaetWire

/// A message gathered from segments of any numbers and lengths, and the window of transactions that are done.
func fuzzSegments(_ bytes: UnsafeRawBufferPointer) {
  var input = Reader(bytes)
  var head = segmentHead(&input)
  let first = input.piece(Int(input.short() % 1400))
  do throws(WireError) {
    var whole = try Reassembly(first: head, pieceLength: first.count, limit: 200_000)
    insert(head, first, &whole)
    while !input.isAtEnd {
      if input.byte() % 8 == 0 { head = segmentHead(&input) }
      head.segment = UInt32(input.byte())
      insert(head, input.piece(Int(input.short() % 1400)), &whole)
      for number in whole.missing(from: UInt32(input.byte()), limit: 50) {
        require(!whole.contains(number) && number < head.segmentCount || number < whole.count, "missing \(number)")
      }
    }
  } catch {}
  fuzzTransactions(bytes)
}

private func segmentHead(_ input: inout Reader) -> Head {
  var head = Head()
  head.segmentCount = input.byte() % 4 == 0 ? input.word() : UInt32(input.byte())
  head.segment = input.byte() % 4 == 0 ? input.word() : UInt32(input.byte())
  head.messageLength = input.byte() % 4 == 0 ? input.word() : UInt32(input.short())
  head.bodyKind = .raw
  return head
}

private func insert(_ head: Head, _ piece: [UInt8], _ whole: inout Reassembly) {
  _ = piece.withUnsafeBytes { try? whole.insert(head, $0) }
  require(whole.receivedLength <= whole.length, "more bytes than there are")
  require(!whole.isComplete || whole.receivedLength == whole.length, "complete without its bytes")
}

/// No transaction that is done may ever be new again, as long as it is not too old.
private func fuzzTransactions(_ bytes: UnsafeRawBufferPointer) {
  var input = Reader(bytes)
  var window = TransactionWindow()
  var last: UInt32 = input.word()
  for _ in 0..<64 where !input.isAtEnd {
    last = input.byte() % 4 == 0 ? input.word() : last &+ UInt32(input.byte()) &- 64
    window.markDone(last)
    require(window.status(last) != .new, "\(last) is new after it was done")
  }
}
