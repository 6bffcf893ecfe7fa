import Wire

/// The subscription a REFER makes: its sender is told by NOTIFY what became of it (RFC 3515 §2.4.4).
struct Referral: Sendable {
    /// The CSeq of the REFER tells the subscriptions of a dialog apart (RFC 3515 §2.4.6).
    struct Key: Hashable, Sendable {
        let dialog: Dialog.ID
        let sequence: UInt32
    }

    enum Role: Sendable {
        /// We sent the REFER, by this name.
        case subscriber(RequestID)
        /// Our owner accepted the REFER that came with this token.
        case notifier(RequestToken, last: StatusFragment)
    }

    var role: Role
    /// When nobody waits for news any longer.
    var expiration: Instant

    /// Long enough for a call to ring.
    static let seconds: UInt32 = 180
    /// What a SUBSCRIBE or a NOTIFY may make of it.
    static let longestSeconds: UInt32 = 3600
    static let lifetime = Duration.seconds(seconds)
}

// The sender of a REFER (RFC 3515 §2.4.1).
extension UserAgent {
    /// A REFER goes out: news of it may come before its response does.
    mutating func expectNews(of refer: Request, _ id: RequestID, at now: Instant) {
        referrals[refer.referralKey] = Referral(role: .subscriber(id), expiration: now + Referral.lifetime)
    }

    /// The REFER was refused, or not answered.
    mutating func expectNoNews(of id: RequestID) {
        for (key, referral) in referrals { if case .subscriber(id) = referral.role { dropReferral(key) } }
    }

    mutating func receive(notify: Request, in id: Dialog.ID, at now: Instant) -> [Output] {
        guard let event = notify.referEvent else { return answer(notify, .badEvent) }
        guard let (key, request) = awaited(in: id, event) else { return answer(notify, Answer(status: 481)) }
        guard let state = notify.headers[.subscriptionState], let news = try? StatusFragment(parsing: notify.body)
        else { return answer(notify, Answer(status: 400)) }
        let ok = compose(Answer(status: 200), to: notify, tag: id.localTag)
        let outputs: [Output] = [.transmit(ok.bytes), .referralProgress(request, news)]
        guard state.mediaType == "terminated" else {
            let seconds = state.split(separator: ";").map(\.trimmed).first { $0.hasPrefix("expires=") }.flatMap {
                UInt32(digits: $0.dropFirst("expires=".count))
            }
            let lifetime = seconds.map { Duration.seconds(min($0, Referral.longestSeconds)) } ?? Referral.lifetime
            referrals[key]?.expiration = now + lifetime + .transactionTimeout
            return outputs
        }
        dropReferral(key)
        return outputs + [.referralEnded(request)]
    }

    /// The REFER of ours a NOTIFY is about; without a number the only one there is.
    private func awaited(in id: Dialog.ID, _ event: ReferEvent) -> (Referral.Key, RequestID)? {
        let candidates = referrals.compactMap { key, referral -> (Referral.Key, RequestID)? in
            guard key.dialog == id, case .subscriber(let request) = referral.role else { return nil }
            return event.isOf(key) ? (key, request) : nil
        }
        return candidates.count == 1 ? candidates.first : nil
    }
}

// The receiver of a REFER (RFC 3515 §2.4.2).
extension UserAgent {
    /// Puts a REFER before the owner; who takes it tells by ``Input/notifyReferral(_:status:reason:)`` how it goes.
    mutating func receive(refer: Request, in id: Dialog.ID, _ key: ServerKey, at now: Instant) -> [Output] {
        guard refer.referTo != nil else { return answer(refer, Answer(status: 400)) }
        guard referrals.count < Limit.referrals else { return answer(refer, Answer(status: 503)) }
        return accept(refer, key, in: id, at: now)
    }

    /// A REFER that was accepted is followed by a NOTIFY at once (RFC 3515 §2.4.4).
    mutating func startNotifying(of refer: Request, _ token: RequestToken, at now: Instant) -> [Output] {
        guard dialogs[refer.receivedDialogID] != nil else { return [] }
        let key = Referral.Key(dialog: refer.receivedDialogID, sequence: refer.cSeq.number)
        referrals[key] = Referral(
            role: .notifier(token, last: StatusFragment(100)), expiration: now + Referral.lifetime)
        return notify(key, .active, at: now)
    }

    mutating func notifyReferral(_ token: RequestToken, _ news: StatusFragment, at now: Instant) -> [Output] {
        let key = referrals.first { _, referral in if case .notifier(token, _) = referral.role { true } else { false }
        }?.key
        guard let key else { return [.diagnostic(.answerTooLate)] }
        referrals[key]?.role = .notifier(token, last: news)
        guard news.status >= 200 else { return notify(key, .active, at: now) }
        return notify(key, .over, at: now)
    }

