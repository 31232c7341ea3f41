import CRaet
import RaetRouter
import RaetStack
import RaetWire

/// An event as C sees it, with all it points to. Lies behind a header that leads from the C structure back to it.
final class EventBox {
  private struct Header {
    /// Tells an event of ours from other memory.
    var magic: UInt64
    /// This object, once for itself when it is detached.
    var owner: UnsafeMutableRawPointer?
  }

  private static let magic: UInt64 = 0x7261_6574_2065_7600
  private static let offset = MemoryLayout<Header>.stride
  private let memory: UnsafeMutableRawPointer
  /// The event's body, as long as the host may read it.
  private var body: ReceivedBody?
  private var name: CText?
  /// What `name` says: most events of a stack come from one remote.
  private var nameText: String?
  private var source: CText?
  private var destination: CText?
  private var share: CText?

  init() {
    memory = .allocate(byteCount: EventBox.offset + MemoryLayout<raet_event>.stride, alignment: 16)
    memory.initializeMemory(as: Header.self, repeating: Header(magic: EventBox.magic, owner: nil), count: 1)
    fields.initialize(to: raet_event())
  }

  deinit {
    memory.assumingMemoryBound(to: Header.self).pointee.magic = 0
    memory.deallocate()
  }

  /// The C structure.
  var fields: UnsafeMutablePointer<raet_event> {
    (memory + EventBox.offset).assumingMemoryBound(to: raet_event.self)
  }

  /// Shows this event.
  func show(_ event: consuming Event) {
    if event.name != nameText {
      nameText = event.name
      name = event.name.flatMap { CText($0) }
    }
    var shown = raet_event()
    shown.size = UInt32(MemoryLayout<raet_event>.size)
    shown.type = event.kind.rawValue
    shown.status = event.status.rawValue
    shown.os_errno = event.systemError
    shown.remote = event.remote
    shown.txn = event.transaction
    shown.tag = event.tag
    shown.time_ns = event.time
    body = event.body.take()
    if let bytes = body?.bytes, !bytes.isEmpty {
      shown.body = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      shown.body_len = bytes.count
    }
    shown.body_kind = raet_enum(event.bodyKind.rawValue)
    shown.name = UnsafePointer(name?.pointer)
    shown.pid = event.credentials.map { Int64($0.pid) } ?? -1
    shown.uid = event.credentials?.uid ?? .max
    shown.gid = event.credentials?.gid ?? .max
    fields.pointee = shown
  }

  /// Shows an event of a router's; `stack` is the one it concerns.
  func show(_ told: RouterEvent, stack: OpaquePointer?) {
    show(told.event)
    source = told.source.flatMap { CText($0) }
    destination = told.destination.flatMap { CText($0) }
    share = told.share.flatMap { CText($0) }
    fields.pointee.stack = stack
    fields.pointee.source = UnsafePointer(source?.pointer)
    fields.pointee.destination = UnsafePointer(destination?.pointer)
    fields.pointee.share = UnsafePointer(share?.pointer)
  }

  /// Lets go of the event, and so wipes its body.
  func clear() {
    body = nil
    (source, destination, share) = (nil, nil, nil)
    fields.pointee = raet_event()
  }

  /// The event is the host's until `release`.
  func detach() {
    memory.assumingMemoryBound(to: Header.self).pointee.owner = Unmanaged.passRetained(self).toOpaque()
  }

  /// The host gives a detached event back.
  static func release(_ event: UnsafePointer<raet_event>) {
    let header = (UnsafeMutableRawPointer(mutating: event) - offset).assumingMemoryBound(to: Header.self)
    guard header.pointee.magic == magic, let owner = header.pointee.owner else { return }
    header.pointee.owner = nil
    Unmanaged<EventBox>.fromOpaque(owner).release()
  }
}
