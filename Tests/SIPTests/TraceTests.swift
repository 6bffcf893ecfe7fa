import Testing
import Wire

@testable import SIP

private let local = Endpoint(.loopback4, port: 40_000)
private let remote = Endpoint(.v4(0xC000_0207), port: 9060)
private let path = Trace.Path(local: local, remote: remote)
private let now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 1_795_600_000_123)

private func message(_ number: Int, callID: String = "a") -> [UInt8] {
    wire("OPTIONS sip:x SIP/2.0\nCall-ID: \(callID)\nCSeq: \(number) OPTIONS\n\n")
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite("The trace of SIP messages")
struct TraceTests {
    @Test(
        "Proofs, foreign credentials and media keys are masked, and nothing else",
        arguments: [
            (
                "Authorization: Digest username=\"a\", response=\"0123\", nc=00000001, cnonce=\"response=1\"",
                "Authorization: Digest username=\"a\", response=\"xxxx\", nc=00000001, cnonce=\"response=1\""
            ),
            (
                "proxy-authorization :digest RESPONSE = 0123,uri=\"x\"",
                "proxy-authorization :digest RESPONSE = xxxx,uri=\"x\""
            ),
            (
                "Authorization: Digest uri=\"x\",\n\tresponse=\n \"ab\"",
                "Authorization: Digest uri=\"x\",\n\tresponse=\n \"xx\""
            ),
            ("Authorization: Digest response=\"a\\\"b", "Authorization: Digest \(String(repeating: "x", count: 14))"),
            ("Authorization: Basic QWxh ZGRp", "Authorization: Basic xxxx xxxx"),
            ("Authentication-Info: qop=auth, rspauth=\"12\"", "Authentication-Info: qop=auth, rspauth=\"xx\""),
            ("WWW-Authenticate: Digest response=\"12\"", "WWW-Authenticate: Digest response=\"12\""),
            (
                "X: 1\n\na=ice-pwd:secret\na=ice-ufrag:u\na=crypto:1 A inline:k",
                "X: 1\n\na=ice-pwd:xxxxxx\na=ice-ufrag:u\na=crypto:x x xxxxxxxx"
            ),
            ("X: 1\n\nAuthorization: Digest response=\"0123\"", "X: 1\n\nAuthorization: Digest response=\"xxxx\""),
            ("X: 1\n\n a\na=ice-pwd:secret\nk=clear:me", "X: 1\n\n a\na=ice-pwd:xxxxxx\nk=clear:xx"),
            ("", ""), ("Authorization:", "Authorization:"), ("Authorization: Digest", "Authorization: Digest"),
        ])
    func masking(fields: String, masked: String) {
        let head = "REGISTER sip:x SIP/2.0\n"
        #expect(text(Trace.masked(wire(head + fields))) == text(wire(head + masked)))
    }

    @Test("Whatever the bytes are, as many come out")
    func anyBytes() {
        var randomness = Randomness.seeded(7)
        let words = [
            "Authorization: ", "Digest ", "response=", "\"", "\r\n", "\n", " ", ",", "\\", "a=ice-pwd:", "\u{0}ä",
        ]
        for _ in 0..<2000 {
            let bytes = (0..<12).flatMap { _ in Array(words[Int(randomness.next() % UInt64(words.count))].utf8) }
            #expect(Trace.masked(bytes).count == bytes.count)
        }
    }

    @Test("The oldest messages go, by number or by size; what is larger than all is not kept")
    func limits() {
        var limits = Trace.Limits()
        limits.messages = 3
        var trace = Trace(limits)
        for number in 1...5 { trace.append(message(number), .sent, over: path, at: now) }
        #expect(trace.records.map(\.number) == [3, 4, 5])
        limits.bytes = 2 * message(1).count
        trace = Trace(limits)
        for number in 1...5 { trace.append(message(number), .sent, over: path, at: now) }
        #expect(trace.records.map(\.number) == [4, 5])
        #expect(trace.append([UInt8](repeating: 1, count: limits.bytes + 1), .sent, over: path, at: now) == nil)
        #expect(trace.records.count == 2)
        limits.messages = 0
        trace = Trace(limits)
        #expect(trace.append(message(1), .sent, over: path, at: now) == nil)
    }

    @Test("A call's messages, and those behind a number, are picked out")
    func selection() {
        var trace = Trace(Trace.Limits())
        for number in 1...4 {
            trace.append(message(number, callID: number % 2 == 0 ? "b" : "a"), .sent, over: path, at: now)
        }
        #expect(trace.records(after: 0, callID: "b").map(\.number) == [2, 4])
        #expect(trace.records(after: 2, callID: nil).map(\.number) == [3, 4])
        #expect(trace.records(after: 2, callID: "a").map(\.number) == [3])
    }

    @Test("As a ladder: who, and each message as an arrow; what is no message has one as well")
    func ladder() {
        var trace = Trace(Trace.Limits())
        trace.append(message(1), .sent, over: path, at: now)
        trace.append(wire("noise"), .received, over: path, at: now)
        let ladder = trace.records.ladder
        #expect(ladder["participants"] == ["127.0.0.1:40000", "192.0.2.7:9060"])
        #expect(
            ladder["arrows"]?.array?.first == [
                "number": 1, "time": "2026-11-25T09:46:40.123Z", "direction": "sent", "from": "127.0.0.1:40000",
                "to": "192.0.2.7:9060", "summary": "OPTIONS sip:x SIP/2.0", "callID": "a", "cSeq": "1 OPTIONS",
                "text": .string(text(message(1))),
            ])
        let noise = ladder["arrows"]?.array?.last
        #expect(noise?["from"] == "192.0.2.7:9060")
        #expect(noise?["summary"] == "noise")
        #expect(noise?["callID"] == .null)
    }

    @Test("As a capture file: its header, then each packet with tags that say SIP, from and to (pcap, exported PDUs)")
    func captureFile() throws {
        var trace = Trace(Trace.Limits())
        trace.append(message(1), .received, over: path, at: now)
        var reader = ByteReader(CaptureFile.bytes(of: trace.records).span)
        #expect(try reader.readUInt32() == 0xA1B2_C3D4)
        _ = try reader.readBytes(count: 16)
        #expect(try reader.readUInt32() == 252)
        #expect(try reader.readUInt32() == 1_795_600_000)
        #expect(try reader.readUInt32() == 123_000)
        let count = try reader.readUInt32()
        #expect(try reader.readUInt32() == count)
        var tags: [UInt16: [UInt8]] = [:]
        while true {
            let (tag, length) = (try reader.readUInt16(), try reader.readUInt16())
            let value = try reader.readBytes(count: Int(length))
            if tag == 0 { break }
            tags[tag] = value
        }
        #expect(tags[12] == Array("sip\0".utf8))
        #expect(tags[20] == [192, 0, 2, 7])
        #expect(tags[21] == [127, 0, 0, 1])
        #expect(tags[25] == [0, 0, 0x23, 0x64])
        #expect(try reader.readBytes(count: message(1).count) == message(1))
    }

    @Test("As a HEP packet: its length, and a chunk for each fact (HEP 3)")
    func hepPacket() throws {
        var trace = Trace(Trace.Limits())
        let six = Trace.Path(local: Endpoint(.loopback6, port: 1), remote: Endpoint(.v6(high: 2, low: 3), port: 2))
        trace.append(message(1), .sent, over: six, at: now)
        let record = try #require(trace.records.last)
        let packet = try #require(HEPPacket.bytes(of: record, agentID: 7, key: Redacted("secret")))
        var reader = ByteReader(packet.span)
        #expect(try reader.readBytes(count: 4) == Array("HEP3".utf8))
        #expect(try reader.readUInt16() == UInt16(packet.count))
        var chunks: [UInt16: [UInt8]] = [:]
        var position = 6
        while position < packet.count {
            #expect(try reader.readUInt16() == 0)
            let (type, length) = (try reader.readUInt16(), Int(try reader.readUInt16()))
            chunks[type] = try reader.readBytes(count: length - 6)
            position += length
        }
        #expect(chunks[1] == [10])
        #expect(chunks[5] == IPAddress.loopback6.bytes)
        #expect(chunks[8] == [0, 2])
        #expect(chunks[9] == [0x6B, 0x06, 0xAE, 0x80])
        #expect(chunks[12] == [0, 0, 0, 7])
        #expect(chunks[14] == Array("secret".utf8))
        #expect(chunks[15] == message(1))
        trace.append([UInt8](repeating: 65, count: 66_000), .sent, over: six, at: now)
        let long = try #require(trace.records.last)
        #expect(HEPPacket.bytes(of: long, agentID: 7, key: nil) == nil)
    }
}