    /// A SUBSCRIBE in the subscription of a REFER that was accepted prolongs it, or ends it when it asks for no time; a NOTIFY
    /// follows either way (RFC 3515 §2.4.4, RFC 6665 §4.2.1).
    mutating func receive(subscribe: Request, in id: Dialog.ID, at now: Instant) -> [Output] {
        guard let event = subscribe.referEvent else { return answer(subscribe, .badEvent) }
        let keys = referrals.keys.filter { key in
            guard case .notifier = referrals[key]?.role else { return false }
            return key.dialog == id && event.isOf(key)
        }
        guard keys.count == 1, let key = keys.first else { return answer(subscribe, Answer(status: 481)) }
        guard let asked = UInt32(digits: subscribe.headers[.expires] ?? "\(Referral.seconds)") else {
            return answer(subscribe, Answer(status: 400))
        }
        let seconds = min(asked, Referral.longestSeconds)
        referrals[key]?.expiration = now + .seconds(seconds)
        let ok = compose(Answer(status: 200, headers: [.expires: String(seconds)]), to: subscribe, tag: id.localTag)
        return [.transmit(ok.bytes)] + notify(key, seconds == 0 ? .expired : .active, at: now)
    }

    /// Only a REFER makes a subscription.
    func refusal(ofSubscription subscribe: Request) -> Answer {
        subscribe.referEvent == nil ? .badEvent : Answer(status: 403)
    }

    private enum SubscriptionState { case active, over, expired }

    private mutating func notify(_ key: Referral.Key, _ state: SubscriptionState, at now: Instant) -> [Output] {
        guard let referral = referrals[key], case .notifier(_, let news) = referral.role else { return [] }
        let left = (referral.expiration - now).components.seconds
        let value =
            switch state {
            case .active: "active;expires=\(left)"
            case .over: "terminated;reason=noresource"
            case .expired: "terminated;reason=timeout"
            }
        let headers: Headers = [
            .event: "refer;id=\(key.sequence)", .subscriptionState: value, .contentType: "message/sipfrag;version=2.0",
        ]
        let request = dialogs[key.dialog]?.dialog.request(.notify, headers: headers, body: news.bytes)
        if state != .active { dropReferral(key) }
        return request.map { transmit($0, for: .notify(key), at: now) } ?? []
    }

    /// Both ends of a subscription forget it in time.
    mutating func expireReferral(_ key: Referral.Key, at now: Instant) -> [Output] {
        guard let referral = referrals[key], referral.expiration <= now else { return [] }
        guard case .subscriber(let request) = referral.role else { return notify(key, .expired, at: now) }
        dropReferral(key)
        return [.referralEnded(request)]
    }

    /// A dialog whose call is over lasts as long as its subscriptions (RFC 5057 §4.2).
    mutating func dropReferral(_ key: Referral.Key) {
        referrals[key] = nil
        if dialogs[key.dialog]?.call == nil, !isSubscribed(key.dialog) { dialogs[key.dialog] = nil }
    }

    func isSubscribed(_ id: Dialog.ID) -> Bool { referrals.keys.contains { $0.dialog == id } }
}

/// What the Event of a NOTIFY or SUBSCRIBE names: one REFER by the number of its CSeq, or the only one there is.
private struct ReferEvent {
    /// Nil when none is named; nil in it when what is named is no number.
    var sequence: UInt32??

    func isOf(_ key: Referral.Key) -> Bool { sequence == nil || sequence == key.sequence }
}

extension Request {
    /// Nil when the Event is another one.
    fileprivate var referEvent: ReferEvent? {
        let event = headers[.event]?.split(separator: ";").map(\.trimmed) ?? []
        guard event.first?.lowercased() == "refer" else { return nil }
        let id = event.dropFirst().first { $0.hasPrefix("id=") }
        return ReferEvent(sequence: id.map { UInt32(digits: $0.dropFirst(3)) })
    }
}

extension Answer {
    /// RFC 6665 §4.2.1.1.
    fileprivate static var badEvent: Answer { Answer(status: 489, headers: [.allowEvents: "refer"]) }
}

extension Request {
    /// The dialog of a request of ours.
    var sentDialogID: Dialog.ID { Dialog.ID(callID: callID, localTag: from.tag ?? "", remoteTag: to.tag ?? "") }

    /// The dialog of a request of the other side.
    var receivedDialogID: Dialog.ID { Dialog.ID(callID: callID, localTag: to.tag ?? "", remoteTag: from.tag ?? "") }

    var referralKey: Referral.Key { Referral.Key(dialog: sentDialogID, sequence: cSeq.number) }
}

extension HeaderName {
    static let allowEvents: HeaderName = "Allow-Events"
    static let event: HeaderName = "Event"
    static let subscriptionState: HeaderName = "Subscription-State"
}
