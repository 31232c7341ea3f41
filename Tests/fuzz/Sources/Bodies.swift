import RaetWire

/// Bodies of messages and of control packets, in both kinds.
func fuzzBodies(_ bytes: UnsafeRawBufferPointer) {
  for kind in [BodyKind.json, .msgpack] {
    do throws(BodyError) { try BodyCheck.requireMapping(kind, bytes) } catch {}
    do throws(BodyError) {
      let mapping = try ValueCodec.decodeMapping(kind, bytes)
      requireSame(mapping, kind)
    } catch {}
    do throws(BodyError) {
      let body = try JoinBody.decode(kind, bytes, response: false)
      _ = try body.encode(kind)
    } catch {}
    do throws(BodyError) { _ = try JoinBody.decode(kind, bytes, response: true) } catch {}
    do throws(BodyError) {
      for number in try MissedsBody.decode(kind, bytes, below: 1000) { require(number < 1000, "segment \(number)") }
    } catch {}
  }
  do throws(BodyError) { _ = try AllowBody.CookieContent.decode(bytes) } catch {}
}

/// What was read can be written, unless it is too long that way, and what is read from that is written alike: msgpack's
/// old style writes text and bytes in one way.
private func requireSame(_ mapping: Mapping, _ kind: BodyKind) {
  guard let bytes = try? ValueCodec.encode(mapping, kind) else { return }
  let again = bytes.withUnsafeBytes { try? ValueCodec.decodeMapping(kind, $0) }
  guard let again else { return require(false, "cannot be read again: \(mapping)") }
  require((try? ValueCodec.encode(again, kind)) == bytes, "read again: \(again), before: \(mapping)")
}
