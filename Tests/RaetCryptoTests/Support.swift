import Testing

@testable import RaetCrypto

/// The bytes that `text` has in hex; no bytes when it is not hex.
func hex(_ text: String) -> [UInt8] {
  let digits = text.utf8.filter { $0 != 0x20 && $0 != 0x0a }
  return stride(from: 0, to: digits.count - 1, by: 2).compactMap { at in
    UInt8(String(decoding: digits[at...at + 1], as: UTF8.self), radix: 16)
  }
}

func key(_ text: String) -> Key32 {
  hex(text).withUnsafeBytes { Key32($0) } ?? Key32()
}

func bytes(of key: Key32) -> [UInt8] {
  key.withBytes { [UInt8]($0) }
}

extension SigningKey {
  convenience init(seed: [UInt8], memory: SecretMemory = SecretMemory()) throws {
    // An error does not pass through withUnsafeBytes here, so the bytes are lent by an object.
    let copy = try #require(seed.withUnsafeBytes { WipedBytes(copying: $0) })
    try self.init(seed: UnsafeRawBufferPointer(copy.bytes), memory: memory)
  }

  func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: SigningKey.signatureLength)
    message.withUnsafeBytes { message in
      signature.withUnsafeMutableBytes { if let start = $0.baseAddress { sign(message, into: start) } }
    }
    return signature
  }
}

extension PrivateKey {
  convenience init(secret: [UInt8], memory: SecretMemory = SecretMemory()) throws {
    let copy = try #require(secret.withUnsafeBytes { WipedBytes(copying: $0) })
    try self.init(secret: UnsafeRawBufferPointer(copy.bytes), memory: memory)
  }
}

extension VerifyKey {
  func verify(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
    signature.withUnsafeBytes { signature in
      message.withUnsafeBytes { message in
        signature.baseAddress.map { verify($0, message) } ?? false
      }
    }
  }
}

extension SharedKey {
  func seal(_ plain: [UInt8], nonce: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: plain.count + SharedKey.overhead)
    plain.withUnsafeBytes { plain in
      nonce.withUnsafeBytes { nonce in
        out.withUnsafeMutableBytes { out in
          if let nonce = nonce.baseAddress, let out = out.baseAddress { seal(plain, nonce: nonce, into: out) }
        }
      }
    }
    return out
  }

  func open(_ sealed: [UInt8], nonce: [UInt8]) -> [UInt8]? {
    var out = [UInt8](repeating: 0, count: max(sealed.count - SharedKey.overhead, 0) + 1)
    let opened = sealed.withUnsafeBytes { sealed in
      nonce.withUnsafeBytes { nonce in
        out.withUnsafeMutableBytes { out in
          guard let nonce = nonce.baseAddress, let out = out.baseAddress else { return false }
          return open(sealed, nonce: nonce, into: out)
        }
      }
    }
    return opened ? [UInt8](out.dropLast()) : nil
  }
}

/// Gives 0, 1, 2 and so on, until it is dry.
final class CountingEntropy: Entropy {
  var isDry = false
  private var next: UInt8 = 0

  func fill(_ out: UnsafeMutableRawBufferPointer) -> Bool {
    guard !isDry else { return false }
    for at in out.indices {
      out[at] = next
      next &+= 1
    }
    return true
  }
}
