import CPosix

/// The system's monotonic clock.
public enum MonotonicClock {
  /// Nanoseconds since an unspecified point in the past; does not go on while the system sleeps.
  public static func now() -> UInt64 {
    rx_monotonic_ns()
  }
}
