// swift-tools-version: 6.1
import PackageDescription

// The library again, by a link, for the fuzzer needs every file of it compiled with counters, and nothing else built
// with it. The names are those of the package above, and so is what `package` lets be seen.
let package = Package(
    name: "Fuzz",
    targets: [
        .systemLibrary(name: "COpenCL", path: "root/Sources/COpenCL", pkgConfig: "OpenCL"),
        .systemLibrary(name: "CCLBlast", path: "root/Sources/CCLBlast", pkgConfig: "clblast"),
        .systemLibrary(name: "COpenBLAS", path: "root/Sources/COpenBLAS", pkgConfig: "openblas"),
        .target(name: "CLKernels", path: "root/CLKernels/embed"),
        .target(name: "CPUKernels", path: "root/Sources/CPUKernels"),
        .target(
            name: "CLBlastParameters", dependencies: ["COpenCL", "CCLBlast"], path: "root/Sources/CLBlastParameters"),
        .target(name: "CharRNNFiles", path: "root/Sources/CharRNNFiles"),
        .target(
            name: "OpenCLCompute",
            dependencies: [
                "CharRNNFiles", "COpenCL", "CCLBlast", "CLBlastParameters", "COpenBLAS", "CLKernels", "CPUKernels",
            ],
            path: "root/Sources/OpenCLCompute"),
        .target(name: "CharRNN", dependencies: ["CharRNNFiles", "OpenCLCompute"], path: "root/Sources/CharRNN"),
        .target(name: "FuzzTargets", dependencies: ["CharRNN", "OpenCLCompute"], path: "Targets"),
        .executableTarget(name: "Fuzz", dependencies: ["FuzzTargets"], path: "Fuzzer"),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu2x,
    cxxLanguageStandard: .cxx17
)
