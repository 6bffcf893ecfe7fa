import ControlAPI
import Dispatch
import Glibc
import HTTP
import HTTPTypes
import Logging
import Network
import Synchronization
import Wire

/// The control API on an HTTP server: lets in, decodes, asks the backend, encodes.
package final class ControlServer: Sendable {
    private let access: Mutex<AccessControl>
    private let tokens: any Tokens
    private let backend: any ControlBackend
    let logger: Logger
    private let events: EventStreams
    private let server: Mutex<HTTPServer?> = Mutex(nil)
    private let isReady = Atomic(false)
    private let idempotent = Mutex(IdempotentCommands())

    package init(
        access: AccessControl.Configuration, tokens: any Tokens, backend: any ControlBackend, logger: Logger,
        keepAliveInterval: Duration = .seconds(15)
    ) {
        self.access = Mutex(AccessControl(access))
        self.tokens = tokens
        self.backend = backend
        self.logger = logger
        events = EventStreams(backend: backend, tokens: tokens, keepAliveInterval: keepAliveInterval)
    }

    /// Opens every listener; returns the TCP addresses with their actual ports.
    package func start(_ configuration: HTTPServer.Configuration) throws(HTTPServer.StartFailure) -> [Endpoint] {
        var configuration = configuration
        configuration.onHead = { [weak self] request in self?.turnAway(request) }
        configuration.refusal = { [weak self] status, request in
            self?.refusal(status, of: request) ?? (HTTPResponse(status: status), [])
        }
        let server = HTTPServer(configuration: configuration, logger: logger) { [weak self] request, responder in
            self?.answer(request, Reply(responder))
        }
        self.server.withLock { $0 = server }
        let addresses = try server.start()
        isReady.store(true, ordering: .relaxed)
        return addresses
    }

    /// Returns when the queue of the connections has come to it.
    package func comeRound() async {
        await server.withLock { $0 }?.comeRound()
    }

    /// From now on `/readyz` says that the daemon is not ready; all else works on.
    package func prepareToStop() {
        isReady.store(false, ordering: .relaxed)
    }

    package func stop() async {
        prepareToStop()
        await server.withLock { $0 }?.stop()
    }
}

extension ControlServer {
    private func answer(_ request: IncomingRequest, _ reply: Reply) {
        var reply = reply
        do throws(Problem) {
            let asked = AccessControl.Request(request)
            reply.origin = try access.withLock { access throws(Problem) in try access.origin(of: asked) }
            if let origin = reply.origin, CrossOrigin.isPreflight(request.head) {
                return reply.preflight(request.head, origin: origin)
            }
            try answer(asked, request, reply)
        } catch {
            if error.isRefusal { logger.info("refused", metadata: ["problem": "\(error.name)"]) }
            reply.problem(error)
        }
    }

    private func answer(
        _ asked: AccessControl.Request, _ request: IncomingRequest, _ reply: Reply
    ) throws(Problem) {
        // The asterisk of OPTIONS is the one target that is no path (RFC 9112 §3.2.4).
        let path = request.head.path ?? "/"
        guard let target = RequestTarget(path == "*" ? "/*" : path) else { throw .malformedTarget }
        guard !target.hasParameter(["token", "access_token"]) else { throw .tokenInURL }
        do throws(Problem) {
            let (route, caller) = try admit(asked, path == "*" ? path[...] : target.path[...])
            switch route {
            case .options(let allow): reply.send(.noContent, [.allow: allow])
            case .operation(let operation, let seat, let parameter):
                guard request.body.isEmpty || request.isJSON else { throw .unsupportedMediaType }
                try carryOut(operation, of: seat, parameter, target, request, for: caller, reply)
            }
        } catch {
            // Who is told that there is nothing was let in before.
            guard error == .noSuchResource,
                backend.answerTest(target.path[...], body: request.body, completion: { reply.result($0) })
            else { throw error }
        }
    }

