import Wire

// The server side of everything but INVITE, and the way of every request to where it belongs (RFC 3261 §8.2).
extension UserAgent {
    mutating func receive(_ request: Request, at now: Instant) -> [Output] {
        let key = ServerKey(request)
        switch request.method {
        case .ack: return acknowledge(request, key, at: now)
        case .cancel: return cancel(request, key, at: now)
        default: break
        }
        if inviteServers[key] != nil { return advance(key, .retransmission, at: now) }
        if servers[key] != nil { return advance(server: key, .retransmission, at: now) }
        if let refusal = screen(request) { return answer(request, refusal) }
        if request.to.tag != nil {
            let id = request.receivedDialogID
            guard dialogs[id] != nil else { return answer(request, Answer(status: 481)) }
            return receive(request, in: id, key, at: now)
        }
        guard !isMerged(request) else { return answer(request, Answer(status: 482)) }
        return receiveOutside(request, key, at: now)
    }

    /// An INFO of a package that nobody here knows; one without a package is of the old kind (RFC 6086 §4.2.2).
    private func screenPackage(of request: Request) -> Answer? {
        guard request.method == .info, let package = request.headers[.infoPackage]?.mediaType,
            !configuration.infoPackages.contains(package)
        else { return nil }
        return Answer(status: 469, headers: [.recvInfo: configuration.infoPackages.joined(separator: ", ")])
    }

    /// Whether the same request came another way before (RFC 3261 §8.2.2.2).
    private func isMerged(_ request: Request) -> Bool {
        let pending = inviteServers.values.map(\.transaction.request) + servers.values.map(\.transaction.request)
        return pending.contains { other in
            other.from.tag == request.from.tag && other.callID == request.callID && other.cSeq == request.cSeq
        }
    }

    /// What has to be refused whatever it is about (RFC 3261 §8.2.1 to §8.2.3).
    private func screen(_ request: Request) -> Answer? {
        if !configuration.allowed.contains(request.method) {
            let allow: Headers = [.allow: configuration.allow]
            return Method.known.contains(request.method)
                ? Answer(status: 405, headers: allow) : Answer(status: 501, headers: allow)
        }
        let unsupported = request.headers.list(.require).filter { !configuration.supported.contains($0.lowercased()) }
        if !unsupported.isEmpty {
            return Answer(status: 420, headers: [.unsupported: unsupported.joined(separator: ", ")])
        }
        do {
            _ = try (request.headers.addresses(.contact), request.headers.addresses(.recordRoute))
        } catch {
            return Answer(status: error.status, reason: error.phrase)
        }
        if let refusal = screenBody(of: request) { return refusal }
        return [.invite, .prack, .update].contains(request.method)
            ? screenOffer(request) ?? screenInterval(of: request) : screenPackage(of: request)
    }

    /// An INVITE, PRACK or UPDATE carries a session description and nothing else that matters, and has to accept one
    /// (RFC 3261 §8.2.3, §13.2.1).
    private func screenOffer(_ request: Request) -> Answer? {
        let session: Headers = [.accept: "application/sdp"]
        if !request.carriesSessionOnly { return Answer(status: 415, headers: session) }
        let accepted = request.headers.list(.accept).map(\.mediaType)
        let isAcceptable =
            accepted.isEmpty || !["application/sdp", "application/*", "*/*"].filter(accepted.contains).isEmpty
        return isAcceptable ? nil : Answer(status: 406, headers: session)
    }

    private mutating func receiveOutside(_ request: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        switch request.method {
        case .options: return answer(request, capabilities)
        case .invite where configuration.accepted.contains(.invite): return ring(request, key, at: now)
        case .refer where configuration.accepted.contains(.refer): return answer(request, Answer(status: 403))
        case let method where configuration.accepted.contains(method):
            return accept(request, key, in: nil, at: now)
        case .bye, .info, .notify, .prack, .update: return answer(request, Answer(status: 481))
        case .subscribe: return answer(request, refusal(ofSubscription: request))
        default: return answer(request, Answer(status: 405))
        }
    }

    private mutating func receive(
        _ request: Request, in id: Dialog.ID, _ key: ServerKey, at now: Instant
    ) -> [Output] {
        guard dialogs[id]?.dialog.admit(request) == true else { return answer(request, Answer(status: 500)) }
        dialogs[id]?.learn(from: request.headers)
        switch request.method {
        case .options: return answer(request, capabilities)
        case .notify: return receive(notify: request, in: id, at: now)
        case .subscribe: return receive(subscribe: request, in: id, at: now)
        case _ where dialogs[id]?.call == nil: return answer(request, Answer(status: 481))
        case .bye: return end(id, with: request, at: now)
        case .invite, .update: return modify(id, with: request, key, at: now)
        case .prack: return acknowledge(prack: request, in: id, key, at: now)
        case .refer: return receive(refer: request, in: id, key, at: now)
        default: return accept(request, key, in: id, at: now)
        }
    }

