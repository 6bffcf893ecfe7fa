import Crypto
import Wire

extension TURNClient {
    enum Purpose: Sendable, Equatable {
        case allocate, refresh, release
        case permission(IPAddress)
        case channel(UInt16, Endpoint)
    }

    struct Request: Sendable {
        let purpose: Purpose
        let bytes: [UInt8]
        /// The nonce it was made with; nil before the server has given one.
        let nonce: String?
        /// How often the server has wanted another nonce.
        let attempts: Int
        var retransmission: Retransmission
    }

    /// What the server wants our requests to be signed for (RFC 8489 §9.2).
    struct Challenge: Sendable {
        let realm: String
        var nonce: String
        let key: [UInt8]
    }

    private enum Limit {
        static let attempts = 4
    }

    mutating func ask(_ purpose: Purpose, attempts: Int = 0, at now: Instant) -> [Output] {
        let id = STUNMessage.TransactionID(using: &randomness)
        var message = STUNMessage(
            .request, method: purpose.method, transactionID: id, attributes: purpose.attributes)
        if let challenge, let account {
            message.attributes += [
                .username(account.user), .realm(challenge.realm), .nonce(challenge.nonce),
            ]
        }
        let bytes = message.encoded(key: challenge?.key)
        requests[id] = Request(
            purpose: purpose, bytes: bytes, nonce: challenge?.nonce, attempts: attempts,
            retransmission: isStream
                ? Retransmission(rto: Timing.rto, limit: 1, at: now) : Retransmission(rto: Timing.rto, at: now))
        return [.transmit(bytes)]
    }

    mutating func retransmit(at now: Instant) -> [Output] {
        var outputs: [Output] = []
        for (id, request) in requests where request.retransmission.nextAt <= now {
            if requests[id]?.retransmission.advance(at: now) == true {
                outputs.append(.transmit(request.bytes))
            } else {
                requests[id] = nil
                outputs += fail(request.purpose, .timedOut)
            }
        }
        return outputs
    }

    /// Takes in the answer to a request; one that is not authentic is as good as lost (RFC 8489 §9.2.5).
    mutating func handleResponse(_ response: STUNMessage, at now: Instant) -> [Output] {
        guard let request = requests[response.transactionID], response.method == request.purpose.method else {
            return []
        }
        if response.kind == .failure {
            guard let code = response.errorCode else { return [] }
            requests[response.transactionID] = nil
            return handleFailure(code, response, of: request, at: now)
        }
        if let challenge, !response.isAuthentic(key: challenge.key) { return [] }
        requests[response.transactionID] = nil
        return succeed(request.purpose, response, at: now)
    }

    /// 401 makes us say who we are, 438 say it with another nonce; neither can be signed.
    private mutating func handleFailure(
        _ code: Int, _ response: STUNMessage, of request: Request, at now: Instant
    ) -> [Output] {
        let isWanted = code == 401 && request.nonce == nil || code == 438
        guard isWanted, request.attempts < Limit.attempts else {
            return fail(request.purpose, code == 401 ? .unauthorized : .refused(code))
        }
        // Another request's answer may have brought the next nonce already.
        if challenge?.nonce == request.nonce {
            guard let account,
                let realm = response.first({ if case .realm(let realm) = $0 { realm } else { nil } })
                    ?? challenge?.realm,
                let nonce = response.first({ if case .nonce(let nonce) = $0 { nonce } else { nil } })
            else { return fail(request.purpose, .unauthorized) }
            challenge = Challenge(realm: realm, nonce: nonce, key: account.key(in: realm))
        }
        return ask(request.purpose, attempts: request.attempts + 1, at: now)
    }

    private mutating func succeed(_ purpose: Purpose, _ response: STUNMessage, at now: Instant) -> [Output] {
        let granted = response.first { if case .lifetime(let seconds) = $0 { seconds } else { nil } }
        let lifetime = Int(min(granted ?? Timing.lifetime, Timing.longestLifetime))
        // A minute before it is over (RFC 8656 §8), sooner where it is short.
        let refreshAt = now + .seconds(max(lifetime > 120 ? lifetime - 60 : lifetime / 2, 1))
        switch (state, purpose) {
        case (.allocating, .allocate):
            guard let relayed = response.first({ if case .xorRelayedAddress(let it) = $0 { it } else { nil } }) else {
                return end(.refused(500))
            }
            state = .allocated(Allocation(relayed: relayed, refreshAt: refreshAt))
            return [.allocated(relayed, mapped: response.mappedEndpoint)]
        case (.allocated(var allocation), .refresh):
            allocation.refreshAt = refreshAt
            state = .allocated(allocation)
            return []
        case (.allocated, .permission(let address)): return permitted(address, at: now)
        case (.allocated, .channel(let number, let peer)):
            channels.bind(number, to: peer)
            return permitted(peer.address, at: now)
        case (.closing, .release): return end(.closed)
        default: return []
        }
    }

    /// A server that refuses one peer's address is not asked for it again, but for others.
    private mutating func fail(_ purpose: Purpose, _ failure: End) -> [Output] {
        switch purpose {
        case .allocate, .refresh: return end(failure)
        case .release: return end(.closed)
        case .permission(let address):
            permissions[address] = .refused
            return []
        case .channel(_, let peer):
            channels.forget(peer)
            return []
        }
    }
}

extension TURNClient.Purpose {
    fileprivate var method: UInt16 {
        switch self {
        case .allocate: STUNMessage.allocate
        case .refresh, .release: STUNMessage.refresh
        case .permission: STUNMessage.createPermission
        case .channel: STUNMessage.channelBind
        }
    }

    fileprivate var attributes: [STUNAttribute] {
        switch self {
        case .allocate: [.requestedTransport(17), .lifetime(seconds: TURNClient.Timing.lifetime)]
        case .refresh: [.lifetime(seconds: TURNClient.Timing.lifetime)]
        case .release: [.lifetime(seconds: 0)]
        case .permission(let address): [.xorPeerAddress(Endpoint(address, port: 0))]
        case .channel(let number, let peer): [.channelNumber(number), .xorPeerAddress(peer)]
        }
    }
}

extension TURNClient.Account {
    /// The key of long-term credentials (RFC 8489 §9.2.2); the user and the password are taken as they are written, without
    /// OpaqueString's preparation.
    func key(in realm: String) -> [UInt8] { Digest.md5(Array("\(user):\(realm):\(password.value)".utf8)) }
}
