/// A clock of one program: how its `now` follows from the time of the run. It drifts, ticks coarsely and leaps.
struct VirtualClock {
  /// Parts of a million by which it is too fast.
  var drift: Int64 = 0
  /// The smallest step, in nanoseconds.
  var tick: UInt64 = 1
  /// How far it has leapt ahead, in nanoseconds.
  private(set) var leapt: UInt64 = 0

  mutating func leap(_ period: UInt64) { leapt &+= period }

  /// What it shows at a time of the run.
  func now(at time: UInt64) -> UInt64 {
    let drifted = Int64(clamping: time) &+ Int64(clamping: time) / 1_000_000 &* drift
    return (UInt64(clamping: drifted) &+ leapt) / tick &* tick
  }

  /// The time of the run at which it shows `moment`, or a little later.
  func time(of moment: UInt64) -> UInt64 {
    guard moment != .max else { return .max }
    let ticks = moment / tick &* tick &+ (moment % tick == 0 ? 0 : tick)
    guard ticks > leapt else { return 0 }
    let span = Int64(clamping: ticks &- leapt)
    var time = UInt64(clamping: span &- span / 1_000_000 &* drift)
    while now(at: time) < moment { time &+= 1000 &+ UInt64(clamping: abs(drift)) &* 10 }
    return time
  }
}
