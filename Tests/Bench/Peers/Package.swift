// swift-tools-version: 6.2
import PackageDescription

// Other servers that do what the product's does. A package of its own, so that SwiftNIO stays out of the product's graph.

func server(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(name: "bench-\(name)", dependencies: dependencies, path: name)
}

let package = Package(
    name: "bench-peers",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    ],
    targets: [
        server(
            "nio", .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOWebSocket", package: "swift-nio")),
        server("flyingfox", .product(name: "FlyingFox", package: "FlyingFox")),
        server("hummingbird", .product(name: "Hummingbird", package: "hummingbird")),
    ],
    swiftLanguageModes: [.v6]
)
