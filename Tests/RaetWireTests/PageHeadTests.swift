import RaetWire
import Testing

@Suite struct PageHeadTests {
  private let fields = [
    "ri RAET", "vn 0", "pk 0", "sn serf", "dn main", "si 660bbe5fbc3770bfc3", "bi 1", "pn 0000", "pc 0001",
  ]

  /// A page with these fields and `{}`, after one field was put in the place of another that begins alike.
  private func page(_ changed: String...) -> [UInt8] {
    let lines = fields.map { line in changed.first { $0.hasPrefix(line.prefix(3)) } ?? line }
    return bytes(lines.joined(separator: "\n") + "\n\n{}")
  }

  private func error(_ page: [UInt8]) -> PageError? {
    do {
      _ = try Page(page)
      return nil
    } catch { return error as? PageError }
  }

  // MARK: Reading.

  @Test func allFieldsAreRead() throws {
    let page = try Page(page("pk 1", "bi ab12", "pn 00fe", "pc 00ff"))
    #expect(page.kind == .msgpack)
    #expect(page.source == "serf" && page.destination == "main")
    #expect(page.book == 0xab12 && page.number == 254 && page.count == 255)
    #expect(page.piece == bytes("{}"))
  }

  @Test func digitsMayBeOfEitherCase() throws {
    let lower = try Page(page("si 660bbe5fbc3770bfc3", "bi ff"))
    let upper = try Page(page("si 660BBE5FBC3770BFC3", "bi FF"))
    #expect(lower == upper)
  }

  @Test func sessionsThatDifferInOneDigitDiffer() throws {
    let one = try Page(page()).session
    for at in 0..<18 {
      var digits = Array("660bbe5fbc3770bfc3")
      digits[at] = digits[at] == "0" ? "1" : "0"
      #expect(try Page(page("si " + String(digits))).session != one)
    }
  }

  @Test func theBodyMayBeEmpty() throws {
    #expect(try Page(Array(page().dropLast(2))).piece.isEmpty)
  }

