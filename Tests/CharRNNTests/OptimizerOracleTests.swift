import CharRNN
import Foundation
import TestSupport
import Testing

/// The losses of 20 steps with AdamW and with Muon against PyTorch's in double precision, from the same weights;
/// `train.py` in Tests/Reference has Muon as a formula.
@Suite struct OptimizerOracleTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Reference")

    static let optimizers: [(name: String, optimizer: Optimizer)] = [
        ("adamw", .adamW(AdamW(learningRate: 4e-3, beta1: 0.9, beta2: 0.99, weightDecay: 0.1))),
        (
            "muon",
            .muon(
                Muon(
                    learningRate: 0.03, momentum: 0.95, weightDecay: 0.1,
                    others: AdamW(learningRate: 4e-3, beta1: 0.9, beta2: 0.99, weightDecay: 0.1)))
        ),
    ]

    /// The files with weights; `embedded` is an LSTM with an embedding.
    static let networks = RecurrentCell.allCases.map(\.rawValue) + ["embedded"]

    @Test(arguments: networks, optimizers.indices)
    func lossesAgreeAtEveryStep(_ network: String, _ index: Int) throws {
        let (name, optimizer) = Self.optimizers[index]
        let all = try JSONDecoder().decode(
            [String: [String: [Double]]].self,
            from: Data(contentsOf: Self.folder.appendingPathComponent("optimizers.json")))
        let losses = try #require(all[name]?[network])
        let text = try String(contentsOf: Self.folder.appendingPathComponent("text.txt"), encoding: .utf8)
        let options = Trainer.Options(
            optimizer: optimizer, clipping: .norm(2), decay: .init(factor: 1),
            schedule: .init(warmUp: 5, fall: .linear(overLast: 0.4)))
        for device in Device.underTest {
            let weights = Self.folder.appendingPathComponent("\(network).safetensors")
            let trainer = try Trainer(
                model: LanguageModel(contentsOf: weights, on: device),
                dataset: TextDataset(text: text, batchSize: 4, sequenceLength: 8), options: options)
            for step in losses.indices {
                trainer.progress = Double(step) / Double(losses.count)
                try trainer.step()
            }
            // Adam's first steps are of equal size whatever the gradient's, and Muon's in all directions, so what is
            // nothing but rounding moves the wrong way.
            expectClose(
                try trainer.losses(), losses, within: losses.map { 2e-5 * $0 }, "\(name), \(network) on \(device)")
        }
    }
}
