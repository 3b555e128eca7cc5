import CharRNN
import Foundation
import TestSupport
import Testing

/// The losses of 20 training steps against PyTorch's from the same weights; Tests/Reference says how those were made.
@Suite struct PyTorchTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Reference")
    private static let text = folder.appendingPathComponent("text.txt")

    private struct Expected: Decodable {
        let losses: [String: [Double]]
        let validationLosses: [String: Double]
    }

    private func dataset() throws -> TextDataset {
        // From memory, so that no cache is left in the sources.
        try TextDataset(text: String(contentsOf: Self.text, encoding: .utf8), batchSize: 4, sequenceLength: 8)
    }

    private func weights(_ cell: RecurrentCell) -> URL {
        Self.folder.appendingPathComponent("\(cell.rawValue).safetensors")
    }

    private func expected() throws -> Expected {
        let file = Self.folder.appendingPathComponent("losses.json")
        return try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file))
    }

    @Test(arguments: RecurrentCell.allCases)
    func lossesAgreeWithPyTorchAtEveryStep(_ cell: RecurrentCell) throws {
        let losses = try #require(try expected().losses[cell.rawValue])
        #expect(losses.count == 20)
        for device in Device.underTest {
            let trainer = try Trainer(model: LanguageModel(contentsOf: weights(cell), on: device), dataset: dataset())
            for _ in losses { _ = try trainer.step() }
            // PyTorch computed in double precision. RMSProp's first steps move every weight by the same amount
            // whatever the size of its gradient, so a component that is nothing but rounding moves the wrong way;
            // 20 steps keep that below 1e-5.
            let actual = try trainer.losses()
            expectClose(actual, losses, within: losses.map { 1e-5 * $0 }, "losses of \(cell) on \(device)")
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func theValidationLossAgreesWithPyTorch(_ cell: RecurrentCell) throws {
        let loss = try #require(try expected().validationLosses[cell.rawValue])
        for device in Device.underTest {
            let trainer = try Trainer(model: LanguageModel(contentsOf: weights(cell), on: device), dataset: dataset())
            let actual = try trainer.evaluate(.validation)
            #expect(abs(actual - loss) <= 1e-6 * loss, "\(actual) for \(loss) on \(device)")
        }
    }

    @Test(arguments: RecurrentCell.charRNNs)
    func theTorchSeedGivesTheWeightsThatNumpyDrew(_ cell: RecurrentCell) throws {
        let configuration = LanguageModel.Configuration(
            cell: cell, vocabulary: try dataset().vocabulary, hiddenSize: 12, layerCount: 2)
        let model = try LanguageModel(configuration, on: .cpu, seed: 123)
        let committed = try LanguageModel(contentsOf: weights(cell), on: .cpu)
        #expect(committed.configuration == configuration)
        expectSame(try model.parameterValues(), try committed.parameterValues())
    }
}
