import RaetSession
import RaetWire

/// The settings of a lane; their meaning, defaults and limits are those of the keys in raet.h.
public struct LaneSettings {
  /// Name of the yard.
  public var name: String?
  /// Name of the lane.
  public var lane = "lane"
  /// Folder of the lane's sockets: an absolute path without a slash at its end.
  public var folder = LaneSettings.defaultFolder
  /// Yards that are not known are added with their first page.
  public var acceptsStrangers = true
  /// Longest body sent or received, in bytes.
  public var maxMessage = WireLimit.body
  /// Bytes of messages that wait, per yard.
  public var sendQueue = 128 << 20
  /// Bytes of messages that wait for the host, and as many again of half received ones, in all. No message that is longer
  /// is received.
  public var receiveQueue = 256 << 20
  /// Limit of a message that is given none, in nanoseconds.
  public var messageTimeout: UInt64 = 300 * Times.second
  /// Most yards known.
  public var maxRemotes = 10_000

  /// Where the reference keeps its sockets, too.
  public static let defaultFolder = "/var/cache/raet"

  /// The defaults.
  public init() {}

  /// Longest body received, in bytes.
  var longestReceived: Int { min(maxMessage, receiveQueue) }

  /// The path of a yard's socket in this lane; nil when the name can be no yard's, or the path is too long for a socket.
  public func path(ofYard name: String) -> String? {
    LaneSettings.path(folder: folder, lane: lane, yard: name)
  }

  /// The path of a yard's socket (PROTOCOL 13.1); nil when a name cannot be, the folder's path is not absolute, or all is
  /// too long for a socket.
  public static func path(folder: String, lane: String, yard: String) -> String? {
    var folder = folder
    while folder.utf8.count > 1, folder.utf8.last == UInt8(ascii: "/") { folder.removeLast() }
    guard folder.utf8.first == UInt8(ascii: "/"), PageHead.isLaneName(lane), PageHead.isName(yard) else { return nil }
    let path = (folder == "/" ? "" : folder) + "/" + lane + "." + yard + ".uxd"
    return path.utf8.count <= PageLimit.path ? path : nil
  }
}

/// Limits of our own that no setting changes.
enum LaneLimit {
  /// Books half received from one yard.
  static let books = 8
  /// A book of which no page has come for so long is given up, in nanoseconds.
  static let bookSilence = 300 * Times.second
  /// Bytes that a waiting message counts beyond its body.
  static let messageCost = 64
  /// Events that wait for the host, of which each may be a message.
  static let events = 65_536
  /// A yard whose queue is full is tried again after so long, then ever later, in nanoseconds.
  static let retry = Redo(first: Times.millisecond, most: 100 * Times.millisecond)
  /// Yards handled in one service call.
  static let yardsPerService = 256
}
