import CharRNN
import Foundation
import TestSupport
import Testing

/// Examples/custom-sampling, a package of its own, built and run as its readers would.
@Suite struct LibraryExampleTests {
    private static let package = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../Examples/custom-sampling").standardizedFileURL

    @Test func theProgramOfAnotherPackageTrainsAndWrites() throws {
        let text = String(repeating: "KING RICHARD:\nA horse, a horse.\n", count: 40)
        // SwiftPM's plan of an earlier build does not know of files that were added to the package since.
        try? FileManager.default.removeItem(at: Self.package.appendingPathComponent(".build/release.yaml"))
        try Workplace.inNewFolder(text: text) { place in
            let outcome = try CommandLineTool.inPath("swift").run(
                ["run", "-c", "release", "--package-path", Self.package.path, "custom-sampling"]
                    + ["data/some_folder", "model.safetensors"], in: place.folder)
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
}
