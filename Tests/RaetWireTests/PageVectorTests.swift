import Foundation
import RaetWire
import Testing

/// Pages of the reference are read, put together, and written again to the same bytes.
@Suite struct PageVectorTests {
  @Test func thereAreAllConversations() {
    #expect(LaneConversation.all.map { $0.tag } == ["json", "msgpack"])
    #expect(LaneConversation.all.reduce(0) { $0 + $1.datagrams.count } == 12)
  }

  @Test(arguments: LaneConversation.all.indices)
  func headsAreRead(_ index: Int) throws {
    let conversation = LaneConversation.all[index]
    for datagram in conversation.datagrams {
      let page = try Page(datagram.bytes)
      #expect(page.kind == (conversation.pack == 0 ? .json : .msgpack))
      #expect(page.source == datagram.src)
      #expect("cherry.\(page.destination).uxd" == datagram.to)
    }
  }

  @Test(arguments: LaneConversation.all.indices)
  func booksGiveTheMessages(_ index: Int) throws {
    let conversation = LaneConversation.all[index]
    let books = try books(conversation)
    #expect(books.count == conversation.messages.count)
    for (book, message) in zip(books, conversation.messages) {
      try book.body.withUnsafeBytes { try BodyCheck.requireMapping(book.pages[0].kind, $0) }
      guard book.pages[0].kind == .msgpack, book.body.count > WireLimit.controlBody else {
        #expect(try decode(book) == message.body)
        continue
      }
      // {"big": text} with a length of four bytes.
      guard case .map(let entries) = message.body, case .string(let text)? = entries["big"] else {
        Issue.record("another message than was recorded")
        continue
      }
      #expect(book.body == [0x81, 0xa3] + bytes("big") + [0xdb] + bigEndian(text.utf8.count) + bytes(text))
    }
  }

  @Test(arguments: LaneConversation.all.indices)
  func booksAreWrittenToTheSameBytes(_ index: Int) throws {
    let conversation = LaneConversation.all[index]
    let written = try books(conversation).flatMap { book in
      try write(book.body, book.pages[0])
    }
    #expect(written == conversation.datagrams.map { $0.bytes })
  }

  // MARK: Books.

  private struct Book {
    var pages: [Page]
    var body: [UInt8]
  }

  /// The books of a conversation; the pages of each follow one another there.
  private func books(_ conversation: LaneConversation) throws -> [Book] {
    var books: [Book] = []
    var pages: [[UInt8]] = []
    for datagram in conversation.datagrams {
      pages.append(datagram.bytes)
      guard try Page(datagram.bytes).count == pages.count else { continue }
      books.append(Book(pages: try pages.map { try Page($0) }, body: try body(pages)))
      pages = []
    }
    #expect(pages.isEmpty)
    return books
  }

  private func body(_ pages: [[UInt8]]) throws -> [UInt8] {
    guard pages.count > 1 else { return try Page(pages[0]).piece }
    var gathering = try pages[0].withUnsafeBytes {
      try PageGathering(first: try PageHead.parse($0), limit: WireLimit.body)
    }
    var room = [UInt8](repeating: 0, count: gathering.length)
    for page in pages {
      #expect(!gathering.isComplete)
      let result = try page.withUnsafeBytes { page in
        try room.withUnsafeMutableBytes { try gathering.insert(try PageHead.parse(page), into: $0) }
      }
      #expect(result == .fresh)
    }
    #expect(gathering.isComplete)
    return Array(room[..<gathering.length])
  }

  private func decode(_ book: Book) throws -> Content {
    guard book.pages[0].kind == .msgpack else {
      return try JSONDecoder().decode(Content.self, from: Data(book.body))
    }
    return try book.body.withUnsafeBytes { Content(try ValueCodec.decodeMapping(.msgpack, $0)) }
  }

  private func bigEndian(_ count: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
  }

  /// The pages that libraet sends for a body in the place of the book that begins with this page.
  private func write(_ body: [UInt8], _ like: Page) throws -> [[UInt8]] {
    let prefix = PageHead.prefix(source: like.source, destination: like.destination, session: like.session)
    let length = PageHead.length(prefix: prefix, book: like.book)
    let pagination = try #require(Pagination(bodyLength: body.count, headLength: length))
    return (0..<pagination.count).map { number in
      var head = [UInt8](repeating: 0, count: length)
      head.withUnsafeMutableBytes { head in
        guard let start = head.baseAddress else { return }
        PageHead.write(prefix: prefix, kind: like.kind, book: like.book, pages: pagination.count, to: start)
        PageHead.setNumber(number, head)
      }
      return head + body[pagination.range(of: number)]
    }
  }
}

/// A page's fields, on their own.
struct Page: Equatable {
  let kind: BodyKind
  let source: String
  let destination: String
  let session: PageSession
  let book: UInt32
  let number: Int
  let count: Int
  let piece: [UInt8]

  /// Reads a page; throws what `PageHead.parse` does.
  init(_ bytes: [UInt8]) throws {
    self = try bytes.withUnsafeBytes { raw in Page(try PageHead.parse(raw)) }
  }

  private init(_ page: ReceivedPage) {
    kind = page.kind
    source = String(decoding: page.source, as: UTF8.self)
    destination = String(decoding: page.destination, as: UTF8.self)
    session = page.session
    book = page.book
    number = page.number
    count = page.count
    piece = Array(page.piece)
  }
}
