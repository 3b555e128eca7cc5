import CharRNN
import TestSupport
import Testing

/// The gradient of the whole network: two layers, dropout with its mask fixed, decoder, loss.
@Suite struct GradientTests {
    struct Case: CustomTestStringConvertible {
        let cell: RecurrentCell
        let dropout: Float
        let embeddingSize: Int?
        /// Of more characters than a batch has places.
        var isWide = false
        var testDescription: String {
            "\(cell), dropout \(dropout), \(embeddingSize.map { "an embedding of \($0)" } ?? "one-hot")"
                + (isWide ? ", many characters" : "")
        }

        static let all = RecurrentCell.allCases.flatMap { cell in
            [nil, 3].flatMap { size in [0, 0.5].map { Case(cell: cell, dropout: $0, embeddingSize: size) } }
                + (cell == .lstm ? [0, 0.5].map { Case(cell: cell, dropout: $0, embeddingSize: 3, isWide: true) } : [])
        }
    }

    // A component is a sum over the 12 places of a batch of products some ten factors deep, each rounded, and the
    // exponentials of devices may be off by a few units in the last place.
    private let roundings = 64

    @Test(arguments: Case.all)
    func theGradientIsThatOfCentralDifferencesOnEveryDevice(_ example: Case) throws {
        var run = Run(cell: example.cell, dropout: example.dropout, embeddingSize: example.embeddingSize)
        if example.isWide { run.text = SmallText.noise(130, alphabet: SmallText.manyLetters) }
        for device in Device.ofAllLaunches {
            let trainer = try run.trainer(on: device)
            var reference = try ReferenceNetwork(trainer.model, batchSize: run.batchSize)
            for step in 0..<2 {
                // The second step begins in the state in which the first one ended.
                let batch = try trainer.dataset.training.batch(step, epoch: 0)
                let dropout =
                    example.dropout > 0
                    ? ReferenceNetwork.Dropout(
                        probability: example.dropout, seed: run.options.seed, step: UInt64(step)) : nil
                reference.parameters = try trainer.model.parameterValues().asDoubles
                let start = reference
                let differences = CentralDifferences(
                    of: { start.objective($0, inputs: batch.inputs, targets: batch.targets, dropout: dropout) },
                    at: start.parameters, sampling: start.parameters.count)
                let expectedLoss = reference.read(batch.inputs, targets: batch.targets, dropout: dropout).mean
                let loss = try trainer.step().loss
                differences.expect(
                    try trainer.gradientValues(), roundings: roundings, "gradient of step \(step + 1) on \(device)")
                expectClose(
                    [loss], [expectedLoss], within: 16 * unitRoundoff * expectedLoss,
                    "loss of step \(step + 1) on \(device)")
            }
        }
    }

    @Test func dropoutChangesTheGradient() throws {
        func gradient(_ dropout: Float) throws -> [Float] {
            let trainer = try Run(dropout: dropout).trainer()
            _ = try trainer.step()
            return try trainer.gradientValues()
        }
        #expect(try gradient(0) != gradient(0.5))
    }
}
