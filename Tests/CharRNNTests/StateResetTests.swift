import CharRNN
import Foundation
import TestSupport
import Testing

/// Streams that begin some batches in the zero state, drawn by ``TrainingOptions/resetProbability``.
@Suite struct StateResetTests {
    private func run(_ example: LearningCase, _ probability: Float) -> Run {
        var run = Run(cell: example.cell, dropout: 0.3, batchSize: 4, text: SmallText.noise(220))
        run.options = .init(
            optimizer: example.optimizer, clipping: .norm(1), seed: 99, batchesPerStep: 2,
            resetProbability: probability)
        return run
    }

    private func bytes(after steps: Int, _ trainer: Trainer) throws -> Data {
        while trainer.iteration < steps {
            try trainer.step()
            if trainer.iteration % 4 == 0 { _ = try trainer.evaluate(.validation) }
        }
        return try Checkpoint(of: trainer).fileBytes()
    }

    /// The batches of a source, which all begin in the zero state.
    private struct Forgetful: BatchSource {
        let source: any BatchSource
        var vocabulary: Vocabulary { source.vocabulary }
        var batchSize: Int { source.batchSize }
        var sequenceLength: Int { source.sequenceLength }
        var batchCount: Int { source.batchCount }
        var fingerprint: UInt64 { source.fingerprint }

        func batch(_ index: Int, epoch: Int) throws -> Batch {
            let batch = try source.batch(index, epoch: epoch)
            return Batch(
                batchSize: batchSize, steps: sequenceLength, inputs: batch.inputs, targets: batch.targets,
                resets: Array(0..<batchSize))
        }
    }

    @Test(arguments: LearningCase.all)
    func certainResetsAreThoseOfASourceThatResetsAll(_ example: LearningCase) throws {
        let (run, carrying) = (run(example, 1), run(example, 0))
        for device in Device.underTest {
            let drawn = try run.trainer(on: device)
            let data = TrainingData(training: Forgetful(source: TrainingData(try carrying.dataset()).training))
            // With some draws the source's own resets stay what they are.
            let others = try [carrying, self.run(example, 0.3)].map {
                try Trainer(model: $0.model(on: device), dataset: data, options: $0.options)
            }
            let plain = try carrying.trainer(on: device)
            for trainer in [drawn, plain] + others { for _ in 1...8 { try trainer.step() } }
            for forgetful in others {
                expectSame(try drawn.losses(), try forgetful.losses(), "\(device)")
                expectSame(try drawn.model.parameterValues(), try forgetful.model.parameterValues(), "\(device)")
            }
            #expect(try drawn.losses() != plain.losses(), "the state matters")
        }
    }

    @Test(arguments: LearningCase.all)
    func withoutAProbabilityNothingChanges(_ example: LearningCase) throws {
        var plain = run(example, 0)
        // Never drawn, so the batches go another way with the same end.
        let rare = run(example, .leastNonzeroMagnitude)
        plain.options = .init(optimizer: example.optimizer, clipping: .norm(1), seed: 99, batchesPerStep: 2)
        let (carrying, drawing) = (try plain.trainer(), try rare.trainer())
        let file = try bytes(after: 8, carrying)
        _ = try bytes(after: 8, drawing)
        expectSame(try drawing.losses(), try carrying.losses())
        expectSame(try drawing.model.parameterValues(), try carrying.model.parameterValues())
        #expect(file == (try bytes(after: 8, run(example, 0).trainer())))
        #expect(!String(decoding: try JSONEncoder().encode(plain.options), as: UTF8.self).contains("esets"))
        #expect(plain.options.resetProbability == 0 && rare.options.resetProbability > 0)
    }

