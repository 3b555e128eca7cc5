import CharRNN
import Foundation
import TestSupport
import Testing

/// A folder of a user, with a text in `data/some_folder/input.txt`.
struct Workplace {
    let folder: URL

    /// Sizes at which training takes no time; the text fills 60 batches, 57 of them for training.
    static let smallSizes = ["-rnn_size", "8", "-num_layers", "1", "-batch_size", "4", "-seq_length", "5"]
    static let text = SmallText.rhythm(1200)

    static func inNewFolder(text: String = text, _ body: (Workplace) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let workplace = Workplace(folder: folder)
            try workplace.write(text, to: "data/some_folder/input.txt")
            try body(workplace)
        }
    }

    func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }

    func write(_ bytes: Data, to path: String) throws {
        let file = url(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    func url(_ path: String) -> URL { folder.appendingPathComponent(path) }

    func files(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url(path).path)) ?? []).sorted()
    }

    /// The checkpoints of a folder in the order of their epochs.
    func checkpoints(_ path: String = "cv") -> [String] {
        files(path).filter { $0.hasSuffix(".safetensors") }.map { "\(path)/\($0)" }
    }

    func run(_ arguments: [String], input: String = "") throws -> CommandLineTool.Outcome {
        try CommandLineTool.charRNN.run(arguments, in: folder, input: input)
    }

    /// Runs a command that may hang: after 60 s it is stopped, with the status 124.
    func runBounded(_ arguments: [String], input: String = "") throws -> CommandLineTool.Outcome {
        let timeout = CommandLineTool(executable: URL(fileURLWithPath: "/usr/bin/timeout"))
        return try timeout.run(["60", CommandLineTool.charRNN.executable.path] + arguments, in: folder, input: input)
    }

    /// Runs a command that must succeed.
    @discardableResult
    func succeed(
        _ arguments: [String], input: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> CommandLineTool.Outcome {
        let outcome = try run(arguments, input: input)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Trains a small model on the folder's text; returns the last checkpoint.
    @discardableResult
    func train(
        _ options: [String] = [], into checkpoints: String = "cv",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        try succeed(
            ["train", "-data_dir", "data/some_folder", "-checkpoint_dir", checkpoints] + Self.smallSizes
                + ["-max_epochs", "1"] + options, sourceLocation: sourceLocation)
        return try #require(self.checkpoints(checkpoints).last, sourceLocation: sourceLocation)
    }
}
