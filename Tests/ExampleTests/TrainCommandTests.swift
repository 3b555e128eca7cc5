import CharRNN
import Foundation
import TestSupport
import Testing

/// What `char-rnn train` prints and writes.
@Suite struct TrainCommandTests {
    @Test func standardOutputStaysEmptyAndTheProgressIsCharRNNs() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "--data-dir", "data/some_folder", "--max-iterations", "3"] + Workplace.smallSizes)
            #expect(outcome.output.isEmpty)
            let pattern =
                #/(\d+)/3 \(epoch \d\.\d{3}\), train_loss = \d\.\d{8}, grad/param norm = \d\.\d{4}e[-+]\d\d, /#
            let lines = outcome.errorLines.filter { $0.contains("train_loss") }
            #expect(lines.count == 3)
            for (index, line) in lines.enumerated() {
                let match = try #require(line.prefixMatch(of: pattern), "\(line)")
                #expect(match.1 == "\(index + 1)")
                #expect(line.contains("time/batch = ") && line.contains(" chars/s"))
                // The first step says nothing of the rest, for which drivers compile.
                #expect(line.hasSuffix(" left") == (index > 0))
            }
            #expect(lines[0].contains("train_loss = 1.9"), "ln 7 at the start")
            #expect(outcome.errors.contains("number of parameters: 607\n"))
            #expect(outcome.errors.contains("batches of 4x5: 57 for training, 3 for validation, 0 for testing"))
        }
    }

    @Test func theHistoryIsJSONLineByLine() throws {
        try Workplace.inNewFolder { place in
            try place.train(["--print-every", "10", "--eval-every", "20", "-train_frac", "0.8", "-val_frac", "0.1"])
            let text = try String(contentsOf: place.url("cv/history.jsonl"), encoding: .utf8)
            #expect(text.hasSuffix("\n"))
            let objects = try text.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
            let shared: Set = ["run", "time", "iteration", "epoch", "learning_rate"]
            let progress = shared.union(["loss", "grad_norm", "seconds_per_batch", "chars_per_second"])
            let steps = objects.filter { $0["loss"] != nil }
            #expect(steps.allSatisfy { Set($0.keys) == progress })
            let names = objects.compactMap { $0["run"] as? String }
            #expect(names.count == objects.count && Set(names).count == 1)
            let start = try #require(try TrainingHistory(in: place.url("cv")).runs.first?.start)
            #expect(start.cell == .lstm && start.hiddenSize == 8 && start.options["eval-every"] == "20")
            #expect(steps.compactMap { $0["iteration"] as? Int } == [10, 20, 30, 40, 48])
            let validations = objects.filter { $0["validation_loss"] != nil }
            #expect(validations.allSatisfy { Set($0.keys) == shared.union(["validation_loss"]) })
            #expect(validations.compactMap { $0["iteration"] as? Int } == [20, 40, 48])
            #expect(validations.last?["epoch"] as? Double == 1)
            let tests = objects.filter { $0["test_loss"] != nil }
            #expect(tests.count == 1 && tests[0]["iteration"] as? Int == 48, "the test part is evaluated at the end")
            let saved = objects.compactMap { $0["checkpoint"] as? String }
            #expect(saved.sorted().map { "cv/\($0)" } == place.checkpoints())
            #expect(1 + steps.count + validations.count + saved.count + tests.count == objects.count)
        }
    }

    @Test func theNameOfACheckpointHasItsEpochAndLoss() throws {
        try Workplace.inNewFolder { place in
            try place.train(["-eval_val_every", "19"])
            let lines = try String(contentsOf: place.url("cv/history.jsonl"), encoding: .utf8).split(separator: "\n")
            let losses = try lines.compactMap { line in
                (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["validation_loss"]
                    as? Double
            }
            let expected = zip(["0.33", "0.67", "1.00"], losses).map { epoch, loss in
                "cv/lm_lstm_epoch\(epoch)_\(String(format: "%.4f", loss)).safetensors"
            }
            #expect(place.checkpoints() == expected)
        }
    }

    @Test func aShortTextIsTrainedOnWithANotice() throws {
        try Workplace.inNewFolder(text: SmallText.rhythm(300)) { place in
            let outcome = try place.succeed(
                ["train", "--data-dir", "data/some_folder", "--hidden-size", "4", "--max-epochs", "1"])
            #expect(outcome.errors.contains("note: the text is short (300 characters), so the batch size is 3 instead"))
        }
    }

    @Test func anyFileCanBeTrainedOnAsBytes() throws {
        try Workplace.inNewFolder { place in
            let bytes = (0..<1200).map { UInt8(truncatingIfNeeded: $0 * 7) }
            try place.write(Data(bytes), to: "data/some_folder/input.txt")
            let checkpoint = try place.train(["--tokens", "bytes"])
            let sample = try place.succeed(["sample", checkpoint, "--length", "50"])
            #expect(sample.output.count == 50, "bytes as they are, which need not be UTF-8, and no end of a line")
        }
    }

    @Test func resumingEqualsNeverStopping() throws {
        try Workplace.inNewFolder { place in
            // Dropout, resets, a falling rate and an epoch's end in between, so that each has to be continued.
            let options = [
                "-dropout", "0.3", "--reset-probability", "0.2", "-num_layers", "2", "-learning_rate_decay", "0.5",
                "-learning_rate_decay_after", "1",
                "-max_epochs", "2", "-eval_val_every", "40",
            ]
            let whole = try place.train(options, into: "whole")
            let stopped = try place.train(options + ["--max-iterations", "40"], into: "stopped")
            let outcome = try place.succeed(
                [
                    "train", "--resume", stopped, "--max-epochs", "2", "--eval-every", "40", "--checkpoint-dir",
                    "resumed",
                ])
            #expect(outcome.errors.contains("resuming at iteration 40 (epoch 0.70)"))
            let resumed = try #require(place.checkpoints("resumed").last)
            #expect(place.files("whole").last == place.files("resumed").last, "the same name, thus the same loss")
            let expected = try TensorFile(place.url(whole))
            let actual = try TensorFile(place.url(resumed))
            #expect(actual.names == expected.names)
            #expect(actual.numbers == expected.numbers, "weights, moments, state and losses, bit for bit")
            #expect(actual.metadata["training"] == expected.metadata["training"])
        }
    }

    @Test func aRunThatCannotBeHelpedStopsWithItsLastGoodState() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.run(
                ["train", "-data_dir", "data/some_folder", "-learning_rate", "1e30"] + Workplace.smallSizes)
            #expect(outcome.status == 1)
            let returns = outcome.errorLines.filter {
                $0.contains(": back to iteration 0, with half the learning rate")
            }
            #expect(returns.count == 3)
            let checkpoint = try #require(place.checkpoints().last)
            #expect(
                outcome.errorLines.last!.hasSuffix(
                    ", after 3 returns to iteration 0, each with half the learning rate; try a lower --learning-rate than "
                        + "1e+30, from the start or from the last good weights with --init-from \(checkpoint)"))
            #expect(!outcome.errors.contains("train_loss = nan") && !outcome.errors.contains("train_loss = inf"))
            let history = try String(contentsOf: place.url("cv/history.jsonl"), encoding: .utf8)
            #expect(history.split(separator: "\n").filter { $0.contains("\"returned_from\":") }.count == 3)
            try place.train(["--init-from", checkpoint], into: "again")
        }
    }

    // Some tries, for the signal may come at any place of the loop.
    @Test(arguments: 1...4)
    func anInterruptedRunLeavesACheckpointToResume(_ attempt: Int) throws {
        try Workplace.inNewFolder { place in
            let arguments =
                ["train", "-data_dir", "data/some_folder", "-max_epochs", "5000", "-eval_val_every", "1000000"]
                + Workplace.smallSizes
            let running = try CommandLineTool.charRNN.start(arguments, in: place.folder)
            try running.waitFor("train_loss")
            running.process.interrupt()
            let outcome = try running.wait()
            #expect(outcome.status == 130, "\(outcome.errors.suffix(300))")
            #expect(place.checkpoints().count == 1 && place.files("cv").count == 2, "\(place.files("cv"))")
            let checkpoint = try #require(place.checkpoints().last)
            #expect(
                outcome.errors.hasSuffix(
                    "stopped; continue with: char-rnn train --resume \(checkpoint)\n"))
            let start = try TrainingHistory(in: place.url("cv")).runs[0].start
            #expect(start.options["max-epochs"] == "5000.0" && start.options["eval-every"] == "1000000")
            let resumed = try place.run(["train", "--resume", checkpoint, "--max-epochs", "0.01"])
            #expect(resumed.errors.contains("the run has reached iteration"))
        }
    }

    @Test func anEmbeddingIsTrainedToldAndKept() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--embedding-size", "3", "--max-iterations", "4"])
            #expect(try place.succeed(["inspect", checkpoint]).text.contains("embedding size: 3"))
            #expect(try TensorFile(place.url(checkpoint)).names.contains("embedding.weight"))
            let resumed = try place.succeed(["train", "--resume", checkpoint, "--max-iterations", "6"])
            #expect(resumed.errors.contains("embedding of 3"))
            for start in ["--resume", "--init-from"] {
                let other = try place.run(["train", start, checkpoint, "--embedding-size", "4"])
                #expect(other.status != 0 && other.errors.contains("--embedding-size: the "), "\(other.errors)")
            }
            try place.succeed(["convert", checkpoint, "out", "--to", "pytorch"])
            let weights = try TensorFile(place.url("out/weights.safetensors"))
            #expect(!weights.names.contains("embedding.weight"))
            #expect(try place.succeed(["sample", checkpoint, "--length", "5"]).status == 0)
            let dry = try place.succeed(
                ["train", "--data-dir", "data/some_folder", "--embedding-size", "3", "--dry-run"] + Workplace.smallSizes
            )
            #expect(dry.errors.contains("embedding of 3"))
            let none = try place.run(["train", "--data-dir", "data/some_folder", "--embedding-size", "0"])
            #expect(none.status != 0 && none.errors.contains("--embedding-size 0: at least 1 is needed"))
        }
    }
}
