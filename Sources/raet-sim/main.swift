import Glibc
import RaetSimulator

// raet-sim FIRST COUNT runs so many seeds; raet-sim SEED runs one and prints what happens in it (docs/TESTING.md).

let numbers = CommandLine.arguments.dropFirst().map { UInt64($0) }
guard (1...2).contains(numbers.count), let first = numbers[0], let count = numbers.count == 2 ? numbers[1] : 1 else {
  print("usage: raet-sim SEED, or raet-sim FIRST COUNT")
  exit(2)
}

if numbers.count == 1 {
  let outcome = Simulation(seed: first, keepsTrace: true).run()
  for line in outcome.trace { print(line) }
  print("seed \(first): hash \(String(outcome.hash, radix: 16)), \(outcome.messages) messages")
  exit(outcome.violation == nil ? 0 : 1)
}

let workers = UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
let clock = ContinuousClock()
let begin = clock.now
let report = await withTaskGroup(of: Report.self) { group in
  for worker in 0..<workers {
    group.addTask {
      var report = Report()
      for seed in stride(from: first + worker, to: first + count, by: UInt64.Stride(workers)) {
        let outcome = Simulation(seed: seed).run()
        report.add(outcome)
        guard let violation = outcome.violation else { continue }
        print("seed \(seed) broke the promise \(violation.promise.rawValue): \(violation.text)")
        if report.failures.count >= 10 { break }
      }
      return report
    }
  }
  var sum = Report()
  for await part in group { sum.add(part) }
  return sum
}
let seconds = begin.duration(to: clock.now)
for failure in report.failures.prefix(3) {
  print("\nThe last of seed \(failure.seed) (make sim SEED=\(failure.seed) shows all):")
  for line in failure.trace.suffix(40) { print("  \(line)") }
}
print(report.text(seconds: Double(seconds.components.seconds) + Double(seconds.components.attoseconds) / 1e18))
if !report.unmet.isEmpty { print("never met: \(report.unmet.joined(separator: ", "))") }
// A run that never meets a state proves nothing about it.
exit(report.failures.isEmpty && (report.unmet.isEmpty || count < 2000) ? 0 : 1)