    /// What each stream has begun in is told by the loss alone, by a network that knows nothing of the draws.
    @Test(arguments: RecurrentCell.allCases)
    func eachStreamIsDrawnByItselfWithTheProbability(_ cell: RecurrentCell) throws {
        var draws: [UInt64: [[Bool]]] = [:]
        for seed: UInt64 in [1, 2] {
            var run = Run(cell: cell, batchSize: 4, text: SmallText.noise(900))
            run.options = .init(seed: seed, resetProbability: 0.3)
            let trainer = try run.trainer()
            trainer.schedule = { _, _ in 0 }
            // So large that the state matters in each loss.
            try trainer.model.setParameterValues(try trainer.model.parameterValues().map { 10 * $0 })
            var networks = try (0..<4).map { _ in try ReferenceNetwork(trainer.model, batchSize: 1) }
            let zero = networks[0]
            for number in 0..<60 {
                let batch = try trainer.dataset.training.batch(
                    number % trainer.dataset.batchCount(in: .training), epoch: 0)
                // Of each stream: carried, reset.
                let ends = networks.indices.map { stream in
                    let rows = stride(from: stream, to: batch.inputs.count, by: 4)
                    return [networks[stream], zero].map { start -> (network: ReferenceNetwork, loss: Double) in
                        var network = start
                        let losses = network.read(
                            rows.map { batch.inputs[$0] }, targets: rows.map { batch.targets[$0] })
                        return (network, losses.mean)
                    }
                }
                let loss = Double(try trainer.step().loss)
                let choices = (0..<16).map { choice in (0..<4).map { choice >> $0 & 1 } }.sorted {
                    abs(mean($0, ends) - loss) < abs(mean($1, ends) - loss)
                }
                // In the first batch all begin in the zero state.
                if number > 0 {
                    #expect(abs(mean(choices[0], ends) - loss) < 3e-6, "step \(number + 1) of \(cell)")
                    draws[seed, default: []].append(choices[0].map { $0 == 1 })
                }
                for stream in 0..<4 { networks[stream] = ends[stream][choices[0][stream]].network }
            }
        }
        let all = try #require(draws[1])
        // Of 236 draws 70.8, with a deviation of 7.
        #expect(abs(Double(all.joined().count { $0 }) - 70.8) < 28)
        for stream in 0..<4 { #expect((6...30).contains(all.count { $0[stream] })) }
        #expect(Set(all).count > 8, "the streams are drawn apart")
        #expect(all != draws[2], "another seed draws others")
    }

    private func mean(_ choice: [Int], _ ends: [[(network: ReferenceNetwork, loss: Double)]]) -> Double {
        zip(choice, ends).map { $1[$0].loss }.mean
    }

    @Test(arguments: RecurrentCell.allCases)
    func theGradientIsThatFromTheZeroState(_ cell: RecurrentCell) throws {
        var run = Run(cell: cell)
        run.options = .init(clipping: .none, resetProbability: 1)
        for device in Device.underTest {
            let trainer = try run.trainer(on: device)
            try trainer.step()
            let network = try ReferenceNetwork(trainer.model, batchSize: 3)
            let batch = try trainer.dataset.training.batch(1, epoch: 0)
            let differences = CentralDifferences(
                of: { network.objective($0, inputs: batch.inputs, targets: batch.targets, dropout: nil) },
                at: network.parameters)
            try trainer.step()
            differences.expect(try trainer.gradientValues(), roundings: 200, "\(cell) on \(device)")
        }
    }

    @Test(arguments: LearningCase.all)
    func aResumedRunHasTheBitsOfOneThatNeverStopped(_ example: LearningCase) throws {
        let run = run(example, 0.4)
        for device in Device.underTest {
            let whole = try run.trainer(on: device)
            _ = try bytes(after: 5, whole)
            let saved = try Checkpoint(of: whole).throughFile()
            #expect(saved.trainingOptions?.resetProbability == 0.4)
            let resumed = try Trainer(resuming: saved, dataset: run.dataset(), on: device)
            let isSame = try bytes(after: 12, resumed) == bytes(after: 12, whole)
            #expect(isSame, "\(device)")
        }
    }

    @Test(arguments: ["-0.1", "1.1", "nan"])
    func whatIsNoProbabilityTraps(_ probability: String) async throws {
        let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [probability] in _ = try Run(options: .init(resetProbability: Float(probability)!)).trainer()
        }
        let message = String(decoding: try #require(end).standardErrorContent, as: UTF8.self)
        #expect(message.contains("resets with a probability of \(probability)"), "\(message)")
    }
}
