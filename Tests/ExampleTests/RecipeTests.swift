import Foundation
import TestSupport
import Testing

/// `--recipe` and what it is made of.
@Suite struct RecipeTests {
    private func options(of checkpoint: String, in place: Workplace) throws -> [String: String] {
        let metadata = try TensorFile(place.url(checkpoint)).metadata
        let json = try #require(metadata["options"]?.data(using: .utf8))
        return try JSONDecoder().decode([String: String].self, from: json)
    }

    private func recipeLine(_ outcome: CommandLineTool.Outcome) -> String? {
        outcome.errorLines.first { $0.hasPrefix("recipe ") }
    }

    @Test func aRecipeSaysAndRecordsWhatItChooses() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed([
                "train", "--recipe", "quick", "--data-dir", "data/some_folder", "--hidden-size", "6", "--batch-size",
                "4",
                "--max-iterations", "3", "--clip", "1", "--dropout=0",
            ])
            let line = try #require(recipeLine(outcome))
            #expect(line.hasPrefix("recipe quick: ") && line.contains("--optimizer muon"))
            for typed in ["--hidden-size", "--batch-size", "--max-", "--clip", "--dropout"] {
                #expect(!line.contains(typed), "what is typed wins: \(line)")
            }
            #expect(outcome.errors.contains("2 x 6 units, dropout 0.0"))
            #expect(outcome.errors.contains("batches of 4x"))
            let checkpoint = try #require(place.checkpoints().last)
            #expect(try options(of: checkpoint, in: place)["recipe"] == "quick")
            let training = try #require(try TensorFile(place.url(checkpoint)).metadata["training"])
            #expect(training.contains("muon") && training.contains("schedule"))

