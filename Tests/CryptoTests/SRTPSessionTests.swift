import Crypto
import Testing
import Wire

@Suite struct SRTPSessionTests {
    /// The master key and salt of RFC 3711 §B.3.
    static let rfc3711 = [UInt8](hex: "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6")
    static let gcmSalt = "a0a1a2a3a4a5a6a7a8a9aaab"
    static let gcm128 = [UInt8](hex: "000102030405060708090a0b0c0d0e0f" + gcmSalt)
    static let gcm256 = [UInt8](hex: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" + gcmSalt)

    static let rtp = [UInt8](hex: "800f1234decafbadcafebabe" + String(repeating: "ab", count: 16))
    static let rtcp = [UInt8](hex: "81c8000bcafebabe" + String(repeating: "ab", count: 40))

    static func key(for profile: SRTPProfile) -> [UInt8] {
        switch profile {
        case .aes128CMSHA1_80: rfc3711
        case .aeadAES128GCM: gcm128
        case .aeadAES256GCM: gcm256
        }
    }

    static func session(_ direction: SRTPSession.Direction, _ profile: SRTPProfile) throws -> SRTPSession {
        let key = key(for: profile)
        return try SRTPSession(direction, keys: SRTPKeys(profile: profile, sending: key, receiving: key))
    }

    // The packets were computed from the RFCs' formulas by an independent program, which also yields the session keys
    // of RFC 3711 §B.3 and the first packet of RFC 7714 §16.
    @Test(
        "A packet is protected as RFC 3711 §4 and RFC 7714 §8 say, starting from the master key",
        arguments: [
            (
                SRTPProfile.aes128CMSHA1_80,
                "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"
            ),
            (
                .aeadAES128GCM,
                "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392"
            ),
            (
                .aeadAES256GCM,
                "800f1234decafbadcafebabe0af7f21e8a90bdad7a425c9c31ed4bb1d90238917e7390a2793500e1681acaea"
            ),
        ])
    func knownPackets(profile: SRTPProfile, protected: String) throws {
        var sender = try Self.session(.sending, profile)
        var buffer = Self.rtp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var span = buffer.mutableSpan
        let length = try sender.protectRTP(&span, count: Self.rtp.count)
        #expect(buffer.prefix(length).elementsEqual([UInt8](hex: protected)))
    }

    @Test("A compound is protected as RFC 3711 §3.4 says: encrypted after its SSRC, with index and tag behind")
    func knownCompound() throws {
        var sender = try Self.session(.sending, .aes128CMSHA1_80)
        var buffer = Self.rtcp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var span = buffer.mutableSpan
        let length = try sender.protectRTCP(&span, count: Self.rtcp.count)
        let expected =
            "81c8000bcafebabe7128035be487b9bdbef89041f977a5a8d5efb8816abf868c340e5082be1e90ca6bdd31954a81a47d"
            + "8000000163a50d16b51439563031"
        #expect([UInt8](buffer.prefix(length)).hex == expected)
    }

    @Test("What one end protects the other reads, RTP and RTCP, in every profile", arguments: SRTPProfile.allCases)
    func roundTrip(profile: SRTPProfile) throws {
        var sender = try Self.session(.sending, profile)
        var receiver = try Self.session(.receiving, profile)
        var buffer = Self.rtp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var span = buffer.mutableSpan
        let length = try receiver.unprotectRTP(&span, count: sender.protectRTP(&span, count: Self.rtp.count))
        #expect(buffer.prefix(length).elementsEqual(Self.rtp))

        var compound = Self.rtcp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var compoundSpan = compound.mutableSpan
        let protected = try sender.protectRTCP(&compoundSpan, count: Self.rtcp.count)
        let compoundLength = try receiver.unprotectRTCP(&compoundSpan, count: protected)
        #expect(compound.prefix(compoundLength).elementsEqual(Self.rtcp))
    }

    @Test("A packet that comes twice is a replay (RFC 3711 §3.3.2)")
    func replay() throws {
        var sender = try Self.session(.sending, .aeadAES128GCM)
        var receiver = try Self.session(.receiving, .aeadAES128GCM)
        var first = Self.rtp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var span = first.mutableSpan
        let length = try sender.protectRTP(&span, count: Self.rtp.count)
        var second = first
        var firstSpan = first.mutableSpan
        _ = try receiver.unprotectRTP(&firstSpan, count: length)
        var secondSpan = second.mutableSpan
        #expect(
            Self.failure { () throws(SRTPSession.Failure) in try receiver.unprotectRTP(&secondSpan, count: length) }
                == .replayed)
    }

