import CharRNN
import TestSupport
import Testing

/// Losses on the parts of a text, against the float64 reference.
@Suite struct EvaluationTests {
    @Test(arguments: RecurrentCell.allCases)
    func everyPartIsEvaluatedFromTheZeroStateWithoutDropout(_ cell: RecurrentCell) throws {
        let run = Run(cell: cell, dropout: 0.5, text: SmallText.noise(250), validationFraction: 0.1)
        for device in Device.underTest {
            let trainer = try run.trainer(on: device)
            for _ in 0..<5 { _ = try trainer.step() }
            for part in [TextDataset.Split.training, .validation, .test] {
                #expect(trainer.dataset.batchCount(in: part) > 0)
                var reference = try ReferenceNetwork(trainer.model, batchSize: run.batchSize)
                let expected = try reference.meanLoss(over: part, of: trainer.dataset)
                let loss = try trainer.evaluate(part)
                #expect(abs(loss - expected) <= 1e-6 * expected, "\(part): \(loss) for \(expected) on \(device)")
            }
        }
    }

    @Test func anEmptyPartHasNoLoss() throws {
        let trainer = try Run().trainer()
        #expect(try trainer.evaluate(.test).isNaN)
        #expect(trainer.validationLosses.isEmpty)
    }

    @Test func validationLossesAreKeptByIteration() throws {
        let trainer = try Run(validationFraction: 0.1).trainer()
        let first = try trainer.evaluate(.validation)
        for _ in 0..<3 { _ = try trainer.step() }
        let second = try trainer.evaluate(.validation)
        _ = try trainer.evaluate(.test)
        _ = try trainer.evaluate(.training)
        #expect(trainer.validationLosses == [0: first, 3: second])
        #expect(first != second)
        #expect(try trainer.evaluate(.validation) == second, "evaluating twice gives the same")
    }

    @Test(arguments: RecurrentCell.allCases)
    func scoringATextGivesTheSameLossesAsReadingItInBatches(_ cell: RecurrentCell) throws {
        // One stream that holds the whole text, so that the batches are the text from its first character.
        let text = SmallText.noise(60)
        let run = Run(cell: cell, batchSize: 1, sequenceLength: 6, text: text)
        for device in Device.underTest {
            let trainer = try Trainer(
                model: run.model(on: device),
                dataset: TextDataset(
                    text: text, batchSize: 1, sequenceLength: 6, trainingFraction: 1, validationFraction: 0))
            let unrolled = try trainer.evaluate(.training) * 60
            let scores = try trainer.model.logProbabilities(of: text)
            #expect(scores.count == 59)
            // The last target of the batches is the first character again.
            let last = try trainer.model.logProbabilities(of: text + text.prefix(1)).last!
            #expect(abs(-scores.reduce(0, +) - last - unrolled) <= 1e-5 * unrolled, "\(device)")
            var reference = try ReferenceNetwork(trainer.model, batchSize: 1)
            let tokens = try trainer.model.vocabulary.encode(text).map { Int32($0) }
            let expected = reference.read(Array(tokens.dropLast()), targets: Array(tokens.dropFirst()))
            expectClose(scores.map { Float(-$0) }, expected, within: 1e-5, "scores on \(device)")
        }
    }
}
