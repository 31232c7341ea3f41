import Glibc
import RaetSimulator
import Synchronization

// See docs/TESTING.md.
let usage = """
  raet-sim SEED             one run, with all that happens in it
  raet-sim FIRST COUNT      so many runs, and what they met
  raet-sim FIRST COUNT MOST the same, until so many runs have broken a promise
  raet-sim FIRST COUNT hash the hash of all their datagrams, pages and events
  raet-sim FIRST COUNT lanes the runs of lanes alone, or with "routes" those of routes
  """

signaturesMadeHere.begin()
pointsKnownHere.begin()
productsKnownHere.begin()

/// Prints a line at once.
@Sendable func say(_ line: String) {
  print(line)
  fflush(nil)
}

/// How many runs go on at a time: as many as there are processors, unless RAET_SIM_WORKERS says otherwise.
let workers = getenv("RAET_SIM_WORKERS").flatMap { Int(String(cString: $0)) } ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))

let words = Array(CommandLine.arguments.dropFirst())
let only = words.last.flatMap { Outcome.Kind(rawValue: $0) }

/// The seeds that are still to be run. Whoever is free takes the next, since not all take equally long.
final class Seeds: Sendable {
  private let next: Atomic<UInt64>
  private let end: UInt64

  init(_ seeds: Range<UInt64>) {
    next = Atomic(seeds.lowerBound)
    end = seeds.upperBound
  }

  func take() -> UInt64? {
    let seed = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return seed < end ? seed : nil
  }
}

/// Runs seeds side by side, until `most` of them broke a promise. The report does not depend on how many there are.
func run(_ seeds: Range<UInt64>, most: Int) async -> Report {
  let left = Seeds(seeds)
  return await withTaskGroup(of: Report.self) { group in
    for _ in 0..<max(1, workers) {
      group.addTask {
        var report = Report()
        while let seed = left.take() {
          for outcome in Outcome.of(seed, only: only) {
            report.add(outcome)
            guard let violation = outcome.violation else { continue }
            let text = "\(outcome.kind == .roads ? "" : "in its run of \(outcome.kind), ")\(violation.text)"
            say("seed \(seed) broke the promise \(violation.promise.rawValue): \(text)")
          }
          if report.failures.count >= most || Task.isCancelled { break }
        }
        return report
      }
    }
    var sum = Report()
    for await part in group {
      sum.add(part)
      if sum.failures.count >= most { group.cancelAll() }
    }
    return sum
  }
}

guard (1...3).contains(words.count), let first = UInt64(words[0]) else {
  print(usage)
  exit(2)
}
guard words.count > 1, let count = UInt64(words[1]), count <= 1_000_000_000 else {
  let outcomes = Outcome.of(first, only: only, keepsTrace: true)
  for outcome in outcomes {
    for line in outcome.trace { print(line) }
    let what = "seed \(first), its run of \(outcome.kind)"
    print("\(what): hash \(String(outcome.hash, radix: 16)), \(outcome.messages) messages")
    if let violation = outcome.violation { print("broke the promise \(violation.promise.rawValue): \(violation.text)") }
  }
  exit(outcomes.allSatisfy { $0.violation == nil } ? 0 : 1)
}

let clock = ContinuousClock()
let begin = clock.now
let most = words.count > 2 ? Int(words[2]) ?? 10 : 10
let report = await run(first..<(first + count), most: most)
if words.last == "hash" {
  print(report.hashText)
  exit(0)
}
let passed = begin.duration(to: clock.now).components
for failure in report.failures.sorted(by: { $0.seed < $1.seed }).prefix(3) {
  print("\nThe last of seed \(failure.seed) (make sim SEED=\(failure.seed) shows all):")
  for line in failure.trace.suffix(40) { print("  \(line)") }
}
print(report.text(seconds: Double(passed.seconds) + Double(passed.attoseconds) / 1e18))
guard report.failures.isEmpty else { exit(1) }
// Runs that never meet a state prove nothing about it.
if !report.unmet.isEmpty, only == nil { print("never met: \(report.unmet.joined(separator: ", "))") }
exit(report.unmet.isEmpty || count < 2000 || only != nil ? 0 : 3)
