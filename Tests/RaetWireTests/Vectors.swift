import Foundation
import RaetWire

/// Recorded conversations between two reference peers; Vectors/road.json.
struct Conversation: Decodable, Sendable {
  let tag: String
  let head: UInt8
  let body: UInt8
  let coat: UInt8
  let foot: UInt8
  let keys: [String: Keys]
  let datagrams: [Datagram]
  let messages: [Message]

  /// An estate's keys, in hex.
  struct Keys: Decodable, Sendable {
    let sigkey: String
    let verkey: String
    let prikey: String
    let pubkey: String
  }

  struct Datagram: Decodable, Sendable {
    let src: String
    let dst: String
    /// The bytes, in hex.
    let hex: String
    /// Both estates' short-term secret keys at that time, in hex.
    let short: [String: String]

    var bytes: [UInt8] { RaetWireTests.hex(hex) }
  }

  struct Message: Decodable, Sendable {
    let src: String
    let dst: String
    let body: Content
    let received: [Content]
  }

  static let all: [Conversation] = {
    guard let file = Bundle.module.url(forResource: "road", withExtension: "json", subdirectory: "Vectors"),
      let data = try? Data(contentsOf: file),
      let conversations = try? JSONDecoder().decode([Conversation].self, from: data)
    else { return [] }
    return conversations
  }()
}

/// A value of JSON, compared regardless of the order of keys.
enum Content: Decodable, Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([Content])
  case map([String: Content])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let truth = try? container.decode(Bool.self) {
      self = .bool(truth)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let array = try? container.decode([Content].self) {
      self = .array(array)
    } else {
      self = .map(try container.decode([String: Content].self))
    }
  }

  init(_ mapping: Mapping) {
    self = .map(
      Dictionary(mapping.entries.map { ($0.key, Content($0.value)) }, uniquingKeysWith: { first, _ in first }))
  }

  init(_ value: Value) {
    switch value {
    case .null: self = .null
    case .bool(let truth): self = .bool(truth)
    case .int(let number): self = .number(Double(number))
    case .uint(let number): self = .number(Double(number))
    case .double(let number): self = .number(number)
    case .string(let text): self = .string(text)
    case .bytes(let bytes): self = .string(String(decoding: bytes, as: UTF8.self))
    case .array(let values): self = .array(values.map { Content($0) })
    case .map(let mapping): self = Content(mapping)
    }
  }
}
