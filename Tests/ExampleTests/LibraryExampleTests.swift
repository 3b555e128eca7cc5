import CharRNN
import Foundation
import TestSupport
import Testing

/// The examples that are packages of their own, built and run as their readers would. One after the other: SwiftPM loses its
/// plan of a build when another package is planned in the same folder meanwhile.
@Suite(.serialized) struct LibraryExampleTests {
    /// The arguments of `swift` that build and run an example. They share a build, so that the library is compiled once. It is
    /// not optimised, which takes a third of the time; the kernels in C are.
    private static func running(_ example: String) -> [String] {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL
        let build = root.appendingPathComponent(".build/examples")
        // SwiftPM's plan of an earlier build does not know of files that were added to the package since.
        try? FileManager.default.removeItem(at: build.appendingPathComponent("release.yaml"))
        return [
            "run", "-c", "release", "-Xswiftc", "-Onone",
            "--package-path", root.appendingPathComponent("Examples/\(example)").path,
            "--scratch-path", build.path, example,
        ]
    }

    @Test func theProgramOfAnotherPackageTrainsAndWrites() throws {
        let text = String(repeating: "KING RICHARD:\nA horse, a horse.\n", count: 40)
        try Workplace.inNewFolder(text: text) { place in
            let outcome = try CommandLineTool.inPath("swift").run(
                Self.running("custom-sampling") + ["data/some_folder", "model.safetensors"], in: place.folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.text.count == 500)
            #expect(Set(outcome.text).isSubset(of: Set(text)))
            #expect(!outcome.errors.contains("warning:"), "\(outcome.errors)")
            let checkpoint = try Checkpoint(contentsOf: place.url("model.safetensors"))
            #expect(checkpoint.epoch == 10)
            #expect(checkpoint.configuration.hiddenSize == 128 && checkpoint.configuration.layerCount == 2)
            #expect(checkpoint.losses.last! < checkpoint.losses[0], "it has learned something")
        }
    }

    @Test func theRunOfAnotherPackageIsStoppedAndGoesOn() throws {
        let text = String(repeating: "KING RICHARD:\nA horse, a horse.\n", count: 2000)
        try Workplace.inNewFolder(text: text) { place in
            let arguments = Self.running("training-run") + ["data/some_folder", "cv"]
            let tool = try CommandLineTool.inPath("swift")
            let running = try tool.start(arguments, in: place.folder)
            let history = place.url("cv/history.jsonl")
            while running.process.isRunning,
                !((try? String(contentsOf: history, encoding: .utf8)) ?? "").contains("\"iteration\":10,")
            { usleep(5_000) }
            running.process.interrupt()
            let stopped = try running.wait()
            #expect(stopped.status == 0, "\(stopped.errors)")
            #expect(!stopped.errors.contains("warning:"), "\(stopped.errors)")
            #expect(stopped.text.hasSuffix("stopped; start again to go on\n"), "\(stopped.text)")
            let checkpoint = try Checkpoint(contentsOf: try #require(try Checkpoint.newest(in: place.url("cv"))))
            #expect((10..<115).contains(checkpoint.iteration))

            let finished = try tool.run(arguments, in: place.folder)
            #expect(finished.status == 0, "\(finished.errors)")
            #expect(finished.text.hasSuffix("finished\n"))
            let last = try Checkpoint(contentsOf: try #require(try Checkpoint.newest(in: place.url("cv"))))
            #expect(last.iteration == 115)
            #expect(last.losses.prefix(checkpoint.iteration) == checkpoint.losses[...])
        }
    }
}
