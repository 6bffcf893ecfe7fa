import SIP
import Testing
import Wire

@Suite("Messages made up at random")
struct RoundTripTests {
    @Test(
        "what is read is written so that it is read the same, and its unknown fields as they stood", arguments: 0..<300)
    func roundTrip(seed: UInt64) throws {
        var mill = MessageMill(seed: seed)
        let text = mill.message()
        let message = try read(text)
        let (written, headers) =
            switch message {
            case .request(let request): (request.bytes, request.headers)
            case .response(let response): (response.bytes, response.headers)
            }
        #expect(try read(written) == message)
        let lines = String(decoding: written, as: UTF8.self)
        for field in headers.fields where field.name.rawValue.hasPrefix("X-") {
            #expect(lines.contains("\r\n\(field.name): "))
        }
    }

    @Test(
        "no message with bytes changed, moved or left out does harm, and what is read of it is stable",
        arguments: 0..<300)
    func mutilated(seed: UInt64) throws {
        var mill = MessageMill(seed: seed)
        let bytes = wire(mill.message())
        for _ in 0..<20 {
            guard let message = try? read(mill.mutilated(bytes)) else { continue }
            switch message {
            case .request(let request): #expect(try read(request.bytes) == message)
            case .response(let response): #expect(try read(response.bytes) == message)
            }
        }
    }
}

/// Makes well-formed messages of unusual form, the same ones for the same seed.
private struct MessageMill {
    private var randomness: Randomness

    init(seed: UInt64) { randomness = .seeded(seed) }

    private mutating func one(of choices: [String]) -> String {
        choices[Int.random(in: choices.indices, using: &randomness)]
    }

    private mutating func isSo() -> Bool { Bool.random(using: &randomness) }

    mutating func message() -> String {
        let method = one(of: ["INVITE", "MESSAGE", "REGISTER", "x.Y-!%*_+`'~1"])
        let start =
            isSo()
            ? "\(method) \(requestTarget()) SIP/2.0"
            : "SIP/2.0 \(Int.random(in: 100...699, using: &randomness)) \(one(of: ["OK", "", "Grüß  Gott"]))"
        var fields = [
            "\(one(of: ["From", "f", "FROM", "f "])): \(address())", "\(one(of: ["To", "t", "tO"])):\(address())",
            "\(one(of: ["Call-ID", "i", "call-id"])): \(one(of: ["a", "x\"<y>@z", "0@[::1]"]))",
            "CSeq: \(Int.random(in: 0..<1 << 31, using: &randomness)) \(start.hasPrefix("SIP") ? "BYE" : method)",
            "\(one(of: ["Via", "v"])): \(hop()), \(hop())", "\(one(of: ["Via", "V"])): \(hop())",
        ]
        if isSo() { fields.append("Max-Forwards: \(Int.random(in: 0...255, using: &randomness))") }
        for _ in 0..<Int.random(in: 0...5, using: &randomness) {
            fields.append(
                one(of: [
                    "m: \(address()), \(address())",
                    "X-\(one(of: ["a", "Bc", "d-E"])): \(one(of: ["", "ü, \"", "a;b,c:d"]))",
                    "Subject: one\n two\n\tthree", "Supported: timer , path,, 100rel", "X-Folded:\n  \n a",
                ]))
        }
        fields.shuffle(using: &randomness)
        let body = one(of: ["", "v=0\n", "\0\u{1}ü"])
        if isSo() { fields.append("\(one(of: ["l", "Content-Length"])): \(wire(body).count)") }
        return ([start] + fields).joined(separator: "\n") + "\n\n" + body
    }

    private mutating func host() -> String {
        one(of: ["a", "Example.COM", "192.0.2.1", "[2001:db8::1]", "a_b.c-d"]) + one(of: ["", ":1", ":65535"])
    }

    private mutating func requestTarget() -> String {
        "\(one(of: ["sip", "SIPS"])):\(one(of: ["", "u@", "+1-2;x=y:p@", "a%20b?/@"]))\(host())\(one(of: ["", ";lr", ";a=b;C"]))"
    }

    private mutating func address() -> String {
        let parameters = one(of: ["", ";tag=1", " ; q = 0.1 ;x=\"a;\\\"b\"", ";flag;b=[::1]"])
        if isSo() { return "sip:u@\(host())" + parameters }
        let name = one(of: ["", "A B ", "\"q \\\" <,\" ", "Zoë "])
        let uri = one(of: ["\(requestTarget())?a=b&c", "tel:+1;x=y", "urn:service:sos"])
        return "\(name)<\(uri)>" + parameters
    }

    private mutating func hop() -> String {
        one(of: ["SIP/2.0/WSS ", "sip / 2.0 / x ", "SIP/2.0/UDP\t"]) + host()
            + one(of: [";branch=z9hG4bK1", " ;received=::1 ; rport", ""])
    }

    mutating func mutilated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &randomness) where bytes.count > 2 {
            let place = Int.random(in: bytes.indices, using: &randomness)
            let other = Int.random(in: bytes.indices, using: &randomness)
            switch Int.random(in: 0..<4, using: &randomness) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &randomness)
            case 1: bytes.swapAt(place, other)
            case 2: bytes.removeSubrange(min(place, other)..<min(max(place, other), min(place, other) + 8))
            default: bytes.insert(contentsOf: "\r\n <>\";,:=@".utf8.shuffled(using: &randomness).prefix(3), at: place)
            }
        }
        return bytes
    }
}
