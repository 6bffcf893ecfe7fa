import ICE
import SDP
import Wire

/// Where the datagrams of a peer without ICE come from, once they have come: it may be behind a translator that its description
/// does not know of (RFC 4961 wants it to send from where it receives).
///
/// Only the first address counts for one description, and not the one before it: whoever joins in later changes nothing.
struct Latch: Sendable {
    var sound: Endpoint?
    var reports: Endpoint?
    /// Where sound came from or went to before the present description.
    var former: Endpoint?
}

extension PeerConnection {
    /// Without ICE the descriptions say where to, and the peer's datagrams from where. To the address zero nothing is sent.
    mutating func settleDescribedPath(at now: Instant) -> [Output] {
        guard let address = remote?.address?.rtp, !address.address.isUnspecified else { return [] }
        let heir = successor ?? agent
        let own = local?.defaultAddress
        guard let base = heir.localCandidates.first(where: { $0.endpoint == own })?.base else { return [] }
        let path = Path(local: base, remote: latch.sound ?? address)
        return successor == nil
            ? act(on: agent.settle(on: path), at: now) : succeed(successor?.settle(on: path) ?? [], at: now)
    }

    /// A description with another address is of another place.
    mutating func unlatch(from before: AudioDescription?, to next: AudioDescription) {
        isWithoutICE = next.ice == nil
        guard next.address != before?.address, next.address?.rtp.address.isUnspecified != true else { return }
        latch = Latch(former: agent.path?.remote)
    }

    /// Unencrypted, only the one whose sound came first is heard, with ICE only one that has answered a check: anyone else could
    /// join in.
    func mayCarrySound(_ path: Path) -> Bool {
        guard isWithoutICE else { return hasChecked(path) }
        guard latch.sound == nil else { return path.remote == agent.path?.remote }
        return path.remote != latch.former
    }

    private func hasChecked(_ path: Path) -> Bool { agent.isValid(path) || successor?.isValid(path) == true }

    mutating func follow(_ path: Path, at now: Instant) -> [Output] {
        guard latch.sound == nil, isWithoutICE, successor == nil, path.remote != latch.former else { return [] }
        latch.sound = path.remote
        return act(on: agent.settle(on: path), at: now)
    }

    /// Unencrypted, reports are believed from the machine that the sound is of.
    func mayReport(_ path: Path) -> Bool {
        guard isWithoutICE else { return hasChecked(path) }
        return [agent.path?.remote.address, remote?.address?.rtcp.address].contains(path.remote.address)
    }

    mutating func followReports(to source: Endpoint) {
        if latch.reports == nil, isWithoutICE { latch.reports = source }
    }

    /// Where reports go, if not where sound goes.
    var reportAddress: Endpoint? {
        guard isWithoutICE, remote?.isMultiplexed == false else { return nil }
        return latch.reports ?? remote?.address?.rtcp
    }

    /// Nobody is expected who has another way to say so, holds or is held, or is just changing places.
    mutating func isDeserted(at now: Instant) -> Bool {
        let isPeerExpected =
            isWithoutICE && !next.isThere && successor == nil && negotiated?.sends == true
            && negotiated?.receives == true && remote?.address?.rtp.address.isUnspecified == false
        return stream?.isDeserted(isPeerExpected: isPeerExpected, at: now) == true
    }
}

extension Agent {
    /// What a peer without ICE is told to send to: an address of its kind, the likest one; to somebody far away, what a STUN
    /// server sees instead of it.
    func address(for peer: IPAddress) -> Endpoint? {
        let own = localCandidates.filter { candidate in
            [.host, .relayed].contains(candidate.kind) && candidate.endpoint.address.isIPv4 == peer.isIPv4
        }
        let best = own.max { $0.endpoint.address.likeness(to: peer) < $1.endpoint.address.likeness(to: peer) }
        let seen = localCandidates.first { $0.kind == .serverReflexive && $0.base == best?.base }
        return peer.isPrivate ? best?.endpoint : (seen ?? best)?.endpoint
    }
}

extension IPAddress {
    /// The number of leading bits in common (RFC 6724 §2.2).
    fileprivate func likeness(to other: IPAddress) -> Int {
        switch (self, other) {
        case (.v4(let own), .v4(let others)): (own ^ others).leadingZeroBitCount
        case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
            high == otherHigh ? 64 + (low ^ otherLow).leadingZeroBitCount : (high ^ otherHigh).leadingZeroBitCount
        default: 0
        }
    }

    /// RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6, RFC 6598, and one's own.
    fileprivate var isPrivate: Bool {
        switch self {
        case .v4(let bits):
            isLoopback || bits >> 24 == 10 || bits >> 20 == 0xAC1 || bits >> 16 == 0xC0A8 || bits >> 16 == 0xA9FE
                || bits >> 22 == 0x191
        case .v6(let high, _): isLoopback || high >> 57 == 0x7E || high >> 54 == 0x3FA
        }
    }
}
