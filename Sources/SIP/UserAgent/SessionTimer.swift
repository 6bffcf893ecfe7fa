import Wire

/// When a session has to be refreshed, and when it is over without (RFC 4028 §7.2, §9, §10).
struct SessionTimer: Sendable {
    /// In seconds.
    let interval: Int
    let isRefresher: Bool
    /// When to send a refresh: at half the interval; nil while one is out, and for the side that waits for it.
    var refresh: Instant?
    /// When to end the session: before the interval is over, by a third of it but no more than 32 s.
    let expiration: Instant

    init(interval: Int, isRefresher: Bool, at now: Instant) {
        self.interval = interval
        self.isRefresher = isRefresher
        refresh = isRefresher ? now + .milliseconds(interval * 500) : nil
        expiration = now + .seconds(interval) - min(.seconds(32), .milliseconds(interval * 1000 / 3))
    }

    /// A refresh has to wait for a connection.
    func deadline(isConnected: Bool) -> Instant {
        isConnected ? earliest(refresh, expiration) ?? expiration : expiration
    }
}

// Session timers (RFC 4028).
extension UserAgent {
    private var hasSessionTimers: Bool { configuration.supported.contains("timer") }

    /// Asks for a session timer in an INVITE of ours that makes a call (RFC 4028 §7.1).
    func askForTimer(in headers: inout Headers) {
        guard hasSessionTimers, let interval = configuration.sessionInterval, headers[.sessionExpires] == nil else {
            return
        }
        headers.append(.sessionExpires, SessionExpires(interval).description)
    }

    /// Every change to a session refreshes it as well (RFC 4028 §7.4).
    func askForTimer(in headers: inout Headers, of session: Session) {
        guard hasSessionTimers, let call = session.call, calls[call]?.isAnswered == true,
            headers[.sessionExpires] == nil
        else { return }
        if let timer = session.timer {
            let expires = SessionExpires(timer.interval, refresher: timer.isRefresher ? .uac : .uas)
            headers.append(.sessionExpires, expires.description)
        } else {
            askForTimer(in: &headers)
        }
        if session.minimumInterval > Limit.sessionInterval {
            headers.append(.minSE, String(session.minimumInterval))
        }
    }

    /// The refusal of an interval that is too short (RFC 4028 §9).
    func screenInterval(of request: Request) -> Answer? {
        guard hasSessionTimers, [.invite, .update].contains(request.method),
            request.headers.supports("timer"),
            let expires = request.headers.sessionExpires, expires.seconds < Limit.sessionInterval
        else { return nil }
        return Answer(status: 422, headers: [.minSE: String(Limit.sessionInterval)])
    }

    /// The interval of our 2xx to an INVITE or UPDATE: what was asked for, or less if we want less. Unless the other side
    /// asks to refresh, we do: then nothing depends on its keeping to it (RFC 4028 §9, Table 2).
    func agreeOnTimer(in response: inout Response, to request: Request) {
        guard hasSessionTimers, response.headers[.sessionExpires] == nil else { return }
        let asked = request.headers.sessionExpires
        guard let wanted = [asked?.seconds, configuration.sessionInterval].compactMap(\.self).min() else { return }
        let interval = max(wanted, request.headers.minimumSessionInterval ?? 0, Limit.sessionInterval)
        let isKnown = request.headers.supports("timer")
        let refresher = isKnown ? asked?.refresher ?? .uas : .uas
        response.headers.append(.sessionExpires, SessionExpires(interval, refresher: refresher).description)
        if refresher == .uac { response.headers.append(.require, "timer") }
    }

    /// A 2xx to an INVITE or UPDATE starts the interval anew, or ends the timer if it names none (RFC 4028 §7.2, §9).
    mutating func startTimer(
        of id: Dialog.ID, by response: Response, as role: SessionExpires.Refresher, at now: Instant
    ) {
        guard hasSessionTimers, let call = dialogs[id]?.call, calls[call]?.isAnswered == true else { return }
        dialogs[id]?.timer = response.headers.sessionExpires.map { expires in
            SessionTimer(
                interval: max(expires.seconds, Limit.sessionInterval), isRefresher: (expires.refresher ?? .uac) == role,
                at: now)
        }
    }

    /// The same request with the interval the other side says is the shortest it takes (RFC 4028 §7.3).
    func lengthened(_ request: Request, by refusal: Response, raises: Int) -> Request? {
        guard refusal.status == 422, raises < Limit.retries, let minimum = refusal.headers.minimumSessionInterval,
            let expires = request.headers.sessionExpires, minimum > expires.seconds
        else { return nil }
        var again = request
        again.headers[.sessionExpires] = SessionExpires(minimum, refresher: expires.refresher).description
        again.headers[.minSE] = String(minimum)
        return again
    }

    /// Refreshes a session that is due, and ends one that nobody refreshed.
    mutating func reachTimer(of id: Dialog.ID, at now: Instant) -> [Output] {
        guard let session = dialogs[id], let call = session.call, let timer = session.timer else { return [] }
        if now >= timer.expiration { return end(call, .expired, at: now) }
        guard isConnected, let refresh = timer.refresh, now >= refresh else { return [] }
        let method: Method = session.allowsUpdate ? .update : .invite
        let modification = Modification(id: nil, dialog: id, method: method, headers: [:], body: [])
        guard maySend(modification) else {
            dialogs[id]?.timer?.refresh = now + .refreshPause
            return []
        }
        dialogs[id]?.timer?.refresh = nil
        return send(modification, at: now)
    }

    /// A refresh that was refused is tried again while the session lasts, in another way if this one is unknown there.
    mutating func refreshRefused(_ id: Dialog.ID, by response: Response?, at now: Instant) {
        if let response, [405, 501].contains(response.status) { dialogs[id]?.allowsUpdate = false }
        dialogs[id]?.timer?.refresh = now + .refreshPause
    }
}

extension Duration {
    fileprivate static let refreshPause = Duration.seconds(5)
}
