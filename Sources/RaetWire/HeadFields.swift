/// Keys of a head's fields: their two letters, the first in the upper byte.
enum HeadKey {
  static let packetLength = key("p", "l")
  static let headLength = key("h", "l")
  static let flags = key("f", "g")
  static let version = key("v", "n")
  static let packetKind = key("p", "k")
  static let headKind = key("h", "k")
  static let source = key("s", "e")
  static let destination = key("d", "e")
  static let session = key("s", "i")
  static let transaction = key("t", "i")
  static let transactionKind = key("t", "k")
  static let stamp = key("d", "t")
  static let order = key("o", "i")
  static let segment = key("s", "n")
  static let segmentCount = key("s", "c")
  static let messageLength = key("m", "l")
  static let bodyKind = key("b", "k")
  static let coatKind = key("c", "k")
  static let footKind = key("f", "k")
  static let footLength = key("f", "l")

  @inline(__always)
  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt16 {
    UInt16(truncatingIfNeeded: first.value) << 8 | UInt16(truncatingIfNeeded: second.value)
  }
}

/// The numbers of a head as they were read, before they mean anything.
struct HeadFields {
  var packetLength: UInt32 = 0
  var headLength: UInt32 = 0
  var flags: UInt32 = 0
  var version: UInt32 = 0
  var packetKind: UInt32 = 0
  var headKind: UInt32 = 0
  var transactionKind: UInt32 = 0
  var bodyKind: UInt32 = 0
  var coatKind: UInt32 = 0
  var footKind: UInt32 = 0
  var footLength: UInt32 = 0
  /// Fields that go into the result as they are.
  var head = Head()
  /// One bit for each field that was there.
  private var seen: UInt32 = 0

  /// Bits of `pl`, `hl` and `fg`, which every head has.
  private static let required: UInt32 = 0b111

  /// Notes a field with a whole number.
  @inline(__always)
  mutating func take(_ key: UInt16, _ value: UInt32) throws(WireError) {
    let bit: UInt32
    switch key {
    case HeadKey.packetLength: (bit, packetLength) = (1 << 0, value)
    case HeadKey.headLength: (bit, headLength) = (1 << 1, value)
    case HeadKey.flags: (bit, flags) = (1 << 2, value)
    case HeadKey.version: (bit, version) = (1 << 3, value)
    case HeadKey.packetKind: (bit, packetKind) = (1 << 4, value)
    case HeadKey.headKind: (bit, headKind) = (1 << 5, value)
    case HeadKey.source: (bit, head.source) = (1 << 6, value)
    case HeadKey.destination: (bit, head.destination) = (1 << 7, value)
    case HeadKey.session: (bit, head.session) = (1 << 8, value)
    case HeadKey.transaction: (bit, head.transaction) = (1 << 9, value)
    case HeadKey.transactionKind: (bit, transactionKind) = (1 << 10, value)
    case HeadKey.order: (bit, head.order) = (1 << 11, value)
    case HeadKey.segment: (bit, head.segment) = (1 << 12, value)
    case HeadKey.segmentCount: (bit, head.segmentCount) = (1 << 13, value)
    case HeadKey.messageLength: (bit, head.messageLength) = (1 << 14, value)
    case HeadKey.bodyKind: (bit, bodyKind) = (1 << 15, value)
    case HeadKey.coatKind: (bit, coatKind) = (1 << 16, value)
    case HeadKey.footKind: (bit, footKind) = (1 << 17, value)
    case HeadKey.footLength: (bit, footLength) = (1 << 18, value)
    default: throw .unknownField
    }
    try mark(bit)
  }

  /// Notes `dt`.
  mutating func takeStamp(_ value: Double) throws(WireError) {
    // A NaN fails this comparison as well.
    guard abs(value) < WireLimit.stamp else { throw .number }
    head.stamp = value
    try mark(1 << 19)
  }

  @inline(__always)
  private mutating func mark(_ bit: UInt32) throws(WireError) {
    guard seen & bit == 0 else { throw .fieldTwice }
    seen |= bit
  }

