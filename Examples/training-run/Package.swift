// swift-tools-version: 6.1
import PackageDescription

// A package of its own, as yours would be. There the dependency is the repository:
//     .package(url: "https://…/char-rnn", from: "1.0.0")
let package = Package(
    name: "training-run",
    dependencies: [
        .package(name: "CharRNN", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "training-run", dependencies: [.product(name: "CharRNN", package: "CharRNN")], path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)
