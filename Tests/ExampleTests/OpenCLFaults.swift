import CharRNN
import Foundation
import TestSupport
import Testing

/// Tests/Faults/opencl.c, which stands between `char-rnn` and OpenCL.
enum OpenCLFaults {
    static let devices = Device.available.filter { $0.isOpenCL }

    /// Built once; the folder stays until the system clears it.
    private static let library = Result {
        let source = URL(fileURLWithPath: #filePath).appendingPathComponent("../../Faults/opencl.c").standardizedFileURL
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("char-rnn-faults-\(getuid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let library = folder.appendingPathComponent("\(UUID()).so")
        let outcome = try CommandLineTool.inPath("clang").run(
            ["-shared", "-fPIC", "-O1", "-o", library.path, source.path, "-ldl"], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return library
    }

    /// What a run has called how often, and what it has not given back.
    struct Record {
        var calls: [String: Int] = [:]
        var live: [String: Int] = [:]

        init(_ file: URL) throws {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                if words[0] == "live" { live[words[1]] = Int(words[2]) } else { calls[words[0]] = Int(words[1]) }
            }
        }
    }

    /// A folder for caches in which ours cannot be made, so that each run compiles its kernels. PoCL keeps its own.
    private static func unwritableCache(_ place: Workplace) throws -> [String: String] {
        try place.write("in the way", to: "caches/char-rnn")
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"] ?? "\(NSHomeDirectory())/.cache"
        return [
            "XDG_CACHE_HOME": place.url("caches").path,
            "POCL_CACHE_DIR": environment["POCL_CACHE_DIR"] ?? "\(caches)/pocl/kcache",
        ]
    }

    /// Runs `char-rnn` with the settings that opencl.c describes, named without `OPENCL_`.
    static func run(
        _ arguments: [String], in place: Workplace, _ settings: [String: String] = [:],
        environment: [String: String] = [:]
    ) throws -> (outcome: CommandLineTool.Outcome, record: Record?) {
        let file = place.url("record-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        var environment = environment.merging(try unwritableCache(place)) { given, _ in given }
        environment["LD_PRELOAD"] = try library.get().path
        environment["OPENCL_RECORD"] = file.path
        for (name, value) in settings { environment["OPENCL_\(name)"] = value }
        let outcome = try CommandLineTool.charRNN.run(arguments, in: place.folder, environment: environment)
        return (outcome, try? Record(file))
    }
}

extension CommandLineTool {
    /// A program that the shell would find.
    static func inPath(_ name: String) throws -> CommandLineTool {
        let paths = ProcessInfo.processInfo.environment["PATH", default: ""].split(separator: ":")
        let files = paths.map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
        let file = files.first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return CommandLineTool(executable: try #require(file, "no \(name) in PATH"))
    }
}
