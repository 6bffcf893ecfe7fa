/// A peer-to-peer relationship between two user agents (RFC 3261 §12).
struct Dialog: Sendable {
    /// RFC 3261 §12: a dialog is told by Call-ID and both tags; a client of RFC 2543 has the empty tag.
    struct ID: Hashable, Sendable {
        var callID: String
        var localTag: String
        var remoteTag: String
    }

    let id: ID
    private let local: NameAddress
    private let remote: NameAddress
    private var routeSet: [NameAddress]
    private var remoteTarget: URI
    private var localSequence: UInt32
    private var remoteSequence: UInt32?

    /// The callee's side of the dialog an INVITE makes (RFC 3261 §12.1.1); without Contact, From is the target.
    init(answering request: Request, localTag: String, sequence: UInt32) throws(Malformed) {
        id = ID(callID: request.callID, localTag: localTag, remoteTag: request.from.tag ?? "")
        local = request.to.tagged(localTag)
        remote = request.from
        routeSet = try request.headers.addresses(.recordRoute)
        remoteTarget = try request.headers.addresses(.contact).first?.uri ?? request.from.uri
        localSequence = sequence
        remoteSequence = request.cSeq.number
    }

    /// The caller's side of the dialog a response makes (RFC 3261 §12.1.2).
    init(request: Request, response: Response) throws(Malformed) {
        id = ID(callID: request.callID, localTag: request.from.tag ?? "", remoteTag: response.to.tag ?? "")
        local = request.from
        remote = response.to
        routeSet = try response.headers.addresses(.recordRoute).reversed()
        remoteTarget = try response.headers.addresses(.contact).first?.uri ?? request.target
        localSequence = request.cSeq.number
    }

    /// A 2xx makes an early dialog a confirmed one, with route set and target of its own (RFC 3261 §13.2.2.4).
    mutating func confirm(by response: Response) {
        if let recorded = try? response.headers.addresses(.recordRoute) { routeSet = recorded.reversed() }
        refreshTarget(from: response.headers)
    }

    /// A new request in the dialog, without Via (RFC 3261 §12.2.1.1).
    mutating func request(_ method: Method, headers: Headers = [:], body: [UInt8] = []) -> Request {
        localSequence &+= 1
        return compose(method, sequence: localSequence, headers: headers, body: body)
    }

    /// The ACK of a 2xx to the INVITE of that number (RFC 3261 §13.2.2.4).
    func acknowledgement(of invite: UInt32, headers: Headers = [:], body: [UInt8] = []) -> Request {
        compose(.ack, sequence: invite, headers: headers, body: body)
    }

    /// The number of a request that is sent again with credentials (RFC 3261 §22.2).
    mutating func nextSequence() -> UInt32 {
        localSequence &+= 1
        return localSequence
    }

    /// Whether a request comes in order; its number is then the one to follow (RFC 3261 §12.2.2).
    mutating func admit(_ request: Request) -> Bool {
        if let remoteSequence, request.cSeq.number <= remoteSequence { return false }
        remoteSequence = request.cSeq.number
        return true
    }

    /// Takes the Contact of a target refresh request or of its 2xx (RFC 3261 §12.2.1.2, §12.2.2).
    mutating func refreshTarget(from headers: Headers) {
        guard let contact = try? headers.addresses(.contact).first else { return }
        remoteTarget = contact.uri
    }

    private func compose(_ method: Method, sequence: UInt32, headers: Headers, body: [UInt8]) -> Request {
        var request = Request(
            method, target: remoteTarget.asRequestTarget, from: local, to: remote, callID: id.callID,
            sequence: sequence, body: body)
        var route = routeSet
        if let first = route.first, !first.uri.parameters.contains("lr") {
            request.target = first.uri.asRequestTarget
            route = route.dropFirst() + [NameAddress(remoteTarget)]
        }
        request.headers = Headers(route.map { Headers.Field(.route, $0.description) })
        request.headers.append(headers)
        return request
    }
}

extension NameAddress {
    package func tagged(_ tag: String) -> NameAddress {
        var address = self
        address.tag = tag
        return address
    }
}
