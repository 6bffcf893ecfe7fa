import Crypto
import Wire

/// One allocation at a TURN server: asked for, kept alive, sent and received through, and given back (RFC 8656).
///
/// The owner has a transport to the server, which for TCP and TLS it reads with ``TURNFrames``. A permission is asked for
/// when something is first sent to an address, a channel when that is no longer STUN and so the path is in use.
package struct TURNClient: Sendable {
    package struct Account: Sendable, Equatable {
        package var user: String
        package var password: Redacted<String>

        package init(user: String, password: Redacted<String>) {
            self.user = user
            self.password = password
        }
    }

    package enum Input: Sendable {
        case start
        /// Gives the allocation back.
        case close
        case deadlineReached
    }

    package enum Output: Sendable, Equatable {
        /// To the server.
        case transmit([UInt8])
        /// The address lent to us, and the one the server sees us at.
        case allocated(Endpoint, mapped: Endpoint?)
        /// Told once; afterwards nothing has a meaning.
        case ended(End)
    }

    package enum End: Sendable, Hashable {
        /// As was asked for by ``Input/close``.
        case closed
        /// The server does not believe us, or wants to know who we are and we have no account.
        case unauthorized
        /// The server's error code.
        case refused(Int)
        case timedOut
    }

    enum State: Sendable {
        case idle, allocating
        case allocated(Allocation)
        case closing(deadline: Instant)
        case ended
    }

    struct Allocation: Sendable {
        let relayed: Endpoint
        var refreshAt: Instant
    }

    enum Timing {
        static let rto = Duration.milliseconds(500)
        /// Asked for; what the server grants counts (RFC 8656 §7.1).
        static let lifetime: UInt32 = 600
        static let longestLifetime: UInt32 = 3_600
        /// A permission lasts five minutes, a channel ten; both are renewed by then (RFC 8656 §9, §12).
        static let renewal = Duration.seconds(240)
        static let patienceWhenClosing = Duration.seconds(2)
    }

    let account: Account?
    let isStream: Bool
    var randomness: Randomness
    var state = State.idle
    var challenge: Challenge?
    var requests: [STUNMessage.TransactionID: Request] = [:]
    var permissions: [IPAddress: Permission] = [:]
    var channels = Channels()
    /// The frame of a datagram that goes through a channel, reused.
    var frame: [UInt8] = []

    /// `isStream` for TCP and TLS, where nothing is lost and frames are padded (RFC 8656 §12.5).
    package init(account: Account?, isStream: Bool, randomness: Randomness) {
        self.account = account
        self.isStream = isStream
        self.randomness = randomness
    }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? {
        let request = requests.values.lazy.map(\.retransmission.nextAt).min()
        switch state {
        case .idle, .ended: return nil
        case .allocating: return request
        case .closing(let deadline): return earliest(request, deadline)
        case .allocated(let allocation):
            let permission = permissions.values.lazy.compactMap(\.renewAt).min()
            return earliest(earliest(request, allocation.refreshAt), permission)
        }
    }

    package mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.idle, .start):
            state = .allocating
            return ask(.allocate, at: now)
        case (.idle, .close), (.allocating, .close): return end(.closed)
        case (.allocated, .close):
            state = .closing(deadline: now + Timing.patienceWhenClosing)
            requests = [:]
            return ask(.release, at: now)
        case (.closing(let deadline), .deadlineReached) where now >= deadline: return end(.closed)
        case (.allocating, .deadlineReached), (.closing, .deadlineReached): return retransmit(at: now)
        case (.allocated(let allocation), .deadlineReached):
            let outputs = retransmit(at: now) + renewPermissions(at: now)
            return outputs + (now >= allocation.refreshAt ? refresh(at: now) : [])
        case (.idle, .deadlineReached), (.allocating, .start), (.allocated, .start), (.closing, _), (.ended, _):
            return []
        }
    }

    private mutating func refresh(at now: Instant) -> [Output] {
        guard case .allocated(var allocation) = state else { return [] }
        // Set anew by the answer.
        allocation.refreshAt = now + .seconds(Int(Timing.lifetime))
        state = .allocated(allocation)
        return ask(.refresh, at: now)
    }

    mutating func end(_ end: End) -> [Output] {
        state = .ended
        requests = [:]
        permissions = [:]
        return [.ended(end)]
    }
}
