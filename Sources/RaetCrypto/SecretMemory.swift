import CPosix
import CSodium

/// The memory of one stack's secret keys: pages that are locked, guarded and left out of core dumps where the system
/// lets libsodium do so, handed out in slots. Slots are wiped when they come back. Like its stack, it is used by one
/// thread at a time.
public final class SecretMemory {
  /// Bytes of a slot, enough for the longest secret key.
  static let slotSize = 64

  /// Pages with at least one free slot. Full pages are kept alive by their secrets.
  private var pagesWithRoom: [SecretPage] = []

  /// Makes a memory without pages; they are taken from the system when first needed.
  public init() {}

  /// A slot of zeros, wiped and given back when the last reference to it goes.
  func allocate() throws(CryptoError) -> Secret {
    if let page = pagesWithRoom.last, let slot = page.take() {
      if page.isFull { pagesWithRoom.removeLast() }
      return Secret(memory: self, page: page, slot: slot)
    }
    // sodium_malloc ends the process when libsodium is not initialised.
    try Sodium.initialize()
    guard let page = SecretPage(), let slot = page.take() else { throw .noMemory }
    pagesWithRoom.append(page)
    return Secret(memory: self, page: page, slot: slot)
  }

  fileprivate func giveBack(_ slot: Int, of page: SecretPage) {
    let wasFull = page.isFull
    page.giveBack(slot)
    if wasFull { pagesWithRoom.append(page) }
    // One empty page stays, so that a single key that comes and goes does not map and unmap memory each time.
    if page.isEmpty && pagesWithRoom.count > 1 { pagesWithRoom.removeAll { $0 === page } }
  }

  /// Pages held for later secrets.
  var pageCount: Int { pagesWithRoom.count }
}

/// One slot of a secret memory, which it keeps alive.
final class Secret {
  private let base: UnsafeMutableRawPointer
  private let memory: SecretMemory
  private let page: SecretPage
  private let slot: Int

  fileprivate init(memory: SecretMemory, page: SecretPage, slot: Int) {
    self.memory = memory
    self.page = page
    self.slot = slot
    base = page.start(of: slot)
  }

  deinit {
    memory.giveBack(slot, of: page)
  }

  /// All of its `SecretMemory.slotSize` bytes. Valid as long as this object.
  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: SecretMemory.slotSize)
  }

  /// The first of its bytes as libsodium's functions take it.
  var start: UnsafeMutablePointer<UInt8> { base.assumingMemoryBound(to: UInt8.self) }
}

/// Slots that came from the system in one piece.
private final class SecretPage {
  /// With libsodium's 16-byte canary these slots fill a memory page of 4,096 bytes.
  private static let slotCount = 63
  private static let allFree: UInt64 = (1 << 63) - 1

  private let base: UnsafeMutableRawPointer
  private let isGuarded: Bool
  /// A bit a slot, set when it is free.
  private var free = SecretPage.allFree

  init?() {
    let size = SecretPage.slotCount * SecretMemory.slotSize
    if let guarded = sodium_malloc(size) {
      base = guarded
      isGuarded = true
    } else if let plain = malloc(size) {
      base = plain
      isGuarded = false
    } else {
      return nil
    }
    sodium_memzero(base, size)
  }

  deinit {
    guard isGuarded else {
      sodium_memzero(base, SecretPage.slotCount * SecretMemory.slotSize)
      CPosix.free(base)
      return
    }
    sodium_free(base)
  }

  var isFull: Bool { free == 0 }
  var isEmpty: Bool { free == SecretPage.allFree }

  func take() -> Int? {
    guard free != 0 else { return nil }
    let slot = free.trailingZeroBitCount
    free &= ~(1 << UInt64(slot))
    return slot
  }

  func giveBack(_ slot: Int) {
    sodium_memzero(base + slot * SecretMemory.slotSize, SecretMemory.slotSize)
    free |= 1 << UInt64(slot)
  }

  func start(of slot: Int) -> UnsafeMutableRawPointer {
    base + slot * SecretMemory.slotSize
  }
}
