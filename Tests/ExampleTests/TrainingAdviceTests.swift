import CharRNN
import Foundation
import TestSupport
import Testing

/// What `char-rnn train` advises, and when it should not.
@Suite struct TrainingAdviceTests {
    @Test func aLabelThatIsTooLongIsRefusedBeforeTheFirstStep() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.run(
                ["train", "-data_dir", "data/some_folder", "--label", String(repeating: "x", count: 200)]
                    + Workplace.smallSizes)
            #expect(outcome.status == 1)
            #expect(!outcome.errors.contains("train_loss"))
            #expect(outcome.errorLines.last!.contains("has 200 bytes, and names of checkpoints have room for "))
            #expect(outcome.errorLines.last!.hasSuffix("; choose a shorter --label"))
        }
    }

    @Test func theLastHintNamesTheBestModel() throws {
        try Workplace.inNewFolder { place in
            // Long enough to overfit: the best comes before the end.
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "-max_epochs", "40", "--eval-every", "190"]
                    + ["--print-every", "1000"] + Workplace.smallSizes)
            let best = try #require(try Checkpoint.best(in: place.url("cv"))).lastPathComponent
            #expect(outcome.errorLines.last == "let it write with: char-rnn sample cv/\(best)")
            #expect(outcome.errorLines.count { $0.contains("(overfitting)") } <= 2, "it is not said over and over")
            let last = try #require(
                try place.checkpoints().max {
                    try Checkpoint(contentsOf: place.url($0)).iteration
                        < Checkpoint(contentsOf: place.url($1)).iteration
                })
            #expect(last != "cv/\(best)", "the best is the last; the test proves nothing")
            // One that the run wrote before the checkpoint from which it goes on, wherever it writes from then on.
            for folder in ["cv", "other"] {
                let more = ["--max-epochs", folder == "cv" ? "41" : "42", "--checkpoint-dir", folder]
                let resumed = try place.succeed(["train", "--resume", folder == "cv" ? last : "cv"] + more)
                #expect(resumed.errorLines.last == "let it write with: char-rnn sample cv/\(best)")
            }
            // Nobody can be told to use what is no longer there.
            try FileManager.default.removeItem(at: place.url("cv/\(best)"))
            let without = try place.succeed(["train", "--resume", "cv", "--max-epochs", "43"])
            let second = try #require(try Checkpoint.best(in: place.url("cv"))).lastPathComponent
            #expect(without.errorLines.last == "let it write with: char-rnn sample cv/\(second)")
        }
    }

    /// Neither a high learning rate, with which both losses jump, nor a validation loss that still falls is overfitting.
    @Test(arguments: ["0.002", "0.3", "1", "3"])
    func overfittingIsARisingValidationLossWithAFallingTrainingLoss(_ rate: String) throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "-max_epochs", rate == "0.002" ? "40" : "2"]
                    + ["--eval-every", rate == "0.002" ? "190" : "5", "--learning-rate", rate] + Workplace.smallSizes)
            var steps: [Double] = []
            var tries: [(validation: Double, training: Double)] = []
            var isAdvised = false
            for line in outcome.errorLines {
                if let loss = line.firstMatch(of: /train_loss = ([0-9.]+)/).flatMap({ Double($0.1) }) {
                    steps.append(loss)
                } else if let loss = line.firstMatch(of: /^validation loss ([0-9.]+)/).flatMap({ Double($0.1) }) {
                    let last = steps.suffix(100)
                    tries.append((loss, last.reduce(0, +) / Double(last.count)))
                    steps = []
                } else if line.contains("(overfitting)") {
                    isAdvised = true
                    let (last, best) = (tries[tries.count - 1], tries.min { $0.validation < $1.validation }!)
                    #expect(last.validation > best.validation && last.training < best.training, "\(tries)")
                }
            }
            #expect(isAdvised || rate != "0.002", "the run reads its text by heart")
        }
    }

    /// Whatever is printed, the losses are there.
    @Test func adviceNeedsNoPrintedSteps() throws {
        try Workplace.inNewFolder { place in
            let options = ["train", "-data_dir", "data/some_folder", "-max_epochs", "40", "--eval-every", "190"]
            func advice(_ more: [String]) throws -> [String] {
                try place.succeed(options + Workplace.smallSizes + more).errorLines.filter {
                    $0.contains("advice: ") || $0.hasPrefix("validation loss ")
                }
            }
            let printed = try advice([])
            #expect(printed.contains { $0.contains("(overfitting)") })
            #expect(try advice(["--print-every", "1000000"]) == printed)
        }
    }

    @Test func equalLossesAtTheStartAreNoUnderfitting() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "--max-iterations", "3", "--eval-every", "1"]
                    + Workplace.smallSizes)
            #expect(outcome.errors.contains("validation loss "))
            #expect(!outcome.errors.contains("underfitting"))
        }
    }

    @Test func withoutAValidationPartNothingIsCalledNaN() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "-train_frac", "1", "-val_frac", "0", "--keep-best"]
                    + ["-max_epochs", "1", "--checkpoint-every", "20"] + Workplace.smallSizes)
            #expect(outcome.errors.contains("note: there is no validation part, "))
            #expect(outcome.errors.contains("--keep-best keeps the last checkpoint\n"))
            #expect(!outcome.errors.contains("nan"), "\(outcome.errors)")
            #expect(place.checkpoints() == ["cv/lm_lstm_epoch1.00.safetensors"])
            let history = try String(contentsOf: place.url("cv/history.jsonl"), encoding: .utf8)
            #expect(!history.contains("nan") && !history.contains("validation_loss"))
        }
    }

    // MARK: Starting from a checkpoint

    @Test(arguments: ["--cell gru", "-rnn_size 9", "--layers 2"])
    func whatAModelHasOtherwiseIsRefused(_ option: String) throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "2"])
            let words = option.split(separator: " ").map(String.init)
            let outcome = try place.run(
                ["train", "--data-dir", "data/some_folder", "--init-from", checkpoint, "--checkpoint-dir", "new"]
                    + words)
            #expect(outcome.status == 1 && place.files("new").isEmpty)
            let name = words[0] == "-rnn_size" ? "--hidden-size" : words[0]
            let found = ["--cell": "lstm", "--hidden-size": "8", "--layers": "1"][name]!
            #expect(
                outcome.errorLines.last
                    == "char-rnn: \(name): the model of \(checkpoint) has \(found); leave the option "
                    + "out, or train a new model without --init-from")
        }
    }

    @Test func theDropoutMayChangeAndTheRestMayBeSaidAgain() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "2", "--dropout", "0.25", "--cell", "gru"])
            let start = ["--init-from", checkpoint, "--max-iterations", "2"]
            func dropout(_ options: [String], into folder: String) throws -> String? {
                let last = try place.train(start + options, into: folder)
                return try place.succeed(["inspect", last]).text.split(separator: "\n").first {
                    $0.hasPrefix("dropout: ")
                }.map(String.init)
            }
            #expect(try dropout([], into: "a") == "dropout: 0.25")
            #expect(try dropout(["--dropout", "0.5", "--cell", "gru"], into: "b") == "dropout: 0.5")
            #expect(try dropout(["-dropout", "0"], into: "c") == "dropout: 0.0")
        }
    }

    @Test func anEmptyNameIsRefused() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "1"])
            let before = place.files("")
            for command in [
                ["train", "--data-dir", "NOTHING"], ["train", "--validation-text", "NOTHING"],
                ["train", "--checkpoint-dir", "NOTHING"], ["train", "--label", "NOTHING"],
                ["train", "--tensorboard=NOTHING"], ["train", "--init-from", "NOTHING"],
                ["train", "--checkpoint-every", "NOTHING"], ["sample", "NOTHING"], ["sample", "--", "NOTHING"],
                ["convert", checkpoint, "NOTHING"], ["convert", checkpoint, "NOTHING", "--to", "pytorch"],
                ["score", checkpoint, "NOTHING"], ["sample", checkpoint, "--prime-file", "NOTHING"],
                ["plot", "NOTHING"], ["inspect", "NOTHING"],
            ] {
                let outcome = try place.run(command.map { $0.replacingOccurrences(of: "NOTHING", with: "") })
                #expect(outcome.status == 64, "\(command)")
                #expect(outcome.errors.contains("is empty; is the variable in its place set?"), "\(outcome.errors)")
            }
            #expect(place.files("") == before)
            // As char-rnn has it in its script: from nothing.
            try place.train(["-init_from", "", "--max-iterations", "1"], into: "other")
        }
    }

    // MARK: Resuming

    /// `--max-iterations` too, unless the run has come so far: then it is resumed to go on.
    @Test func aResumedRunEndsWhereItWasToEnd() throws {
        try Workplace.inNewFolder { place in
            let first = try place.train(["--max-iterations", "20", "--checkpoint-every", "8"], into: "cv")
            let earlier = try #require(place.checkpoints("cv").first { $0 != first })
            let outcome = try place.succeed(["train", "--resume", earlier])
            #expect(outcome.errors.contains("\n20/20 ") && !outcome.errors.contains("\n21/"), "\(outcome.errors)")
            let later = try place.succeed(["train", "--resume", first, "--max-epochs", "0.5"])
            #expect(later.errors.contains("\n21/29 "), "\(later.errors)")
        }
    }

    @Test func aResumedRunKeepsItsOptions() throws {
        try Workplace.inNewFolder { place in
            let options = ["--label", "mine", "--keep-last", "1", "--eval-every", "10", "--print-every", "5"]
            let checkpoint = try place.train(options + ["--max-iterations", "20"], into: "elsewhere")
            #expect(place.checkpoints("elsewhere") == [checkpoint])
            let outcome = try place.succeed(["train", "--resume", checkpoint])
            #expect(place.files("cv").isEmpty, "it goes on in its own folder")
            let last = try #require(place.checkpoints("elsewhere").last)
            #expect(place.checkpoints("elsewhere") == [last] && last.hasPrefix("elsewhere/lm_mine_epoch1.00_"))
            #expect(outcome.errors.contains("\n25/57 ") && !outcome.errors.contains("\n26/57 "))
            let history = try String(contentsOf: place.url("elsewhere/history.jsonl"), encoding: .utf8)
            #expect(history.split(separator: "\n").count { $0.contains("validation_loss") } == 6)
        }
    }

    @Test(arguments: [
        ("--learning-rate 0.0001", "0.002"), ("--optimizer adam", "rmsprop"), ("--batch-size 7", "4"),
        ("--cell gru", "lstm"), ("--hidden-size 9", "8"), ("--layers 2", "1"), ("--dropout 0.1", "0.0"),
        ("--sequence-length 6", "5"), ("--seed 4", "123"), ("--clip 1", "--clip 5.0"), ("--clip-norm 5", "--clip 5.0"),
        ("--decay-rate 0.9", "0.95"), ("--learning-rate-decay 0.5", "0.97"), ("--learning-rate-decay-after 1", "10.0"),
        ("--tokens bytes", "scalars"), ("--train-fraction 0.9", "0.95"), ("--validation-fraction 0.01", "0.05"),
        ("--reset-probability 0.5", "0.0"), ("-learning_rate 0.0001", "0.002"), ("--schedule cosine", "none"),
    ])
    func whatARunHasOtherwiseIsRefused(_ option: String, _ found: String) throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "2"])
            let words = option.split(separator: " ").map(String.init)
            let outcome = try place.run(["train", "--resume", checkpoint, "--max-iterations", "3"] + words)
            #expect(outcome.status == 1)
            let name = words[0].hasPrefix("--") ? words[0] : "--learning-rate"
            let begins = "char-rnn: \(name): the run of \(checkpoint) has \(found), which cannot be changed"
            #expect(outcome.errorLines.last!.hasPrefix(begins), "\(outcome.errors)")
        }
    }

    @Test func whatARunHasAlreadyMayBeGivenAgain() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "2"])
            try place.succeed(
                ["train", "--resume", checkpoint, "--max-iterations", "3", "--optimizer", "rmsprop", "--clip", "5"]
                    + Workplace.smallSizes)
            let outcome = try place.run(["train", "--resume", checkpoint, "--max-iterations", "2"])
            #expect(outcome.errorLines.last!.hasSuffix("has reached iteration 2 of 2; raise --max-iterations to go on"))
        }
    }
}
