import CharRNN
import Foundation
import TestSupport
import Testing

/// Batches of one's own: what they teach, and that a run with them can be stopped anywhere.
@Suite struct TrainingFromCodeTests {
    private let letters = Vocabulary(of: "abcdefg")

    private func model(
        _ cell: RecurrentCell = .lstm, dropout: Float = 0, on device: Device = .cpu
    ) throws -> LanguageModel {
        try LanguageModel(
            .init(cell: cell, vocabulary: letters, hiddenSize: 6, layerCount: 2, dropout: dropout), on: device, seed: 3)
    }

    private func documents(_ count: Int, longest: Int = 9) -> [[Int]] {
        var numbers = Numbers()
        return (0..<count).map { numbers.indices(2 + $0 * 5 % (longest - 1), below: letters.count).map(Int.init) }
    }

    private func trainer(
        _ training: any BatchSource, _ options: TrainingOptions = .init(), cell: RecurrentCell = .lstm,
        dropout: Float = 0, on device: Device = .cpu
    ) throws -> Trainer {
        try Trainer(
            model: model(cell, dropout: dropout, on: device),
            dataset: TrainingData(training: training, validation: training), options: options)
    }

    // MARK: Documents

    @Test(arguments: RecurrentCell.allCases)
    func theLossOfDocumentsIsThatOfEachReadAlone(_ cell: RecurrentCell) throws {
        let texts = documents(17)
        for device in Device.underTest {
            let source = try DocumentBatches(
                texts, vocabulary: letters, batchSize: 4, sequenceLength: 3, shuffleSeed: 2)
            let trainer = try trainer(source, cell: cell, on: device)
            let reference = try texts.flatMap { text in
                var network = try ReferenceNetwork(trainer.model, batchSize: 1)
                return network.read(text.dropLast().map(Int32.init), targets: text.dropFirst().map(Int32.init))
            }
            #expect(reference.count == source.characterCount)
            expectClose([Float(try trainer.evaluate(.training))], [reference.mean], within: 1e-5, "on \(device)")
            // The loss of a step is over its targets as well, and the model has not changed before the first.
            let step = try trainer.step()
            var (sum, count) = (0.0, 0)
            let batch = try source.batch(0, epoch: 0)
            for b in 0..<4 {
                var network = try ReferenceNetwork(model(cell), batchSize: 1)
                let steps = (0..<3).map { $0 * 4 + b }
                let losses = network.read(steps.map { batch.inputs[$0] }, targets: steps.map { batch.targets[$0] })
                sum += losses.reduce(0, +)
                count += steps.count { batch.targets[$0] >= 0 }
            }
            #expect(step.characterCount == count)
            expectClose([try step.loss], [sum / Double(count)], within: 1e-5, "the first step on \(device)")
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func theGradientOfDocumentsIsThatOfTheMeanOverTargets(_ cell: RecurrentCell) throws {
        // No document is longer than a piece, so that nothing is cut off.
        let batch = Batch(rows: [[0, 1, 2, 3], [4, 5], [6, 0, 2], [1, 1]], steps: 3, resets: [0, 1, 2, 3])
        for device in Device.underTest {
            let trainer = try trainer(
                StreamBatches(documents(20).flatMap { $0 }, vocabulary: letters, batchSize: 4, sequenceLength: 3),
                cell: cell, on: device)
            let parameters = try trainer.model.parameterValues().asDoubles
            let differences = CentralDifferences(
                of: { parameters in
                    var network = ReferenceNetwork(
                        cell, vocabularySize: 7, hiddenSize: 6, layerCount: 2, batchSize: 4, parameters: parameters)
                    return 3 * network.read(batch.inputs, targets: batch.targets).reduce(0, +) / 7
                }, at: parameters)
            // A state that the documents must not see.
            try trainer.step()
            try trainer.model.setParameterValues(parameters.map(Float.init))
            try trainer.step(on: batch)
            differences.expect(try trainer.gradientValues(), roundings: 200, "\(cell) on \(device)")
        }
    }

    // MARK: Several batches at once

    @Test(arguments: RecurrentCell.allCases)
    func theGradientOfTwoBatchesIsThatOfTheWhole(_ cell: RecurrentCell) throws {
        let rows = documents(6, longest: 5)
        for device in Device.underTest {
            func source(_ size: Int) throws -> StreamBatches {
                try StreamBatches(
                    documents(40).flatMap { $0 }, vocabulary: letters, batchSize: size, sequenceLength: 4)
            }
            let (whole, parts) = (
                try trainer(source(6), cell: cell, on: device), try trainer(source(3), cell: cell, on: device)
            )
            let all = try whole.step(on: Batch(rows: rows, steps: 4, resets: Array(0..<6)))
            let both = try parts.step(
                on: [rows.prefix(3), rows.suffix(3)].map { Batch(rows: Array($0), steps: 4, resets: [0, 1, 2]) })
            #expect(both.characterCount == all.characterCount && parts.iteration == 1)
            expectClose([try both.loss], [Double(try all.loss)], within: 1e-6)
            let expected = try whole.gradientValues().asDoubles
            expectClose(
                try parts.gradientValues(), expected, within: 1e-6 * expected.map(abs).max()!, "\(cell) on \(device)")
        }
    }

    @Test func aStepOfTwoBatchesCountsThem() throws {
        let source = try StreamBatches(
            documents(40).flatMap { $0 }, vocabulary: letters, batchSize: 3, sequenceLength: 4)
        let count = source.batchCount
        let options = TrainingOptions(
            optimizer: .rmsProp(learningRate: 0.01), decay: .init(factor: 0.5, firstEpoch: 1), batchesPerStep: 2)
        let (own, run) = (try trainer(source, options), try trainer(source, options))
        for step in 1...count {
            let rate = try run.step().learningRate
            try own.step(on: [2 * step - 2, 2 * step - 1].map { try source.batch($0 % count, epoch: $0 / count) })
            let expected: Float = 2 * step - 2 < count ? 0.01 : 0.005
            #expect(rate == expected, "step \(step)")
        }
        expectSame(try own.losses(), try run.losses())
        expectSame(try own.model.parameterValues(), try run.model.parameterValues())
        #expect(run.epoch == 2 && run.epochLength == Double(count) / 2)
        #expect(try Checkpoint(of: run).throughFile().epoch == 2)
    }

    // MARK: Frozen parameters, names

    @Test(arguments: LearningCase.all)
    func frozenParametersKeepTheirBits(_ example: LearningCase) async throws {
        var run = Run(cell: example.cell)
        let names = ["rnn.weight_ih_l1", "decoder.bias", "rnn.bias_ih_l0"]
        run.options = .init(optimizer: example.optimizer, clipping: .norm(1), frozen: names)
        for device in Device.underTest {
            let trainer = try run.trainer(on: device)
            let before = try trainer.model.tensors()
            for _ in 0..<5 { try trainer.step() }
            for (old, new) in zip(before, try trainer.model.tensors()) {
                #expect((old == new) == names.contains(old.name), "\(old.name) on \(device)")
            }
            let gradients = try trainer.gradients()
            #expect(gradients.map(\.name) == before.map(\.name) && gradients.map(\.shape) == before.map(\.shape))
            for tensor in gradients {
                #expect(tensor.values.allSatisfy { $0 == 0 } == names.contains(tensor.name), "\(tensor.name)")
            }
            let step = try trainer.step()
            let norm = Reference.sumOfSquares(try trainer.model.parameterValues().asDoubles).squareRoot()
            #expect(abs(Double(try step.parameterNorm) - norm) <= 1e-5 * norm)
            let resumed = try Trainer(
                resuming: Checkpoint(of: trainer).throughFile(), dataset: run.dataset(), on: device)
            try trainer.step()
            try resumed.step()
            expectSame(try resumed.model.parameterValues(), try trainer.model.parameterValues())
        }
        await #expect(processExitsWith: .failure) { _ = try Run(options: .init(frozen: ["weight"])).trainer() }
    }

    @Test func theGradientOfANameIsThatOfTheParameter() throws {
        let trainer = try Run().trainer()
        try trainer.step()
        let gradients = try trainer.gradients()
        let tensors = try trainer.model.tensors()
        #expect(tensors == (try Checkpoint(of: trainer.model).tensors))
        // The decoder's bias is the last, and its gradient lies as it does.
        let bias = try #require(gradients.first { $0.name == "decoder.bias" })
        #expect(bias.values == Array(try trainer.gradientValues().suffix(bias.values.count)))
        #expect(abs(bias.values.reduce(0, +)) < 1e-5, "a softmax's gradient sums to nothing")
    }

    // MARK: Averages

    @Test(arguments: LearningCase.all)
    func theAveragesAreThoseOfTheDefinition(_ example: LearningCase) throws {
        var run = Run(cell: example.cell)
        run.options = .init(optimizer: example.optimizer, averageDecay: 0.6)
        var plain = run
        plain.options.averageDecay = nil
        for device in Device.underTest {
            let (trainer, other) = (try run.trainer(on: device), try plain.trainer(on: device))
            var expected = try trainer.model.parameterValues().asDoubles
            for t in 1...20 {
                try trainer.step()
                try other.step()
                let weights = try trainer.model.parameterValues().asDoubles
                let d = min(0.6, Double(1 + t) / Double(10 + t))
                expected = zip(expected, weights).map { d * $0 + (1 - d) * $1 }
                if t % 7 == 0 { _ = try trainer.evaluate(.validation) }
            }
            let average = try trainer.averagedModel()
            let size = expected.map(abs).max()!
            expectClose(try average.parameterValues(), expected, within: 1e-6 * size, "\(device)")
            expectSame(
                try trainer.model.parameterValues(), try other.model.parameterValues(), "the weights on \(device)")
            // They are what is tried, and what a checkpoint has.
            let loss = try trainer.evaluate(.validation)
            let judge = try Trainer(model: average, dataset: run.dataset())
            #expect(try loss == judge.evaluate(.validation) && loss != other.evaluate(.validation))
            let checkpoint = try Checkpoint(of: trainer).throughFile()
            #expect(try checkpoint.tensors == average.tensors())
            #expect(checkpoint.validationLosses[20] == loss)
        }
    }

    @Test func aGuardTakesTheAveragesBack() throws {
        var run = Run()
        run.options.averageDecay = 0.9
        let trainer = try run.trainer()
        let guardian = try TrainingGuard(trainer)
        for _ in 0..<6 { try trainer.step() }
        #expect(try guardian.commit() == nil)
        let good = try trainer.averagedModel().parameterValues()
        var values = try trainer.model.parameterValues()
        values[0] = .nan
        try trainer.model.setParameterValues(values)
        try trainer.step()
        #expect(try guardian.check(now: true)?.goodIteration == 6)
        expectSame(try trainer.averagedModel().parameterValues(), good)
    }

    // MARK: Resuming

    private func sources() throws -> [(name: String, source: any BatchSource)] {
        let streams = try StreamBatches(
            documents(30).flatMap { $0 }, vocabulary: letters, batchSize: 3, sequenceLength: 4)
        let texts = try DocumentBatches(documents(19), vocabulary: letters, batchSize: 3, sequenceLength: 4)
        let shuffled = try DocumentBatches(
            documents(19), vocabulary: letters, batchSize: 3, sequenceLength: 4, shuffleSeed: 8)
        let text = try TextDataset(
            text: letters.decode(documents(60).flatMap { $0 }), batchSize: 3, sequenceLength: 4)
        let separated = try DocumentBatches(
            text.numbered(by: letters), separator: "a", batchSize: 3, sequenceLength: 4, shuffleSeed: 8)
        return [
            ("streams", streams), ("documents", texts), ("shuffled", shuffled),
            ("joined", try JoinedBatches([shuffled, streams])), ("separated", separated),
        ]
    }

    @Test(arguments: 0..<5)
    func everySourceIsResumedToTheBit(_ index: Int) throws {
        let (name, source) = try sources()[index]
        let options = TrainingOptions(
            optimizer: .adamW(), clipping: .norm(1), averageDecay: 0.8, batchesPerStep: 2,
            frozen: ["rnn.bias_hh_l0"], resetProbability: 0.3)
        for device in Device.underTest {
            let whole = try trainer(source, options, dropout: 0.3, on: device)
            var saved: [Checkpoint] = []
            func advance(_ trainer: Trainer, to iteration: Int) throws {
                while trainer.iteration < iteration {
                    try trainer.step()
                    if trainer.iteration % 4 == 0 { _ = try trainer.evaluate(.validation) }
                }
            }
            for stop in [0, 1, 6, 13] {
                try advance(whole, to: stop)
                saved.append(try Checkpoint(of: whole).throughFile())
            }
            try advance(whole, to: 16)
            let expected = try Checkpoint(of: whole).fileBytes()
            for checkpoint in saved {
                let again = try sources()[index].source
                let resumed = try Trainer(
                    resuming: checkpoint, dataset: TrainingData(training: again, validation: again), on: device)
                try advance(resumed, to: 16)
                let isSame = try Checkpoint(of: resumed).fileBytes() == expected
                #expect(isSame, "\(name) from \(checkpoint.iteration) on \(device)")
            }
            let other = try sources()[(index + 1) % 5].source
            #expect(throws: CheckpointError.self) {
                try Trainer(resuming: saved[1], dataset: TrainingData(training: other), on: device)
            }
        }
    }

    @Test func severalDevicesLearnFromDocumentsWhatOneLearns() throws {
        let source = try DocumentBatches(
            documents(23), vocabulary: letters, batchSize: 5, sequenceLength: 3, shuffleSeed: 1)
        let data = TrainingData(training: source, validation: source)
        let options = TrainingOptions(averageDecay: 0.9, batchesPerStep: 2)
        let one = try Trainer(model: model(), dataset: data, options: options)
        let several = try Trainer(
            model: model(), dataset: data, options: options,
            sharingWith: [.processor(threadCount: 1), .processor(threadCount: 1)])
        for _ in 0..<12 {
            try one.step()
            try several.step()
        }
        expectClose(try several.losses(), try one.losses().asDoubles, within: 1e-4)
        #expect(try abs(several.evaluate(.validation) - one.evaluate(.validation)) < 1e-4)
    }

    // MARK: Runs

    @Test func aValidationTextOfOnesOwnReachesTheCheckpoint() throws {
        let run = Run()
        var data = TrainingData(try run.dataset())
        let other = try StreamBatches(
            SmallText.rhythm(60).filter { run.text.contains($0) }, vocabulary: Vocabulary(of: run.text), batchSize: 3,
            sequenceLength: 4)
        data.validation = other
        try withTemporaryFolder { folder in
            let trainer = try Trainer(model: run.model(), dataset: data)
            try TrainingRun(trainer, options: .init(folder: folder, maxIterations: 6, evaluateEvery: 3)).run()
            let checkpoint = try Checkpoint(contentsOf: #require(try Checkpoint.newest(in: folder)))
            #expect(checkpoint.validationLosses.keys.sorted() == [3, 6])
            let judge = try Trainer(model: LanguageModel(checkpoint), dataset: run.dataset())
            #expect(try judge.evaluate(on: other) == checkpoint.validationLosses[6])
        }
    }

    @Test func aRunEndsWhenTheValidationLossFallsNoMore() throws {
        // At a rate of 0 nothing gets better than at the first validation.
        let run = Run()
        try withTemporaryFolder { folder in
            let trainer = try run.trainer()
            trainer.schedule = { step, _ in step <= 2 ? 1 : 0 }
            var events: [String] = []
            let whole = try TrainingRun(
                trainer,
                options: .init(
                    folder: folder, maxIterations: 40, patience: 3, evaluateEvery: 2,
                    checkpointEvery: .iterations(100)))
            try whole.run { event in
                switch event {
                case .validation(let validation): events.append("validation \(validation.iteration)")
                case .checkpoint(let checkpoint): events.append("checkpoint \(checkpoint.iteration)")
                case .end(let end): events.append("\(end.reason) \(end.iteration)")
                default: break
                }
            }
            let validations = [2, 4, 6, 8].map { "validation \($0)" }
            #expect(events == validations + ["checkpoint 8", "noImprovement 8"])
            let checkpoint = try Checkpoint(contentsOf: #require(whole.lastCheckpoint))
            let losses = checkpoint.validationLosses
            #expect(losses.count == 4 && Set(losses.values).count == 1)
        }
    }

    @Test func aScheduleIsAFunction() throws {
        let trainer = try Run().trainer()
        trainer.schedule = { step, progress in Float(step) / 4 + Float(progress) }
        trainer.progress = 0.5
        #expect(try trainer.step().learningRate == 0.002 * 0.75)
        #expect(try trainer.step().learningRate == 0.002 && trainer.learningRate == 0.002)
    }
}
