import CharRNN
import Foundation
import TestSupport
import Testing

/// Models that go to NumPy, and the archive they go in.
@Suite struct NumPyTests {
    private static let text = SmallText.noise(200, alphabet: "aé\n\"\\b😀")

    private func python(_ arguments: [String], in folder: URL) throws -> String {
        try Python.run(try #require(NumPy.python), arguments, in: folder)
    }

    @Test func theFolderHasTheWeightsAndAProgram() throws {
        let checkpoint = try Checkpoint(of: Run(cell: .lstm, text: Self.text).model())
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            for _ in 0..<2 { try checkpoint.writeNumPy(to: out) }  // also over another
            let names = try FileManager.default.contentsOfDirectory(atPath: out.path).sorted()
            #expect(names == ["sample.py", "weights.npz"])
            let program = try String(contentsOf: out.appendingPathComponent("sample.py"), encoding: .utf8)
            let lines = program.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.allSatisfy { $0.count <= 120 } && program.hasPrefix("\"\"\"Lets the network of weights.npz"))

            try Data("mine".utf8).write(to: folder.appendingPathComponent("sample.py"))
            let refusal = #expect(throws: FileError.self) { try checkpoint.writeNumPy(to: folder) }
            #expect(refusal?.reason.hasPrefix("another program of that name is there") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["out", "sample.py"])
        }
    }

    /// By the checker of zip archives that Python brings along, which computes the checksums again.
    @Test(.enabled(if: NumPy.hasPython, "no python3 was found")) func anArchiveIsOneForOthers() throws {
        try withTemporaryFolder { folder in
            let contents = [("a/é", Data("text".utf8)), ("empty", Data()), ("all", Data(0...255))]
            try zipArchive(contents.map { (name: $0.0, contents: $0.1) })
                .write(to: folder.appendingPathComponent("a.zip"))
            let script =
                "import zipfile; z = zipfile.ZipFile('a.zip'); print(z.testzip(), [len(z.read(n)) for n in z.namelist()])"
            let text = try Python.run("python3", ["-c", script], in: folder)
            #expect(text == "None [4, 0, 256]\n")
        }
    }

    @Test(.enabled(if: NumPy.python != nil, "no Python with numpy was found"), arguments: RecurrentCell.allCases)
    func theProgramComputesTheSame(_ cell: RecurrentCell) throws {
        for kind in [TokenKind.scalars, .bytes] {
            let vocabulary = Vocabulary(of: Self.text, kind: kind)
            let configuration = LanguageModel.Configuration(
                cell: cell, vocabulary: vocabulary, hiddenSize: 5, layerCount: 2)
            let model = try LanguageModel(configuration, on: .cpu, seed: 1)
            let tokens = try vocabulary.encode(String(Self.text.prefix(40)))
            try withTemporaryFolder { folder in
                try Checkpoint(of: model).writeNumPy(to: folder)
                let script = """
                    import json, sys, numpy as np, sample
                    numbers, states, logarithms = json.loads(sys.argv[1]), sample.start(), []
                    for number, following in zip(numbers, numbers[1:]):
                        logits, states = sample.read(states, number)
                        logits = logits.astype(np.float64)
                        logarithms.append(logits[following] - np.log(np.exp(logits).sum()))
                    print(json.dumps(logarithms))
                    """
                let printed = try python(["-c", script, "\(tokens)"], in: folder)
                let logarithms = try JSONDecoder().decode([Double].self, from: Data(printed.utf8))
                let actual = try model.logProbabilities(of: String(Self.text.prefix(40)))
                expectClose(actual.map { Float($0) }, logarithms, within: 1e-5, "\(cell)")
                let written = try python(["sample.py", "20", "0.8", "aé"], in: folder)
                #expect(written.hasPrefix("aé"))
            }
        }
    }

    /// Both take the likeliest token at each step, so that one text says whether they read the prime alike.
    @Test(
        .enabled(if: NumPy.python != nil, "no Python with numpy was found"),
        arguments: [TokenKind.scalars, .characters])
    func theProgramReadsUnknownCharacters(_ kind: TokenKind) throws {
        let dataset = try TextDataset(text: SmallText.noise(200, alphabet: "abcdé") + "x", tokens: kind)
        let vocabulary = try dataset.withUnknownToken(minimumFrequency: 2).vocabulary
        let model = try LanguageModel(.init(vocabulary: vocabulary, hiddenSize: 9), on: .cpu, seed: 5)
        try model.setParameterValues(model.parameterValues().map { 20 * $0 })
        try withTemporaryFolder { folder in
            try Checkpoint(of: model).writeNumPy(to: folder)
            guard kind == .scalars else {
                // What a grapheme cluster is, Python does not tell.
                let program =
                    "import subprocess, sys; sys.exit(subprocess.call(['python3', 'sample.py', '1', '0', 'Ж']) == 0)"
                _ = try python(["-c", program], in: folder)
                return
            }
            let written = try python(["sample.py", "20", "0", "aЖé"], in: folder)
            var session = try model.makeSession()
            try session.feed("aЖé")
            var sampling = Sampling()
            sampling.temperature = 0
            let expected = vocabulary.decode(Array(session.tokens(by: sampling).prefix(20)))
            #expect(written == "aЖé\(expected)\n" && Set(expected).count > 1)
        }
    }
}

private enum NumPy {
    static let hasPython = Python.runs("python3", "0")
    static let python = Python.importing("numpy")
}
