import Glibc
import RaetSimulator

// Runs a message flow under the faults of the simulator:
//   flow FIRST COUNT            so many runs; ends with 1 when one went wrong, and says which
//   flow SEED                   this run again, with all that happened in it
//   flow forgetful FIRST COUNT  a flow with a mistake, which the simulator finds
var words = Array(CommandLine.arguments.dropFirst())
let isForgetful = words.first == "forgetful"
if isForgetful { words.removeFirst() }
let first = words.first.flatMap { UInt64($0) } ?? 1
let count = words.count > 1 ? UInt64(words[1]) ?? 1 : 1

for seed in first..<(first + count) {
  let orders = Orders(knowsOrders: !isForgetful)
  let outcome = Simulation(seed: seed, application: orders, keepsTrace: count == 1).run()
  if count == 1 { outcome.trace.forEach { print($0) } }
  // The simulator looks after RAET's promises, the flow after its own.
  if let complaint = outcome.violation?.text ?? orders.complaint {
    print("seed \(seed): \(complaint)")
    exit(1)
  }
  if count == 1 { print("seed \(seed): \(orders.summary)") }
}
print("\(count) runs without a complaint")
