import COpenSSL
import Foundation
import Testing
import Wire

@testable import Crypto

@Suite struct TLSSessionTests {
    static let authority = CertificateAuthority(name: "Test CA")
    static let server = TLSContext(server: authority.issue(for: ["pbx.example", "*.sip.example", "127.0.0.1", "::1"]))

    static func client(trusting authority: CertificateAuthority = authority, name: String) throws -> TLSSession {
        TLSSession(client: try TLSContext(client: .authority(authority)), serverName: name)
    }

    /// Carries ciphertext to and fro until both ends are silent; what a client throws ends it.
    static func carry(_ client: inout TLSSession, _ server: inout TLSSession) throws(TLSFailure) {
        while true {
            let forth = client.takeOutput()
            if !forth.isEmpty { try server.receive(forth.span) }
            let back = server.takeOutput()
            if !back.isEmpty { try client.receive(back.span) }
            if forth.isEmpty && back.isEmpty { return }
        }
    }

    static func failure(connectingTo name: String, trusting authority: CertificateAuthority = authority) -> TLSFailure?
    {
        var server = TLSSession(server: server)
        do throws(TLSFailure) {
            guard var client = try? client(trusting: authority, name: name) else { return nil }
            try carry(&client, &server)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "A client accepts the name or address it asked for (RFC 9525 §6)",
        arguments: ["pbx.example", "PBX.example", "a.sip.example", "127.0.0.1", "::1", "[::1]"])
    func established(name: String) throws {
        var client = try Self.client(name: name)
        var server = TLSSession(server: Self.server)
        try Self.carry(&client, &server)
        #expect(client.isEstablished == true)
        #expect(server.isEstablished == true)

        try client.write(Array("REGISTER".utf8).span)
        try server.write(Array("401".utf8).span)
        try Self.carry(&client, &server)
        #expect(server.read() == Array("REGISTER".utf8))
        #expect(client.read() == Array("401".utf8))
        #expect(client.read() == [])
    }

    @Test(
        "A certificate for another name or address is refused, and the failure says so",
        arguments: ["other.example", "sip.example", "a.b.sip.example", "127.0.0.2", "::2"])
    func wrongName(name: String) throws {
        guard case .certificateWrongName(let error) = Self.failure(connectingTo: name) else {
            Issue.record("accepted")
            return
        }
        #expect(["hostname mismatch", "IP address mismatch"].contains(error.description))
    }

    @Test("A certificate of an unknown authority is refused")
    func untrusted() throws {
        let failure = Self.failure(connectingTo: "pbx.example", trusting: CertificateAuthority(name: "Other CA"))
        guard case .certificateUntrusted(let error) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(error.description == "unable to get local issuer certificate")
    }

    @Test("A certificate that has expired is refused")
    func expired() throws {
        let context = TLSContext(server: Self.authority.issue(for: ["pbx.example"], days: -1))
        var client = try Self.client(name: "pbx.example")
        var server = TLSSession(server: context)
        do throws(TLSFailure) {
            try Self.carry(&client, &server)
            Issue.record("accepted")
        } catch {
            guard case .certificateExpired(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.description == "certificate has expired")
        }
        #expect(client.isEstablished == false)
    }

    @Test("The server learns from an alert that its certificate was refused (RFC 8446 §6.2)")
    func alert() throws {
        var client = try Self.client(name: "other.example")
        var server = TLSSession(server: Self.server)
        #expect(throws: TLSFailure.self) { try Self.carry(&client, &server) }
        do throws(TLSFailure) {
            try server.receive(client.takeOutput().span)
            Issue.record("no alert")
        } catch {
            guard case .protocolViolated(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.description == "sslv3 alert bad certificate")
        }
    }

    @Test("What is written before the handshake is over is sent after it, in order")
    func earlyWrites() throws {
        var client = try Self.client(name: "pbx.example")
        var server = TLSSession(server: Self.server)
        try client.write(Array("one ".utf8).span)
        try client.write(Array("two".utf8).span)
        try Self.carry(&client, &server)
        #expect(server.read() == Array("one two".utf8))
    }

    @Test("A handshake survives being carried byte by byte, and a message longer than a record arrives whole")
    func pieces() throws {
        var client = try Self.client(name: "pbx.example")
        var server = TLSSession(server: Self.server)
        var isSilent = false
        while !isSilent {
            let forth = client.takeOutput()
            for byte in forth { try server.receive([byte].span) }
            let back = server.takeOutput()
            for byte in back { try client.receive([byte].span) }
            isSilent = forth.isEmpty && back.isEmpty
        }
        #expect(client.isEstablished && server.isEstablished)
        let message = [UInt8](repeating: 7, count: 100_000)
        try server.write(message.span)
        try Self.carry(&client, &server)
        #expect(client.read() == message)
    }

    @Test("close_notify reaches the peer, and nothing can be written after it (RFC 8446 §6.1)")
    func shutdown() throws {
        var client = try Self.client(name: "pbx.example")
        var server = TLSSession(server: Self.server)
        try Self.carry(&client, &server)
        client.shutdown()
        try Self.carry(&client, &server)
        #expect(server.isClosedByPeer == true)
        #expect(client.isClosedByPeer == false)
        do throws(TLSFailure) {
            try client.write([1].span)
            Issue.record("written")
        } catch {
            #expect(error == .closed)
        }
    }

    @Test("Bytes that are no TLS end the session, which repeats why")
    func garbage() throws {
        var server = TLSSession(server: Self.server)
        let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        for _ in 0..<2 {
            do throws(TLSFailure) {
                try server.receive(request.span)
                Issue.record("accepted")
            } catch {
                guard case .protocolViolated(let reason) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(reason.description == "http request")
            }
        }
    }

    @Test("Authority, certificate and key go through PEM files, the key's readable by its owner only")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = ["ca.pem", "cert.pem", "key.pem"].map { folder.appendingPathComponent($0).path }
        try Self.authority.write(to: paths[0])
        try Self.authority.issue(for: ["pbx.example"]).write(to: paths[1], keyTo: paths[2])
        let mode = try FileManager.default.attributesOfItem(atPath: paths[2])[.posixPermissions] as? Int
        #expect(mode == 0o600)

        let trust = try TLSContext(client: .authorities(file: paths[0]))
        var client = TLSSession(client: trust, serverName: "pbx.example")
        var server = TLSSession(server: try TLSContext(server: paths[1], keyFile: paths[2]))
        try Self.carry(&client, &server)
        #expect(client.isEstablished && server.isEstablished)
    }