    /// What its caller is told before the body of a request is taken in, nil when the caller may go on.
    private func turnAway(_ request: IncomingRequest) -> HTTPServer.Answer? {
        let asked = AccessControl.Request(request)
        var origin: String?
        do throws(Problem) {
            origin = try access.withLock { access throws(Problem) in try access.origin(of: asked) }
            _ = try admit(asked, RequestTarget(request.head.path ?? "/")?.path[...] ?? "/")
            return nil
        } catch {
            guard error.isRefusal else { return nil }
            logger.info("refused", metadata: ["problem": "\(error.name)"])
            return error.answer(to: origin)
        }
    }

    /// The problem behind an answer that the server gives by itself; whose origin or host is foreign learns nothing else.
    private func refusal(
        _ status: HTTPResponse.Status, of request: IncomingRequest?
    ) -> HTTPServer.Answer {
        do throws(Problem) {
            let origin = try access.withLock { access throws(Problem) in
                guard let request else { return nil as String? }
                return try access.origin(of: AccessControl.Request(request))
            }
            return Problem.refusal(status: status.code).answer(to: origin)
        } catch {
            return error.answer(to: nil)
        }
    }

    /// Where a request goes, once its caller is known to be allowed there; nobody needs to be known where everybody is.
    /// Who is not let in does not learn what there is.
    private func admit(
        _ asked: AccessControl.Request, _ path: Substring
    ) throws(Problem) -> (Route, AccessControl.Caller?) {
        let route = Result { () throws(Problem) in try Route(method: asked.head.method, path: path) }
        if case .success(.operation(let operation, _, _)) = route, operation.scope == nil {
            return (try route.get(), nil)
        }
        let caller = try access.withLock { access throws(Problem) in
            try access.caller(of: asked, at: MonotonicClock.now, identify: tokens.token)
        }
        if case .operation(let operation, _, _) = try route.get(), let scope = operation.scope {
            guard caller.scopes.allows(scope) else { throw .insufficientScope(scope) }
        }
        return (try route.get(), caller)
    }

    private func carryOut(
        _ operation: ControlAPI.Operation, of seat: SeatName?, _ parameter: String?, _ target: RequestTarget,
        _ request: IncomingRequest, for caller: AccessControl.Caller?, _ reply: Reply
    ) throws(Problem) {
        switch operation {
        case .state: backend.state(of: seat) { reply.json($0) }
        case .calls: answerCalls(of: seat ?? .default, reply)
        case .callState: answerCall(parameter ?? "", of: seat ?? .default, reply)
        case .events:
            guard let caller else { throw .unauthorized }
            try events.begin(target, of: seat, request, for: caller, reply)
        case .audio: backend.audio(nil) { reply.result($0) }
        case .changeAudio:
            let change = try AudioChange(body: request.body.span)
            guard !change.namesFile || caller?.scopes.allows(.admin) == true else { throw .insufficientScope(.admin) }
            backend.audio(change) { reply.result($0) }
        case .tokens: reply.json(["tokens": .array(tokens.all.map(\.json))])
        case .createToken: create(try TokenRequest(body: request.body.span), reply)
        case .revokeToken: revoke(parameter ?? "", reply)
        case .sipTrace:
            let query = try TraceQuery(
                format: target["format"], after: target["after"], callID: target["callID"],
                accept: request.field("accept"))
            backend.sipTrace(query, of: seat) { bytes in
                reply.send(.ok, [.contentType: query.format.mediaType, .cacheControl: "no-store"], bytes)
            }
        case .healthz: reply.json(["status": "ok"])
        case .readyz:
            guard isReady.load(ordering: .relaxed) else { throw .notReady }
            reply.json(["status": "ready"])
        case .contract:
            let (response, body) = StaticContent.contract.answer(to: request.head)
            reply.send(response.status, response.headerFields, body)
        case .getUser, .getUser2, .initialize, .logout, .call, .answerPBXCall, .terminate, .hold, .unhold,
            .transferPBXCall, .mute, .unmute, .startRecording, .stopRecording, .sendDTMF, .callQuality, .changeStaus,
            .changeStatus, .setSeatMode, .setAfterCallStatus,
            .cancelAfterCallStatus, .webApiHandler, .checkLogin, .checkSeatState,
            .startCallMonitor, .stopCallMonitor, .joinFromMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall,
            .checkMonitorState:
            guard let command = try Command(operation, parameter: parameter, body: request.body.span) else {
                throw .noSuchResource
            }
            let seat = seat ?? .default
            let key = try request.idempotencyKey(of: caller, for: seat)
            let completion = audited(command, on: seat, by: caller) { reply.result($0) }
            try perform(command, on: seat, key: key, completion: completion)
        }
    }

