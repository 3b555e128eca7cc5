import CharRNN
import Foundation
import TestSupport
import Testing

/// Learning rates over a run.
@Suite struct LearningRateScheduleTests {
    private func factors(_ schedule: LearningRateSchedule, _ count: Int = 10) -> [Float] {
        (1...count).map { schedule.factor(ofStep: $0, progress: Double($0 - 1) / Double(count)) }
    }

    @Test func theShapesAreWhatTheySay() {
        #expect(factors(.init()) == Array(repeating: 1, count: 10))
        #expect(factors(.init(warmUp: 4)) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1])
        #expect(factors(.init(fall: .linear()))[0] == 1)
        expectClose(factors(.init(fall: .linear())), (0..<10).map { 1 - Double($0) / 10 }, within: 1e-6)
        expectClose(
            factors(.init(fall: .linear(overLast: 0.4))), [1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25], within: 1e-6)
        expectClose(
            factors(.init(fall: .cosine)), (0..<10).map { 0.5 + 0.5 * cos(.pi * Double($0) / 10) }, within: 1e-6)
        expectClose(
            factors(.init(warmUp: 2, fall: .linear())), [0.5, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], within: 1e-6
        )
        for fall in [LearningRateSchedule.Fall.cosine, .linear(), .linear(overLast: 0.1)] {
            #expect(LearningRateSchedule(fall: fall).factor(ofStep: 11, progress: 1) <= 1e-7)
            #expect(LearningRateSchedule(fall: fall).factor(ofStep: 99, progress: 7) <= 1e-7, "an hour that has passed")
        }
    }

    @Test func aRunGoesByItsLastStep() throws {
        var run = Run()
        run.options.schedule = .init(fall: .linear())
        try withTemporaryFolder { folder in
            var rates: [Float] = []
            try TrainingRun(run.trainer(), options: .init(folder: folder, maxIterations: 4)).run { event in
                if case .step(let step) = event { rates.append(step.learningRate) }
                if case .learningRate(let rate) = event { Issue.record("the rate falls to \(rate)") }
            }
            expectClose(rates, [2e-3, 1.5e-3, 1e-3, 0.5e-3], within: 1e-9)
        }
    }

    @Test func aRunGoesByItsTime() throws {
        var run = Run()
        run.options.schedule = .init(fall: .linear())
        try withTemporaryFolder { folder in
            var (rates, reason) = ([Float](), TrainingEvent.End.Reason?.none)
            let options = TrainingRun.Options(
                folder: folder, maxEpochs: 1e9, maxSeconds: 0.3, evaluateEvery: 1_000_000)
            try TrainingRun(run.trainer(), options: options).run { event in
                if case .step(let step) = event { rates.append(step.learningRate) }
                if case .end(let end) = event { reason = end.reason }
            }
            #expect(rates == rates.sorted(by: >) && rates.allSatisfy { $0 >= 0 && $0 <= 2e-3 })
            #expect(reason == .outOfTime)
        }
    }

    @Test func aResumedRunGoesOnInTheSchedule() throws {
        var run = Run()
        run.options = .init(
            optimizer: .muon(Muon(learningRate: 0.02)), clipping: .norm(4), schedule: .init(warmUp: 3, fall: .cosine))
        try withTemporaryFolder { folder in
            let whole = folder.appendingPathComponent("whole")
            let halves = folder.appendingPathComponent("halves")
            func options(_ folder: URL) -> TrainingRun.Options { .init(folder: folder, maxIterations: 12) }
            let first = try TrainingRun(run.trainer(), options: options(whole))
            try first.run()
            let second = try TrainingRun(run.trainer(), options: options(halves))
            try second.run { event in
                if case .step(let step) = event, step.iteration == 5 { second.cancel() }
            }
            let file = try #require(second.lastCheckpoint)
            let checkpoint = try Checkpoint(contentsOf: file)
            #expect(checkpoint.iteration == 5)
            let third = try TrainingRun(
                Trainer(resuming: checkpoint, dataset: run.dataset()), options: options(halves),
                resuming: (checkpoint: checkpoint, file: file))
            try third.run()
            #expect(
                try Data(contentsOf: #require(third.lastCheckpoint)) == Data(contentsOf: #require(first.lastCheckpoint))
            )
        }
    }

    @Test func whatTeachesNothingTraps() async {
        await #expect(processExitsWith: .failure) {
            var run = Run()
            run.options.schedule = .init(fall: .linear(overLast: 0))
            _ = try run.trainer()
        }
        await #expect(processExitsWith: .failure) {
            var run = Run()
            run.options.optimizer = .muon(Muon(momentum: 1))
            _ = try run.trainer()
        }
        await #expect(processExitsWith: .failure) {
            var run = Run()
            run.options.optimizer = .adamW(AdamW(learningRate: 0.1, weightDecay: 10))
            _ = try run.trainer()
        }
    }
}
