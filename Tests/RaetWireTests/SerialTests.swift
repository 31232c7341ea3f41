import RaetWire
import Testing

@Suite struct SerialTests {
  @Test func comesAfterByLessThanHalfTheCircle() {
    #expect(Serial.isNewerOrEqual(5, 5))
    #expect(Serial.isNewerOrEqual(6, 5))
    #expect(!Serial.isNewerOrEqual(5, 6))
    #expect(Serial.isNewerOrEqual(0x7fff_ffff, 0))
    #expect(!Serial.isNewerOrEqual(0x8000_0000, 0))
    #expect(Serial.isNewerOrEqual(1, 0xffff_ffff))
    #expect(!Serial.isNewerOrEqual(0xffff_ffff, 1))
  }

  @Test func wrapsToOne() {
    #expect(Serial.next(0) == 1)
    #expect(Serial.next(0xffff_fffe) == 0xffff_ffff)
    #expect(Serial.next(0xffff_ffff) == 1)
  }
}
