import RaetCrypto
import RaetSession
import RaetWire

/// A message on its way to a yard: head and body in one piece of memory, as the first page is sent.
public final class OutgoingBook: WaitingMessage {
  /// The host's transaction.
  public let id: UInt64
  let tag: UInt64
  /// When it fails if it has not left.
  public let limit: UInt64
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

/// A message of several pages that comes from a yard. One small page promises up to 64 MB: their memory is not touched
/// before a piece is put there, nor when the book is given up.
final class IncomingBook {
  let id: UInt64
  let number: UInt32
  /// Bytes of memory kept for it.
  let room: Int
  private(set) var gathering: PageGathering
  /// nil once the body was taken.
  private var memory: WipedMemory?
  /// When its last page came.
  private(set) var heard: UInt64

  /// `memory`: as many bytes as the gathering's length, none of them written.
  init(id: UInt64, number: UInt32, gathering: PageGathering, memory: consuming WipedMemory, now: UInt64) {
    self.id = id
    self.number = number
    self.gathering = gathering
    self.memory = consume memory
    room = gathering.length
    heard = now
  }

  deinit {
    guard let memory = memory.take() else { return }
    let bytes = memory.bytes
    gathering.forEachPiece { UnsafeMutableRawBufferPointer(rebasing: bytes[$0]).wipe() }
    memory.release()
  }

  /// Puts a page in its place.
  func insert(_ page: ReceivedPage, now: UInt64) throws(PageError) -> PageGathering.Inserted {
    guard let bytes = memory?.bytes else { throw .noMemory }
    let inserted = try gathering.insert(page, into: bytes)
    if inserted == .fresh { heard = now }
    return inserted
  }

  /// Takes the body out once all pages are there; it is `gathering.length` bytes of these. nil before, and after.
  func takeBody() -> WipedBytes? {
    guard gathering.isComplete, let memory = memory.take() else { return nil }
    return WipedBytes(memory)
  }
}
