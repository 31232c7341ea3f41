import RaetCrypto
import RaetSession
import RaetWire

/// A message on its way to a yard: head and body in one piece of memory, as the first page is sent.
public final class OutgoingBook {
  let id: UInt64
  let tag: UInt64
  let limit: UInt64
  private let memory: WipedMemory
  private let headLength: Int
  let pagination: Pagination
  /// The number of its next page to send.
  var next = 0
  /// Which of the sockets that have had the yard's path its pages go to; 0 as long as it does not matter.
  var socket: UInt64 = 0

  /// Packs a message; nil when it takes too many pages, or there is no memory.
  init?(
    id: UInt64, tag: UInt64, limit: UInt64, prefix: [UInt8], book: UInt32, kind: BodyKind,
    body: UnsafeRawBufferPointer
  ) {
    self.id = id
    self.tag = tag
    self.limit = limit
    headLength = PageHead.length(prefix: prefix, book: book)
    guard let pagination = Pagination(bodyLength: body.count, headLength: headLength),
      let memory = WipedMemory(count: headLength &+ body.count), let start = memory.bytes.baseAddress
    else { return nil }
    self.pagination = pagination
    self.memory = memory
    PageHead.write(prefix: prefix, kind: kind, book: book, pages: pagination.count, to: start)
    if let from = body.baseAddress { (start + headLength).copyMemory(from: from, byteCount: body.count) }
  }

  /// Bytes of the body.
  var length: Int { memory.bytes.count &- headLength }
  /// Bytes of the body that have left.
  var sentLength: Int { min(next &* pagination.pieceLength, length) }
  var isSent: Bool { next >= pagination.count }

  /// A page, valid as long as this object.
  func page(_ number: Int) -> OutgoingPage {
    let all = UnsafeRawBufferPointer(memory.bytes)
    let range = pagination.range(of: number)
    return OutgoingPage(
      number: number, head: UnsafeRawBufferPointer(rebasing: all[..<headLength]),
      piece: UnsafeRawBufferPointer(rebasing: all[(headLength &+ range.lowerBound)..<(headLength &+ range.upperBound)]))
  }
}

/// A page to be sent. Its bytes are valid until the lane is told what became of it.
public struct OutgoingPage {
  /// Which of the book's pages it is. A copy of the head needs it by `PageHead.setNumber`, unless it is 0.
  public let number: Int
  /// The head of the book's page 0, which the piece of page 0 follows in memory.
  public let head: UnsafeRawBufferPointer
  /// The part of the body that it carries.
  public let piece: UnsafeRawBufferPointer
}

/// A message of several pages that comes from a yard.
final class IncomingBook {
  let id: UInt64
  let number: UInt32
  var gathering: PageGathering
  let body: WipedBytes
  /// When its last page came.
  var heard: UInt64

  init?(id: UInt64, number: UInt32, gathering: PageGathering, now: UInt64) {
    guard let body = WipedBytes(count: gathering.length) else { return nil }
    self.id = id
    self.number = number
    self.gathering = gathering
    self.body = body
    heard = now
  }
}
