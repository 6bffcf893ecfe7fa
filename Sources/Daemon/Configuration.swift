import Audio
import Crypto
import Foundation
import Journal
import Network
import Wire

/// What one run of the daemon is told.
package struct Configuration: Sendable {
    /// Where the control API listens.
    package var endpoints: [Endpoint]
    /// The folder of the API token and of what must outlive a run.
    package var stateDirectory: String
    /// Switchboard number or area code → operations host (`host` or `host:port`).
    package var hosts: [String: String]
    /// The gateway's URI when `init` names none.
    package var socketURI: String?
    /// A PEM file of the only certificate authorities to believe, instead of the system's.
    package var authorities: String?
    /// The local addresses of the audio; those of the interfaces when empty.
    package var mediaAddresses: [IPAddress]
    package var microphone: AudioDevice
    package var speaker: AudioDevice
    /// How long events are kept, and how many bytes of them.
    package var eventAge = Duration.seconds(30 * 86_400)
    package var eventBytes = 64 << 20
    /// Whether `POST /v1/test/events` is there. No flag and no file sets this: who may use the API must not be able to make
    /// events up. A debug build, which is what the tests start, also takes it from the environment variable
    /// `TEST_PHONEBARD_EVENTS`; in a release build the variable means nothing.
    package var injectsEvents = Self.isAskedToInject

    package init(
        endpoints: [Endpoint], stateDirectory: String, hosts: [String: String] = [:], socketURI: String? = nil,
        authorities: String? = nil, mediaAddresses: [IPAddress] = [], microphone: AudioDevice = .pulse(name: nil),
        speaker: AudioDevice = .pulse(name: nil)
    ) {
        self.endpoints = endpoints
        self.stateDirectory = stateDirectory
        self.hosts = hosts
        self.socketURI = socketURI
        self.authorities = authorities
        self.mediaAddresses = mediaAddresses
        self.microphone = microphone
        self.speaker = speaker
    }

    /// Half of the port the API is known by: 8460 on both loopback addresses.
    package static let defaultPort: UInt16 = 8460
}

extension Configuration {
    private static var isAskedToInject: Bool {
        #if DEBUG
            getenv("TEST_PHONEBARD_EVENTS") != nil
        #else
            false
        #endif
    }

    var journal: Journal.Configuration {
        var journal = Journal.Configuration(path: stateDirectory + "/events.sqlite")
        journal.maximumAge = eventAge
        journal.maximumBytes = eventBytes
        return journal
    }

    var trust: TLSContext.Trust { authorities.map { .authorities(file: $0) } ?? .system }

    /// The addresses a call's candidates are on. A gateway on this machine is reached over loopback.
    func addresses(forGateway gateway: String?) throws(SystemError) -> [IPAddress] {
        guard mediaAddresses.isEmpty else { return mediaAddresses }
        let interfaces = try LocalInterface.all()
        let gatewayIsLocal = gateway == "localhost" || gateway.flatMap { IPAddress($0) }?.isLoopback == true
        return interfaces.filter { ($0.isLoopback && gatewayIsLocal) || (!$0.isLoopback && !$0.address.isLinkLocal) }
            .map(\.address)
    }
}

extension IPAddress {
    /// RFC 3927, RFC 4291 §2.5.6.
    fileprivate var isLinkLocal: Bool {
        switch self {
        case .v4(let bits): bits >> 16 == 0xA9FE
        case .v6(let high, _): high >> 54 == 0x3FA
        }
    }
}
