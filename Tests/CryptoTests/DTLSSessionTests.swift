import Crypto
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct DTLSSessionTests {
    static let start = Instant(nanoseconds: 5_000_000_000)
    static let alice = Certificate.selfSigned()
    static let bob = Certificate.selfSigned()

    /// Alice is the client, Bob the server.
    static func client(expecting fingerprints: [Fingerprint] = [bob.fingerprint]) -> DTLSSession {
        DTLSSession(role: .client, certificate: alice, peerFingerprints: fingerprints)
    }

    static func server(expecting fingerprints: [Fingerprint] = [alice.fingerprint]) -> DTLSSession {
        DTLSSession(role: .server, certificate: bob, peerFingerprints: fingerprints)
    }

    static func keys(of session: borrowing DTLSSession) throws -> SRTPKeys {
        let keys = session.keys
        return try #require(keys)
    }

    /// Carries datagrams to and fro until both ends are silent.
    static func carry(_ client: inout DTLSSession, _ server: inout DTLSSession) throws(DTLSSession.Failure) {
        while true {
            let forth = client.takeDatagrams()
            for datagram in forth { try server.receive(datagram.span, at: Self.start) }
            let back = server.takeDatagrams()
            for datagram in back { try client.receive(datagram.span, at: Self.start) }
            if forth.isEmpty && back.isEmpty { return }
        }
    }

    @Test("Both ends have the same keys, crosswise, of the profile preferred by both (RFC 5764 §4.2)")
    func handshake() throws {
        var client = Self.client()
        var server = Self.server()
        try client.start(at: Self.start)
        try server.start(at: Self.start)
        try Self.carry(&client, &server)
        let clientKeys = try Self.keys(of: client)
        let serverKeys = try Self.keys(of: server)
        #expect(clientKeys.profile == .aeadAES128GCM)
        #expect(serverKeys.profile == .aeadAES128GCM)
        #expect(clientKeys.sending == serverKeys.receiving)
        #expect(clientKeys.receiving == serverKeys.sending)
        #expect(clientKeys.sending != clientKeys.receiving)
        #expect(clientKeys.sending.value.count == 28)
        #expect(client.deadline == nil)
        #expect(server.deadline == nil)
    }

    @Test("The keys work in SRTP sessions of both ends")
    func keysWork() throws {
        var client = Self.client()
        var server = Self.server()
        try client.start(at: Self.start)
        try Self.carry(&client, &server)
        var sender = try SRTPSession(.sending, keys: Self.keys(of: client))
        var receiver = try SRTPSession(.receiving, keys: Self.keys(of: server))
        var buffer = SRTPSessionTests.rtp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var span = buffer.mutableSpan
        let protected = try sender.protectRTP(&span, count: SRTPSessionTests.rtp.count)
        let length = try receiver.unprotectRTP(&span, count: protected)
        #expect(buffer.prefix(length).elementsEqual(SRTPSessionTests.rtp))
    }

    @Test("A client that is shown another certificate than its SDP named fails and has no keys (RFC 8122 §6.2)")
    func wrongServer() throws {
        var client = Self.client(expecting: [Certificate.selfSigned().fingerprint])
        var server = Self.server()
        try client.start(at: Self.start)
        #expect(throws: DTLSSession.Failure.fingerprintMismatch) { try Self.carry(&client, &server) }
        #expect(client.keys == nil)
        #expect(throws: DTLSSession.Failure.fingerprintMismatch) {
            try client.receive([22, 254, 253].span, at: Self.start)
        }
    }

    @Test("A server checks the client's certificate just so")
    func wrongClient() throws {
        var client = Self.client()
        var server = Self.server(expecting: [])
        try client.start(at: Self.start)
        #expect(throws: DTLSSession.Failure.fingerprintMismatch) { try Self.carry(&client, &server) }
        #expect(server.keys == nil)
    }

    @Test("No datagram is longer than 1,200 bytes, and each is made of whole records (RFC 6347 §4.1.1)")
    func datagramLengths() throws {
        var client = Self.client()
        var server = Self.server()
        try client.start(at: Self.start)
        for _ in 0..<4 {
            for datagram in client.takeDatagrams() {
                #expect(Self.isMadeOfWholeRecords(datagram))
                try server.receive(datagram.span, at: Self.start)
            }
            for datagram in server.takeDatagrams() {
                #expect(Self.isMadeOfWholeRecords(datagram))
                try client.receive(datagram.span, at: Self.start)
            }
        }
        #expect(client.keys != nil && server.keys != nil)
    }

    static func isMadeOfWholeRecords(_ datagram: [UInt8]) -> Bool {
        var position = 0
        while position + 13 <= datagram.count {
            position += 13 + Int(datagram[position + 11]) << 8 + Int(datagram[position + 12])
        }
        return position == datagram.count && datagram.count <= 1_200
    }

    @Test("A lost flight is sent again when its time is up (RFC 6347 §4.2.4)", arguments: 0..<4)
    func lostFlight(lost: Int) throws {
        var client = Self.client()
        var server = Self.server()
        var now = Self.start
        try client.start(at: now)
        var flight = 0
        while client.keys == nil || server.keys == nil {
            let forth = client.takeDatagrams()
            if !forth.isEmpty {
                if flight != lost { for datagram in forth { try server.receive(datagram.span, at: now) } }
                flight += 1
            }
            let back = server.takeDatagrams()
            if !back.isEmpty {
                if flight != lost { for datagram in back { try client.receive(datagram.span, at: now) } }
                flight += 1
            }
            guard forth.isEmpty, back.isEmpty else { continue }
            let next = earliest(client.deadline, server.deadline)
            now = try #require(next)
            try client.handleTimeout(at: now)
            try server.handleTimeout(at: now)
        }
        #expect(client.keys?.sending == server.keys?.receiving)
        #expect(now <= Self.start + .milliseconds(100))
    }

    @Test("The first time-out is 100 ms, then twice as much each time, 2 s at most; the thirteenth is the end")
    func timeout() throws {
        var client = Self.client()
        #expect(client.deadline == nil)
        try client.start(at: Self.start)
        let hello = client.takeDatagrams()
        #expect(hello.count == 1)
        var (now, waits): (Instant, [Duration]) = (Self.start, [])
        for _ in 0..<12 {
            let next = client.deadline
            let deadline = try #require(next)
            try client.handleTimeout(at: deadline - .nanoseconds(1))
            #expect(client.takeDatagrams() == [])
            try client.handleTimeout(at: deadline)
            waits.append(deadline - now)
            now = deadline
            let again = client.takeDatagrams()
            #expect(again.map(\.count) == hello.map(\.count))
            // The same message in a record with a number of its own, as replay protection wants it (§4.1).
            #expect(again.map { $0.dropFirst(11) } == hello.map { $0.dropFirst(11) })
            #expect(again != hello)
        }
        let milliseconds = [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000, 2_000, 2_000, 2_000]
        #expect(waits == milliseconds.map { .milliseconds($0) })
        now = now + .seconds(2)
        #expect(throws: DTLSSession.Failure.timedOut) { try client.handleTimeout(at: now) }
        #expect(client.deadline == nil)
    }

    @Test("A client drops a ClientHello and goes on")
    func strayClientHello() throws {
        var client = Self.client()
        var other = DTLSSession(role: .client, certificate: Self.bob, peerFingerprints: [])
        var server = Self.server()
        try client.start(at: Self.start)
        try other.start(at: Self.start)
        for datagram in other.takeDatagrams() { try client.receive(datagram.span, at: Self.start) }
        try Self.carry(&client, &server)
        #expect(client.keys != nil && server.keys != nil)
    }

    @Test("A ClientHello in two datagrams is put together (RFC 6347 §4.2.3)", arguments: [false, true])
    func splitClientHello(isReversed: Bool) throws {
        var client = Self.client()
        var server = Self.server()
        try client.start(at: Self.start)
        let hello = try #require(client.takeDatagrams().first)
        var fragments = Self.split(hello)
        if isReversed { fragments.reverse() }
        for fragment in fragments { try server.receive(fragment.span, at: Self.start) }
        try Self.carry(&client, &server)
        #expect(client.keys != nil && server.keys != nil)
    }

    /// Makes two records, each with half of the handshake message, of a datagram that holds one.
    static func split(_ datagram: [UInt8]) -> [[UInt8]] {
        let (recordHeader, messageHeader, body) = (datagram.prefix(13), datagram[13..<25], datagram[25...])
        let half = body.count / 2
        // A record number the client will not use itself, within the window of replay protection.
        let sparedNumber = 40
        return [(0, body.prefix(half)), (1, body.dropFirst(half))].map { index, fragment in
            var bytes = [UInt8](recordHeader + messageHeader + fragment)
            let (offset, length) = (index * half, fragment.count)
            bytes[10] = UInt8(index * sparedNumber)
            bytes.replaceSubrange(11..<13, with: [UInt8((length + 12) >> 8), UInt8((length + 12) & 0xFF)])
            bytes.replaceSubrange(19..<22, with: [0, UInt8(offset >> 8), UInt8(offset & 0xFF)])
            bytes.replaceSubrange(22..<25, with: [0, UInt8(length >> 8), UInt8(length & 0xFF)])
            return bytes
        }
    }

    @Test("close_notify reaches the peer (RFC 6347 §4.1, RFC 5764 §5.1.1)")
    func close() throws {
        var client = Self.client()
        var server = Self.server()
        try client.start(at: Self.start)
        try Self.carry(&client, &server)
        server.close()
        try Self.carry(&client, &server)
        #expect(client.isClosedByPeer == true)
        #expect(server.isClosedByPeer == false)
    }

    @Test("Datagrams that make no sense are dropped, and the handshake goes on (RFC 6347 §4.1.2.7)")
    func garbage() throws {
        var client = Self.client()
        var server = Self.server()
        try client.start(at: Self.start)
        for length in 0..<64 {
            var randomness = Randomness.seeded(UInt64(length))
            try server.receive(randomness.bytes(length).span, at: Self.start)
            try client.receive(([22, 254, 253, 0, 0] + randomness.bytes(length)).span, at: Self.start)
        }
        try Self.carry(&client, &server)
        #expect(client.keys != nil && server.keys != nil)
    }

    @Test("After the handshake a client's last flight that comes again is answered again (RFC 6347 §4.2.4)")
    func lostLastFlight() throws {
        var client = Self.client()
        var server = Self.server()
        try client.start(at: Self.start)
        for datagram in client.takeDatagrams() { try server.receive(datagram.span, at: Self.start) }
        for datagram in server.takeDatagrams() { try client.receive(datagram.span, at: Self.start) }
        for datagram in client.takeDatagrams() { try server.receive(datagram.span, at: Self.start) }
        #expect(server.keys != nil)
        #expect(!server.takeDatagrams().isEmpty)
        let deadline = client.deadline
        try client.handleTimeout(at: try #require(deadline))
        try Self.carry(&client, &server)
        #expect(client.keys != nil)
    }
}
