import CharRNN
import Foundation
import TestSupport
import Testing

/// Files of char-rnn and torch-rnn in all their variants, made by the tests, against the programs' own equations.
@Suite struct ImportTests {
    /// Not in the order of their bytes, so that a wrong order shows.
    private static let letters: [[UInt8]] = Array("ca\nb. d".utf8).map { [$0] }

    private func expectAgreement(
        _ bytes: [UInt8], tokens: [[UInt8]], _ expected: ([Int]) -> [[Double]], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let checkpoint = try checkpoint(bytes)
        let text = [3, 0, 0, 6, 1, 5, 2, 4, 3].map { $0 % tokens.count }
        for device in Device.underTest {
            let model = try LanguageModel(checkpoint, on: device)
            var session = try model.makeSession()
            let numbers = tokens.map { token in
                (0..<model.vocabulary.count).first { model.vocabulary.bytes(of: $0) == token }!
            }
            for (token, row) in zip(text, expected(text)) {
                try session.feed(numbers[token])
                let actual = numbers.map { Float(session.next.logProbability(of: $0)) }
                // Weights are exact; what differs is single precision over a few steps of a few units.
                expectClose(actual, row, within: 1e-5, "\(what) on \(device)", sourceLocation: sourceLocation)
            }
        }
    }

    @Test(arguments: RecurrentCell.charRNNs, 1...3)
    func everyNetworkOfCharRNN(_ cell: RecurrentCell, layerCount: Int) throws {
        let original = OriginalCharRNN(cell, tokens: Self.letters, hiddenSize: 4, layerCount: layerCount)
        let bytes = original.bytes()
        try expectAgreement(bytes, tokens: Self.letters, original.logProbabilities, "\(cell)")
        let checkpoint = try checkpoint(bytes)
        #expect(checkpoint.configuration.cell == cell)
        #expect(checkpoint.configuration.layerCount == layerCount)
        #expect(checkpoint.configuration.hiddenSize == 4)
        #expect(checkpoint.configuration.vocabulary.kind == .bytes)
        #expect(
            checkpoint.options
                == ["model": cell.rawValue, "rnn_size": "4", "i": "300", "epoch": "0.5", "val_loss": "2.25"])
    }

    @Test(arguments: ["Double", "Float", "Cuda", "Cl"], RecurrentCell.charRNNs)
    func everyKindOfTensor(_ element: String, _ cell: RecurrentCell) throws {
        let original = OriginalCharRNN(cell, tokens: Self.letters, hiddenSize: 3, layerCount: 2)
        let plain = try checkpoint(original.bytes())
        for flags in 0..<8 {
            let variant = OriginalCharRNN.Variant(
                element: element, hasVersions: flags & 1 == 0, hasNames: flags & 2 == 0, hasModules: flags & 4 == 0)
            let copy = try checkpoint(original.bytes(variant))
            #expect(try copy.fileBytes() == plain.fileBytes(), "\(variant)")
        }
    }

    @Test(arguments: [RecurrentCell.lstm, .rnn], [false, true])
    func everyNetworkOfTorchRNN(_ cell: RecurrentCell, hasNormalization: Bool) throws {
        for layerCount in 1...3 {
            let tokens = ["F", "i", "é", "😀", "\n", "a"]
            let original = OriginalTorchRNN(
                cell, tokens: tokens, embeddingSize: 5, hiddenSize: 3, layerCount: layerCount,
                hasNormalization: hasNormalization)
            try expectAgreement(
                original.bytes, tokens: tokens.map { Array($0.utf8) }, original.logProbabilities,
                "\(cell) of \(layerCount) layers")
            let configuration = try checkpoint(original.bytes).configuration
            #expect(configuration.vocabulary == Vocabulary(of: tokens.joined()))
            #expect(configuration.dropout == 0.25)
        }
    }

    // MARK: Vocabularies

    @Test func bytesStayBytesAndStringsBecomeScalars() throws {
        func vocabulary(_ tokens: [[UInt8]]) throws -> Vocabulary {
            try checkpoint(OriginalCharRNN(.rnn, tokens: tokens, hiddenSize: 2, layerCount: 1).bytes())
                .configuration.vocabulary
        }
        let halves = try vocabulary([[0xC3], [0xA9], [0x0A]])
        #expect(halves.kind == .bytes)
        #expect((0..<3).map { halves.bytes(of: $0) } == [[0x0A], [0xA9], [0xC3]])
        #expect(try vocabulary([Array("é".utf8), Array("e".utf8)]) == Vocabulary(of: "eé"))
    }

    @Test func torchRNNsNumberedBytesAreBytes() throws {
        let original = OriginalTorchRNN(
            .rnn, tokens: ["a", "[195]", "[", "[169]"], embeddingSize: 2, hiddenSize: 2, layerCount: 1,
            hasNormalization: false)
        let vocabulary = try checkpoint(original.bytes).configuration.vocabulary
        #expect(vocabulary.kind == .bytes)
        #expect((0..<4).map { vocabulary.bytes(of: $0) } == [[0x5B], [0x61], [0xA9], [0xC3]])
    }

    // MARK: Other files

    @Test func otherNetworksAreRefusedWithWhatTheyAre() throws {
        let convnet = TorchDatum.instance(
            "nn.Sequential", [("modules", .list(["nn.SpatialConvolution", "nn.ReLU"].map { .instance($0, []) }))])
        let words = ["the", "end"].map { Array($0.utf8) }
        let wordRNN = OriginalCharRNN(.lstm, tokens: words, hiddenSize: 2, layerCount: 1).root()
        func torchRNN(_ module: String) -> TorchDatum {
            .fields([
                (
                    "model",
                    .instance(
                        "nn.LanguageModel",
                        [
                            ("idx_to_token", .list([.text("a")])),
                            ("net", .instance("nn.Sequential", [("modules", .list([.instance(module, [])]))])),
                        ])
                )
            ])
        }
        let cases: [(TorchDatum, String)] = [
            (convnet, "it holds nn.Sequential of nn.SpatialConvolution, nn.ReLU"),
            (
                .fields([("model", convnet), ("epoch", .number(1))]),
                "it holds a table of 'epoch', 'model' (nn.Sequential of nn.SpatialConvolution, nn.ReLU)"
            ),
            (.fields([("a", .number(1))]), "it holds a table of 'a'"),
            (.table([]), "it holds a table without names"),
            (wordRNN, "its vocabulary has 'the', which is not one character"),
            (torchRNN("nn.GRU"), "its network has nn.GRU where torch-rnn has none"),
        ]
        for (root, reason) in cases {
            let error = #expect(throws: CheckpointError.self) { try checkpoint(TorchWriter.bytes(root)) }
            guard case .foreign(_, reason)? = error else {
                Issue.record("\(String(describing: error)) for \(reason)")
                continue
            }
            #expect(error?.description.hasSuffix(" is not a model of char-rnn or torch-rnn: \(reason)") == true)
        }
    }

    @Test func filesOfTheASCIIFormatSayWhatToDo() throws {
        let error = #expect(throws: CheckpointError.self) { try checkpoint(Array("4\n1\n3\nV 1\n".utf8)) }
        #expect(error?.description.contains("ASCII format; save it again") == true)
    }

    private func checkpoint(_ bytes: [UInt8]) throws -> Checkpoint {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("old.t7")
            try Data(bytes).write(to: file)
            return try Checkpoint(contentsOf: file)
        }
    }
}
