import CharRNN
import TestSupport
import Testing

/// The training loop.
@Suite struct TrainerTests {
    @Test(arguments: LearningCase.all)
    func lossesFallOnARepetitiveText(_ example: LearningCase) throws {
        var run = Run(cell: example.cell, hiddenSize: 16, batchSize: 4, sequenceLength: 11, text: SmallText.rhythm(880))
        run.options = .init(optimizer: example.optimizer)
        let device = try? Device.bestOpenCL()
        for device in [.cpu, device].compactMap({ $0 }) {
            let trainer = try run.trainer(on: device)
            for _ in 0..<150 { _ = try trainer.step() }
            let losses = try trainer.losses()
            // ln 7 = 1.95 at the start; the text has hardly any surprise in it.
            #expect(abs(losses[0] - 1.95) < 0.1, "\(device)")
            #expect(losses.suffix(10).max()! < 0.5, "\(device): \(losses.suffix(10))")
            #expect(try trainer.evaluate(.validation) < 0.5)
        }
    }

    @Test func theRateFallsAtTheEndOfEveryEpochFromTheOneGiven() throws {
        var run = Run()
        run.options = .init(
            optimizer: .rmsProp(learningRate: 0.01), decay: .init(factor: 0.5, firstEpoch: 2))
        let trainer = try run.trainer()
        #expect(trainer.dataset.batchCount(in: .training) == 8)
        var rates: [Int: Float] = [:]
        for _ in 0..<33 {
            let step = try trainer.step()
            rates[step.iteration] = step.learningRate
            #expect(trainer.learningRate == step.nextLearningRate)
            #expect((step.nextLearningRate != step.learningRate) == [16, 24, 32].contains(step.iteration))
        }
        #expect(rates[1] == 0.01 && rates[8] == 0.01 && rates[9] == 0.01 && rates[16] == 0.01)
        #expect(rates[17] == 0.005 && rates[24] == 0.005 && rates[25] == 0.0025 && rates[33] == 0.00125)
    }

    @Test(arguments: [Float(1), 1.5])
    func aFactorOfOneAndMoreLeavesTheRate(_ factor: Float) throws {
        var run = Run()
        run.options.decay = .init(factor: factor, firstEpoch: 1)
        let trainer = try run.trainer()
        for _ in 0..<17 { #expect(try trainer.step().nextLearningRate == 0.002) }
    }

    @Test func aRateOfOnesOwnIsUsedKeptAndResumed() async throws {
        let trainer = try Run().trainer()
        trainer.learningRate = 0.004
        #expect(try trainer.step().learningRate == 0.004 && trainer.learningRate == 0.004)
        trainer.learningRate = 0
        let before = try trainer.model.parameterValues()
        try trainer.step()
        expectSame(try trainer.model.parameterValues(), before)
        trainer.learningRate = 0.003
        let resumed = try Trainer(resuming: Checkpoint(of: trainer), dataset: trainer.dataset)
        #expect(resumed.learningRate == 0.003)
        await #expect(processExitsWith: .failure) { try Run().trainer().learningRate = .nan }
    }

    @Test func ofTwoTrainersOneAloneChangesTheModel() throws {
        let run = Run()
        let (first, second) = (try run.trainer(), try run.trainer())
        let rival = try Trainer(model: first.model, dataset: run.dataset())
        try first.step()
        let parameters = try first.model.parameterValues()
        #expect(throws: ChangedModelError.trainer) { try rival.step() }
        #expect(throws: ChangedModelError.trainer) { try rival.evaluate(.validation) }
        #expect(throws: ChangedModelError.trainer) { try Checkpoint(of: rival) }
        expectSame(try first.model.parameterValues(), parameters)
        try first.step()
        // One after the other is no race.
        let successor = try Trainer(model: first.model, dataset: run.dataset())
        #expect(throws: Never.self) { try successor.step() }
        #expect(throws: ChangedModelError.trainer) { try first.step() }
        #expect(throws: Never.self) { try second.step() }
    }

    @Test func optionsThatTeachNothingTrap() async throws {
        let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Run(options: .init(clipping: .norm(-1))).trainer()
        }
        let message = String(decoding: try #require(end).standardErrorContent, as: UTF8.self)
        #expect(message.contains("the clipping norm(-1.0), whose bound is not above 0"), "\(message)")
        await #expect(processExitsWith: .failure) { _ = try Run(options: .init(clipping: .value(.nan))).trainer() }
        await #expect(processExitsWith: .failure) { _ = try Run(options: .init(clipping: .value(0))).trainer() }
        await #expect(processExitsWith: .failure) {
            _ = try Run(options: .init(optimizer: .adam(beta1: 1))).trainer()
        }
    }

    @Test func aTextOfOtherCharactersIsAnError() throws {
        let model = try Run().model()
        let wide = try Run(text: SmallText.noise(130, alphabet: "xyz")).dataset()
        let error = #expect(throws: VocabularyError.self) { try Trainer(model: model, dataset: wide) }
        #expect(error?.localizedDescription.hasSuffix("vocabulary: it lacks 'x' 'y' 'z'") == true)
        // Fewer do no harm.
        let narrow = try Run(text: SmallText.noise(130, alphabet: "ab")).dataset()
        let trainer = try Trainer(model: model, dataset: narrow)
        #expect(trainer.dataset.vocabulary == model.vocabulary)
    }

