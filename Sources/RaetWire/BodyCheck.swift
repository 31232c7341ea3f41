/// Checks the body of a message as a whole, received or to be sent (PROTOCOL 2.8).
///
/// Time is linear in the body's length, memory a small part of it: nothing is built, and nothing recurses.
public enum BodyCheck {
  /// Refuses a body that the reference could not read, or not as one mapping: JSON or msgpack must be one well-formed
  /// mapping, at most `WireLimit.bodyDepth` deep, with nothing after it. No bytes are an empty mapping. Raw bodies always
  /// pass, and so do those of kind `none`, which the reference ignores.
  ///
  /// In JSON, keys must not be there twice, escaped surrogates must come in pairs, and numbers must fit a double; `NaN` and
  /// `Infinity` are no JSON. In msgpack all text must be UTF-8, in the old style too, where raw holds text and bytes
  /// alike: the reference reads every raw as text and fails at other bytes. Those belong into bin, which may hold anything.
  /// Keys are plain values; extension types are refused.
  public static func requireMapping(_ kind: BodyKind, _ bytes: UnsafeRawBufferPointer) throws(BodyError) {
    guard bytes.count <= WireLimit.body else { throw .tooLong }
    switch kind {
    case .none, .raw: return
    case .json: try JSONCheck.requireMapping(bytes, depth: WireLimit.bodyDepth)
    case .msgpack: try MsgpackCheck.requireMapping(bytes, depth: WireLimit.bodyDepth, uniqueTextKeys: false)
    }
  }
}
