import CSodium
import Glibc
import Synchronization

/// Signatures that this process has made itself need no proof: in a simulation the verifier sits beside the signer, and
/// proving what is known already would take half of the time. Only what is the same to the last byte (key, message and
/// signature) is known; all else goes to libsodium, as does each signature that is made. The two functions below take
/// the place of libsodium's in this tool alone, where the linker finds them first; tests that are linked with it have
/// libsodium's, since nothing is known before `begin()`.
final class SignaturesMadeHere: @unchecked Sendable {
  /// Bytes of a place: the message's length, the signature, the key, the message.
  private static let place = 2048
  /// A later signature may take the place of an earlier one.
  private static let places = 1 << 13
  private static let lengthBytes = 8
  private static let signatureBytes = 64
  private static let keyBytes = 32
  private static let messageAt = lengthBytes + signatureBytes + keyBytes

  private let isOn = Atomic(false)
  private let lock = Mutex(())
  /// Read and written under the lock only.
  private let memory = UnsafeMutableRawPointer.allocate(byteCount: place * places, alignment: 16)

  fileprivate init() { memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.place * Self.places) }

  /// From now on signatures are known.
  func begin() { isOn.store(true, ordering: .relaxed) }

  /// Remembers a signature, unless its message is too long for that.
  func remember(_ signature: UnsafeRawPointer, _ message: UnsafeRawBufferPointer, key: UnsafeRawPointer) {
    guard isOn.load(ordering: .relaxed), message.count <= Self.place - Self.messageAt else { return }
    let place = slot(signature)
    lock.withLock { _ in
      place.storeBytes(of: UInt64(message.count), as: UInt64.self)
      (place + Self.lengthBytes).copyMemory(from: signature, byteCount: Self.signatureBytes)
      (place + Self.lengthBytes + Self.signatureBytes).copyMemory(from: key, byteCount: Self.keyBytes)
      UnsafeMutableRawBufferPointer(start: place + Self.messageAt, count: message.count).copyMemory(from: message)
    }
  }

  /// Whether this very signature of this message was made here, with the key's other half.
  func knows(_ signature: UnsafeRawPointer, _ message: UnsafeRawBufferPointer, key: UnsafeRawPointer) -> Bool {
    guard isOn.load(ordering: .relaxed) else { return false }
    let place = slot(signature)
    return lock.withLock { _ in
      place.load(as: UInt64.self) == UInt64(message.count) && message.count > 0
        && memcmp(place + Self.lengthBytes, signature, Self.signatureBytes) == 0
        && memcmp(place + Self.lengthBytes + Self.signatureBytes, key, Self.keyBytes) == 0
        && message.baseAddress.map { memcmp(place + Self.messageAt, $0, message.count) } == 0
    }
  }

  private func slot(_ signature: UnsafeRawPointer) -> UnsafeMutableRawPointer {
    memory + Int(signature.loadUnaligned(as: UInt32.self) % UInt32(Self.places)) * Self.place
  }
}

let signaturesMadeHere = SignaturesMadeHere()

/// As libsodium's: signs, with the secret key of which the second half is the public one.
@_cdecl("crypto_sign_detached") public func signDetached(
  _ signature: UnsafeMutablePointer<UInt8>, _ length: UnsafeMutablePointer<UInt64>?, _ message: UnsafePointer<UInt8>?,
  _ count: UInt64, _ secret: UnsafePointer<UInt8>
) -> Int32 {
  let status = crypto_sign_ed25519_detached(signature, length, message, count, secret)
  let bytes = UnsafeRawBufferPointer(start: message, count: Int(count))
  if status == 0 { signaturesMadeHere.remember(signature, bytes, key: secret + 32) }
  return status
}

/// As libsodium's: 0 if the signature is good.
@_cdecl("crypto_sign_verify_detached") public func verifyDetached(
  _ signature: UnsafePointer<UInt8>, _ message: UnsafePointer<UInt8>?, _ count: UInt64, _ key: UnsafePointer<UInt8>
) -> Int32 {
  let bytes = UnsafeRawBufferPointer(start: message, count: Int(count))
  if signaturesMadeHere.knows(signature, bytes, key: key) { return 0 }
  return crypto_sign_ed25519_verify_detached(signature, message, count, key)
}
