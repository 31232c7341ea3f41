import Foundation

/// Recorded conversations between two yards of the reference; Vectors/lane.json.
struct LaneConversation: Decodable, Sendable {
  let tag: String
  /// How bodies are written: 0 JSON, 1 msgpack.
  let pack: Int
  let datagrams: [Page]
  let messages: [Message]

  struct Page: Decodable, Sendable {
    /// Name of the yard that sent it.
    let src: String
    /// Name of the socket that it went to.
    let to: String
    /// The bytes, in hex.
    let hex: String

    var bytes: [UInt8] {
      let digits = Array(hex.utf8).map { $0 < 0x3a ? $0 - 0x30 : $0 - 0x57 }
      return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
  }

  struct Message: Decodable, Sendable {
    let src: String
    let dst: String
    let body: Content
  }

  static let all: [LaneConversation] = {
    guard let file = Bundle.module.url(forResource: "lane", withExtension: "json", subdirectory: "Vectors"),
      let data = try? Data(contentsOf: file),
      let conversations = try? JSONDecoder().decode([LaneConversation].self, from: data)
    else { return [] }
    return conversations
  }()
}
