import CharRNN
import Foundation
import TestSupport
import Testing

/// State dictionaries as people have them, against what PyTorch computes with each; `make_state_dicts.py` made both.
@Suite struct StateDictionaryTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Reference/state_dicts")

    private struct Expected: Decodable {
        let text: String
        let files: [String: Entry]
    }

    private struct Entry: Decodable {
        let cell: RecurrentCell?
        /// The tokens by the rows of the decoder.
        let order: [String]?
        let ignored: [String]?
        let refusal: String?
        let logProbabilities: [Double]?
    }

    private static let expected: Expected = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = folder.appendingPathComponent("expected.json")
        return try! decoder.decode(Expected.self, from: Data(contentsOf: file))
    }()

    private func checkpoint(_ file: String, cell: RecurrentCell?, order: [String]? = nil) throws -> Checkpoint {
        let vocabulary = Vocabulary(of: Self.expected.text)
        return try Checkpoint(
            pyTorch: Self.folder.appendingPathComponent(file), vocabulary: vocabulary,
            order: order?.map { vocabulary.number(of: Array($0.utf8))! }, cell: cell)
    }

    @Test(arguments: expected.files.keys.sorted())
    func eachIsReadAsPyTorchReadsItOrRefused(_ file: String) throws {
        let entry = try #require(Self.expected.files[file])
        if let refusal = entry.refusal {
            let error = #expect(throws: CheckpointError.self) { try checkpoint(file, cell: entry.cell) }
            #expect(error?.description.contains(refusal) == true, "\(String(describing: error))")
            #expect(error?.description.contains(file) == true)
        } else {
            let checkpoint = try checkpoint(file, cell: entry.cell, order: entry.order)
            #expect(checkpoint.options["ignored"] == entry.ignored?.joined(separator: ", "))
            let actual = try LanguageModel(checkpoint, on: .cpu).logProbabilities(of: Self.expected.text)
            let expected = try #require(entry.logProbabilities)
            expectClose(actual.map { Float($0) }, expected, within: 1e-5, "\(file)")
        }
    }

    /// Each file is in the list and each of the list is a file, so that none is passed over.
    @Test func theListIsWhole() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0 != "expected.json"
        }
        #expect(Set(files) == Set(Self.expected.files.keys) && files.count > 35)
    }

    @Test func whatNoFileTellsIsAsked() throws {
        for (file, words) in [
            ("tanh", "give the cell as rnn if it is of tanh"), ("gru_of_model_py", "that of model.py"),
        ] {
            let error = #expect(throws: CheckpointError.self) { try checkpoint("\(file).safetensors", cell: nil) }
            #expect(error?.description.contains(words) == true)
        }
    }

    @Test func itIsNoCheckpointAndSaysWhatToDo() throws {
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint(contentsOf: Self.folder.appendingPathComponent("bfloat16.safetensors"))
        }
        #expect(error?.description.contains("names no format; read a state dictionary of PyTorch as such") == true)
    }
}
