import CharRNN
import Foundation
import TestSupport
import Testing

/// What runs leave in `history.jsonl`, read again.
@Suite struct TrainingHistoryTests {
    private let small = Run(hiddenSize: 5, layerCount: 1)

    /// Runs until the step `end`, with 8 steps an epoch; from the checkpoint, if there is one.
    @discardableResult
    private func train(
        in folder: URL, to end: Int, from file: URL? = nil, label: String = "lstm", remembered: [String: String] = [:]
    ) throws -> URL {
        let options = TrainingRun.Options(
            folder: folder, label: label, maxEpochs: 100, maxIterations: end, reportEvery: 2, evaluateEvery: 4,
            remembered: remembered)
        let resumed = try file.map { (checkpoint: try Checkpoint(contentsOf: $0), file: $0) }
        let trainer =
            if let resumed {
                try Trainer(resuming: resumed.checkpoint, dataset: small.dataset())
            } else {
                try small.trainer()
            }
        let run = try TrainingRun(trainer, options: options, resuming: resumed)
        try run.run()
        return try #require(run.lastCheckpoint)
    }

    private func iterations(_ run: TrainingHistory.Run, _ isMeant: (TrainingHistory.Line) -> Bool) -> [Int] {
        run.lines.filter(isMeant).map(\.iteration)
    }

    @Test func aRunRecordsWhatItIsAndWhatItDoes() throws {
        try withTemporaryFolder { folder in
            let begin = Date.now.timeIntervalSince1970
            let last = try train(in: folder, to: 8, label: "a", remembered: ["device": "cpu", "keep-last": "3"])
            let end = Date.now.timeIntervalSince1970
            let runs = try TrainingHistory(in: folder).runs
            let run = try #require(runs.first)
            #expect(runs.count == 1 && run.iteration == 8)
            #expect(iterations(run) { $0.start != nil } == [0])
            #expect(iterations(run) { $0.loss != nil } == [2, 4, 6, 8])
            #expect(iterations(run) { $0.validationLoss != nil } == [4, 8])
            #expect(run.lines.last?.checkpoint == last.lastPathComponent)
            let start = run.start
            #expect(start.label == "a" && start.cell == .lstm && start.layers == 1 && start.hiddenSize == 5)
            #expect(start.vocabularySize == Set(small.text).count)
            #expect(start.batchSize == 3 && start.sequenceLength == 4 && start.characters == 130)
            #expect(start.trainingBatches == 8 && start.validationBatches == 2 && start.lastIteration == 8)
            #expect(start.optimizer == "rmsprop" && start.learningRate == 0.002 && start.clip == 5)
            #expect(start.clipNorm == nil && start.resumedFrom == nil)
            #expect(start.options == ["device": "cpu", "keep-last": "3"])
            let times = run.lines.map(\.time)
            #expect(times == times.sorted())
            #expect(times[0] >= begin - 0.001 && times.last! <= end + 0.001)
            #expect(abs(run.seconds - (times.last! - times[0])) < 1e-6)
            let checkpoint = try Checkpoint(contentsOf: last)
            #expect(run.best?.validationLoss == checkpoint.validationLosses.values.min())
            for line in run.lines where line.loss != nil {
                #expect(line.loss == Double(checkpoint.losses[line.iteration - 1]))
                #expect(line.epoch == Double(line.iteration) / 8 && line.learningRate == 0.002)
            }
        }
    }

    @Test func aResumedRunReplacesTheLinesThatItRepeats() throws {
        try withTemporaryFolder { folder in
            try train(in: folder, to: 8)
            let other = try train(in: folder, to: 4, label: "other")
            let file = folder.appendingPathComponent("history.jsonl")
            try (String(contentsOf: file, encoding: .utf8) + "a note\n").write(
                to: file, atomically: true, encoding: .utf8)
            let before = try TrainingHistory(in: folder)
            // Of the first run; its checkpoint of step 4 has the name of its epoch, 0.5.
            let middle = try #require(before.runs[0].lines.first { $0.checkpoint != nil }?.checkpoint)
            try train(in: folder, to: 6, from: folder.appendingPathComponent(middle))
            let after = try TrainingHistory(in: folder)
            #expect(after.runs.map(\.id) == before.runs.map(\.id))
            let run = after.runs[0]
            #expect(iterations(run) { $0.loss != nil } == [2, 4, 6])
            #expect(iterations(run) { $0.validationLoss != nil } == [4, 6])
            #expect(iterations(run) { $0.start != nil } == [0, 4])
            #expect(run.lines.last { $0.start != nil }?.start?.resumedFrom == middle)
            #expect(after.runs[1].lines.count == before.runs[1].lines.count, "what is another run's stays")
            #expect(try String(contentsOf: file, encoding: .utf8).contains("\na note\n"), "so does what is nobody's")
            #expect(!FileManager.default.fileExists(atPath: other.path + ".1"))
            // The pause before the continuation is no time of the run.
            let times = run.lines.map(\.time)
            let second = try #require(run.lines.lastIndex { $0.start != nil })
            #expect(abs(run.seconds - (times[second - 1] - times[0] + times.last! - times[second])) < 1e-6)
        }
    }

