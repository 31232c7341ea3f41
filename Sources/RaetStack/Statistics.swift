/// What a stack counts. The first part has the names that the reference gives the same facts; the second is ours.
public enum Counter: Int, CaseIterable, Sendable {
  case parsingOuterError
  case invalidSid
  case invalidUid
  case staleSid
  case staleNuid
  case stalePacket
  case unknownDestinationUid
  case joinMismatchNuid
  case joinStale
  case invalidJoin
  case invalidAccept
  case redundantJoinAttempt
  case joinerRxPend
  case joinerRxResponse
  case joinerRxNack
  case joinerRxRefuse
  case joinerRxRenew
  case joinerRxReject
  case joinerTxJoinRedo
  case joinRenewAttempt
  case joinInitiateComplete
  case joinentRxRequest
  case joinentRxPend
  case joinentRxAck
  case joinentRxNack
  case joinentRxRefuse
  case joinentRxReject
  case joinentTxAcceptRedo
  case joinCorrespondComplete
  case invalidHello
  case invalidCookie
  case invalidInitiate
  case duplicateAllowAttempt
  case redundantAllowAttempt
  case unjoinedAllowAttempt
  case allowInitiateComplete
  case allowCorrespondComplete
  case redoHello
  case redoCookie
  case redoInitiate
  case redoAllow
  case redoAlive
  case unjoinedAliveAttempt
  case unallowedAliveAttempt
  case aliveComplete
  case remoteReap
  case remoteUnreap
  case unallowedMessageAttempt
  case messageSegmentTx
  case messageSegmentRx
  case messageAckRx
  case messageResendRx
  case messageCompleteRx
  case messageRejectRx
  case messageNackTx
  case messageMoreAck
  case messageResendTx
  case messageCompleteAck
  case messageInitiateComplete
  case messengentCorrespondComplete
  case messageRejectNack
  case redoSegment
  case parsingMessageError
  case invalidMisseds
  case staleInitiatorNack
  case staleCorrespondentNack
  case staleCorrespondent
  case staleInitiator
  case failedAddremote
  case packingError
  case invalidPageHeader
  case invalidDestination
  case unacceptedSourceYard
  case invalidSourceYard
  case missedPage
  case staleTransmitYard
  case busyTransmitYard
  case errorTransmitYard

  // What the reference lacks.
  case packetsRx
  case packetsTx
  case bytesRx
  case bytesTx
  case dropSignature
  case dropUnsigned
  case dropClear
  case dropReplay
  case dropCredit
  case dropLimit
  case dropReceiveQueue
  case dropOutboxFull
  case dropEvent
  case dropTransaction
  case sendFailed
  case messagesDelivered
  case messagesFailed
  case messagesUnknown
  case messageBytesTx
  case messageBytesRx
  case messageDuplicateRx
  case messageSilent
  case sessionRx
  case sessionTx
  case candidateProved
  case addressMoved
  case roleLimit
  case storeError
  case randomError
  case receiveTruncated