            // What it has chosen, typed, is the same run.
            let chosen = line.dropFirst("recipe quick: ".count).split(separator: " ").map(String.init)
            try place.succeed(
                ["train", "--data-dir", "data/some_folder", "--checkpoint-dir", "typed", "--hidden-size", "6"]
                    + ["--batch-size", "4", "--max-iterations", "3", "--clip", "1", "--dropout", "0"] + chosen)
            let typed = try #require(place.checkpoints("typed").last)
            let (first, second) = (try TensorFile(place.url(checkpoint)), try TensorFile(place.url(typed)))
            #expect(first.numbers == second.numbers)
        }
    }

    @Test func theDefaultRecipeIsTheDefault() throws {
        try Workplace.inNewFolder { place in
            let plain = try place.train()
            try place.train(["--recipe", "char-rnn"], into: "named")
            let named = try #require(place.checkpoints("named").last)
            #expect(try TensorFile(place.url(plain)).numbers == TensorFile(place.url(named)).numbers)
        }
    }

    @Test(arguments: ["quick", "good", "best"])
    func aRecipeHasTwoLayersAndEndsWhereMoreTeachesNothing(_ recipe: String) throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed([
                "train", "--recipe", recipe, "--data-dir", "data/some_folder", "--hidden-size", "6", "--dry-run",
            ])
            let words = try #require(recipeLine(outcome)).split(separator: " ").map(String.init)
            func value(_ option: String) throws -> String { words[try #require(words.firstIndex(of: option)) + 1] }
            #expect(try value("--layers") == "2")
            // Two thousand steps of 4 x 64 characters, of a text that is read oftener than thirty times in them.
            #expect(try value("--batch-size") == "4")
            let text = try Data(contentsOf: place.url("data/some_folder/input.txt"))
            let most = 2000 * 4 * 64 / (0.95 * Double(text.count))
            #expect(try value("--max-epochs") == "\(Int(most.rounded(.up)))")
        }
    }

    @Test(arguments: [(50_000, "8"), (130_000, "32"), (300_000, "64"), (3_000_000, "64")])
    func aShortTextHasFewerStreams(_ characters: Int, _ streams: String) throws {
        try Workplace.inNewFolder { place in
            try place.write(String(repeating: "to be or ", count: characters / 9), to: "text.txt")
            let outcome = try place.succeed([
                "train", "--recipe", "quick", "--data-dir", "text.txt", "--hidden-size", "6", "--dry-run",
            ])
            #expect(recipeLine(outcome)?.contains("--batch-size \(streams) ") == true, "\(outcome.errors)")
            #expect(!outcome.errors.contains("fewer than 50"), "\(outcome.errors)")
        }
    }

    /// 2.4 recurrent weights for each character to learn from, however many layers share them.
    @Test(arguments: [([], "288"), (["--layers", "1"], "512")])
    func fewerLayersAreLarger(_ typed: [String], _ size: String) throws {
        try Workplace.inNewFolder { place in
            try place.write(String(repeating: "to be or ", count: 50_000), to: "text.txt")
            let arguments = ["train", "--recipe", "best", "--data-dir", "text.txt", "--dry-run"]
            let outcome = try place.succeed(arguments + typed)
            #expect(recipeLine(outcome)?.contains("--hidden-size \(size) ") == true, "\(outcome.errors)")
        }
    }

    @Test func anotherOptimizerTakesNoOptionsOfMuon() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed([
                "train", "--recipe", "good", "--data-dir", "data/some_folder", "--hidden-size", "6", "--optimizer",
                "rmsprop",
                "--max-iterations", "2", "--batch-size", "4", "--sequence-length", "5",
            ])
            #expect(recipeLine(outcome)?.contains("--weight-decay") == false)
        }
    }

    @Test func whatDoesNotFitIsRefusedByName() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train()
            for (arguments, words) in [
                (["--recipe", "quick", "--resume", checkpoint], "--recipe begins a new run"),
                (["--recipe", "slow"], "slow"), (["--weight-decay", "0.1"], "--weight-decay only works with"),
                (["--optimizer", "adamw", "--adam-rate", "1"], "--adam-rate only works with"),
                (["--optimizer", "muon", "--weight-decay", "40"], "--weight-decay 40"),
                (["--optimizer", "muon", "--adam-rate", "16"], "--adam-rate 16"),
                (["--optimizer", "adamw", "--learning-rate", "16"], "--learning-rate 16"),
                (["--warm-up", "-1"], "--warm-up -1"), (["--max-minutes", "0"], "--max-minutes 0"),
            ] {
                let outcome = try place.run(["train", "--data-dir", "data/some_folder"] + arguments)
                #expect(outcome.status != 0 && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
                #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
            }
        }
    }

    @Test func aScheduledRunIsResumedWithItsOwnEnd() throws {
        try Workplace.inNewFolder { place in
            let arguments = [
                "train", "--data-dir", "data/some_folder", "--optimizer", "muon", "--schedule", "tail", "--warm-up",
                "4",
                "--max-iterations", "20", "--eval-every", "8",
            ]
            try place.succeed(arguments + Workplace.smallSizes + ["--checkpoint-dir", "whole"])
            let middle = try #require(place.checkpoints("whole").first)
            try place.succeed(["train", "--resume", middle, "--checkpoint-dir", "rest"])
            let (whole, rest) = (
                try #require(place.checkpoints("whole").last), try #require(place.checkpoints("rest").last)
            )
            #expect(try TensorFile(place.url(whole)).numbers == TensorFile(place.url(rest)).numbers)
            let refused = try place.run(["train", "--resume", middle, "--schedule", "cosine"])
            #expect(refused.status != 0 && refused.errors.contains("--schedule"))
        }
    }

    @Test func theEndOfTheTextIsValidatedAndScored() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "--data-dir", "data/some_folder", "--split", "nano", "--max-iterations", "2"]
                    + Workplace.smallSizes)
            // 1,080 and 120 characters in batches of 20.
            #expect(outcome.errors.contains("53 for training, 5 for validation, 0 for testing"), "\(outcome.errors)")
            let checkpoint = try #require(place.checkpoints().last)
            try place.write(String(Workplace.text.suffix(120)), to: "end.txt")
            let score = try place.succeed(["score", checkpoint, "end.txt", "--windows", "16", "--json"])
            let object = try #require(try JSONSerialization.jsonObject(with: score.output) as? [String: Any])
            #expect((object["log_probabilities"] as? [Double])?.count == 112)
            let short = try place.run(["score", checkpoint, "end.txt", "--windows", "120"])
            #expect(short.status != 0 && short.errors.contains("windows of 120 need more than 120"))
            #expect(try place.run(["score", checkpoint, "end.txt", "--windows", "0"]).status != 0)
            try place.succeed(["train", "--resume", checkpoint, "--max-iterations", "4"])
        }
    }
}
