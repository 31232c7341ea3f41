import RaetWire

/// Both head codecs: what can be read can be written, and is the same when it is read again.
func fuzzHeads(_ bytes: UnsafeRawBufferPointer) {
  do throws(WireError) {
    let layout = try Head.parse(bytes)
    require(layout.headLength + layout.coatLength + layout.footLength <= bytes.count, "a layout past the end")
    guard var head = encoded(layout.head, coatLength: layout.coatLength) else { return }
    head += [UInt8](repeating: 1, count: layout.coatLength + layout.head.footKind.length)
    let again = head.withUnsafeBytes { try? Head.parse($0) }
    require(
      again.map { isSame($0.head, layout.head) } ?? false,
      "another head: \(String(describing: again?.head)), \(layout.head)")
    require(again?.coatLength == layout.coatLength, "another coat")
  } catch {}
}

/// A raet head has six decimals of a stamp (PROTOCOL 2.1).
private func isSame(_ again: Head, _ head: Head) -> Bool {
  var head = head
  if head.headKind == .raet, abs(again.stamp - head.stamp) <= 0.000_000_5 + head.stamp.ulp { head.stamp = again.stamp }
  return again == head
}

private func encoded(_ head: Head, coatLength: Int) -> [UInt8]? {
  var out = [UInt8](repeating: 0, count: 4096)
  guard let length = out.withUnsafeMutableBytes({ head.encode(coatLength: coatLength, into: $0) }) else { return nil }
  return [UInt8](out.prefix(length))
}
