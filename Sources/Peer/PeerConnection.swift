import Crypto
import Wire

/// One audio session with one peer: what RTCPeerConnection is in a browser, without sockets or clocks.
///
/// Composes SDP, ICE, DTLS-SRTP and RTP. Inputs are descriptions, datagrams and passed deadlines; what is to be
/// done comes back as ``Output``s. After every input ask for ``deadline`` again.
package struct PeerConnection: ~Copyable {
    package struct Configuration: Sendable {
        package var certificate: Certificate
        /// In order of preference; also the order of an offer.
        package var codecs: [Codec]
        /// The canonical name of RTCP (RFC 7022), the same for all streams of one call.
        package var cname: String

        package init(certificate: Certificate, codecs: [Codec] = [.opus, .pcmu, .pcma], cname: String) {
            self.certificate = certificate
            self.codecs = codecs
            self.cname = cname
        }
    }

    package enum State: Sendable, Equatable {
        /// No remote description yet.
        case new
        /// ICE is looking for a path or DTLS is shaking hands.
        case connecting
        /// Media flows.
        case connected
        case failed(Failure)
        case closed
    }

    package enum Failure: Sendable, Equatable {
        /// No candidate pair worked.
        case noPath
        /// The peer stopped consenting to our packets (RFC 7675).
        case consentLost
        case dtls
        /// The peer's certificate is not the one its description promised (RFC 8122 §6.2).
        case fingerprintMismatch
        /// The handshake ended without a common SRTP profile.
        case noSRTPProfile
    }

    package enum Output: Sendable, Equatable {
        case transmit([UInt8], from: Endpoint, to: Endpoint)
        case stateChanged(State)
        case negotiated(NegotiatedAudio)
        /// The peer ended its stream: RTCP BYE or DTLS close_notify.
        case endedByPeer
        case diagnostic(Diagnostic)
    }

    package enum Diagnostic: Sendable, Equatable {
        case selectedPair(local: Endpoint, remote: Endpoint)
        /// A candidate that cannot be used: a name, another transport, another component.
        case skippedCandidate
        case srtpReady(profile: String)
    }

    package enum Input: Sendable { case deadlineReached }

    /// What the jitter buffer has for one tick of 20 ms.
    package enum Playout: Sendable, Equatable {
        /// The payload is the frame's.
        case frame(Codec)
        /// The frame was lost: conceal it. The payload is the packet after it where that has come already, for
        /// Opus to take its forward error correction from, else empty.
        case missing(Codec)
        /// Nothing to play: not started, held, or the peer is silent.
        case empty
    }

    package private(set) var state = State.new
    package private(set) var negotiated: NegotiatedAudio?

    package init(configuration: Configuration, randomness: Randomness) {}

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? { nil }

    package var statistics: Statistics { Statistics() }

    /// The offer of one audio section; each host candidate is the address of a bound UDP socket.
    package mutating func createOffer(hostCandidates: [Endpoint], at now: Instant) -> String { "" }

    package mutating func acceptAnswer(_ description: String, at now: Instant) throws(Refusal) -> [Output] { [] }

    /// The answer to a first offer, or to a later one of the same session (host candidates are then ignored).
    package mutating func createAnswer(
        toOffer description: String, hostCandidates: [Endpoint], at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        throw .wrongState
    }

    /// One datagram of any kind, told apart by its first byte (RFC 7983); decrypted in place.
    package mutating func receive(
        _ datagram: inout MutableSpan<UInt8>, from remote: Endpoint, to local: Endpoint, at now: Instant
    ) -> [Output] { [] }

    package mutating func handle(_ input: Input, at now: Instant) -> [Output] { [] }

    /// Sends one encoded frame that covers `samples` ticks of the codec's clock; while unable to send, only the
    /// RTP timestamp moves on. `marker` begins a talkspurt.
    package mutating func sendAudio(
        _ payload: Span<UInt8>, samples: UInt32, marker: Bool, at now: Instant,
        transmit: (_ datagram: Span<UInt8>, _ local: Endpoint, _ remote: Endpoint) -> Void
    ) {}

    /// The next 20 ms to play, one call per tick of the device.
    package mutating func nextFrame<Result>(
        at now: Instant, _ body: (_ playout: Playout, _ payload: Span<UInt8>) -> Result
    ) -> Result {
        body(.empty, [UInt8]().span)
    }

    /// Says goodbye with RTCP BYE and DTLS close_notify.
    package mutating func close(at now: Instant) -> [Output] { [] }
}