    private func answerCalls(of seat: SeatName, _ reply: Reply) {
        backend.state(of: seat) { reply.json(["calls": $0["seats"]?[seat.text]?["calls"] ?? []]) }
    }

    private func answerCall(_ ccNumber: String, of seat: SeatName, _ reply: Reply) {
        backend.state(of: seat) { state in
            let call = state["seats"]?[seat.text]?["calls"]?.array?.first { $0["ccNumber"] == .string(ccNumber) }
            if let call { reply.json(call) } else { reply.problem(.noSuchCall) }
        }
    }

    /// A command that acts on a call and comes again under its key acts once.
    private func perform(
        _ command: Command, on seat: SeatName, key: IdempotentCommands.Key?,
        completion: @escaping IdempotentCommands.Completion
    ) throws(Problem) {
        guard let key, command.actsOnCall else {
            return backend.perform(command, on: seat, completion: completion)
        }
        let verdict = try idempotent.withLock { idempotent throws(Problem) in
            try idempotent.begin(command, key, at: MonotonicClock.now, completion: completion)
        }
        switch verdict {
        case .waiting: break
        case .answered(let result): completion(result)
        case .first:
            backend.perform(command, on: seat) { [self] result in
                let waiting = idempotent.withLock { $0.end(key, with: result, at: MonotonicClock.now) }
                for completion in waiting { completion(result) }
            }
        }
    }
}

/// The tokens; the disk is not waited for on the server's queue.
extension ControlServer {
    private func create(_ request: TokenRequest, _ reply: Reply) {
        DispatchQueue.global().async { [tokens, logger] in
            do throws(Problem) {
                let created = try tokens.create(request)
                logger.notice("token created", metadata: ["id": "\(created.token.id)"])
                var answer = created.token.json.object ?? [:]
                answer["token"] = .string(created.secret.value)
                reply.json(.object(answer), status: .created)
            } catch {
                reply.problem(error)
            }
        }
    }

    private func revoke(_ id: String, _ reply: Reply) {
        DispatchQueue.global().async { [tokens, events, logger] in
            do throws(Problem) {
                try tokens.revoke(id)
                events.endRevoked()
                logger.notice("token revoked", metadata: ["id": "\(id)"])
                reply.send(.noContent)
            } catch {
                reply.problem(error)
            }
        }
    }
}

extension AccessControl.Request {
    init(_ request: IncomingRequest) {
        let client: Client
        var isOwner = false
        switch request.peer {
        case .network(let endpoint): client = .address(endpoint.address)
        case .process(let credentials):
            client = .user(credentials.userID)
            isOwner = credentials.userID == geteuid()
        }
        self.init(
            head: request.head, subprotocols: request.offeredSubprotocols ?? [], client: client, isOwner: isOwner,
            local: request.local?.address)
    }
}

extension Problem {
    /// Whether somebody was turned away, which the log should tell.
    fileprivate var isRefusal: Bool { status == 401 || status == 403 || status == 429 }
}

extension IncomingRequest {
    /// - Parameter name: in lower case.
    func field(_ name: String) -> String? {
        head.headerFields.first { $0.name.canonicalName == name }?.value
    }

    fileprivate func idempotencyKey(
        of caller: AccessControl.Caller?, for seat: SeatName
    ) throws(Problem) -> IdempotentCommands.Key? {
        guard let caller, let field = field("idempotency-key") else { return nil }
        return try IdempotentCommands.Key(field, caller: caller, seat: seat)
    }

    fileprivate var isJSON: Bool {
        let type = head.headerFields[.contentType]?.lowercased() ?? ""
        return type.split(separator: ";").first.map { $0.trimmingSuffix(" ") } == "application/json"
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ character: Character) -> Substring {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