  /// The counter's name for the host, NUL-terminated as every static string is.
  public var name: StaticString {
    switch self {
    case .parsingOuterError: return "parsing_outer_error"
    case .invalidSid: return "invalid_sid"
    case .invalidUid: return "invalid_uid"
    case .staleSid: return "stale_sid"
    case .staleNuid: return "stale_nuid"
    case .stalePacket: return "stale_packet"
    case .unknownDestinationUid: return "unknown_destination_uid"
    case .joinMismatchNuid: return "join_mismatch_nuid"
    case .joinStale: return "join_stale"
    case .invalidJoin: return "invalid_join"
    case .invalidAccept: return "invalid_accept"
    case .redundantJoinAttempt: return "redundant_join_attempt"
    case .joinerRxPend: return "joiner_rx_pend"
    case .joinerRxResponse: return "joiner_rx_response"
    case .joinerRxNack: return "joiner_rx_nack"
    case .joinerRxRefuse: return "joiner_rx_refuse"
    case .joinerRxRenew: return "joiner_rx_renew"
    case .joinerRxReject: return "joiner_rx_reject"
    case .joinerTxJoinRedo: return "joiner_tx_join_redo"
    case .joinRenewAttempt: return "join_renew_attempt"
    case .joinInitiateComplete: return "join_initiate_complete"
    case .joinentRxRequest: return "joinent_rx_request"
    case .joinentRxPend: return "joinent_rx_pend"
    case .joinentRxAck: return "joinent_rx_ack"
    case .joinentRxNack: return "joinent_rx_nack"
    case .joinentRxRefuse: return "joinent_rx_refuse"
    case .joinentRxReject: return "joinent_rx_reject"
    case .joinentTxAcceptRedo: return "joinent_tx_accept_redo"
    case .joinCorrespondComplete: return "join_correspond_complete"
    case .invalidHello: return "invalid_hello"
    case .invalidCookie: return "invalid_cookie"
    case .invalidInitiate: return "invalid_initiate"
    case .duplicateAllowAttempt: return "duplicate_allow_attempt"
    case .redundantAllowAttempt: return "redundant_allow_attempt"
    case .unjoinedAllowAttempt: return "unjoined_allow_attempt"
    case .allowInitiateComplete: return "allow_initiate_complete"
    case .allowCorrespondComplete: return "allow_correspond_complete"
    case .redoHello: return "redo_hello"
    case .redoCookie: return "redo_cookie"
    case .redoInitiate: return "redo_initiate"
    case .redoAllow: return "redo_allow"
    case .redoAlive: return "redo_alive"
    case .unjoinedAliveAttempt: return "unjoined_alive_attempt"
    case .unallowedAliveAttempt: return "unallowed_alive_attempt"
    case .aliveComplete: return "alive_complete"
    case .remoteReap: return "remote_reap"
    case .remoteUnreap: return "remote_unreap"
    case .unallowedMessageAttempt: return "unallowed_message_attempt"
    case .messageSegmentTx: return "message_segment_tx"
    case .messageSegmentRx: return "message_segment_rx"
    case .messageAckRx: return "message_ack_rx"
    case .messageResendRx: return "message_resend_rx"
    case .messageCompleteRx: return "message_complete_rx"
    case .messageRejectRx: return "message_reject_rx"
    case .messageNackTx: return "message_nack_tx"
    case .messageMoreAck: return "message_more_ack"
    case .messageResendTx: return "message_resend_tx"
    case .messageCompleteAck: return "message_complete_ack"
    case .messageInitiateComplete: return "message_initiate_complete"
    case .messengentCorrespondComplete: return "messengent_correspond_complete"
    case .messageRejectNack: return "message_reject_nack"
    case .redoSegment: return "redo_segment"
    case .parsingMessageError: return "parsing_message_error"
    case .invalidMisseds: return "invalid_misseds"
    case .staleInitiatorNack: return "stale_initiator_nack"
    case .staleCorrespondentNack: return "stale_correspondent_nack"
    case .staleCorrespondent: return "stale_correspondent"
    case .staleInitiator: return "stale_initiator"
    case .failedAddremote: return "failed_addremote"
    case .packingError: return "packing_error"
    case .invalidPageHeader: return "invalid_page_header"
    case .invalidDestination: return "invalid_destination"
    case .unacceptedSourceYard: return "unaccepted_source_yard"
    case .invalidSourceYard: return "invalid_source_yard"
    case .missedPage: return "missed_page"
    case .staleTransmitYard: return "stale_transmit_yard"
    case .busyTransmitYard: return "busy_transmit_yard"
    case .errorTransmitYard: return "error_transmit_yard"
    case .packetsRx: return "packets_rx"
    case .packetsTx: return "packets_tx"
    case .bytesRx: return "bytes_rx"
    case .bytesTx: return "bytes_tx"
    case .dropSignature: return "drop_signature"
    case .dropUnsigned: return "drop_unsigned"
    case .dropClear: return "drop_clear"
    case .dropReplay: return "drop_replay"
    case .dropCredit: return "drop_credit"
    case .dropLimit: return "drop_limit"
    case .dropReceiveQueue: return "drop_receive_queue"
    case .dropOutboxFull: return "drop_outbox_full"
    case .dropEvent: return "drop_event"
    case .dropTransaction: return "drop_transaction"
    case .sendFailed: return "send_failed"
    case .messagesDelivered: return "messages_delivered"
    case .messagesFailed: return "messages_failed"
    case .messagesUnknown: return "messages_unknown"
    case .messageBytesTx: return "message_bytes_tx"
    case .messageBytesRx: return "message_bytes_rx"
    case .messageDuplicateRx: return "message_duplicate_rx"
    case .messageSilent: return "message_silent"
    case .sessionRx: return "session_rx"
    case .sessionTx: return "session_tx"
    case .candidateProved: return "candidate_proved"
    case .addressMoved: return "address_moved"
    case .roleLimit: return "role_limit"
    case .storeError: return "store_error"
    case .randomError: return "random_error"
    case .receiveTruncated: return "receive_truncated"
    }
  }
}

/// The counters of a stack.
public struct Statistics: Sendable {
  private var values = [UInt64](repeating: 0, count: Counter.allCases.count)

  /// All at 0.
  public init() {}

  /// A counter's value.
  public subscript(_ counter: Counter) -> UInt64 { values[counter.rawValue] }

  /// Counts `amount` more.
  mutating func count(_ counter: Counter, _ amount: Int = 1) {
    values[counter.rawValue] &+= UInt64(max(amount, 0))
  }
}
