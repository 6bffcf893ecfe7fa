/// How a response finds its client transaction (RFC 3261 §17.1.3).
struct ClientKey: Hashable, Sendable {
    var branch: String
    var method: Method

    init(_ request: Request) {
        branch = request.nearestHop?.branch ?? ""
        method = request.method
    }

    init(_ response: Response) {
        branch = response.nearestHop?.branch ?? ""
        method = response.cSeq.method
    }
}

/// How a request finds its server transaction (RFC 3261 §17.2.3).
///
/// Call-ID, CSeq and the tag of From are part of it always, so that clients of RFC 2543 need no rule of their own.
struct ServerKey: Hashable, Sendable {
    private var branch: String
    private var sentBy: String
    private var method: Method
    private var callID: String
    private var sequence: UInt32
    private var fromTag: String

    /// An ACK or a CANCEL finds the INVITE it is about.
    init(_ request: Request) {
        branch = request.nearestHop?.branch ?? ""
        sentBy = request.nearestHop?.sentBy ?? ""
        method = request.method == .ack || request.method == .cancel ? .invite : request.method
        callID = request.callID
        sequence = request.cSeq.number
        fromTag = request.from.tag ?? ""
    }
}