    @Test func aCopyOfTheModelStaysAsItWas() throws {
        let trainer = try Run().trainer()
        let copy = try LanguageModel(copying: trainer.model)
        let before = try trainer.model.parameterValues()
        try trainer.step()
        expectSame(try copy.parameterValues(), before)
        #expect(try trainer.model.parameterValues() != before && copy.device.id == trainer.model.device.id)
    }

    @Test func theRateIsTheOneThatTheStepUses() throws {
        // RMSProp's first step moves a weight by rate / √0.05 unless its gradient is about 0.
        for rate in [Float(0.002), 0.01] {
            var run = Run()
            run.options = .init(optimizer: .rmsProp(learningRate: rate))
            let trainer = try run.trainer()
            let before = try trainer.model.parameterValues()
            _ = try trainer.step()
            let moves = zip(before, try trainer.model.parameterValues()).map { abs($0 - $1) }
            expectClose([moves.max()!], [Double(rate) / 0.05.squareRoot()], within: 1e-6)
        }
    }

    @Test func epochsAreCountedInBatches() throws {
        let trainer = try Run().trainer()
        #expect(trainer.epoch == 0 && trainer.iteration == 0)
        var epochs: [Double] = []
        for _ in 0..<16 { epochs.append(try trainer.step().epoch) }
        #expect(epochs == (1...16).map { Double($0) / 8 })
        #expect(trainer.epoch == 2 && trainer.iteration == 16)
    }

    @Test func theStateIsCarriedAcrossTheEndOfAnEpoch() throws {
        // As in char-rnn, where it is never reset; the batches begin anew.
        let trainer = try Run().trainer()
        var reference = try ReferenceNetwork(trainer.model, batchSize: 3)
        for index in Array(0..<8) + Array(0..<3) {
            reference.parameters = try trainer.model.parameterValues().asDoubles
            let batch = try trainer.dataset.training.batch(index, epoch: 0)
            let expected = reference.read(batch.inputs, targets: batch.targets).mean
            // The state may drift by the roundings of all steps before.
            expectClose([try trainer.step().loss], [expected], within: 1e-5, "batch \(index)")
        }
    }

    @Test func evaluationDoesNotDisturbTraining() throws {
        for device in Device.underTest {
            let run = Run(dropout: 0.4, validationFraction: 0.1)
            let quiet = try run.trainer(on: device)
            let evaluating = try run.trainer(on: device)
            for iteration in 0..<10 {
                _ = try quiet.step()
                _ = try evaluating.step()
                for part in [TextDataset.Split.validation, .test, .training].prefix(iteration % 4) {
                    _ = try evaluating.evaluate(part)
                }
            }
            expectSame(try evaluating.losses(), try quiet.losses(), "losses on \(device)")
            expectSame(try evaluating.model.parameterValues(), try quiet.model.parameterValues(), "\(device)")
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func theSameSeedGivesTheSameBits(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            func losses(seed: UInt64) throws -> [Float] {
                var run = Run(cell: cell, dropout: 0.4, hiddenSize: 33)
                run.options.seed = seed
                let trainer = try run.trainer(on: device)
                for _ in 0..<10 { _ = try trainer.step() }
                return try trainer.losses()
            }
            expectSame(try losses(seed: 1), try losses(seed: 1), "losses on \(device)")
            #expect(try losses(seed: 1) != losses(seed: 2), "the dropout masks have a seed of their own")
        }
    }

    @Test func clippingShowsInTheGradientNorm() throws {
        func norms(_ clipping: GradientClipping) throws -> (reported: Double, before: [Double]) {
            var run = Run()
            run.options.clipping = clipping
            let trainer = try run.trainer()
            let step = try trainer.step()
            return (Double(try step.gradientNorm), try trainer.gradientValues().asDoubles)
        }
        let free = try norms(.none)
        let norm = Reference.sumOfSquares(free.before).squareRoot()
        #expect(abs(free.reported - norm) <= 1e-5 * norm)
        #expect(norm > 0.5, "the bounds below would not bind")

        let byNorm = try norms(.norm(0.5))
        #expect(abs(byNorm.reported - 0.5) <= 1e-6)
        #expect(abs(try norms(.norm(100)).reported - norm) <= 1e-5 * norm)

        let bounded = try norms(.value(0.01))
        let expected = Reference.sumOfSquares(Reference.clip(free.before, .value(0.01))).squareRoot()
        #expect(abs(bounded.reported - expected) <= 1e-5 * expected)
        #expect(expected < norm)
    }

    @Test func theParameterNormIsThatAfterTheStep() throws {
        let trainer = try Run().trainer()
        let step = try trainer.step()
        let norm = Reference.sumOfSquares(try trainer.model.parameterValues().asDoubles).squareRoot()
        #expect(abs(Double(try step.parameterNorm) - norm) <= 1e-5 * norm)
    }

    @Test func numbersOfOldStepsCanBeAskedForLater() throws {
        // More steps than the log keeps on the device.
        let trainer = try Run(hiddenSize: 2, layerCount: 1).trainer()
        let steps = try (0..<1100).map { _ in try trainer.step() }
        let losses = try trainer.losses()
        #expect(losses.count == 1100)
        for index in [0, 1, 511, 512, 513, 1023, 1024, 1099] { #expect(try steps[index].loss == losses[index]) }
    }
}
