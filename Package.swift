// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// What `char-rnn --version` says it was built from: the checkout's commit. Nothing where this is a copy of the files,
/// even when that lies within somebody else's checkout.
let isCheckout = FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/.git")
let git = isCheckout ? Context.gitInformation : nil
let commit = git.map { $0.currentCommit + ($0.hasUncommittedChanges ? "+" : "") } ?? ""

/// Whose MPI the trait MPI is built with, by the name that pkg-config has for it: ompi-c, mpich or another.
let mpi = Context.environment["CHAR_RNN_MPI"] ?? "ompi-c"

let package = Package(
    name: "CharRNN",
    products: [
        .library(name: "CharRNN", targets: ["CharRNN"]),
        .library(name: "OpenCLCompute", targets: ["OpenCLCompute"]),
        .library(name: "ModelExplanation", targets: ["ModelExplanation"]),
        .library(name: "CharRNNMPI", targets: ["CharRNNMPI"]),
        .executable(name: "char-rnn", targets: ["char-rnn"]),
    ],
    traits: [
        .trait(name: "MPI", description: "Training on many machines, for which an MPI has to be there; see make mpi.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        // MARK: System libraries, found by pkg-config

        .systemLibrary(
            name: "COpenCL", pkgConfig: "OpenCL",
            providers: [.apt(["ocl-icd-opencl-dev", "opencl-headers"])]),
        .systemLibrary(name: "CCLBlast", pkgConfig: "clblast", providers: [.apt(["libclblast-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(
            name: "CMPI", pkgConfig: mpi, providers: [.apt([mpi == "mpich" ? "libmpich-dev" : "libopenmpi-dev"])]),

        // MARK: Kernels

        .target(name: "CLKernels", path: "CLKernels/embed"),
        .target(name: "CPUKernels"),

        // MARK: In C++, what CLBlast's C interface lacks

        .target(name: "CLBlastParameters", dependencies: ["COpenCL", "CCLBlast"]),

        // MARK: Libraries

        .target(name: "CharRNNFiles"),
        .target(
            name: "OpenCLCompute",
            dependencies: [
                "CharRNNFiles", "COpenCL", "CCLBlast", "CLBlastParameters", "COpenBLAS", "CLKernels", "CPUKernels",
            ]),
        .target(name: "CharRNN", dependencies: ["CharRNNFiles", "CPUKernels", "OpenCLCompute"]),
        .target(
            name: "CharRNNMPI",
            dependencies: ["CharRNNFiles", "CharRNN", .target(name: "CMPI", condition: .when(traits: ["MPI"]))]),

        // MARK: Examples

        .target(name: "BuildCommit", cSettings: [.define("BUILD_COMMIT", to: "\"\(commit)\"")]),
        .target(name: "ExplainPage", path: "Examples/explain-page", exclude: ["page.html", "Sources"]),
        // A product for Examples/studio, which explains models too.
        .target(
            name: "ModelExplanation", dependencies: ["CharRNN", "ExplainPage"], path: "Examples/explain-page/Sources",
            packageAccess: false),
        .executableTarget(
            name: "char-rnn",
            dependencies: [
                "CharRNN", "CharRNNMPI", "BuildCommit", "ModelExplanation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Examples/char-rnn", packageAccess: false),

        // MARK: Tests

        .target(name: "TestSupport", dependencies: ["OpenCLCompute", "CharRNN"], path: "Tests/TestSupport"),
        .testTarget(name: "CharRNNFilesTests", dependencies: ["CharRNNFiles", "TestSupport"]),
        .testTarget(
            name: "OpenCLComputeTests", dependencies: ["OpenCLCompute", "CPUKernels", "TestSupport"]),
        .target(name: "FuzzTargets", dependencies: ["CharRNN", "OpenCLCompute"], path: "Tests/Fuzz/Targets"),
        .testTarget(name: "CharRNNTests", dependencies: ["CharRNN", "FuzzTargets", "TestSupport"]),
        .testTarget(name: "CharRNNMPITests", dependencies: ["CharRNNMPI"]),
        .testTarget(name: "ExampleTests", dependencies: ["char-rnn", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6],
    // C23 gives `#embed`, with which CLKernels/embed puts the kernel sources into the binary.
    cLanguageStandard: .gnu2x,
    cxxLanguageStandard: .cxx17
)
