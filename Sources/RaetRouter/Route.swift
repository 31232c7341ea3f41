/// A place that messages come from or go to: an estate on the road, a yard on its lane, a share within that process
/// (PROTOCOL 14.1). nil is what the wire has as null: here.
public struct Place: Equatable, Sendable {
  /// Name of the estate.
  public var estate: String?
  /// Name of the yard.
  public var yard: String?
  /// Name of the share: a queue, or a handler.
  public var share: String?

  /// A place of these parts.
  public init(estate: String? = nil, yard: String? = nil, share: String? = nil) {
    self.estate = estate
    self.yard = yard
    self.share = share
  }

  /// The place as text, as a destination of the host's is written: "ESTATE/YARD/SHARE".
  public var text: String {
    "\(RouteText.escape(estate ?? ""))/\(RouteText.escape(yard ?? ""))/\(RouteText.escape(share ?? ""))"
  }
}

/// The `route` of a message's body (PROTOCOL 14.1). Only `src` and `dst` are known to the reference, which ignores the
/// rest.
public struct Route: Equatable, Sendable {
  /// `src`: where it says it comes from. Never believed by itself.
  public var source: Place
  /// `dst`: where it goes.
  public var destination: Place
  /// `id`: the number by which the last router wants to hear how it ends; nil: not at all.
  public var id: UInt64?
  /// `confirm`: it wants to hear of the good end, too.
  public var confirms = false
  /// `hops`: how many routers handed it on that had to choose the way.
  public var hops: UInt64 = 0
  /// `any`: the estates of which one shall take it, as text; to be resolved by the first router that has a road.
  public var choice: String?
  /// `re` and `status`: this is a report.
  public var report: Report?

  /// What a report says.
  public struct Report: Equatable, Sendable {
    /// `re`: the number that the message had on its way to the router that reports.
    public var id: UInt64
    /// `status`: how it ended, a number of raet_status.
    public var status: Int32

    /// A report of these.
    public init(id: UInt64, status: Int32) {
      self.id = id
      self.status = status
    }
  }

  /// A route from one place to another.
  public init(source: Place, destination: Place) {
    self.source = source
    self.destination = destination
  }
}

/// Why a body's route cannot be read. The message is refused.
public enum RouteError: Error, Equatable, Sendable {
  /// The body is not formed as its kind demands.
  case malformed
  /// The route is no mapping of two triples of text and null.
  case route
  /// The body has two routes, or twice a member that rules look at.
  case twice
  /// Longer than `RouterLimit.route`.
  case tooLong
  /// No memory.
  case noMemory
}