    /// Puts a request before the owner.
    mutating func accept(
        _ request: Request, _ key: ServerKey, in dialog: Dialog.ID?, at now: Instant
    ) -> [Output] {
        guard !isFull else { return answer(request, Answer(status: 503)) }
        let token = newToken(for: key)
        servers[key] = Server(transaction: ServerTransaction(request), token: token, dialog: dialog, tag: newTag())
        return advance(server: key, .start, at: now)
    }

    mutating func newToken(for key: ServerKey) -> RequestToken {
        lastToken &+= 1
        let token = RequestToken(lastToken)
        tokens[token] = key
        return token
    }

    /// Hands an input to a server transaction and carries out what it says.
    mutating func advance(server key: ServerKey, _ input: ServerTransaction.Input, at now: Instant) -> [Output] {
        guard var server = servers[key] else { return [] }
        let outputs = server.transaction.handle(input, at: now)
        let isOver = server.transaction.isTerminated
        servers[key] = isOver ? nil : server
        if isOver { tokens[server.token] = nil }
        return outputs.map { output -> Output in
            switch output {
            case .deliver(let request): return present(request, of: server)
            case .send(let response): return .transmit(response.bytes)
            case .fail:
                abandon(server.transaction.request, in: server.dialog)
                return .diagnostic(.neverAnswered(server.transaction.request.method))
            }
        }
    }

    private func present(_ request: Request, of server: Server) -> Output {
        guard let call = server.dialog.flatMap({ dialogs[$0]?.call }) else { return .request(server.token, request) }
        return [.prack, .update].contains(request.method)
            ? .callUpdate(call, server.token, request) : .callRequest(call, server.token, request)
    }

    mutating func respond(to token: RequestToken, _ answer: Answer, at now: Instant) -> [Output] {
        if let offer = offers.removeValue(forKey: token) { return respond(to: offer, answer, at: now) }
        guard let key = tokens[token] else { return [.diagnostic(.answerTooLate)] }
        if let server = servers[key] {
            let response = compose(answer, to: server.transaction.request, tag: server.tag)
            if let id = server.dialog { settle(id, server.transaction.request, with: response, at: now) }
            let outputs = advance(server: key, .respond(response), at: now)
            let isReferred = server.dialog != nil && server.transaction.request.method == .refer && response.isSuccess
            return outputs + (isReferred ? startNotifying(of: server.transaction.request, token, at: now) : [])
        }
        return respond(to: key, answer, at: now)
    }

    /// Answers a request without a transaction: on a reliable transport it would end at once.
    mutating func answer(_ request: Request, _ answer: Answer) -> [Output] {
        let response = compose(answer, to: request, tag: newTag())
        return [
            .transmit(response.bytes), .diagnostic(.answeredByAgent(request.method, status: response.status)),
        ]
    }

    func compose(_ answer: Answer, to request: Request, tag: String) -> Response {
        var response = Response(
            to: request, status: answer.status, reason: answer.reason, tag: tag, headers: answer.headers,
            body: answer.body)
        let makesDialog = request.method == .invite && 101..<300 ~= answer.status
        if makesDialog {
            for value in request.headers.all(.recordRoute) { response.headers.append(.recordRoute, value) }
        }
        if makesDialog || [.refer, .subscribe, .update].contains(request.method) && response.isSuccess {
            response.headers[.contact] = response.headers[.contact] ?? contact.description
        }
        if makesDialog || request.method == .update { declareCapabilities(in: &response.headers) }
        if response.isSuccess, request.method == .invite || isAnswered(request) {
            agreeOnTimer(in: &response, to: request)
        }
        if let name = configuration.userAgentHeader { response.headers[.server] = name }
        return response
    }

    /// Whether an UPDATE is in a call that was answered; no earlier one agrees on a timer (RFC 4028 §7.4).
    private func isAnswered(_ update: Request) -> Bool {
        guard update.method == .update, let call = dialogs[update.receivedDialogID]?.call else { return false }
        return calls[call]?.isAnswered == true
    }

    private var capabilities: Answer {
        var headers: Headers = [.accept: "application/sdp"]
        declareCapabilities(in: &headers)
        return Answer(status: 200, headers: headers)
    }

    /// Says what may be sent here (RFC 3261 §13.2.1, §13.3.1).
    func declareCapabilities(in headers: inout Headers) {
        headers[.allow] = configuration.allow
        if !configuration.infoPackages.isEmpty {
            headers[.recvInfo] = configuration.infoPackages.joined(separator: ", ")
        }
        if headers[.supported] == nil, !configuration.supported.isEmpty {
            headers.append(.supported, configuration.supported.joined(separator: ", "))
        }
    }
}

extension Method {
    fileprivate static let known: Set<Method> = [
        .ack, .bye, .cancel, .info, .invite, .message, .notify, .options, .prack, .publish, .refer, .register,
        .subscribe, .update,
    ]
}
