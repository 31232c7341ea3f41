import CPosix
import CRaet

/// Strings across the border to C.
enum Text {
  /// The host's string; nil for NULL, more than `limit` bytes, or what is not UTF-8.
  static func read(_ text: UnsafePointer<CChar>?, limit: Int = 4096) -> String? {
    guard let text else { return nil }
    let length = strnlen(text, limit &+ 1)
    guard length <= limit else { return nil }
    let bytes = UnsafeRawBufferPointer(start: text, count: length)
    return String(validating: bytes, as: UTF8.self)
  }

  /// Fills the host's buffer as raet.h says of all functions that do: `need` in any case, and nothing when it is too small.
  static func write(
    _ text: String, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ need: UnsafeMutablePointer<Int>?
  ) -> raet_status {
    guard let need else { return raet_status(RAET_EINVAL) }
    var text = text
    return text.withUTF8 { (utf8) -> raet_status in
      need.pointee = utf8.count &+ 1
      guard UInt(bitPattern: capacity) >= UInt(utf8.count &+ 1) else { return raet_status(RAET_EBUFSIZE) }
      guard let buffer else { return raet_status(RAET_EINVAL) }
      if let base = utf8.baseAddress { memcpy(buffer, base, utf8.count) }
      buffer[utf8.count] = 0
      return raet_status(RAET_OK)
    }
  }

  /// What an errno means, in the system's words.
  static func systemError(_ number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { room in
      guard let start = room.baseAddress else { return "" }
      rx_error_text(number, start, room.count)
      return String(cString: start)
    }
  }

  /// A static string as C sees it.
  static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  static func equal(_ text: UnsafePointer<CChar>, _ name: StaticString) -> Bool {
    strcmp(text, pointer(name)) == 0
  }
}

/// A string that C can read as long as this object lives.
final class CText {
  let pointer: UnsafeMutablePointer<CChar>

  init?(_ text: String) {
    var text = text
    let copy = text.withUTF8 { (utf8) -> UnsafeMutablePointer<CChar>? in
      guard let room = malloc(utf8.count &+ 1) else { return nil }
      let chars = room.assumingMemoryBound(to: CChar.self)
      if let base = utf8.baseAddress { memcpy(room, base, utf8.count) }
      chars[utf8.count] = 0
      return chars
    }
    guard let copy else { return nil }
    pointer = copy
  }

  deinit { free(pointer) }
}
