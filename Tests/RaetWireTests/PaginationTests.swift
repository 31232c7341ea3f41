import RaetWire
import Testing

@Suite struct PaginationTests {
  private let head = 80

  private func pagination(_ length: Int) -> Pagination? { Pagination(bodyLength: length, headLength: head) }

  @Test func whatFitsIsOnePage() throws {
    for length in [0, 1, 1000, PageLimit.page - head] {
      let pages = try #require(pagination(length))
      #expect(pages.count == 1 && pages.range(of: 0) == 0..<length)
    }
  }

  @Test func oneByteMoreIsTwoPagesWithTheReferenceSSpare() throws {
    let pages = try #require(pagination(PageLimit.page - head + 1))
    #expect(pages.count == 2)
    #expect(pages.pieceLength == PageLimit.page - head - 2)
    #expect(pages.range(of: 1).count == 3)
  }

  @Test func piecesFollowEachOtherToTheEnd() throws {
    for length in [70_000, 130_906, 5_000_000, WireLimit.body] {
      let pages = try #require(pagination(length))
      var end = 0
      for number in 0..<pages.count {
        let range = pages.range(of: number)
        #expect(range.lowerBound == end && !range.isEmpty)
        #expect(range.count == pages.pieceLength || number == pages.count - 1)
        end = range.upperBound
      }
      #expect(end == length)
      #expect(pages.range(of: pages.count).isEmpty && pages.range(of: -1).isEmpty)
    }
  }

  @Test func whatCannotBeIsNothing() {
    #expect(pagination(-1) == nil)
    #expect(pagination(.max) == nil)
    #expect(Pagination(bodyLength: 100, headLength: PageLimit.page) == nil)
    // Pieces of two bytes: more pages than `pc` can tell.
    #expect(Pagination(bodyLength: 200_000, headLength: PageLimit.page - PageLimit.spare - 2) == nil)
  }
}
