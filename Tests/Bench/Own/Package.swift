// swift-tools-version: 6.2
import PackageDescription

// The product's HTTP server, built for the bench. `Product` is a link to the product's sources, whose `package`
// declarations are seen from here that way.

func product(_ name: String, _ dependencies: Target.Dependency..., settings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Product/\(name)", swiftSettings: settings)
}

func system(_ name: String, _ pkgConfig: String? = nil) -> Target {
    .systemLibrary(name: name, path: "Product/\(name)", pkgConfig: pkgConfig)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "bench-own",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "bench-own", dependencies: ["Wire", "Crypto", "HTTP", "Network", httpTypes, logging], path: "Server"),

        product("Network", "Wire", "Crypto", "HTTP", "CEpoll", httpTypes, logging),
        product("HTTP", "Wire", "Crypto", "Deflate", httpTypes),
        product("Deflate", "CZlib"),
        product("Crypto", "Wire", "COpenSSL", "CSRTP"),
        product("Wire", settings: [.enableExperimentalFeature("Lifetimes")]),
        .target(name: "COpenSSL", dependencies: ["CLibSSL"], path: "Product/COpenSSL"),
        system("CEpoll"),
        system("CZlib", "zlib"),
        system("CLibSSL", "openssl"),
        system("CSRTP", "libsrtp2"),
    ],
    swiftLanguageModes: [.v6]
)
