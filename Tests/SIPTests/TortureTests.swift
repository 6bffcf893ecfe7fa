import Foundation
import SIP
import Testing
import Wire

/// Every message of RFC 4475 with what becomes of it.
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
        let url = Bundle.module.resourceURL?.appending(path: "rfc4475/\(file).dat")
        return Array(try Data(contentsOf: try #require(url)))
    }

    static let all = [
        TortureCase(file: "valid/dblreq", verdict: .request(.register)),
        TortureCase(file: "valid/esc01", verdict: .request(.invite)),
        TortureCase(file: "valid/esc02", verdict: .request("RE%47IST%45R")),
        TortureCase(file: "valid/escnull", verdict: .request(.register)),
        TortureCase(file: "valid/intmeth", verdict: .request("!interesting-Method0123456789_*+`.%indeed'~")),
        TortureCase(file: "valid/longreq", verdict: .request(.invite)),
        TortureCase(file: "valid/lwsdisp", verdict: .request(.options)),
        TortureCase(file: "valid/mpart01", verdict: .request(.message)),
        TortureCase(file: "valid/noreason", verdict: .response(100)),
        TortureCase(file: "valid/semiuri", verdict: .request(.options)),
        TortureCase(file: "valid/transports", verdict: .request(.options)),
        TortureCase(file: "valid/unreason", verdict: .response(200)),
        TortureCase(file: "valid/wsinv", verdict: .request(.invite)),
        TortureCase(file: "invalid/badaspec", verdict: .refused(.uri, status: 400)),
        TortureCase(file: "invalid/badbranch", verdict: .request(.options)),
        TortureCase(file: "invalid/baddate", verdict: .request(.invite)),
        TortureCase(file: "invalid/baddn", verdict: .refused(.address, status: 400)),
        TortureCase(file: "invalid/badinv01", verdict: .refused(.parameter, status: 400)),
        TortureCase(file: "invalid/badvers", verdict: .refused(.version, status: 505)),
        TortureCase(file: "invalid/bcast", verdict: .response(200)),
        TortureCase(file: "invalid/bext01", verdict: .request(.options)),
        TortureCase(file: "invalid/bigcode", verdict: .dropped(.startLine)),
        TortureCase(file: "invalid/clerr", verdict: .refused(.incompleteBody, status: 400)),
        TortureCase(file: "invalid/cparam01", verdict: .request(.register)),
        TortureCase(file: "invalid/cparam02", verdict: .request(.register)),
        TortureCase(file: "invalid/escruri", verdict: .refused(.uri, status: 400)),
        TortureCase(file: "invalid/insuf", verdict: .refused(.missing(.from), status: 400)),
        TortureCase(file: "invalid/inv2543", verdict: .request(.invite)),
        TortureCase(file: "invalid/invut", verdict: .request(.invite)),
        TortureCase(file: "invalid/ltgtruri", verdict: .refused(.uri, status: 400)),
        TortureCase(file: "invalid/lwsruri", verdict: .refused(.startLine, status: 400)),
        TortureCase(file: "invalid/lwsstart", verdict: .refused(.startLine, status: 400)),
        TortureCase(file: "invalid/mcl01", verdict: .refused(.repeated(.contentLength), status: 400)),
        TortureCase(file: "invalid/mismatch01", verdict: .refused(.methodMismatch, status: 400)),
        TortureCase(file: "invalid/mismatch02", verdict: .refused(.methodMismatch, status: 400)),
        TortureCase(file: "invalid/multi01", verdict: .refused(.repeated(.from), status: 400)),
        TortureCase(file: "invalid/ncl", verdict: .refused(.value(.contentLength), status: 400)),
        TortureCase(file: "invalid/novelsc", verdict: .refused(.scheme, status: 416)),
        TortureCase(file: "invalid/quotbal", verdict: .refused(.quotedString, status: 400)),
        TortureCase(file: "invalid/regaut01", verdict: .request(.register)),
        TortureCase(file: "invalid/regbadct", verdict: .request(.register)),
        TortureCase(file: "invalid/regescrt", verdict: .request(.register)),
        TortureCase(file: "invalid/scalar02", verdict: .refused(.value(.cSeq), status: 400)),
        TortureCase(file: "invalid/scalarlg", verdict: .dropped(.value(.cSeq))),
        TortureCase(file: "invalid/sdp01", verdict: .request(.invite)),
        TortureCase(file: "invalid/test", verdict: .dropped(.startLine)),
        TortureCase(file: "invalid/trws", verdict: .refused(.startLine, status: 400)),
        TortureCase(file: "invalid/unkscm", verdict: .refused(.scheme, status: 416)),
        TortureCase(file: "invalid/unksm2", verdict: .request(.register)),
        TortureCase(file: "invalid/zeromf", verdict: .request(.options)),
    ]
}

@Suite("RFC 4475: SIP torture messages")
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
        "valid/esc02": 501, "valid/intmeth": 501, "valid/lwsdisp": 200, "valid/semiuri": 200,
        "valid/transports": 200, "valid/wsinv": 481, "invalid/badbranch": 200, "invalid/bext01": 420,
        "invalid/invut": 415,
        "invalid/regbadct": 400, "invalid/sdp01": 406, "invalid/zeromf": 200,
    ]

    @Test("no file of the collection is left out of the table")
    func complete() throws {
        let folder = try #require(Bundle.module.resourceURL?.appending(path: "rfc4475"))
        let files = try ["valid", "invalid"].flatMap { kind in
            try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: kind).path).map {
                "\(kind)/\($0.replacing(".dat", with: ""))"
            }
        }
        #expect(files.sorted() == TortureCase.all.map(\.file).sorted())
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