    @Test("A packet with one bit changed fails authentication (RFC 3711 §3.3)", arguments: SRTPProfile.allCases)
    func forgery(profile: SRTPProfile) throws {
        var sender = try Self.session(.sending, profile)
        var receiver = try Self.session(.receiving, profile)
        var buffer = Self.rtp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var span = buffer.mutableSpan
        let length = try sender.protectRTP(&span, count: Self.rtp.count)
        span[15] ^= 1
        #expect(
            Self.failure { () throws(SRTPSession.Failure) in try receiver.unprotectRTP(&span, count: length) }
                == .authentication)
    }

    @Test("Packets cut short are malformed, whatever their length", arguments: SRTPProfile.allCases)
    func shortPackets(profile: SRTPProfile) throws {
        var receiver = try Self.session(.receiving, profile)
        for count in 0..<12 {
            var buffer = [UInt8](repeating: 0x80, count: 12)
            var span = buffer.mutableSpan
            #expect(
                Self.failure { () throws(SRTPSession.Failure) in try receiver.unprotectRTP(&span, count: count) }
                    == .malformed)
            #expect(
                Self.failure { () throws(SRTPSession.Failure) in try receiver.unprotectRTCP(&span, count: count) }
                    == .malformed)
        }
    }

    @Test("Lengths that are beyond the buffer are refused")
    func noRoom() throws {
        var sender = try Self.session(.sending, .aeadAES128GCM)
        var receiver = try Self.session(.receiving, .aeadAES128GCM)
        var buffer = Self.rtp
        var span = buffer.mutableSpan
        #expect(
            Self.failure { () throws(SRTPSession.Failure) in try sender.protectRTP(&span, count: Self.rtp.count) }
                == .noRoom)
        #expect(
            Self.failure { () throws(SRTPSession.Failure) in try receiver.unprotectRTP(&span, count: Self.rtp.count + 1)
            } == .noRoom)
    }

    @Test("A peer may change its source, but not without end; who is not authentic takes nobody's place")
    func sources() throws {
        var receiver = try Self.session(.receiving, .aeadAES128GCM)
        func outcome(of source: Int, isForged: Bool) throws -> SRTPSession.Failure? {
            var sender = try Self.session(.sending, .aeadAES128GCM)
            var buffer = Self.rtp + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
            (buffer[10], buffer[11]) = (UInt8(source >> 8), UInt8(source & 0xFF))
            var span = buffer.mutableSpan
            let length = try sender.protectRTP(&span, count: Self.rtp.count)
            if isForged { span[15] ^= 1 }
            return Self.failure { () throws(SRTPSession.Failure) in try receiver.unprotectRTP(&span, count: length) }
        }
        for source in 0..<SRTPSession.maximumSources {
            #expect(try outcome(of: 1_000 + source, isForged: true) == .authentication)
            #expect(try outcome(of: source, isForged: false) == nil)
        }
        #expect(try outcome(of: 2_000, isForged: false) == .tooManySources)
        #expect(try outcome(of: 0, isForged: false) == .replayed)
    }

    @Test("A key of the wrong length is refused")
    func badKey() {
        let keys = SRTPKeys(profile: .aeadAES256GCM, sending: Self.gcm128, receiving: Self.gcm128)
        #expect(throws: SRTPSession.Failure.badKey) { _ = try SRTPSession(.sending, keys: keys) }
    }

    @Test("Sequence numbers wrap and the rollover counter follows (RFC 3711 §3.3.1)")
    func rollover() throws {
        var sender = try Self.session(.sending, .aes128CMSHA1_80)
        var receiver = try Self.session(.receiving, .aes128CMSHA1_80)
        for sequenceNumber in [UInt16(0xFFFE), 0xFFFF, 0, 1] {
            var packet = Self.rtp
            packet[2] = UInt8(sequenceNumber >> 8)
            packet[3] = UInt8(sequenceNumber & 0xFF)
            var buffer = packet + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
            var span = buffer.mutableSpan
            let length = try receiver.unprotectRTP(&span, count: sender.protectRTP(&span, count: packet.count))
            #expect(buffer.prefix(length).elementsEqual(packet))
        }
    }

    private static func failure(of operation: () throws(SRTPSession.Failure) -> Int) -> SRTPSession.Failure? {
        do {
            _ = try operation()
            return nil
        } catch {
            return error
        }
    }
}