  @Test func everyCutIsRefused() {
    let whole = page()
    for length in 0..<(whole.count - 2) { #expect(error(Array(whole[..<length])) != nil, "\(length)") }
  }

  @Test func everyOtherByteIsRefusedOrReadWithoutATrap() throws {
    let whole = page()
    for at in 0..<(whole.count - 2) {
      for byte: UInt8 in [0, 0x09, 0x0a, 0x20, 0x2e, 0x2f, 0x30, 0x66, 0x67, 0x7f, 0x80, 0xff] where whole[at] != byte {
        var page = whole
        page[at] = byte
        if let read = try? Page(page) { #expect(read.count >= 1 && read.number < read.count) }
      }
    }
  }

  @Test(arguments: [
    ("vn 1", PageError.version), ("pk 2", .packKind), ("pk x", .packKind),
    ("sn ", .name), ("sn a b", .name), ("sn a.b", .name), ("sn a/b", .name), ("sn \u{e9}", .name), ("dn ", .name),
    ("si 660bbe5fbc3770bfcg", .number), ("si 660bbe5fbc3770bfc", .number), ("si ", .number),
    ("si 660bbe5fbc3770bfc30", .headSyntax), ("bi ", .number), ("bi -1", .number), ("bi 123456789", .number),
    ("bi 0x1", .number), ("pn 000g", .number), ("pn -001", .number), ("pn 00000", .headSyntax),
    ("pn 000", .headSyntax), ("pc 00001", .headSyntax), ("pc 1", .headSyntax), ("pc 0000", .pageCount),
    ("pn 0001", .pageNumber), ("pn ffff", .pageNumber), ("ri TEAR", .headUnrecognized),
    ("vn 00", .headSyntax), ("pk 00", .headSyntax),
  ])
  func wrongFieldsAreRefused(_ field: String, _ expected: PageError) {
    #expect(error(page(field)) == expected, "\(field)")
  }

  @Test func fieldsInAnotherOrderMissingOrDoubledAreRefused() {
    for at in fields.indices {
      var missing = fields
      missing.remove(at: at)
      var doubled = fields
      doubled.insert(fields[at], at: at)
      var moved = fields
      moved.swapAt(at, (at + 1) % fields.count)
      for lines in [missing, doubled, moved] {
        #expect(error(bytes(lines.joined(separator: "\n") + "\n\n{}")) != nil, "\(lines)")
      }
    }
    #expect(error(bytes(fields.joined(separator: "\r\n") + "\r\n\r\n{}")) != nil)
    #expect(error(bytes((fields + ["xx 1"]).joined(separator: "\n") + "\n\n{}")) != nil)
  }

  @Test func namesAndPagesHaveLimits() throws {
    let longest = String(repeating: "n", count: PageLimit.name)
    #expect(try Page(page("sn " + longest)).source == longest)
    #expect(error(page("sn n" + longest)) == .name)
    let whole = page() + [UInt8](repeating: 0x20, count: PageLimit.page)
    #expect(error(Array(whole[..<PageLimit.page])) == nil)
    #expect(error(Array(whole[...PageLimit.page])) == .tooLong)
  }

  @Test func theLargestNumbersAreTaken() throws {
    let page = try Page(page("bi ffffffff", "pn fffe", "pc ffff"))
    #expect(page.book == .max && page.number == 0xfffe && page.count == 0xffff)
  }

  // MARK: Names.

  @Test func namesAreWhatAPathAndALineCanHold() {
    for name in ["a", "yard_1", "A-b~c", String(repeating: "n", count: 100)] { #expect(PageHead.isName(name)) }
    for name in ["", "a b", "a.b", "a/b", "a\n", "a\0", "\u{e9}", String(repeating: "n", count: 101)] {
      #expect(!PageHead.isName(name), "\(name)")
    }
  }

  @Test func lanesMayHaveDots() {
    for name in ["lane", "a.b", "."] { #expect(PageHead.isLaneName(name)) }
    for name in ["", "a b", "a/b", "a\0", "\u{e9}", String(repeating: "n", count: 101)] {
      #expect(!PageHead.isLaneName(name), "\(name)")
    }
  }

  // MARK: Sessions and writing.

  @Test func aSessionTakesNineBytes() {
    for count in 0..<9 {
      let seed = [UInt8](repeating: 1, count: count)
      #expect(seed.withUnsafeBytes { PageSession($0) } == nil)
    }
    let one = Array(UInt8(1)...9)
    var other = one
    #expect(one.withUnsafeBytes { PageSession($0) } == other.withUnsafeBytes { PageSession($0) })
    for at in other.indices {
      other = one
      other[at] ^= 0x80
      #expect(one.withUnsafeBytes { PageSession($0) } != other.withUnsafeBytes { PageSession($0) })
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let session = try #require([UInt8](repeating: 0xa7, count: 9).withUnsafeBytes { PageSession($0) })
    let prefix = PageHead.prefix(source: "one", destination: "other", session: session)
    for (book, count, number) in [(1, 1, 0), (0xf, 2, 1), (0x10, 65_535, 65_534), (0xffff_ffff, 300, 299)] {
      for kind in [BodyKind.json, .msgpack] {
        var head = [UInt8](repeating: 0, count: PageHead.length(prefix: prefix, book: UInt32(book)))
        head.withUnsafeMutableBytes { room in
          guard let start = room.baseAddress else { return }
          PageHead.write(prefix: prefix, kind: kind, book: UInt32(book), pages: count, to: start)
          PageHead.setNumber(number, room)
        }
        let page = try Page(head + [1, 2])
        #expect(page.kind == kind && page.session == session && page.book == UInt32(book))
        #expect(page.source == "one" && page.destination == "other" && page.piece == [1, 2])
        #expect(page.number == number && page.count == count)
      }
    }
  }

  @Test func noNumberIsWrittenWhereThereIsNoHead() {
    var room = [UInt8](repeating: 7, count: 16)
    room.withUnsafeMutableBytes { PageHead.setNumber(3, $0) }
    #expect(room == [UInt8](repeating: 7, count: 16))
  }
}
