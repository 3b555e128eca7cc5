import CharRNN
import Foundation
import TestSupport
import Testing

/// A whole run as a library has it.
@Suite struct TrainingRunTests {
    /// 8 batches an epoch for training, 2 for validation.
    private func trainer(text: String = SmallText.noise(130)) throws -> sending Trainer {
        let dataset = try TextDataset(
            text: text, batchSize: 3, sequenceLength: 4, trainingFraction: 0.8, validationFraction: 0.2)
        return try Trainer(model: model(dataset.vocabulary), dataset: dataset)
    }

    private func model(_ vocabulary: Vocabulary) throws -> LanguageModel {
        try LanguageModel(.init(vocabulary: vocabulary, hiddenSize: 5, layerCount: 1, dropout: 0.3), seed: 7)
    }

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("lm_") }.sorted()
    }

    // MARK: Events

    /// An event in a word.
    private static func word(_ event: TrainingEvent) -> String {
        switch event {
        case .step(let step): "step \(step.iteration)"
        case .learningRate(let rate): "rate \(rate)"
        case .rollback(let rollback): "back to \(rollback.goodIteration)"
        case .evaluating(let evaluation): "evaluating \(evaluation.split)"
        case .validation(let validation): "validation \(validation.iteration)"
        case .sample(let sample): "sample \(sample.iteration)"
        case .checkpoint(let checkpoint): "checkpoint \(checkpoint.iteration)"
        case .warning(let warning): "warning \(warning)"
        case .test: "test"
        case .end(let end): "end \(end.reason) \(end.iteration)"
        }
    }

    private static let expected = [
        "step 2", "validation 3", "step 4", "checkpoint 4", "step 6", "validation 6", "step 8", "validation 8",
        "checkpoint 8", "end finished 8",
    ]

    private func options(_ folder: URL) -> TrainingRun.Options {
        .init(folder: folder, maxEpochs: 1, reportEvery: 2, evaluateEvery: 3, checkpointEvery: .iterations(4))
    }

    @Test func anObserverSeesWhatHappensInItsOrder() throws {
        try withTemporaryFolder { folder in
            let run = try TrainingRun(trainer(), options: options(folder))
            #expect(run.firstIteration == 0 && run.lastIteration == 8 && run.lastCheckpoint == nil)
            var words: [String] = []
            var saved: [URL] = []
            try run.run { event in
                words.append(Self.word(event))
                if case .checkpoint(let checkpoint) = event { saved.append(checkpoint.file) }
            }
            var expected = Self.expected
            expected.insert("validation 4", at: 3)
            #expect(words == expected)
            #expect(run.lastCheckpoint == saved.last)
            #expect(try saved.map { try Checkpoint(contentsOf: $0).iteration } == [4, 8])
        }
    }

    @Test func aSequenceHasTheSameEvents() async throws {
        try await withTemporaryFolder { folder in
            let run = try TrainingRun(trainer(), options: options(folder))
            var words: [String] = []
            for try await event in run.events() { words.append(Self.word(event)) }
            #expect(words.last == "end finished 8" && words.first == "step 2" && words.count == 11)
        }
    }

    // MARK: Ends

    @Test func aTaskThatIsCancelledSeesItsCheckpointSaved() async throws {
        try await withTemporaryFolder { folder in
            // Events wait for their reader, and the run for nobody: it may be far beyond the third step by then.
            let options = TrainingRun.Options(folder: folder, maxEpochs: 1e9, evaluateEvery: 1_000_000_000)
            let run = try TrainingRun(trainer(), options: options)
            let task = Task {
                var ends: [TrainingEvent.End] = []
                for try await event in run.events() {
                    if case .step(let step) = event, step.iteration == 3 { withUnsafeCurrentTask { $0?.cancel() } }
                    if case .end(let end) = event { ends.append(end) }
                }
                return ends
            }
            let end = try #require(try await task.value.first)
            #expect(end.reason == .cancelled && end.iteration >= 3)
            let checkpoint = try Checkpoint(contentsOf: try #require(end.last))
            #expect(checkpoint.iteration == end.iteration && checkpoint.validationLosses.isEmpty)
            #expect(run.lastCheckpoint == end.last)
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("run.lock").path))
        }
    }

    /// What a view holds: it compiles in Swift 6 mode, and its run ends when it is told to.
    @MainActor final class ViewModel {
        private(set) var run: TrainingRun?
        private(set) var losses: [Double] = []

        func train(_ text: String, in folder: URL) async throws {
            let dataset = try TextDataset(text: text, batchSize: 3, sequenceLength: 4)
            let model = try LanguageModel(.init(vocabulary: dataset.vocabulary, hiddenSize: 5, layerCount: 1), seed: 7)
            let trainer = try Trainer(model: model, dataset: dataset)
            let run = try TrainingRun(trainer, options: .init(folder: folder, maxEpochs: 1e9))
            self.run = run
            for try await event in run.events() {
                if case .step(let step) = event { losses.append(step.loss) }
                if losses.count == 5 { stop() }
            }
        }

        func stop() { run?.cancel() }
    }

    @MainActor @Test func aViewModelHoldsARun() async throws {
        try await withTemporaryFolder { folder in
            let view = ViewModel()
            try await view.train(SmallText.noise(130), in: folder)
            #expect(view.losses.count >= 5)
            #expect(view.run?.lastCheckpoint != nil)
        }
    }

    @Test func aRunThatIsCancelledBeforeItsFirstStepLeavesNothing() throws {
        try withTemporaryFolder { folder in
            let run = try TrainingRun(trainer(), options: options(folder))
            run.cancel()
            var words: [String] = []
            try run.run { words.append(Self.word($0)) }
            #expect(words == ["end cancelled 0"])
            #expect(try names(in: folder).isEmpty)
        }
    }

    @Test func aCancelledValidationIsBrokenOffAndTheNameHasTheLastKnownLoss() throws {
        try withTemporaryFolder { folder in
            let run = try TrainingRun(
                trainer(), options: .init(folder: folder, maxEpochs: 1e9, evaluateEvery: 5))
            var validations: [TrainingEvent.Validation] = []
            try run.run { event in
                if case .validation(let validation) = event { validations.append(validation) }
                // That of the step before a validation, which is then not made.
                if case .step(let step) = event, step.iteration == 10 { run.cancel() }
            }
            #expect(validations.map(\.iteration) == [5])
            let loss = try #require(validations.first).loss
            #expect(
                try names(in: folder) == [
                    Checkpoint.fileName(label: "lstm", epoch: 0.625, validationLoss: loss),
                    Checkpoint.fileName(label: "lstm", epoch: 1.25, validationLoss: loss),
                ])
            #expect(try Checkpoint(contentsOf: try #require(run.lastCheckpoint)).validationLosses.keys.sorted() == [5])
        }
    }

    @Test func anEvaluationStopsBetweenBatchesAndLeavesTheTrainerAsItWas() throws {
        let (broken, whole) = (try trainer(), try trainer())
        for trainer in [broken, whole] { for _ in 0..<3 { try trainer.step() } }
        var asked = 0
        let loss = try broken.evaluate(.validation) {
            asked += 1
            return asked == 2
        }
        #expect(loss == nil && asked == 2 && broken.validationLosses.isEmpty)
        #expect(try broken.step().loss == whole.step().loss)
        #expect(try broken.evaluate(.validation, isCancelled: { false }) == whole.evaluate(.validation))
    }

    @Test func aContinuedRunHasTheLossesOfOneThatWasNeverStopped() throws {
        try withTemporaryFolder { folder in
            let whole = try TrainingRun(
                trainer(), options: .init(folder: folder.appendingPathComponent("whole"), maxEpochs: 3))
            try whole.run()
            let options = TrainingRun.Options(folder: folder.appendingPathComponent("parts"), maxEpochs: 3)
            let first = try TrainingRun(trainer(), options: options)
            try first.run { if case .step(let step) = $0, step.iteration == 7 { first.cancel() } }
            let file = try #require(first.lastCheckpoint)
            let checkpoint = try Checkpoint(contentsOf: file)
            #expect(checkpoint.iteration == 7)
            let second = try TrainingRun(
                Trainer(resuming: checkpoint, dataset: first.dataset), options: options, resuming: (checkpoint, file))
            #expect(second.firstIteration == 7 && second.lastCheckpoint == file)
            try second.run()
            let ends = try [whole, second].map { try Checkpoint(contentsOf: try #require($0.lastCheckpoint)) }
            #expect(ends[0].losses.count == 24 && ends[0].losses == ends[1].losses)
            #expect(ends[0].tensors.map(\.values) == ends[1].tensors.map(\.values))
            #expect(ends[0].validationLosses == ends[1].validationLosses, "none is added where the run was stopped")
            #expect(throws: TrainingRunError.hasEnded(iteration: 24, last: 24)) {
                try TrainingRun(Trainer(resuming: ends[1], dataset: first.dataset), options: options)
            }
        }
    }

    /// Two runs that are the same, of which the second is stopped before a validation and continued, once more in vain.
    private func wholeAndStopped(
        at stop: Int, in folder: URL, learningRate: Float? = nil, _ change: (inout TrainingRun.Options) -> Void
    ) throws -> [(validations: [TrainingEvent.Validation], end: TrainingEvent.End, run: TrainingHistory.Run)] {
        try ["whole", "stopped"].map { name in
            var options = TrainingRun.Options(folder: folder.appendingPathComponent(name), maxEpochs: 3)
            change(&options)
            let trainer = try self.trainer()
            if let learningRate { trainer.learningRate = learningRate }
            var run = try TrainingRun(trainer, options: options)
            let dataset = run.dataset
            var validations: [TrainingEvent.Validation] = []
            var end: TrainingEvent.End?
            func observe(_ event: TrainingEvent) {
                if case .validation(let validation) = event { validations.append(validation) }
                if case .end(let last) = event { end = last }
                if case .step(let step) = event, step.iteration == stop, name == "stopped" { run.cancel() }
            }
            try run.run(observe)
            for isStopped in name == "stopped" ? [true, false] : [] {
                #expect(end?.reason == .cancelled && end?.iteration == stop)
                let file = try #require(run.lastCheckpoint)
                let checkpoint = try Checkpoint(contentsOf: file)
                #expect(checkpoint.validationLosses[stop] == nil)
                run = try TrainingRun(
                    Trainer(resuming: checkpoint, dataset: dataset), options: options, resuming: (checkpoint, file))
                if isStopped { run.cancel() }
                try run.run(observe)
            }
            return (validations, try #require(end), try #require(TrainingHistory(in: options.folder).runs.first))
        }
    }

    /// With a validation where there is no checkpoint, and with one where there is.
    @Test(arguments: [7, 5, 3])
    func aValidationThatAStopHasBrokenOffIsMadeUp(_ checkpointEvery: Int) throws {
        try withTemporaryFolder { folder in
            let runs = try wholeAndStopped(at: 10, in: folder) {
                $0.evaluateEvery = 5
                $0.checkpointEvery = .iterations(checkpointEvery)
                $0.keepBest = true
                $0.keepLast = 100
            }
            let told = runs.map { $0.validations.map { [Double($0.iteration), $0.loss, $0.trainingLoss ?? 0] } }
            #expect(told[0] == told[1] && told[0].contains { $0[0] == 10 })
            let recorded = runs.map { $0.run.lines.filter { $0.validationLoss != nil }.map(\.iteration) }
            #expect(recorded[0] == recorded[1])
            let ends = try runs.map { try Checkpoint(contentsOf: try #require($0.end.last)) }
            #expect(ends[0].validationLosses == ends[1].validationLosses && ends[0].iteration == 24)
            #expect(ends[0].tensors.map(\.values) == ends[1].tensors.map(\.values))
            let saved = try runs.map { try Set(names(in: try #require($0.end.last).deletingLastPathComponent())) }
            // One more, of the stop.
            #expect(saved[0].isSubset(of: saved[1]) && saved[1].count == saved[0].count + 1)
        }
    }

    @Test func aValidationThatIsMadeUpMayEndTheRun() throws {
        try withTemporaryFolder { folder in
            // Nothing gets better, and the second validation is the one too many.
            let runs = try wholeAndStopped(at: 10, in: folder, learningRate: 0) {
                $0.evaluateEvery = 5
                $0.patience = 1
            }
            for run in runs {
                #expect(run.end.reason == .noImprovement && run.end.iteration == 10)
                #expect(run.validations.map(\.iteration) == [5, 10])
                let last = try Checkpoint(contentsOf: try #require(run.end.last))
                #expect(last.validationLosses.keys.sorted() == [5, 10])
            }
        }
    }

    // MARK: The folder

    @Test func aFolderIsForOneRunUntilItsEnd() throws {
        try withTemporaryFolder { folder in
            let run = try TrainingRun(trainer(), options: options(folder))
            let error = try #require(
                #expect(throws: TrainingRunError.self) { try TrainingRun(trainer(), options: options(folder)) })
            guard case .folderInUse(_, let holder) = error else { throw error }
            #expect(holder.hasPrefix("process \(ProcessInfo.processInfo.processIdentifier) on "))
            try run.run()
            _ = try TrainingRun(trainer(), options: options(folder))
        }
    }

    /// With all that is in it, or emptied, after which others must still be kept away.
    @Test(arguments: [false, true])
    func aFolderThatIsRemovedDuringTheRunIsMadeAgain(_ staysEmpty: Bool) throws {
        try withTemporaryFolder { parent in
            let folder = parent.appendingPathComponent("cv")
            let run = try TrainingRun(trainer(), options: options(folder))
            var words: [String] = []
            try run.run { event in
                words.append(Self.word(event))
                guard case .step(let step) = event else { return }
                if step.iteration == 6 {
                    try? FileManager.default.removeItem(at: folder)
                    if staysEmpty { mkdir(folder.path, 0o755) }
                }
                if step.iteration == 7 {
                    #expect(throws: TrainingRunError.self) { try TrainingRun(trainer(), options: options(folder)) }
                }
            }
            #expect(words.contains { $0.hasPrefix("warning folderMadeAgain") })
            #expect(words.last == "end finished 8")
            #expect(try names(in: folder).count == 1)
            #expect(try Checkpoint(contentsOf: try #require(run.lastCheckpoint)).iteration == 8)
            let history = try String(contentsOf: folder.appendingPathComponent("history.jsonl"), encoding: .utf8)
            #expect(history.contains("\"iteration\":8"))
        }
    }

    /// The events of a run during which something happens, after step 6.
    private func told(by run: TrainingRun, afterStep6 something: () -> Void) throws -> [String] {
        var words: [String] = []
        try run.run { event in
            words.append(Self.word(event))
            if case .step(let step) = event, step.iteration == 6 { something() }
        }
        return words
    }

    @Test func aHistoryThatIsRemovedDuringTheRunBeginsAgain() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("history.jsonl")
            let words = try told(by: TrainingRun(trainer(), options: options(folder))) {
                try? FileManager.default.removeItem(at: file)
            }
            #expect(words.count { $0.hasPrefix("warning folderMadeAgain") } == 1)
            #expect(words.count { $0.hasPrefix("warning") } == 1)
            let history = try TrainingHistory(in: folder)
            #expect(history.otherLines.isEmpty && history.runs.count == 1)
            #expect(history.runs.first?.lines.first?.start != nil)
            #expect(history.runs.first?.lines.dropFirst().map(\.iteration) == [6, 6, 8, 8, 8])
        }
    }

    /// Such as one on a disk that has been taken away.
    @Test func aHistoryThatIsGoneAndCannotBeMadeKeepsNoCheckpointOut() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("history.jsonl")
            let run = try TrainingRun(trainer(), options: options(folder))
            let words = try told(by: run) {
                try? FileManager.default.removeItem(at: file)
                symlink("/nowhere/history.jsonl", file.path)
            }
            #expect(words.count { $0.hasPrefix("warning historyNotWritten") } == 1)
            #expect(words.count { $0.hasPrefix("warning") } == 1)
            #expect(try Checkpoint(contentsOf: try #require(run.lastCheckpoint)).iteration == 8)
        }
    }

    @Test func aLabelThatIsTooLongIsRefusedAtTheStart() throws {
        try withTemporaryFolder { folder in
            var options = options(folder)
            options.label = String(repeating: "x", count: 200)
            let error = try #require(
                #expect(throws: TrainingRunError.self) { try TrainingRun(trainer(), options: options) })
            guard case .labelTooLong(_, bytes: 200, let limit) = error else { throw error }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            options.label = String(repeating: "ä", count: limit / 2)
            let run = try TrainingRun(trainer(), options: options)
            try run.run()
            #expect(try names(in: folder).count == 2, "what is let in can be written")
        }
    }

    // MARK: Samples, time, and long validations

    @Test func samplesAreWrittenAndTrainingStaysTheSame() throws {
        try withTemporaryFolder { folder in
            func train(_ name: String, _ change: (inout TrainingRun.Options) -> Void) throws -> (Checkpoint, [String]) {
                var options = options(folder.appendingPathComponent(name))
                change(&options)
                let run = try TrainingRun(trainer(), options: options)
                var texts: [String] = []
                try run.run { if case .sample(let sample) = $0 { texts.append("\(sample.iteration) \(sample.text)") } }
                return (try Checkpoint(contentsOf: try #require(run.lastCheckpoint)), texts)
            }
            let (plain, none) = try train("plain") { _ in }
            let (sampled, texts) = try train("sampled") {
                $0.sampleEvery = 3
                $0.sampleLength = 20
            }
            #expect(none.isEmpty)
            #expect(texts.map { $0.prefix(2) } == ["3 ", "6 "] && texts.allSatisfy { $0.count == 22 })
            #expect(texts[0].dropFirst(2) != texts[1].dropFirst(2))
            #expect(sampled.losses == plain.losses)
            #expect(sampled.validationLosses == plain.validationLosses)
            #expect(sampled.tensors.map(\.values) == plain.tensors.map(\.values))
            let lines = try TrainingHistory(in: folder.appendingPathComponent("sampled")).runs[0].lines
            #expect(lines.compactMap { line in line.sample.map { "\(line.iteration) \($0)" } } == texts)
        }
    }

    @Test func aRunOutOfTimeValidatesAndSaves() throws {
        try withTemporaryFolder { folder in
            var options = TrainingRun.Options(
                folder: folder, maxEpochs: 1e9, maxSeconds: 1e-9, reportEvery: 1000, evaluateEvery: 1000)
            let run = try TrainingRun(trainer(), options: options)
            var words: [String] = []
            try run.run { words.append(Self.word($0)) }
            #expect(words == ["step 1", "validation 1", "checkpoint 1", "end outOfTime 1"])
            // It goes on, with as much time again.
            let file = try #require(run.lastCheckpoint)
            let checkpoint = try Checkpoint(contentsOf: file)
            options.maxSeconds = 3600
            options.maxIterations = 2
            let next = try TrainingRun(
                Trainer(resuming: checkpoint, dataset: run.dataset), options: options, resuming: (checkpoint, file))
            try next.run { words.append(Self.word($0)) }
            #expect(words.last == "end finished 2")
        }
    }

    @Test func aLongValidationTellsHowFarItIs() throws {
        try withTemporaryFolder { folder in
            // So many small batches take many seconds anywhere; the first word of it ends it.
            let dataset = try TextDataset(
                text: SmallText.rhythm(2_000_000), batchSize: 2, sequenceLength: 5, trainingFraction: 0.1,
                validationFraction: 0.9)
            let model = try LanguageModel(
                .init(vocabulary: dataset.vocabulary, hiddenSize: 128, layerCount: 1), seed: 7)
            let run = try TrainingRun(
                Trainer(model: model, dataset: dataset), options: .init(folder: folder, evaluateEvery: 1))
            var told: [TrainingEvent.Evaluation] = []
            try run.run { event in
                guard case .evaluating(let evaluation) = event else { return }
                told.append(evaluation)
                run.cancel()
            }
            let evaluation = try #require(told.first)
            #expect(told.count == 1 && evaluation.split == .validation && evaluation.batchCount == 180_000)
            #expect(evaluation.batch > 0 && evaluation.batch < evaluation.batchCount)
        }
    }

    // MARK: Without a validation part

    @Test func withoutAValidationPartNamesHaveNoLossAndTheLastIsTheBest() throws {
        try withTemporaryFolder { folder in
            let dataset = try TextDataset(
                text: SmallText.noise(130), batchSize: 3, sequenceLength: 4, trainingFraction: 1, validationFraction: 0)
            var options = options(folder)
            options.keepBest = true
            let run = try TrainingRun(
                Trainer(model: model(dataset.vocabulary), dataset: dataset), options: options)
            var words: [String] = []
            try run.run { words.append(Self.word($0)) }
            #expect(!words.contains { $0.hasPrefix("validation") || $0 == "test" })
            #expect(try names(in: folder) == ["lm_lstm_epoch1.00.safetensors"])
            for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
                #expect(try !Data(contentsOf: file).contains("nan"), "\(file)")
            }
            #expect(try Checkpoint.best(in: folder) == run.lastCheckpoint)
        }
    }
}

extension Data {
    fileprivate func contains(_ word: String) -> Bool { range(of: Data(word.utf8)) != nil }
}
