import RaetSession

/// A process of a run, with a host that serves it.
protocol VirtualProcess: AnyObject {
  /// When it has to do something by itself, as the run's time goes.
  var due: UInt64 { get }
}

/// A run in virtual time, of roads, lanes or routes: what is due happens, the earliest first, until a promise is broken.
protocol VirtualRun: AnyObject {
  associatedtype Happening
  associatedtype Process: VirtualProcess

  var now: UInt64 { get set }
  var agenda: Agenda<Happening> { get set }
  var violation: Violation? { get set }
  var trace: Trace { get set }
  /// All processes, in the order in which those are served whose time is the same.
  var all: [Process] { get }

  /// What was on the agenda happens.
  func perform(_ happening: Happening)
  /// The process's time has come.
  func serve(_ process: Process)
}

extension VirtualRun {
  func schedule(_ happening: Happening, after period: UInt64) { agenda.add(happening, at: now + period) }

  /// Lets time run to `end`, or until `isDone`; true when that was.
  @discardableResult
  func advance(_ end: UInt64, until isDone: () -> Bool) -> Bool {
    var idle = 0
    while violation == nil {
      if isDone() { return true }
      let due = all.reduce(UInt64.max) { min($0, $1.due) }
      let next = max(now + 1000, min(agenda.due, due))
      guard next <= end else {
        now = end
        return isDone()
      }
      // Work that is due and does nothing, again and again, would keep a processor busy for good.
      idle = next > now + 1000 ? 0 : idle + 1
      if idle > 100_000 { fail(.calls, "an engine spins") }
      now = next
      while agenda.due <= now, violation == nil, let happening = agenda.next() { perform(happening) }
      for process in all where process.due <= now && violation == nil { serve(process) }
    }
    return false
  }

  func fail(_ promise: Promise, _ text: String) { fail(Violation(promise, text)) }

  /// A promise is broken, by the process of this name if it is known. Only the first counts.
  func fail(_ violation: Violation, at name: String? = nil) {
    guard self.violation == nil else { return }
    self.violation = violation
    trace.note(now, "BROKEN \(violation.promise.rawValue)\(name.map { " at \($0)" } ?? ""): \(violation.text)")
  }
}
