import Foundation
import SIP
import Testing
import Wire

/// Every message of RFC 4475 and RFC 5118 with what becomes of it.
///
/// Three of RFC 5118's messages print a Content-Length that is not their body's; here it is.
struct TortureCase: Sendable, CustomTestStringConvertible {
    enum Verdict: Sendable, Equatable {
        case request(Method)
        case response(Int)
        /// Not readable, and answered with that status.
        case refused(Malformed, status: Int)
        /// Not readable, and not answered.
        case dropped(Malformed)
    }

    var file: String
    var verdict: Verdict
    var testDescription: String { file }

    static func bytes(of file: String) throws -> [UInt8] {
        let url = Bundle.module.resourceURL?.appending(path: "\(file).dat")
        return Array(try Data(contentsOf: try #require(url)))
    }

    static let all = [
        TortureCase(file: "rfc4475/valid/dblreq", verdict: .request(.register)),
        TortureCase(file: "rfc4475/valid/esc01", verdict: .request(.invite)),
        TortureCase(file: "rfc4475/valid/esc02", verdict: .request("RE%47IST%45R")),
        TortureCase(file: "rfc4475/valid/escnull", verdict: .request(.register)),
        TortureCase(file: "rfc4475/valid/intmeth", verdict: .request("!interesting-Method0123456789_*+`.%indeed'~")),
        TortureCase(file: "rfc4475/valid/longreq", verdict: .request(.invite)),
        TortureCase(file: "rfc4475/valid/lwsdisp", verdict: .request(.options)),
        TortureCase(file: "rfc4475/valid/mpart01", verdict: .request(.message)),
        TortureCase(file: "rfc4475/valid/noreason", verdict: .response(100)),
        TortureCase(file: "rfc4475/valid/semiuri", verdict: .request(.options)),
        TortureCase(file: "rfc4475/valid/transports", verdict: .request(.options)),
        TortureCase(file: "rfc4475/valid/unreason", verdict: .response(200)),
        TortureCase(file: "rfc4475/valid/wsinv", verdict: .request(.invite)),
        TortureCase(file: "rfc4475/invalid/badaspec", verdict: .refused(.uri, status: 400)),
        TortureCase(file: "rfc4475/invalid/badbranch", verdict: .request(.options)),
        TortureCase(file: "rfc4475/invalid/baddate", verdict: .request(.invite)),
        TortureCase(file: "rfc4475/invalid/baddn", verdict: .refused(.address, status: 400)),
        TortureCase(file: "rfc4475/invalid/badinv01", verdict: .refused(.parameter, status: 400)),
        TortureCase(file: "rfc4475/invalid/badvers", verdict: .refused(.version, status: 505)),
        TortureCase(file: "rfc4475/invalid/bcast", verdict: .response(200)),
        TortureCase(file: "rfc4475/invalid/bext01", verdict: .request(.options)),
        TortureCase(file: "rfc4475/invalid/bigcode", verdict: .dropped(.startLine)),
        TortureCase(file: "rfc4475/invalid/clerr", verdict: .refused(.incompleteBody, status: 400)),
        TortureCase(file: "rfc4475/invalid/cparam01", verdict: .request(.register)),
        TortureCase(file: "rfc4475/invalid/cparam02", verdict: .request(.register)),
        TortureCase(file: "rfc4475/invalid/escruri", verdict: .refused(.uri, status: 400)),
        TortureCase(file: "rfc4475/invalid/insuf", verdict: .refused(.missing(.from), status: 400)),
        TortureCase(file: "rfc4475/invalid/inv2543", verdict: .request(.invite)),
        TortureCase(file: "rfc4475/invalid/invut", verdict: .request(.invite)),
        TortureCase(file: "rfc4475/invalid/ltgtruri", verdict: .refused(.uri, status: 400)),
        TortureCase(file: "rfc4475/invalid/lwsruri", verdict: .refused(.startLine, status: 400)),
        TortureCase(file: "rfc4475/invalid/lwsstart", verdict: .refused(.startLine, status: 400)),
        TortureCase(file: "rfc4475/invalid/mcl01", verdict: .refused(.repeated(.contentLength), status: 400)),
        TortureCase(file: "rfc4475/invalid/mismatch01", verdict: .refused(.methodMismatch, status: 400)),
        TortureCase(file: "rfc4475/invalid/mismatch02", verdict: .refused(.methodMismatch, status: 400)),
        TortureCase(file: "rfc4475/invalid/multi01", verdict: .refused(.repeated(.from), status: 400)),
        TortureCase(file: "rfc4475/invalid/ncl", verdict: .refused(.value(.contentLength), status: 400)),
        TortureCase(file: "rfc4475/invalid/novelsc", verdict: .refused(.scheme, status: 416)),
        TortureCase(file: "rfc4475/invalid/quotbal", verdict: .refused(.quotedString, status: 400)),
        TortureCase(file: "rfc4475/invalid/regaut01", verdict: .request(.register)),
        TortureCase(file: "rfc4475/invalid/regbadct", verdict: .request(.register)),
        TortureCase(file: "rfc4475/invalid/regescrt", verdict: .request(.register)),
        TortureCase(file: "rfc4475/invalid/scalar02", verdict: .refused(.value(.cSeq), status: 400)),
        TortureCase(file: "rfc4475/invalid/scalarlg", verdict: .dropped(.value(.cSeq))),
        TortureCase(file: "rfc4475/invalid/sdp01", verdict: .request(.invite)),
        TortureCase(file: "rfc4475/invalid/test", verdict: .dropped(.startLine)),
        TortureCase(file: "rfc4475/invalid/trws", verdict: .refused(.startLine, status: 400)),
        TortureCase(file: "rfc4475/invalid/unkscm", verdict: .refused(.scheme, status: 416)),
        TortureCase(file: "rfc4475/invalid/unksm2", verdict: .request(.register)),
        TortureCase(file: "rfc4475/invalid/zeromf", verdict: .request(.options)),
        TortureCase(file: "rfc5118/ipv4-mapped-ipv6", verdict: .request(.invite)),
        TortureCase(file: "rfc5118/ipv6-bad", verdict: .refused(.uri, status: 400)),
        TortureCase(file: "rfc5118/ipv6-bug-abnf-3-colons", verdict: .request(.options)),
        TortureCase(file: "rfc5118/ipv6-correct-abnf-2-colons", verdict: .request(.options)),
        TortureCase(file: "rfc5118/ipv6-good", verdict: .request(.register)),
        TortureCase(file: "rfc5118/ipv6-in-sdp", verdict: .request(.invite)),
        TortureCase(file: "rfc5118/mult-ip-in-header", verdict: .request(.bye)),
        TortureCase(file: "rfc5118/mult-ip-in-sdp", verdict: .request(.invite)),
        TortureCase(file: "rfc5118/port-ambiguous", verdict: .request(.register)),
        TortureCase(file: "rfc5118/port-unambiguous", verdict: .request(.register)),
        TortureCase(file: "rfc5118/via-received-param-no-delim", verdict: .request(.options)),
        TortureCase(file: "rfc5118/via-received-param-with-delim", verdict: .request(.bye)),
    ]
}

@Suite("RFC 4475, RFC 5118: SIP torture messages")
struct TortureTests {
    @Test("every torture message gets its verdict", arguments: TortureCase.all)
    func verdict(_ torture: TortureCase) throws {
        let bytes = try TortureCase.bytes(of: torture.file)
        let verdict: TortureCase.Verdict
        do {
            switch try read(bytes) {
            case .request(let request): verdict = .request(request.method)
            case .response(let response): verdict = .response(response.status)
            }
        } catch {
            verdict =
                try error.reply.map { .refused(error.reason, status: try status(of: $0)) } ?? .dropped(error.reason)
        }
        #expect(verdict == torture.verdict)
    }

    @Test("a user agent answers what it can and puts the rest before its owner", arguments: TortureCase.all)
    func answered(_ torture: TortureCase) throws {
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(URI(user: "user", host: "example.com")),
            contact: URI(user: "user", host: "192.0.2.1"), viaHost: "192.0.2.1")
        configuration.accepted = [.invite, .message, .register]
        var agent = UserAgent(configuration: configuration, randomness: .seeded(1))
        let bytes = try TortureCase.bytes(of: torture.file)
        let outputs = agent.receive(bytes.span, at: Instant(nanoseconds: 0))
        let expected: TortureCase.Answer =
            switch (torture.verdict, Self.ownAnswers[torture.file]) {
            case (.refused(_, let status), _), (_, let status?): .agent(status)
            case (.request, nil): .owner
            case (.response, nil), (.dropped, nil): .none
            }
        #expect(try outputs.reduce(.none) { try $0.adding($1) } == expected)
    }

    /// Readable requests that the agent refuses or answers without its owner.
    private static let ownAnswers = [
        "rfc4475/valid/esc02": 501, "rfc4475/valid/intmeth": 501, "rfc4475/valid/lwsdisp": 200,
        "rfc4475/valid/semiuri": 200, "rfc4475/valid/transports": 200, "rfc4475/valid/wsinv": 481,
        "rfc4475/invalid/badbranch": 200, "rfc4475/invalid/bext01": 420, "rfc4475/invalid/invut": 415,
        "rfc4475/invalid/regbadct": 400, "rfc4475/invalid/sdp01": 406, "rfc4475/invalid/zeromf": 200,
        "rfc5118/ipv6-bug-abnf-3-colons": 200, "rfc5118/ipv6-correct-abnf-2-colons": 200,
        "rfc5118/mult-ip-in-header": 481, "rfc5118/via-received-param-no-delim": 200,
        "rfc5118/via-received-param-with-delim": 481,
    ]

    @Test("no file of the collections is left out of the table")
    func complete() throws {
        let folder = try #require(Bundle.module.resourceURL)
        let files = try ["rfc4475/valid", "rfc4475/invalid", "rfc5118"].flatMap { kind in
            try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: kind).path).map {
                "\(kind)/\($0.replacing(".dat", with: ""))"
            }
        }
        #expect(files.sorted() == TortureCase.all.map(\.file).sorted())
    }

    @Test("addresses keep their brackets, and port and address are told apart by them (RFC 5118 §4.3 to §4.10)")
    func addresses() throws {
        let request = { (file: String) throws -> Request in
            guard case .request(let request) = try read(try TortureCase.bytes(of: "rfc5118/\(file)")) else {
                throw Malformed.startLine
            }
            return request
        }
        let ambiguous = try request("port-ambiguous").target
        #expect((ambiguous.host, ambiguous.port) == ("[2001:db8::10:5070]", nil))
        let clear = try request("port-unambiguous").target
        #expect((clear.host, clear.port) == ("[2001:db8::10]", 5070))
        let received = { (file: String) in try request(file).via.map { $0.parameters["received"] } }
        #expect(try received("via-received-param-with-delim") == ["[2001:db8::9:255]"])
        #expect(try received("via-received-param-no-delim") == ["2001:db8::9:255"])
        #expect(try received("mult-ip-in-header") == [nil, nil, "192.0.2.200"])
        let mapped = try request("ipv4-mapped-ipv6")
        #expect(mapped.via.map(\.sentBy) == ["[::ffff:192.0.2.10]:19823", "[::ffff:192.0.2.2]"])
        #expect(mapped.contacts.map(\.uri.host) == ["[::ffff:192.0.2.2]"])
    }

    @Test("what was read is read the same after it was written", arguments: TortureCase.all)
    func roundTrip(_ torture: TortureCase) throws {
        guard let message = try? read(try TortureCase.bytes(of: torture.file)) else { return }
        switch message {
        case .request(let request): #expect(try read(request.bytes) == message)
        case .response(let response): #expect(try read(response.bytes) == message)
        }
    }

    @Test("no torture message cut short or with a byte changed does harm", arguments: TortureCase.all)
    func mutilated(_ torture: TortureCase) throws {
        let bytes = try TortureCase.bytes(of: torture.file)
        for length in stride(from: 0, to: bytes.count, by: 3) {
            _ = try? read(Array(bytes.prefix(length)))
        }
        var randomness = Randomness.seeded(UInt64(bytes.count))
        for _ in 0..<200 {
            var changed = bytes
            changed[Int.random(in: changed.indices, using: &randomness)] = UInt8.random(in: 0...255, using: &randomness)
            _ = try? read(changed)
        }
    }
}

/// The status of a refusal, which may lack fields that its request lacked.
private func status(of reply: [UInt8]) throws -> Int {
    let parts = String(decoding: reply, as: UTF8.self).split(separator: " ", maxSplits: 2)
    #expect(parts.first == "SIP/2.0")
    return try #require(Int(parts[1]))
}

extension TortureCase {
    /// Who answers a message.
    enum Answer: Equatable {
        case none, owner, agent(Int)

        fileprivate func adding(_ output: UserAgent.Output) throws -> Answer {
            switch output {
            case .transmit(let bytes): .agent(try status(of: bytes))
            case .request, .incomingCall: .owner
            default: self
            }
        }
    }
}