  /// Gives the fields their meaning, or says what is wrong with them (PROTOCOL 2.4, 4).
  func layout(_ kind: HeadKind, headLength trueLength: Int, datagramLength: Int) throws(WireError) -> PacketLayout {
    guard seen & Self.required == Self.required else { throw .fieldMissing }
    guard Int(headLength) == trueLength else { throw .headLength }
    guard Int(packetLength) == datagramLength else { throw .packetLength }
    guard version == 0 else { throw .version }
    guard headKind == UInt32(kind.rawValue) else { throw .headKind }
    guard flags <= 0xff else { throw .number }
    var head = head
    head.headKind = kind
    head.flags = PacketFlags(rawValue: UInt8(truncatingIfNeeded: flags))
    try takeKinds(into: &head)
    let footLength = head.footKind.length
    guard Int(self.footLength) == footLength else { throw .footLength }
    let coatLength = datagramLength &- trueLength &- footLength
    guard coatLength >= 0 else { throw .footLength }
    try Self.checkSegment(head)
    return PacketLayout(head: head, headLength: trueLength, coatLength: coatLength, footLength: footLength)
  }

  private func takeKinds(into head: inout Head) throws(WireError) {
    guard packetKind <= 0xff, let packet = PacketKind(rawValue: UInt8(truncatingIfNeeded: packetKind)) else {
      throw .packetKind
    }
    guard transactionKind <= 0xff,
      let transaction = TransactionKind(rawValue: UInt8(truncatingIfNeeded: transactionKind))
    else { throw .transactionKind }
    guard bodyKind <= 0xff, let body = BodyKind(rawValue: UInt8(truncatingIfNeeded: bodyKind)) else { throw .bodyKind }
    guard coatKind <= 0xff, let coat = CoatKind(rawValue: UInt8(truncatingIfNeeded: coatKind)) else { throw .coatKind }
    guard footKind <= 0xff, let foot = FootKind(rawValue: UInt8(truncatingIfNeeded: footKind)) else { throw .footKind }
    head.packetKind = packet
    head.transactionKind = transaction
    head.bodyKind = body
    head.coatKind = coat
    head.footKind = foot
  }

  private static func checkSegment(_ head: Head) throws(WireError) {
    guard head.segmentCount >= 1, head.segmentCount <= WireLimit.segments else { throw .segmentCount }
    guard head.messageLength <= UInt32(WireLimit.message) else { throw .messageLength }
    guard head.segment < WireLimit.segments else { throw .segmentNumber }
    // In answers `sn` tells of the other side's segments, while `sc` keeps its default.
    guard head.transactionKind == .message, head.packetKind == .message else { return }
    guard head.segment < head.segmentCount else { throw .segmentNumber }
    // No piece is empty.
    guard head.segmentCount == 1 || head.messageLength >= head.segmentCount else { throw .messageLength }
  }
}

extension Head {
  /// Calls `number`, or `stamp` for `dt`, for each field that differs from its default, in the order of the wire; not for
  /// the four that every head begins with.
  @inline(__always)
  func eachField(number: (UInt16, UInt32) -> Void, stamp: (Double) -> Void) {
    if packetKind != .message { number(HeadKey.packetKind, UInt32(packetKind.rawValue)) }
    if headKind != .raet { number(HeadKey.headKind, UInt32(headKind.rawValue)) }
    if source != 0 { number(HeadKey.source, source) }
    if destination != 0 { number(HeadKey.destination, destination) }
    if session != 0 { number(HeadKey.session, session) }
    if transaction != 0 { number(HeadKey.transaction, transaction) }
    if transactionKind != .message { number(HeadKey.transactionKind, UInt32(transactionKind.rawValue)) }
    if self.stamp != 0 { stamp(self.stamp) }
    if order != 0 { number(HeadKey.order, order) }
    if segment != 0 { number(HeadKey.segment, segment) }
    if segmentCount != 1 { number(HeadKey.segmentCount, segmentCount) }
    if messageLength != 0 { number(HeadKey.messageLength, messageLength) }
    if bodyKind != .none { number(HeadKey.bodyKind, UInt32(bodyKind.rawValue)) }
    if coatKind != .none { number(HeadKey.coatKind, UInt32(coatKind.rawValue)) }
    if footKind != .none {
      number(HeadKey.footKind, UInt32(footKind.rawValue))
      number(HeadKey.footLength, UInt32(truncatingIfNeeded: footKind.length))
    }
  }
}
