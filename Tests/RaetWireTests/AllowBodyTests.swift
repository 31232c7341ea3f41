import RaetWire
import Testing

@Suite struct AllowBodyTests {
  @Test func rangesFollowOneAnotherToTheEnd() {
    func follow(_ ranges: [Range<Int>], _ length: Int) {
      var at = 0
      for range in ranges {
        #expect(range.lowerBound == at)
        at = range.upperBound
      }
      #expect(at == length)
    }
    typealias Hello = AllowBody.Hello
    typealias Content = AllowBody.InitiateContent
    follow([Hello.plain, Hello.shortKey, Hello.box, Hello.nonce], 200)
    follow([AllowBody.Cookie.box, AllowBody.Cookie.nonce], 104)
    follow(
      [AllowBody.Initiate.shortKey, AllowBody.Initiate.cookie, AllowBody.Initiate.box, AllowBody.Initiate.nonce], 328)
    follow([Content.longKey, Content.vouch, Content.vouchNonce, Content.domain], 232)
    #expect(AllowBody.Cookie.box.count == AllowBody.CookieContent.length + 16)
    #expect(AllowBody.Initiate.box.count == Content.length + 16)
  }

  @Test func readsWhatItWrites() throws {
    let content = AllowBody.CookieContent(
      shortKey: Array(1...32), source: 0x0102_0304, destination: 0xffff_ffff, cookie: Array(100..<124))
    let bytes = try #require(content.encode())
    #expect(bytes.count == 64)
    #expect(Array(bytes[32..<40]) == [1, 2, 3, 4, 255, 255, 255, 255])
    #expect(try bytes.withUnsafeBytes { try AllowBody.CookieContent.decode($0) } == content)
  }

  @Test func refusesOtherLengthsAndIdsOfZero() throws {
    let good = AllowBody.CookieContent(
      shortKey: [UInt8](repeating: 1, count: 32), source: 1, destination: 2, cookie: [UInt8](repeating: 2, count: 24))
    let bytes = try #require(good.encode())
    for length in [0, 1, 63] {
      #expect(throws: BodyError.malformed) {
        try bytes[..<length].withUnsafeBytes { try AllowBody.CookieContent.decode($0) }
      }
    }
    #expect(throws: BodyError.malformed) {
      try (bytes + [0]).withUnsafeBytes { try AllowBody.CookieContent.decode($0) }
    }
    for field in [32, 36] {
      var zero = bytes
      zero.replaceSubrange(field..<(field + 4), with: [0, 0, 0, 0])
      #expect(throws: BodyError.fieldValue) { try zero.withUnsafeBytes { try AllowBody.CookieContent.decode($0) } }
    }
    var short = good
    short.cookie = []
    #expect(short.encode() == nil)
    short = good
    short.shortKey.append(0)
    #expect(short.encode() == nil)
  }
}
