import CharRNN
import Foundation
import TestSupport
import Testing

/// A run that goes wrong returns to its last good state, and one that does not never notices its guard.
@Suite struct TrainingGuardTests {
    /// 10 batches, 8 of them for training; the rate falls at the end of every epoch, with all that a run can have.
    private func run(_ example: LearningCase) -> Run {
        var run = Run(cell: example.cell, dropout: 0.3)
        run.options = .init(
            optimizer: example.optimizer, clipping: .norm(1), decay: .init(factor: 0.99, firstEpoch: 1), seed: 99)
        return run
    }

    /// Steps to `iteration`, looking as often as a run does that prints every `interval` steps.
    private func advance(
        _ trainer: Trainer, _ guardian: TrainingGuard, to iteration: Int, printEvery interval: Int = 7
    ) throws -> [TrainingRollback] {
        var rollbacks: [TrainingRollback] = []
        while trainer.iteration < iteration {
            let step = try trainer.step()
            if let rollback = try guardian.check(now: step.iteration % interval == 0) { rollbacks.append(rollback) }
        }
        return rollbacks
    }

    private func spoil(_ trainer: Trainer, with value: Float) throws {
        var values = try trainer.model.parameterValues()
        values[values.count / 2] = value
        try trainer.model.setParameterValues(values)
    }

    @Test(arguments: LearningCase.all)
    func anOrdinaryRunIsTheSameWithAGuard(_ example: LearningCase) throws {
        for device in Device.underTest {
            let free = try run(example).trainer(on: device)
            let guarded = try run(example).trainer(on: device)
            let guardian = try TrainingGuard(guarded)
            for _ in 0..<130 { _ = try free.step() }
            #expect(try advance(guarded, guardian, to: 60).isEmpty)
            #expect(try guardian.commit() == nil)
            #expect(try advance(guarded, guardian, to: 130).isEmpty)
            let isSame = try Checkpoint(of: guarded).fileBytes() == Checkpoint(of: free).fileBytes()
            #expect(isSame, "\(device)")
        }
    }

