import CharRNN
import Foundation
import TestSupport
import Testing

/// Models that go to PyTorch and come from there.
@Suite struct PyTorchExchangeTests {
    private static let text = SmallText.noise(200, alphabet: "aé\n\"\\b😀")

    private func model(_ cell: RecurrentCell, dropout: Float = 0.5) throws -> LanguageModel {
        try Run(cell: cell, dropout: dropout, text: Self.text).model()
    }

    @Test func theFolderHasTheWeightsAndAProgram() throws {
        let checkpoint = try Checkpoint(of: model(.gru))
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            for _ in 0..<2 { try checkpoint.writePyTorch(to: out) }  // also over another
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: out.path).sorted() == [
                    "model.py", "weights.safetensors",
                ])
            let weights = try Data(contentsOf: out.appendingPathComponent("weights.safetensors"))
            #expect(try weights == checkpoint.fileBytes())
            let program = try String(contentsOf: out.appendingPathComponent("model.py"), encoding: .utf8)
            #expect(program.hasPrefix("\"\"\"The network of weights.safetensors"))
            #expect(program.contains("\nclass GRU(Layers):\n"))
            let lines = program.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.allSatisfy { $0.count <= 120 } && program.hasSuffix(")\n"))

            try Data("mine".utf8).write(to: folder.appendingPathComponent("model.py"))
            let refusal = #expect(throws: FileError.self) { try checkpoint.writePyTorch(to: folder) }
            #expect(refusal?.reason.hasPrefix("another program of that name is there") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["model.py", "out"])

            let error = #expect(throws: FileError.self) {
                try checkpoint.writePyTorch(to: folder.appendingPathComponent("missing/out"))
            }
            #expect(error?.reason == "No such file or directory")
        }
    }

    @Test func aRunStaysBehind() throws {
        let trainer = try Run().trainer()
        _ = try trainer.step()
        try withTemporaryFolder { folder in
            try Checkpoint(of: trainer).writePyTorch(to: folder)
            let copy = try Checkpoint(contentsOf: folder.appendingPathComponent("weights.safetensors"))
            #expect(copy.iteration == 0)
            expectSame(try LanguageModel(copy).parameterValues(), try trainer.model.parameterValues())
        }
    }

    // MARK: In PyTorch

    /// Runs Python in `folder`; its output.
    private func python(_ arguments: [String], in folder: URL) throws -> String {
        try Python.run(try #require(PyTorch.python), arguments, in: folder)
    }

    @Test(.enabled(if: PyTorch.python != nil, "no Python with torch was found"))
    func theProgramReadsUnknownCharacters() throws {
        let text = Self.text + "x"
        let vocabulary = try TextDataset(text: text).withUnknownToken(minimumFrequency: 2).vocabulary
        let model = try LanguageModel(.init(vocabulary: vocabulary, hiddenSize: 3), on: .cpu, seed: 1)
        try withTemporaryFolder { folder in
            try Checkpoint(of: model).writePyTorch(to: folder)
            let script = "import sys, model; print(model.load().encode(sys.argv[1]))"
            let printed = try python(["-c", script, "aЖx😀"], in: folder)
            #expect(try printed == "\(vocabulary.encode("aЖx😀"))\n")
        }
    }

    @Test(.enabled(if: PyTorch.python != nil, "no Python with torch was found"), arguments: RecurrentCell.allCases)
    func theProgramComputesTheSame(_ cell: RecurrentCell) throws {
        let model = try model(cell)
        let prime = String(Self.text.prefix(40))
        try withTemporaryFolder { folder in
            try Checkpoint(of: model).writePyTorch(to: folder)
            let script = """
                import json, sys, torch, model
                network = model.load()
                numbers = torch.tensor(network.encode(sys.argv[1]))
                logits, _ = network(numbers[:, None])
                logarithms = torch.log_softmax(logits[:-1, 0].double(), dim=-1)
                print(json.dumps(logarithms[range(len(numbers) - 1), numbers[1:]].tolist()))
                """
            let printed = try python(["-c", script, prime], in: folder)
            let logarithms = try JSONDecoder().decode([Double].self, from: Data(printed.utf8))
            expectClose(
                try model.logProbabilities(of: prime).map { Float($0) }, logarithms, within: 1e-5, "\(cell)")

            var session = try model.makeSession()
            try session.feed(prime)
            var greedy = prime
            for _ in 0..<30 {
                let token = session.next.greedy
                greedy += model.vocabulary[token]
                try session.feed(token)
            }
            let arguments = ["model.py", "--prime", prime, "--length", "30", "--temperature", "0"]
            #expect(try python(arguments, in: folder) == greedy + "\n")
            let drawn = try python(["model.py", "--length", "20"], in: folder)
            #expect(drawn.unicodeScalars.count == 21)
        }
    }

    // MARK: From PyTorch

    /// The file with its tensors under other names, and without metadata, as PyTorch's would be.
    private func stateDictionary(
        _ model: LanguageModel, in folder: URL, _ rename: (String) -> String?
    ) throws -> URL {
        let url = folder.appendingPathComponent("state.safetensors")
        try Checkpoint(of: model).write(to: url)
        var file = try TensorFile(url)
        let entries = file.header
        file.header = [:]
        for (name, entry) in entries where name != "__metadata__" {
            if let name = rename(name) { file.header[name] = entry }
        }
        try file.bytes.write(to: url)
        return url
    }

    @Test(arguments: RecurrentCell.allCases.filter(\.hasRecurrentProduct))
    func aStateDictionaryIsRead(_ cell: RecurrentCell) throws {
        let model = try model(cell, dropout: 0)
        try withTemporaryFolder { folder in
            for (recurrent, decoder) in [("rnn.", "decoder."), ("lstm.", "fc."), ("a.b.", "out."), ("", "linear.")] {
                let file = try stateDictionary(model, in: folder) {
                    $0.hasPrefix("rnn.") ? recurrent + $0.dropFirst(4) : decoder + $0.dropFirst(8)
                }
                let copy = try Checkpoint(
                    pyTorch: file, vocabulary: model.vocabulary, cell: [.gru, .rnn].contains(cell) ? cell : nil)
                #expect(copy.configuration == model.configuration)
                expectSame(try LanguageModel(copy).parameterValues(), try model.parameterValues())
            }
        }
    }

    @Test func otherStateDictionariesAreRefused() throws {
        let lstm = try model(.lstm)
        let gru = try model(.gru)
        try withTemporaryFolder { folder in
            func reason(
                _ model: LanguageModel, _ vocabulary: Vocabulary? = nil, cell: RecurrentCell? = nil,
                _ rename: (String) -> String? = { $0 }
            ) throws -> String {
                let file = try stateDictionary(model, in: folder, rename)
                let error = #expect(throws: CheckpointError.self) {
                    try Checkpoint(pyTorch: file, vocabulary: vocabulary ?? model.vocabulary, cell: cell)
                }
                return (error?.description ?? "").replacingOccurrences(of: file.path, with: "FILE")
            }
            #expect(try reason(gru).contains("a GRU, and torch.nn.GRU's equations are others"))
            for (model, title) in [(lstm, "LSTM"), (gru, "GRU")] {
                for cell in RecurrentCell.allCases where cell != model.configuration.cell && cell != .minGRU {
                    #expect(try reason(model, cell: cell).hasSuffix("its layers are of \(title), not of \(cell.title)"))
                }
            }
            // Before anything is looked for in the file, and where what it lacks tells that it is one.
            let minimal = "a minGRU is not read from a state dictionary; LSTM, GRU, RNN and Mogrifier LSTM are"
            for file in [lstm, try model(.minGRU)] {
                #expect(try reason(file, cell: .minGRU) == "FILE cannot become a checkpoint: \(minimal)")
            }
            #expect(try reason(model(.minGRU)).hasSuffix("no matrix 'weight_hh_l0'; \(minimal)"))
            #expect(
                try reason(lstm, Vocabulary(of: "abc"))
                    == "FILE cannot become a checkpoint: its decoder has the shape [7, 5], "
                    + "the vocabulary has 3 tokens")
            let bidirectional = try reason(lstm) { $0.replacingOccurrences(of: "l1", with: "l0_reverse") }
            #expect(bidirectional.contains("_reverse"))
            // As many matrices as the Mogrifier has gates, where it has ten.
            let small = try Run(cell: .rnn, hiddenSize: 1, text: Self.text).model()
            let sevenMatrices = try reason(small) {
                ["rnn.weight_hh_l0": "decoder.weight", "decoder.weight": "rnn.weight_hh_l0"][$0] ?? $0
            }
            #expect(sevenMatrices.hasSuffix("its 'weight_hh_l0' has the shape [7, 1], which no cell has"))
        }
    }

    /// Each name would be gone through number by number: a file of 100 MB with a million of them took hours.
    @Test func oneTensorOfManyNamesIsRefused() throws {
        let model = try model(.lstm)
        try withTemporaryFolder { folder in
            let url = try stateDictionary(model, in: folder) { $0 }
            var file = try TensorFile(url)
            file.metadata = Dictionary(uniqueKeysWithValues: (0..<100).map { ("name\($0)", "rnn.weight_hh_l0") })
            try file.bytes.write(to: url)
            let error = #expect(throws: CheckpointError.self) {
                try Checkpoint(pyTorch: url, vocabulary: model.vocabulary)
            }
            #expect(error?.description.hasSuffix("its tensors have more numbers than the file") == true)
        }
    }
}

/// The Python to run, if there is one with what `model.py` needs.
enum PyTorch {
    static let python = Python.importing("torch, numpy, safetensors")
}
