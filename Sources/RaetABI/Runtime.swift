// What the Embedded runtime asks of its surroundings. The version script hides both from the library's users.
#if hasFeature(Embedded)
  import CPosix
  import CSodium

  /// Hashing is seeded by arc4random_buf, which glibc has from 2.36 on only; libsodium's generator takes its place.
  @c(arc4random_buf) func embeddedRandom(_ out: UnsafeMutableRawPointer, _ count: Int) { randombytes_buf(out, count) }

  /// Every Swift trap (a bound, an overflow) ends here, by `-trap-function` in the Makefile: a fault of the library,
  /// after which nothing of it can be trusted. It says so, which the bare illegal instruction would not.
  @c(libraet_internal_trap) func embeddedTrap() {
    let line: StaticString = "raet-internal: a fault inside libraet stopped the program; please report it\n"
    _ = write(2, line.utf8Start, line.utf8CodeUnitCount)
    abort()
  }
#endif