    @Test(arguments: LearningCase.all)
    func aSpoiltRunReturnsToTheGoodStateWithHalfTheRate(_ example: LearningCase) throws {
        for device in Device.underTest {
            let trainer = try run(example).trainer(on: device)
            let guardian = try TrainingGuard(trainer)
            #expect(try advance(trainer, guardian, to: 10).isEmpty)
            #expect(try guardian.commit() == nil)
            let good = try Checkpoint(of: trainer).throughFile()
            let rate = trainer.learningRate

            for (round, value) in [Float.nan, .infinity, 1e30].enumerated() {
                let end = 20 + 10 * round
                try spoil(trainer, with: value)
                let rollback = try #require(try advance(trainer, guardian, to: end).first, "\(value) on \(device)")
                #expect(rollback.goodIteration == 10 && rollback.iteration > end - 10)
                let halved = rate / Float(2 << round)
                #expect(rollback.learningRate == halved)
                // What came after is the run that starts from the good state with that rate.
                let expected = try resumed(good, example, device, rate: halved)
                for _ in 10..<end { _ = try expected.step() }
                let isSame = try Checkpoint(of: trainer).fileBytes() == Checkpoint(of: expected).fileBytes()
                #expect(isSame, "after \(value) on \(device)")
            }
            try spoil(trainer, with: .nan)
            let divergence = #expect(throws: TrainingDivergence.self) {
                try advance(trainer, guardian, to: 50)
            }
            #expect(divergence?.returns == 3 && divergence?.goodIteration == 10)
            let last = try Checkpoint(of: trainer).throughFile()
            #expect(last.iteration == 10 && last.learningRate == rate / 16)
            #expect(last.losses == good.losses && last.losses.allSatisfy(\.isFinite))
            #expect(try Trainer(resuming: last, dataset: run(example).dataset(), on: device).step().loss.isFinite)
        }
    }

    /// The run of a checkpoint with another rate, by way of its file.
    private func resumed(
        _ checkpoint: Checkpoint, _ example: LearningCase, _ device: Device, rate: Float
    ) throws -> Trainer {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("good.safetensors")
            try checkpoint.write(to: file)
            var tensors = try TensorFile(file)
            var position = try #require(
                try JSONSerialization.jsonObject(with: Data(tensors.metadata["training"]!.utf8)) as? [String: Any])
            position["learningRate"] = Double(rate)
            tensors.metadata["training"] = String(
                decoding: try JSONSerialization.data(withJSONObject: position), as: UTF8.self)
            try tensors.bytes.write(to: file)
            return try Trainer(
                resuming: Checkpoint(contentsOf: file), dataset: run(example).dataset(), on: device)
        }
    }

    @Test(arguments: RecurrentCell.allCases, [Float(1e10), 1e30])
    func anAbsurdRateEndsWithTheFirstWeights(_ cell: RecurrentCell, _ rate: Float) throws {
        for device in Device.underTest {
            var run = Run(cell: cell)
            run.options.optimizer = .rmsProp(learningRate: rate)
            let trainer = try run.trainer(on: device)
            let first = try trainer.model.parameterValues()
            let guardian = try TrainingGuard(trainer)
            let divergence = #expect(throws: TrainingDivergence.self) { try advance(trainer, guardian, to: 500) }
            #expect(divergence?.goodIteration == 0 && divergence?.returns == 3, "\(device)")
            expectSame(try trainer.model.parameterValues(), first, "\(device)")
            #expect(try Checkpoint(of: trainer).throughFile().iteration == 0)
        }
    }

    /// Steps to `end`, keeping the state every 10 steps, in a run that goes wrong by itself at two places unless its rate
    /// is low there.
    private func advanceWildly(
        _ trainer: Trainer, to end: Int, printEvery interval: Int, saving: (Checkpoint) throws -> Void = { _ in }
    ) throws -> [TrainingRollback] {
        let guardian = try TrainingGuard(trainer)
        var rollbacks: [TrainingRollback] = []
        while trainer.iteration < end {
            if trainer.iteration == 36 && trainer.learningRate > 0.008 { try spoil(trainer, with: .nan) }
            if trainer.iteration == 75 && trainer.learningRate > 0.0015 { try spoil(trainer, with: 1e20) }
            let step = try trainer.step()
            let isSaved = step.iteration % 10 == 0
            let found = try guardian.check(now: step.iteration % interval == 0) ?? (isSaved ? guardian.commit() : nil)
            if let found {
                rollbacks.append(found)
            } else if isSaved {
                try saving(Checkpoint(of: trainer).throughFile())
            }
        }
        return rollbacks
    }

    @Test(arguments: RecurrentCell.allCases)
    func aRunResumedBeforeARollbackIsTheRunThatNeverStopped(_ cell: RecurrentCell) throws {
        let run = run(LearningCase(cell: cell, optimizer: .rmsProp(learningRate: 0.01)))
        for device in Device.underTest {
            let whole = try run.trainer(on: device)
            var saved: [Checkpoint] = []
            let rollbacks = try advanceWildly(whole, to: 105, printEvery: 4) { saved.append($0) }
            #expect(rollbacks.map(\.goodIteration) == [30, 70, 70])
            let expected = try Checkpoint(of: whole).fileBytes()
            for checkpoint in saved {
                let resumed = try Trainer(resuming: checkpoint, dataset: run.dataset(), on: device)
                _ = try advanceWildly(resumed, to: 105, printEvery: 1)
                let isSame = try Checkpoint(of: resumed).fileBytes() == expected
                #expect(isSame, "resumed at \(checkpoint.iteration) on \(device)")
            }
        }
    }

    @Test(arguments: LearningCase.all)
    func aRunThatCannotReadAnyMoreReturns(_ example: LearningCase) throws {
        for device in Device.underTest {
            var run = run(example)
            // A text that is soon read well, so that reading it badly shows.
            run.text = SmallText.rhythm(130)
            let trainer = try run.trainer(on: device)
            let guardian = try TrainingGuard(trainer)
            #expect(try advance(trainer, guardian, to: 110).isEmpty)
            // All numbers stay finite.
            try trainer.model.setParameterValues(trainer.model.parameterValues().map { -300 * $0 })
            let rollback = try #require(try advance(trainer, guardian, to: 220).first, "\(device)")
            #expect(rollback.goodIteration == 100 && (111...201).contains(rollback.iteration))
            guard case .leap = rollback.fault else {
                Issue.record("\(rollback) on \(device)")
                continue
            }
        }
    }

    @Test func aHardTextIsNoFault() throws {
        // One stream, 3 characters a batch: what has been learned by heart fails where the rhythm breaks.
        var run = Run(hiddenSize: 16, layerCount: 1, batchSize: 1, sequenceLength: 3)
        run.text = String(repeating: "ab", count: 150) + "bba" + String(repeating: "ab", count: 50)
        run.options = .init(optimizer: .rmsProp(learningRate: 0.01))
        let trainer = try run.trainer()
        let guardian = try TrainingGuard(trainer)
        #expect(try advance(trainer, guardian, to: 400).isEmpty)
        let losses = try trainer.losses()
        let leaps = losses.indices.dropFirst().filter { losses[$0] > log(2) && losses[$0] > 4 * losses[$0 - 1] }
        #expect(!leaps.isEmpty, "the text is too easy to prove anything")
    }

    @Test func aModelThatIsSpoiltFromTheStartIsRefused() throws {
        let trainer = try Run().trainer()
        try spoil(trainer, with: .nan)
        let divergence = #expect(throws: TrainingDivergence.self) { try TrainingGuard(trainer) }
        #expect("\(divergence!)" == "the loss is nan at iteration 1")
    }

    /// As those of a damaged file may be.
    @Test func weightsWhoseSquaresAreInfiniteAreRefusedAtTheStart() throws {
        let trainer = try Run().trainer()
        try spoil(trainer, with: 1e30)
        let divergence = #expect(throws: TrainingDivergence.self) { try TrainingGuard(trainer) }
        #expect("\(divergence!)" == "the parameters' norm is inf at iteration 1")
    }

    @Test func theWordsOfARollback() throws {
        let trainer = try Run().trainer()
        let guardian = try TrainingGuard(trainer)
        var words: [String] = []
        let divergence = #expect(throws: TrainingDivergence.self) {
            for _ in 0..<4 {
                try spoil(trainer, with: .nan)
                _ = try trainer.step()
                words.append("\(try #require(try guardian.check(now: true)))")
            }
        }
        #expect(
            words
                == [0.001, 0.0005, 0.00025].map {
                    "the loss is nan at iteration 1: back to iteration 0, with half the learning rate, \($0)"
                })
        #expect(
            "\(divergence!)"
                == "the loss is nan at iteration 1, after 3 returns to iteration 0, each with half the learning rate")
    }
}
