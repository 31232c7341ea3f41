/// Arithmetic of session and transaction ids, which wrap from 0xffffffff to 1 (PROTOCOL 3.3).
public enum Serial {
  /// Whether `new` is `old` or comes after it: less than half the circle lies between them.
  public static func isNewerOrEqual(_ new: UInt32, _ old: UInt32) -> Bool {
    new &- old < 0x8000_0000
  }

  /// The id that follows; never 0.
  public static func next(_ id: UInt32) -> UInt32 {
    id == UInt32.max ? 1 : id &+ 1
  }
}
