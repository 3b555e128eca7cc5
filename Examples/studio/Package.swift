// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that whoever depends on the library never resolves a server.
let package = Package(
    name: "studio",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "CharRNN", path: "../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        // Hummingbird brings these with it.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
    ],
    targets: [
        .target(name: "StudioPages", path: "Pages", exclude: ["files"]),
        .executableTarget(
            name: "char-rnn-studio",
            dependencies: [
                "StudioPages",
                .product(name: "CharRNN", package: "CharRNN"),
                .product(name: "ModelExplanation", package: "CharRNN"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources"),
    ],
    swiftLanguageModes: [.v6],
    // C23 gives `#embed`, with which the pages are put into the binary.
    cLanguageStandard: .gnu2x
)