    /// The digest of a certificate's SubjectPublicKeyInfo, in the way of RFC 7469's appendix A.
    private static func pin(of certificate: Certificate) throws -> PublicKeyPin {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(certificate.key, &encoded)
        let bytes = Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
        return try #require(PublicKeyPin(digest: Digest.sha256(bytes)))
    }

    @Test("A trusted server with a pinned key is accepted, by name and by address", arguments: ["pbx.example", "::1"])
    func pinned(name: String) throws {
        let certificate = Self.authority.issue(for: ["pbx.example", "::1"])
        var trust = TLSContext.Trust.authority(Self.authority)
        trust.pins = [try Self.pin(of: Self.authority.issue(for: ["a"])), try Self.pin(of: certificate)]
        var client = TLSSession(client: try TLSContext(client: trust), serverName: name)
        var server = TLSSession(server: TLSContext(server: certificate))
        try Self.carry(&client, &server)
        #expect(client.isEstablished && server.isEstablished)
    }

    @Test(
        "Another key is refused in spite of its good certificate, and a pinned one in spite of its pin if that is bad")
    func notPinned() throws {
        let certificate = Self.authority.issue(for: ["pbx.example"])
        let other = try Self.pin(of: Self.authority.issue(for: ["pbx.example"]))
        let pin = try Self.pin(of: certificate)
        func failure(_ pin: PublicKeyPin, name: String, _ authority: CertificateAuthority) throws -> TLSFailure? {
            var trust = TLSContext.Trust.authority(authority)
            trust.pins = [pin]
            var client = TLSSession(client: try TLSContext(client: trust), serverName: name)
            var server = TLSSession(server: TLSContext(server: certificate))
            do throws(TLSFailure) {
                try Self.carry(&client, &server)
                return nil
            } catch {
                return error
            }
        }
        #expect(try failure(other, name: "pbx.example", Self.authority) == .keyNotPinned)
        guard case .certificateWrongName = try failure(pin, name: "other.example", Self.authority),
            case .certificateUntrusted = try failure(pin, name: "pbx.example", CertificateAuthority(name: "Other CA"))
        else {
            Issue.record("a pin made up for a bad certificate")
            return
        }
    }

    @Test("A client shows its certificate to a server that asks for one; without one it is refused")
    func clientCertificate() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let identity = TLSContext.Identity(chainFile: folder + "/seat.pem", keyFile: folder + "/seat.key")
        try Self.authority.issue(for: ["seat"]).write(to: identity.chainFile, keyTo: identity.keyFile)

        let asking = TLSContext(server: Self.authority.issue(for: ["pbx.example"]))
        SSL_CTX_set_verify(asking.pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        X509_STORE_add_cert(SSL_CTX_get_cert_store(asking.pointer), Self.authority.certificate.x509)
        for (identity, isAccepted) in [(identity, true), (nil, false)] {
            let context = try TLSContext(client: .authority(Self.authority), identity: identity)
            var client = TLSSession(client: context, serverName: "pbx.example")
            var server = TLSSession(server: asking)
            try? Self.carry(&client, &server)
            #expect(server.isEstablished == isAccepted)
        }
        let unreadable = TLSContext.Identity(chainFile: identity.chainFile, keyFile: identity.chainFile)
        #expect(throws: TLSContext.Failure.self) { try TLSContext(client: .system, identity: unreadable) }
    }

    @Test("Files that are missing are told apart")
    func missingFiles() throws {
        #expect(throws: TLSContext.Failure.self) { try TLSContext(client: .authorities(file: "/nonexistent/ca.pem")) }
        #expect(throws: TLSContext.Failure.self) {
            try TLSContext(server: "/nonexistent/c.pem", keyFile: "/nonexistent/k.pem")
        }
        #expect(throws: CertificateAuthority.Failure.cannotWrite(path: "/nonexistent/ca.pem", errno: 2)) {
            try Self.authority.write(to: "/nonexistent/ca.pem")
        }
    }

    @Test("The system's authorities can be had")
    func systemTrust() throws {
        _ = try TLSContext(client: .system)
    }
}