    @Test func aRunThatEndsBeforeItsFirstStepReplacesNothing() throws {
        try withTemporaryFolder { folder in
            try train(in: folder, to: 8)
            let file = folder.appendingPathComponent("history.jsonl")
            let before = try Data(contentsOf: file)
            let middle = folder.appendingPathComponent(
                try #require(TrainingHistory(in: folder).runs[0].lines.first { $0.checkpoint != nil }?.checkpoint))
            let checkpoint = try Checkpoint(contentsOf: middle)
            let run = try TrainingRun(
                Trainer(resuming: checkpoint, dataset: small.dataset()), options: .init(folder: folder),
                resuming: (checkpoint, middle))
            run.cancel()
            try run.run()
            #expect(try Data(contentsOf: file) == before)
        }
    }

    @Test func aRunThatGoesOnInAnotherFolderBeginsAHistory() throws {
        try withTemporaryFolder { folder in
            let (old, new) = (folder.appendingPathComponent("old"), folder.appendingPathComponent("new"))
            let file = try train(in: old, to: 4)
            let before = try Data(contentsOf: old.appendingPathComponent("history.jsonl"))
            try train(in: new, to: 8, from: file)
            let run = try #require(TrainingHistory(in: new).runs.first)
            #expect(iterations(run) { $0.loss != nil } == [6, 8])
            #expect(run.lines[0].iteration == 4 && run.start.resumedFrom == file.lastPathComponent)
            #expect(try Data(contentsOf: old.appendingPathComponent("history.jsonl")) == before)
        }
    }

    @Test func whatIsNoRecordIsPassedOver() throws {
        try withTemporaryFolder { folder in
            #expect(try TrainingHistory(in: folder).runs.isEmpty)
            try train(in: folder, to: 2)
            let file = folder.appendingPathComponent("history.jsonl")
            let text = try String(contentsOf: file, encoding: .utf8)
            try ("\n[]\n{\"iteration\":1}\nnote\n" + text + text.prefix(100)).write(
                to: file, atomically: true, encoding: .utf8)
            let history = try TrainingHistory(in: folder)
            #expect(history.runs.map(\.lines.count) == [4])
            #expect(history.otherLines == [2, 3, 4], "an empty one is none, and the half at the end may become one")
        }
    }

    /// None of them is what a run writes, and a program that reads them would end with an overflow.
    @Test(arguments: [
        #""iteration":9223372036854775807"#, #""iteration":-1"#, #""epoch":"nan""#, #""epoch":-1"#, #""time":1e300"#,
        #""time":"-inf""#, #""seconds_per_batch":"nan""#, #""seconds_per_batch":1e200"#, #""seconds_per_batch":-1"#,
        #""returned_from":-9223372036854775808"#, #""loss":1e200"#, #""grad_norm":1.79e308"#,
        #""validation_loss":-1e200"#, #""test_loss":1e200"#,
    ])
    func numbersThatNoRunHasAreNoRecord(_ number: String) throws {
        try withTemporaryFolder { folder in
            try train(in: folder, to: 2)
            let file = folder.appendingPathComponent("history.jsonl")
            let run = try #require(TrainingHistory(in: folder).runs.first)
            func line(_ changed: String) -> String {
                let name = changed.prefix { $0 != ":" }
                let rest = [#""time":1"#, #""iteration":2"#, #""epoch":1"#].filter { !$0.hasPrefix(name) }
                return #"{"run":"\#(run.id)","learning_rate":1,"# + (rest + [changed]).joined(separator: ",") + "}\n"
            }
            let text = try String(contentsOf: file, encoding: .utf8)
            let diverged = #""loss":"nan","grad_norm":"inf""#
            try (text + line(number) + line(diverged)).write(to: file, atomically: true, encoding: .utf8)
            let history = try TrainingHistory(in: folder)
            #expect(history.otherLines == [run.lines.count + 1])
            #expect(history.runs.map(\.lines.count) == [run.lines.count + 1], "a run may diverge")
            #expect(history.runs[0].lines.last?.loss?.isNaN == true)
        }
    }
}
