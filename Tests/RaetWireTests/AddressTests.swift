import RaetWire
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    "1.2.3.4:80", "127.0.0.1:7530", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:7530", "[::]:0", "[fe80::1%3]:80",
    "[2001:db8::ff00:42:8329]:1", "[fe80::1]:80",
  ])
  func readsAndWritesTheSameText(_ text: String) throws {
    #expect(try #require(Address(text)).text == text)
  }

  @Test(arguments: [
    "", ":", ":80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4: 1", "1.2.3.4:080",
    "1.2.3.4:99999999999999999999", "1.2.3:80", "1.2.3.4.5:80", "1.2.3.256:80", "01.2.3.4:80", "0x1.2.3.4:80", "::1:80",
    "[::1]", "[::1]80", "[::1:80", "::1]:80", "[1.2.3.4]:80", "[]:80", "[::1%]:80", "[::1%eth0]:80",
    "[::1%4294967296]:80",
    "1.2.3.4%1:80", "localhost:80", "1.2.3.4\u{0}:80", "[::1\u{0}]:80", "[:::1]:80", "[1:2:3:4:5:6:7:8:9]:80",
    " 1.2.3.4:80",
    "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:80",
  ])
  func refusesAllElse(_ text: String) {
    #expect(Address(text) == nil)
  }

  @Test func readsHostsOfRecords() {
    #expect(Address(host: "127.0.0.1", port: 7530)?.text == "127.0.0.1:7530")
    #expect(Address(host: "::1", port: 7530)?.text == "[::1]:7530")
    #expect(Address(host: "fe80::1%2", port: 1)?.host == "fe80::1%2")
    #expect(Address(host: "", port: 7530) == nil)
    #expect(Address(host: "[::1]", port: 7530) == nil)
    #expect(Address(host: "example.org", port: 7530) == nil)
  }

  @Test func takesMappedAddressesForIPv4() throws {
    let mapped = try #require(Address("[::ffff:1.2.3.4]:80"))
    #expect(mapped == Address("1.2.3.4:80"))
    #expect(mapped.hashValue == Address("1.2.3.4:80")?.hashValue)
    #expect(mapped.family == .ipv4)
    #expect(Address("[::1.2.3.4]:80") != Address("1.2.3.4:80"))
  }

  @Test func minglesNothing() {
    #expect(Address("1.2.3.4:80") != Address("1.2.3.4:81"))
    #expect(Address("0.0.0.0:80") != Address("[::]:80"))
    #expect(Address("0.0.0.1:80") != Address("[::1]:80"))
    #expect(Address("[fe80::1%1]:80") != Address("[fe80::1%2]:80"))
    #expect(Address("[2001:db8::1%1]:80") == Address("[2001:db8::1]:80"))
  }

  @Test func sendsToALoopbackInPlaceOfAWildcard() {
    #expect(Address("0.0.0.0:80")?.isWildcard == true)
    #expect(Address("[::]:80")?.isWildcard == true)
    #expect(Address("[::1]:80")?.isWildcard == false)
    #expect(Address("0.0.0.0:80")?.loopbackForWildcard.text == "127.0.0.1:80")
    #expect(Address("[::]:80")?.loopbackForWildcard.text == "[::1]:80")
    #expect(Address("1.2.3.4:80")?.loopbackForWildcard.text == "1.2.3.4:80")
  }

  @Test(arguments: ["1.2.3.4:80", "[::1]:7530", "[fe80::1%3]:65535", "0.0.0.0:0"])
  func goesThroughSocketAddresses(_ text: String) throws {
    let address = try #require(Address(text))
    for mapped in [false, true] {
      // One byte on, so that nothing is aligned.
      var out = [UInt8](repeating: 0xee, count: Address.socketAddressLength + 1)
      let length = out.withUnsafeMutableBytes {
        address.writeSocketAddress(to: UnsafeMutableRawBufferPointer(rebasing: $0[1...]), mapped: mapped)
      }
      #expect(length == (address.family == .ipv4 && !mapped ? 16 : 28))
      let read = out.withUnsafeBytes {
        Address(socketAddress: UnsafeRawBufferPointer(rebasing: $0[1..<(1 + (length ?? 0))]))
      }
      #expect(read == address)
      for short in 0..<(length ?? 0) {
        let cut = out.withUnsafeBytes { Address(socketAddress: UnsafeRawBufferPointer(rebasing: $0[1..<(1 + short)])) }
        #expect(cut == nil)
      }
    }
    var small = [UInt8](repeating: 0, count: 15)
    #expect(small.withUnsafeMutableBytes { address.writeSocketAddress(to: $0) } == nil)
  }

  @Test(arguments: [
    ("1.2.3.4:1", true), ("127.0.0.1:65535", true), ("223.255.255.255:1", true), ("[::1]:1", true),
    ("[fe80::1%2]:1", true), ("1.2.3.4:0", false), ("0.0.0.0:1", false), ("224.0.0.1:1", false),
    ("239.1.2.3:1", false), ("255.255.255.255:1", false), ("[::]:1", false), ("[::1]:0", false),
    ("[ff02::1%2]:1", false), ("[::ffff:224.0.0.1]:1", false),
  ])
  func knowsWhoCanBeAnswered(_ text: String, _ canBe: Bool) throws {
    #expect(try #require(Address(text)).isOfOne == canBe)
  }

  @Test func addressesHaveOneOrder() {
    let texts = [
      "1.2.3.4:2", "1.2.3.5:1", "1.2.3.5:3", "255.0.0.1:1", "[::1]:1", "[::1]:2", "[fe80::1%1]:1", "[fe80::1%2]:1",
      "[fe81::]:1",
    ]
    #expect(texts.shuffled().compactMap { Address($0) }.sorted().map(\.text) == texts)
  }

  @Test func readsNoOtherSocketAddresses() {
    let other = [UInt8](repeating: 1, count: 110)
    #expect(other.withUnsafeBytes { Address(socketAddress: $0) } == nil)
    #expect(Address(socketAddress: UnsafeRawBufferPointer(start: nil, count: 0)) == nil)
  }
}
