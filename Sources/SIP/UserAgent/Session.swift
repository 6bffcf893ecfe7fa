import Wire

/// A dialog of a call and what is under way in it (RFC 3261 §12).
struct Session: Sendable {
    var dialog: Dialog
    /// Nil when the call is over and a subscription alone keeps the dialog (RFC 5057 §4.2).
    private(set) var call: CallHandle?
    var negotiation: Negotiation
    var retry: Retry?
    var timer: SessionTimer?
    /// The largest Min-SE seen, in seconds (RFC 4028 §7.4).
    var minimumInterval = 0
    /// Whether a refresh may be an UPDATE (RFC 4028 §7.4).
    var allowsUpdate = false

    /// The info packages the other side takes (RFC 6086 §5.1).
    var infoPackages: [String] = []

    init(_ dialog: Dialog, of call: CallHandle, _ negotiation: Negotiation) {
        self.dialog = dialog
        self.call = call
        self.negotiation = negotiation
    }

    /// Whether the Call-ID is ours, which decides how long to wait after 491 (RFC 3261 §14.1).
    var ownsCallID: Bool { if case .outgoing = call { true } else { false } }

    func deadline(isConnected: Bool) -> Instant? {
        earliest(retry?.due, timer?.deadline(isConnected: isConnected))
    }

    /// The call is over, the dialog is not.
    mutating func endCall() {
        call = nil
        retry = nil
        timer = nil
    }

    /// Takes what the other side says of itself.
    mutating func learn(from headers: Headers) {
        if headers[.recvInfo] != nil { infoPackages = headers.list(.recvInfo).map(\.mediaType) }
        if headers[.allow] != nil { allowsUpdate = headers.list(.allow).contains(Method.update.rawValue) }
        minimumInterval = max(minimumInterval, headers.minimumSessionInterval ?? 0)
    }
}

/// Whose offer waits for its answer in a dialog (RFC 3264 §4, RFC 6337 §2).
enum Negotiation: Sendable, Equatable {
    enum Side: Sendable { case local, remote }

    /// Nobody has made an offer yet.
    case initial
    case offered(by: Side)
    case agreed

    /// The state at the start of a dialog, by the INVITE that makes it.
    init(_ invite: Request, by side: Side) {
        self = invite.hasSession ? .offered(by: side) : .initial
    }

    /// A session description was sent or received where it counts: an answer to the other side's offer, or an offer.
    mutating func describe(by side: Side) {
        if case .offered(let offerer) = self {
            if offerer != side { self = .agreed }
        } else {
            self = .offered(by: side)
        }
    }

    /// The exchange is over, with an answer or without one.
    mutating func settle() { self = .agreed }
}

/// A re-INVITE or UPDATE of ours, whole, so that it can be sent again (RFC 3261 §14.1, RFC 3311 §5.3).
struct Modification: Sendable {
    /// The owner's name for it; nil for a refresh of the agent's own.
    let id: RequestID?
    let dialog: Dialog.ID
    let method: Method
    let headers: Headers
    let body: [UInt8]
    /// How often it was refused with 491, and how often with 422.
    var refusals = 0
    var raises = 0

    /// What its owner, if it has one, is told of its outcome.
    func outcome(_ response: Response) -> [UserAgent.Output] { id.map { [.response($0, response)] } ?? [] }
}

/// A modification that met one of the other side's, and when it is tried again.
struct Retry: Sendable {
    let modification: Modification
    let refusal: Response
    let due: Instant
    /// The other side's offer was accepted since: ours was made for a session that is no more.
    var isStale = false
}

extension MessageFields {
    var hasSession: Bool { sessionDescription != nil }
}

extension Answer {
    var hasSession: Bool { !body.isEmpty && headers[.contentType]?.mediaType == "application/sdp" }
}

extension String {
    /// A Content-Type or an element of Accept without its parameters.
    var mediaType: String {
        MediaType(self).name
    }
}

extension HeaderName {
    static let infoPackage: HeaderName = "Info-Package"
    static let recvInfo: HeaderName = "Recv-Info"
}
