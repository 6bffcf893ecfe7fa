import Crypto
import Daemon
import Foundation
import Glibc
import HTTP
import HTTPTypes
import Network
import Service
import Testing
import Wire

@Suite("The control API listens where and how it is configured")
struct ConfigurationListenersTests {
    private func configuration(_ folder: ConfigurationFolder) -> Configuration {
        Configuration(endpoints: [Endpoint(.loopback4, port: 0)], stateDirectory: folder.path + "/state")
    }

    @Test("With a certificate it speaks TLS on its addresses")
    func secured() async throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        let authority = CertificateAuthority(name: "test")
        try authority.write(to: folder.path + "/authority.pem")
        var configuration = configuration(folder)
        let certificate = folder.path + "/certificate.pem"
        let key = folder.path + "/key.pem"
        try authority.issue(for: ["127.0.0.1"]).write(to: certificate, keyTo: key)
        configuration.certificateFile = certificate
        configuration.keyFile = key
        let daemon = try Daemon(configuration: configuration, logger: RecordedLog().logger)
        let address = try #require(try daemon.start().first)
        let web = HTTPClient(trust: .authorities(file: folder.path + "/authority.pem"), timeLimit: .seconds(10))
        let response = try await withCheckedThrowingContinuation { continuation in
            web.send(.get, Redacted("https://\(address)/healthz"), fields: [:], body: []) {
                continuation.resume(with: $0)
            }
        }
        #expect(response.status == 200)
        await daemon.stop()
    }

    @Test("A certificate that cannot be used is named")
    func unusable() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        var configuration = configuration(folder)
        configuration.certificateFile = try folder.write("certificate.pem", "nothing")
        configuration.keyFile = try folder.write("key.pem", "nothing")
        let failure = #expect(throws: ListenerFailure.self) {
            try Daemon(configuration: configuration, logger: RecordedLog().logger)
        }
        let text = failure.map { "\($0)".replacingOccurrences(of: folder.path + "/", with: "") } ?? ""
        #expect(text.hasPrefix("cannot use control.certificateFile certificate.pem with control.keyFile key.pem: "))
    }

    @Test("A daemon that nobody could reach does not start")
    func nowhere() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        var configuration = configuration(folder)
        configuration.endpoints = []
        configuration.socketPath = nil
        let failure = #expect(throws: ListenerFailure.self) {
            try Daemon(configuration: configuration, logger: RecordedLog().logger)
        }
        #expect(failure?.description.hasPrefix("the control API listens nowhere") == true)
    }

    @Test("An inherited socket beyond loopback is refused without a certificate")
    func exposed() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        try #require(listen(descriptor, 1) == 0)
        let inherited = try InheritedSocket.all(
            environment: ["LISTEN_PID": "77", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "control"], processID: 77,
            first: descriptor)
        let failure = #expect(throws: ListenerFailure.self) {
            try Daemon(configuration: configuration(folder), inherited: inherited, logger: RecordedLog().logger)
        }
        #expect(
            failure?.description
                == "the inherited socket control listens beyond loopback and needs control.certificateFile")
    }
}
