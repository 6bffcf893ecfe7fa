import Wire

/// A client transaction and whom its outcome concerns.
struct Client: Sendable {
    enum Purpose: Sendable {
        case registration
        case request(RequestID)
        case callRequest(RequestID, CallHandle)
        case modification(Modification)
        case prack
        case notify(Referral.Key)
        case cancel
        /// Owed to the other side: sent again on the next connection if this one is lost.
        case bye(Request)
    }

    var transaction: ClientTransaction
    var purpose: Purpose
    /// How often the request was sent again because of a challenge.
    var attempt: Int
}

/// A client transaction of an INVITE.
struct InviteClient: Sendable {
    enum Purpose: Sendable {
        case call(CallHandle)
        case modification(Modification)
    }

    var transaction: InviteClientTransaction
    var purpose: Purpose
    var attempt: Int
    /// How often it was sent again because of 422 (RFC 4028 §7.3).
    var raises: Int
    /// The ACK of each 2xx by the tag of its To, to be sent again when the 2xx comes again.
    var acknowledgements: [String: Request] = [:]
    /// The number of the last reliable provisional response by the tag of its To (RFC 3262 §4).
    var numbers: [String: UInt32] = [:]
    /// When to cancel it for want of a final response (RFC 3261 §13.2.1).
    var expiration: Instant?
    /// When to stop waiting for the final response to a cancelled INVITE (RFC 3261 §9.1), or to one whose call is over.
    var cancelled: Instant?

    var deadline: Instant? {
        earliest(transaction.deadline, transaction.isProceeding ? cancelled ?? expiration : cancelled)
    }
}

/// A server transaction and the owner's name for it.
struct Server: Sendable {
    var transaction: ServerTransaction
    var token: RequestToken
    var dialog: Dialog.ID?
    /// The tag of To in every response to a request outside a dialog.
    var tag: String
}

/// A server transaction of an INVITE that makes a call, or changes one when it has a token.
struct InviteServer: Sendable {
    var transaction: InviteServerTransaction
    var call: CallHandle
    var dialog: Dialog.ID
    var token: RequestToken?
    /// The call that it takes the place of, once it is answered (RFC 3891).
    var replaced: CallHandle?
    /// The 2xx that waits for its ACK.
    var retransmission: ResponseRetransmission?
    /// The reliable provisional response sent last, its number, and whether its PRACK came (RFC 3262 §3).
    var provisional: ResponseRetransmission?
    var number: UInt32?
    var isAcknowledged = false
    /// The provisional answer that is given anew while the call rings, and when.
    var repetition: (answer: Answer, at: Instant)?
    /// When the invitation is over if nobody has answered it (RFC 3261 §13.3.1).
    var expiration: Instant?
    /// What the owner answered while that waits for its PRACK, to be sent then.
    var withheld: [Answer] = []

    var deadline: Instant? {
        let next = earliest(transaction.deadline, transaction.isPending ? repetition?.at : nil)
        return earliest(
            earliest(next, mayExpire ? expiration : nil), earliest(retransmission?.deadline, provisional?.deadline))
    }
    var mayExpire: Bool { transaction.isPending && !isDecided }
    var isTerminated: Bool { transaction.isTerminated && retransmission?.isWaiting != true }

    /// Whether the owner has given the final answer, though it is still withheld.
    var isDecided: Bool { withheld.contains { $0.status >= 200 } }

    /// One reliable response at a time, and no 2xx while one with a session description waits (RFC 3262 §3, §5).
    func withholds(_ answer: Answer, isReliable: Bool) -> Bool {
        guard let provisional, provisional.isWaiting else { return false }
        return isReliable || 200..<300 ~= answer.status && (provisional.response.hasSession || !withheld.isEmpty)
    }
}
