import CharRNN
import Foundation
import TestSupport
import Testing

/// What `--data-dir` may name.
@Suite struct TrainingTextTests {
    private let small = Workplace.smallSizes + ["--max-iterations", "3", "--eval-every", "3"]

    /// Trains on a text, goes on, and returns all losses.
    private func losses(_ place: Workplace, _ text: String, input: String = "", into folder: String) throws -> [Float] {
        let options = ["--checkpoint-dir", folder]
        try place.succeed(["train", "--data-dir", text] + small + options, input: input)
        let again = text == "-" ? ["--data-dir", "-"] : []
        try place.succeed(["train", "--resume", folder, "--max-iterations", "5"] + again, input: input)
        let newest = try #require(try Checkpoint.newest(in: place.url(folder)))
        return try Checkpoint(contentsOf: newest).losses
    }

    @Test func filesFoldersArchivesAndStandardInputAreTheSameText() throws {
        try Workplace.inNewFolder { place in
            let text = Workplace.text
            try place.write(text, to: "text.dat")
            try place.write(String(text.prefix(500)), to: "parts/1.txt")
            try place.write(String(text.dropFirst(500)), to: "parts/2.txt")
            try place.write("not a text", to: "parts/3.md")
            try place.write(text, to: "packed.txt")
            let gzip = try CommandLineTool.inPath("gzip").run(["-k", "packed.txt"], in: place.folder)
            #expect(gzip.status == 0)
            try FileManager.default.removeItem(at: place.url("packed.txt"))
            let expected = try losses(place, "data/some_folder", into: "a")
            #expect(expected.count == 5)
            #expect(try losses(place, "text.dat", into: "b") == expected)
            #expect(try losses(place, "parts", into: "c") == expected)
            #expect(try losses(place, "packed.txt.gz", into: "d") == expected)
            #expect(try losses(place, "-", input: text, into: "e") == expected)
            #expect(place.files("parts").contains("texts.scalars.cache"))
            let outcome = try place.succeed(["train", "--data-dir", "parts"] + small)
            #expect(outcome.errors.contains("note: the text is 2 files of the folder, from 1.txt to 2.txt\n"))
        }
    }

    @Test func whatCannotBeUnpackedIsToldAndNothingIsTrainedOn() throws {
        try Workplace.inNewFolder { place in
            try place.write("no archive", to: "text.gz")
            let outcome = try place.run(["train", "--data-dir", "text.gz"] + small)
            #expect(outcome.status == 1)
            #expect(outcome.errorLines.last == "char-rnn: text.gz cannot be unpacked; see what gzip says above")
            #expect(outcome.errors.contains("not in gzip format"))
            let missing = try place.run(["train", "--data-dir", "missing.gz"] + small)
            #expect(missing.errorLines.last!.hasPrefix("char-rnn: cannot read missing.gz: No such file or directory"))
            #expect(place.files("cv").isEmpty)
        }
    }

    @Test func aRunFromStandardInputSaysThatItsTextIsNeededAgain() throws {
        try Workplace.inNewFolder { place in
            try place.succeed(["train", "--data-dir", "-"] + small, input: Workplace.text)
            let outcome = try place.run(["train", "--resume", "--max-iterations", "5"])
            #expect(outcome.status == 1)
            #expect(outcome.errorLines.last!.hasSuffix("give it again, with --data-dir -"))
            let other = try place.run(
                ["train", "--resume", "--max-iterations", "5", "--data-dir", "-"], input: Workplace.text + "a")
            #expect(other.status == 1, "another text is refused")
        }
    }

    // MARK: Other options of a run

    @Test func samplesAreToldDuringTraining() throws {
        try Workplace.inNewFolder { place in
            let plain = try place.train(["--max-iterations", "6"], into: "plain")
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "--checkpoint-dir", "sampled", "--max-iterations", "6"]
                    + Workplace.smallSizes + ["--sample-every", "2", "--sample-length", "12"])
            let samples = try TrainingHistory(in: place.url("sampled")).runs[0].lines.compactMap(\.sample)
            #expect(samples.count == 3 && samples.allSatisfy { $0.count == 12 })
            for sample in samples { #expect(outcome.errors.contains("\n\(sample)\n")) }
            let sampled = try #require(place.checkpoints("sampled").last)
            #expect(try TensorFile(place.url(sampled)).numbers == TensorFile(place.url(plain)).numbers)
            let refused = try place.run(["train", "--sample-length", "3"])
            #expect(refused.status == 64 && refused.errors.contains("--sample-length belongs to --sample-every."))
        }
    }

    @Test func aRunEndsWhenItsTimeIsOver() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "-max_epochs", "1000000", "--max-minutes", "0.001"]
                    + ["--eval-every", "1000000"] + Workplace.smallSizes)
            let checkpoint = try #require(place.checkpoints().last)
            #expect(try !Checkpoint(contentsOf: place.url(checkpoint)).validationLosses.isEmpty)
            #expect(
                outcome.errorLines.last!.hasPrefix(
                    "the time is over; continue with: char-rnn train --resume \(checkpoint) --max-epochs 1000000.0 "
                        + "--max-minutes 0.001"))
        }
    }

    @Test func aDryRunTellsInNumbersAndLeavesNothing() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "--dry-run", "-max_epochs", "2"] + Workplace.smallSizes)
            for words in [
                "memory: ", " ms a batch, ", "an epoch: 57 batches, ", "the run: iterations 1 to 114, ",
                // An LSTM of 8 units has 4·8·(8 + 2) parameters beside the rows of 7 characters.
                "recurrent parameters (without the vocabulary's rows): 320 for 1,200 characters, 0.27 a character",
                "as many parameters as characters: --hidden-size 16 with --layers 1",
            ] { #expect(outcome.errors.contains(words), "\(words)") }
            #expect(place.files(".") == ["data"], "no folder for checkpoints")
        }
    }
}
