// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let layering = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

func module(
    _ name: String, _ dependencies: Target.Dependency..., resources: [Resource] = [], settings: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings + settings)
}

func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: Target.Dependency..., resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

let package = Package(
    name: "phonebard",
    products: [
        .executable(name: "phonebard", targets: ["phonebard"]),
        .executable(name: "phonebar", targets: ["phonebar"]),
        .executable(name: "platform-sim", targets: ["platform-sim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Programs and composition roots.
        program("phonebard", "Wire", "Audio", "Service", "ControlAPI", "Daemon", argumentParser, logging),
        program("phonebar", "Wire", "Crypto", "HTTP", "ControlAPI", "Network", argumentParser, httpTypes, logging),
        program("platform-sim", "Simulator", argumentParser),
        module(
            "Daemon", "Wire", "Crypto", "HTTP", "SIP", "SDP", "ICE", "ControlAPI", "Dialect", "Seat", "Network",
            "ControlServer", "Audio", "Peer", "Engine", "Journal", "Service", httpTypes, logging, layering, yaml),
        module(
            "Simulator", "Wire", "Crypto", "HTTP", "SIP", "Network", "Audio", "Engine", "Service", httpTypes, logging,
            resources: [.embedInCode("openapi.yaml")]),

        // Shells: sockets, C libraries, files, clocks. Network is the one the others may stand on.
        module("Engine", "Wire", "Crypto", "HTTP", "SDP", "ICE", "Media", "Peer", "Network", "Audio", logging),
        module(
            "ControlServer", "Wire", "Crypto", "HTTP", "ControlAPI", "Network", httpTypes, logging,
            resources: [.embedInCode("openapi.yaml")]),
        module("Network", "Wire", "Crypto", "HTTP", "CDatagram", "CEpoll", "CNetlink", httpTypes, logging),
        module("Audio", "Wire", "COpus", "CPulse"),
        module("Journal", "ControlAPI", grdb),
        module("Service", logging),

        // Cores: no sockets, no clocks, no threads.
        module("Seat", "Wire", "SIP", "Dialect", "ControlAPI"),
        module("Dialect", "Wire", "Crypto", "ControlAPI"),
        module("ControlAPI", "Wire", "Crypto", httpTypes),
        module("Peer", "Wire", "Crypto", "SDP", "ICE", "Media"),
        module("Media", "Wire", "Crypto"),
        module("ICE", "Wire", "Crypto"),
        module("SDP", "Wire"),
        module("SIP", "Wire", "Crypto", settings: [.enableExperimentalFeature("Lifetimes")]),
        module("HTTP", "Wire", "Crypto", "Deflate", httpTypes),
        module("Deflate", "CZlib"),
        module("Crypto", "Wire", "COpenSSL", "CSRTP"),
        module("Wire", settings: [.enableExperimentalFeature("Lifetimes")]),

        // C libraries of the system, and the macros and variadic functions Swift cannot call.
        .target(name: "COpenSSL", dependencies: ["CLibSSL"]),
        .systemLibrary(name: "CLibSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
        .target(name: "COpus", dependencies: ["CLibOpus"]),
        .systemLibrary(name: "CLibOpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
        .systemLibrary(name: "CDatagram"),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CNetlink"),
        .systemLibrary(name: "CPulse", pkgConfig: "libpulse", providers: [.apt(["libpulse-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        tests("WireTests", "Wire"),
        tests("CryptoTests", "Wire", "Crypto", "COpenSSL"),
        .executableTarget(
            name: "WebSocketConformance",
            dependencies: ["Wire", "Crypto", "Deflate", "HTTP", "Network", httpTypes, logging],
            path: "Tests/WebSocketConformance", swiftSettings: swiftSettings),
        tests("WebSocketConformanceTests", "WebSocketConformance"),
        tests("DeflateTests", "Wire", "Deflate"),
        tests("HTTPTests", "Wire", "HTTP", httpTypes),
        tests("SIPTests", "Wire", "Crypto", "SIP", resources: [.copy("rfc4475"), .copy("rfc5118")]),
        tests("SDPTests", "Wire", "SDP"),
        tests("ICETests", "Wire", "Crypto", "ICE"),
        tests("MediaTests", "Wire", "Crypto", "Media"),
        tests("PeerTests", "Wire", "Crypto", "SDP", "ICE", "Media", "Peer"),
        tests("AudioTests", "Wire", "COpus", "Audio"),
        tests("ControlAPITests", "Wire", "ControlAPI", httpTypes),
        tests("DialectTests", "Wire", "ControlAPI", "Dialect"),
        tests("SeatTests", "Wire", "Crypto", "SIP", "ControlAPI", "Dialect", "Seat"),
        tests("JournalTests", "ControlAPI", "Journal"),
        tests("ControlServerTests", "Wire", "ControlAPI", "Network", "ControlServer", httpTypes, logging),
        tests("NetworkTests", "Wire", "Crypto", "HTTP", "Network", httpTypes, logging),
        tests("ServiceTests", "Service", logging),
        tests(
            "DaemonTests", "Wire", "Crypto", "HTTP", "SIP", "SDP", "ControlAPI", "Seat", "Network", "ControlServer",
            "Audio",
            "Engine", "Journal", "Daemon", "Simulator", "Service", httpTypes, logging),
        tests(
            "InteropTests", "Wire", "Crypto", "HTTP", "SIP", "SDP", "ICE", "Peer", "Network", "Audio", "Engine",
            httpTypes,
            logging, resources: [.copy("peers")]),
    ],
    swiftLanguageModes: [.v6]
)

// Some of the tests and what they need, for a quick turn: PHONEBARD_TESTS=MediaTests,PeerTests swift test
if let names = Context.environment["PHONEBARD_TESTS"]?.split(separator: ",").map(String.init) {
    package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}

// Built with flags of its own, by deploy/fuzz.
if Context.environment["PHONEBARD_FUZZ"] != nil {
    package.targets += [
        program(
            "Fuzz", "CLibFuzzer", "Wire", "Crypto", "HTTP", "SIP", "SDP", "ICE", "Media", "Peer", "ControlAPI",
            "Dialect", "Audio", "Daemon"),
        .systemLibrary(name: "CLibFuzzer"),
    ]
}

// Run by deploy/bench-media, deploy/bench-events, deploy/bench-seats, deploy/bench-sip and deploy/quality.
if Context.environment["PHONEBARD_BENCH"] != nil {
    package.targets += [
        program(
            "EventBench", "Wire", "ControlAPI", "Journal", "Network", "Audio", "Daemon", argumentParser, logging),
        program(
            "MediaBench", "CAllocations", "COpus", "Wire", "Crypto", "Media", "Audio", "Engine", argumentParser, logging
        ),
        program(
            "SeatBench", "Wire", "Crypto", "HTTP", "SIP", "ControlAPI", "Network", "Audio", "Engine", "Simulator",
            argumentParser,
            httpTypes,
            logging),
        program("QualityBench", "Wire", "Crypto", "Media", "Peer", "Audio", "Engine", argumentParser, logging),
        program("SIPBench", "CAllocations", "Wire", "SIP", "SDP", argumentParser),
        .target(name: "CAllocations"),
    ]
}
