import Crypto
import Peer
import SDP
import Testing
import Wire

@Suite("Candidates and restarts") struct CandidateStories {
    private static let relayed = Endpoint(.v4(0xCB00_7101), port: 49_152)
    private static let newAddress = Endpoint(.v4(0xC000_0203), port: 7_000)

    private func connected() throws -> Story {
        let story = Story()
        try story.negotiate()
        story.run(for: .milliseconds(200))
        story.talk(frames: 50)
        return story
    }

    private func expectSpeech(_ story: Story, frames: Int = 100) {
        let before = (story.a.statistics.packetsReceived, story.b.statistics.packetsReceived)
        story.talk(frames: frames)
        #expect(story.a.statistics.packetsReceived >= before.0 + UInt64(frames) - 2)
        #expect(story.b.statistics.packetsReceived >= before.1 + UInt64(frames) - 2)
    }

    @Test("The handshake begins with the first pair that works: three round trips to keys (RFC 8445 §12.1)")
    func early() throws {
        let story = Story()
        try story.negotiate()
        // Check and answer, then DTLS 1.2 with its two round trips.
        story.run(for: .milliseconds(59))
        #expect(story.b.state == .connecting)
        story.run(for: .milliseconds(1))
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
    }

    @Test("A relayed address is described with where it comes from, or with nothing (RFC 8839 §5.1)") func description()
    {
        let story = Story()
        _ = story.a.addRelayed(Self.relayed, related: Story.addressA, rank: 1, at: story.now)
        let offer = story.a.createOffer(at: story.now)
        #expect(
            offer.contains(
                "a=candidate:r1 1 UDP 16776959 203.0.113.1 49152 typ relay raddr 192.0.2.1 rport 5000\r\n"))
        _ = story.b.addRelayed(Self.relayed, related: nil, rank: 0, at: story.now)
        let other = story.b.createOffer(at: story.now)
        #expect(other.contains(" typ relay raddr 0.0.0.0 rport 9\r\n"))
    }

    @Test("A peer's restart is answered with new credentials; sound goes on meanwhile and afterwards (RFC 8445 §9)")
    func peerRestarts() throws {
        let story = try connected()
        story.a.restart(hostAddresses: [Self.newAddress])
        let offer = story.a.createOffer(at: story.now)
        #expect(offer.contains("192.0.2.3 7000 typ host"))
        #expect(!offer.contains("192.0.2.1"))
        let (answer, outputs) = try story.b.createAnswer(toOffer: offer, at: story.now)
        story.perform(outputs, of: .b)
        expectSpeech(story, frames: 5)
        story.perform(try story.a.acceptAnswer(answer, at: story.now), of: .a)
        story.run(for: .milliseconds(300))
        #expect(story.a.statistics.selectedPair == .init(local: Self.newAddress, remote: Story.addressB))
        #expect(story.b.statistics.selectedPair == .init(local: Story.addressB, remote: Self.newAddress))
        expectSpeech(story)
        #expect(story.events[.a]?.last == .diagnostic(.selectedPair(local: Self.newAddress, remote: Story.addressB)))
        let isNeeded = story.a.needs(Story.addressA)
        #expect(!isNeeded)
        story.run(for: .seconds(60))
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
    }

    @Test("The one who answered may restart as well, and the roles of DTLS stay (RFC 8842 §5.5)")
    func answererRestarts()
        throws
    {
        let story = try connected()
        story.b.restart(hostAddresses: [Self.newAddress])
        let offer = story.b.createOffer(at: story.now)
        #expect(offer.contains("a=setup:actpass\r\n"))
        let again = story.b.createOffer(at: story.now)
        #expect(again == offer)
        let (answer, outputs) = try story.a.createAnswer(toOffer: offer, at: story.now)
        #expect(answer.contains("a=setup:passive\r\n"))
        story.perform(outputs, of: .a)
        story.perform(try story.b.acceptAnswer(answer, at: story.now), of: .b)
        story.run(for: .milliseconds(300))
        #expect(story.b.statistics.selectedPair == .init(local: Self.newAddress, remote: Story.addressA))
        expectSpeech(story)
    }

    @Test("The old address may be dead: the restart finds the new one") func addressGone() throws {
        let story = try connected()
        story.rule = { datagram, _ in datagram.from != Story.addressA && datagram.to != Story.addressA }
        story.run(for: .seconds(5))
        story.a.restart(hostAddresses: [Self.newAddress])
        let (answer, outputs) = try story.b.createAnswer(toOffer: story.a.createOffer(at: story.now), at: story.now)
        story.perform(outputs, of: .b)
        story.perform(try story.a.acceptAnswer(answer, at: story.now), of: .a)
        story.run(for: .milliseconds(300))
        expectSpeech(story)
    }

    @Test("A restart that finds no way leaves the old one, as long as there is consent (RFC 8445 §9)")
    func failedRestart()
        throws
    {
        let story = try connected()
        story.rule = { datagram, _ in datagram.from != Self.newAddress && datagram.to != Self.newAddress }
        story.a.restart(hostAddresses: [Self.newAddress])
        let (answer, outputs) = try story.b.createAnswer(toOffer: story.a.createOffer(at: story.now), at: story.now)
        story.perform(outputs, of: .b)
        story.perform(try story.a.acceptAnswer(answer, at: story.now), of: .a)
        story.run(for: .seconds(40))
        #expect(story.a.state == .connected)
        expectSpeech(story)
        story.rule = { _, _ in false }
        story.run(for: .seconds(31))
        #expect(story.events[.a]?.last == .stateChanged(.failed(.consentLost)))
    }

    @Test("A restart nobody wants to answer is withdrawn") func withdrawn() throws {
        let story = try connected()
        story.a.restart(hostAddresses: [Self.newAddress])
        _ = story.a.createOffer(at: story.now)
        story.a.withdrawOffer()
        let isNeeded = story.a.needs(Self.newAddress)
        #expect(!isNeeded)
        expectSpeech(story)
    }

    @Test(
        "An mDNS name is resolved, or the peer's checks tell its address (RFC 8445 §7.3.1.3)", arguments: [true, false])
    func localName(isKnown: Bool) throws {
        let story = Story()
        let name = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local"
        try story.negotiate(offer: { $0.replacing("192.0.2.1 5000 typ", with: "\(name) 5000 typ") })
        #expect(story.events[.b]?.contains(.resolve(name: name)) == true)
        #expect(story.events[.b]?.contains(.diagnostic(.skippedCandidates(1))) == false)
        story.perform(
            story.b.resolved(name, to: isKnown ? Story.addressA.address : nil, at: story.now), of: .b)
        #expect(story.datagrams.contains { $0.to == Story.addressA } == isKnown)
        story.run(for: .milliseconds(300))
        #expect(story.b.state == .connected)
        #expect(story.b.statistics.remoteCandidate == (isKnown ? .host : .peerReflexive))
    }

    @Test("Candidates come in fragments that name their description (RFC 8840 §9)") func fragments() throws {
        let story = Story()
        story.rule = { datagram, _ in datagram.from != Story.addressA || story.now.nanoseconds > 2_000_000_000 }
        var line = ""
        try story.negotiate(offer: { offer in
            line = offer.split(separator: "\r\n").first { $0.hasPrefix("a=candidate") }.map(String.init) ?? ""
            return offer.replacing(line + "\r\n", with: "").replacing("a=end-of-candidates\r\n", with: "")
        })
        let ufrag = try #require(
            story.a.createOffer(at: story.now).split(separator: "\r\n").first { $0.hasPrefix("a=ice-ufrag") })
        story.a.withdrawOffer()
        let foreign = "a=ice-ufrag:other\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\(line)\r\n"
        for useless in [foreign, "\(ufrag)\r\n"] {
            let isTaken = story.b.addCandidates(fragment: useless, at: story.now).isTaken
            #expect(!isTaken)
        }
        #expect(!story.datagrams.contains { $0.to == Story.addressA })
        let fragment = "\(ufrag)\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\(line)\r\na=end-of-candidates\r\n"
        let (isTaken, outputs) = story.b.addCandidates(fragment: fragment, at: story.now)
        #expect(isTaken)
        story.perform(outputs, of: .b)
        #expect(story.datagrams.contains { $0.to == Story.addressA })
        story.run(for: .seconds(3))
        #expect(story.b.state == .connected)
    }
}
