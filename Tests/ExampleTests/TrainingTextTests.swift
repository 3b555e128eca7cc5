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
            #expect(outcome.errors.contains("note: the text is 2 files, from parts/1.txt to parts/2.txt\n"))
        }
    }

    @Test func severalNamesAreOneText() throws {
        try Workplace.inNewFolder { place in
            let text = Workplace.text
            for (name, part) in [
                ("1.txt", text.prefix(300)), ("2.txt", text.dropFirst(300).prefix(300)),
                ("deep/er/3.txt", text.dropFirst(600)),
            ] { try place.write(String(part), to: "parts/\(name)") }
            let expected = try losses(place, "data/some_folder", into: "expected")
            for (index, names) in [
                ["--data-dir", "parts/1.txt", "--data-dir", "parts/2.txt", "--data-dir", "parts/deep"],
                ["--data-dir", "parts/1.txt", "parts/2.txt", "parts/deep"], ["--data-dir", "parts/*"],
                ["-data_dir", "parts/[12].txt", "parts/deep/er"],
            ].enumerated() {
                let folder = "cv\(index)"
                let outcome = try place.succeed(["train", "--checkpoint-dir", folder] + names + small)
                #expect(outcome.errors.contains("note: the text is 3 files, from parts/1.txt to parts/deep/er/3.txt\n"))
                // They are remembered, also from elsewhere, and found again, without the caches that lie beside them.
                let again = try CommandLineTool.charRNN.run(
                    ["train", "--resume", "../\(folder)", "--max-iterations", "5"], in: place.url("parts"))
                #expect(again.status == 0, "\(again.errors)")
                let newest = try #require(try Checkpoint.newest(in: place.url(folder)))
                #expect(try Checkpoint(contentsOf: newest).losses == expected, "\(names)")
            }
            // What has been moved is named anew.
            try FileManager.default.moveItem(at: place.url("parts"), to: place.url("moved"))
            try place.succeed(["train", "--resume", "cv0", "--data-dir", "moved", "--max-iterations", "6"])
            let newest = try #require(try Checkpoint.newest(in: place.url("cv0")))
            let remembered = try Checkpoint(contentsOf: newest).options.filter { $0.key.hasPrefix("data-dir") }
            #expect(remembered.count == 1 && remembered["data-dir"]!.hasSuffix("/moved"))
            try place.succeed(["train", "--resume", "cv0", "--max-iterations", "7"])

            // One for a letter of any length.
            try place.write(Workplace.text, to: "naïve.text")
            let letter = try place.succeed(["train", "--data-dir", "na?ve.t[eé]xt", "--max-iterations", "1"] + small)
            #expect(letter.errors.contains("data: 1,200 characters"))

            let nothing = try place.run(["train", "--data-dir", "moved/*.text"] + small)
            #expect(nothing.status == 1 && nothing.errorLines.last == "char-rnn: no file fits the pattern moved/*.text")
            let missing = try place.run(["train", "--data-dir", "moved", "--data-dir", "missing.txt"] + small)
            #expect(missing.status == 1 && missing.errorLines.last!.contains("/missing.txt: No such file"))
            let mixed = try place.run(["train", "--data-dir", "moved", "-"] + small)
            #expect(mixed.status == 64 && mixed.errors.contains("standard input is a text of its own"))
        }
    }

    @Test func aTextOfItsOwnIsValidatedOn() throws {
        try Workplace.inNewFolder { place in
            let own = Workplace.text.suffix(300) + "é"
            try place.write(String(own), to: "own/1.txt")
            let options = ["--data-dir", "data/some_folder", "--validation-text", "own"] + small
            let outcome = try place.succeed(["train"] + options)
            #expect(outcome.errors.contains("validating on: own, 301 characters\n"))
            #expect(outcome.errors.contains("batches of 4x5: 60 for training, 15 for validation, 0 for testing\n"))
            let checkpoint = try Checkpoint(contentsOf: place.url(try #require(place.checkpoints().last)))
            let model = try LanguageModel(checkpoint, on: .cpu)
            let text = try TextDataset(
                text: Workplace.text, batchSize: 4, sequenceLength: 5, trainingFraction: 1, validationFraction: 0)
            var data = TrainingData(try text.numbered(by: model.vocabulary))
            data.validation = try StreamBatches(
                String(own), vocabulary: model.vocabulary, batchSize: 4, sequenceLength: 5)
            let loss = try Trainer(model: model, dataset: data).evaluate(.validation)
            #expect(checkpoint.validationLosses[3] == loss)

            // It is remembered, and read from where it has been moved to.
            try place.succeed(["train", "--checkpoint-dir", "whole"] + options + ["--max-iterations", "6"])
            try FileManager.default.moveItem(at: place.url("own"), to: place.url("moved"))
            try place.succeed(["train", "--resume", "--max-iterations", "5", "--validation-text", "moved"])
            try place.succeed(["train", "--resume", "--max-iterations", "6"])
            let (resumed, whole) = (
                try #require(try Checkpoint.newest(in: place.url("cv"))),
                try #require(try Checkpoint.newest(in: place.url("whole")))
            )
            #expect(try Checkpoint(contentsOf: resumed).losses == Checkpoint(contentsOf: whole).losses)
            #expect(
                try Checkpoint(contentsOf: resumed).validationLosses[6]
                    == Checkpoint(contentsOf: whole).validationLosses[6])
            try place.write(Workplace.text, to: "moved/1.txt")
            let other = try place.run(["train", "--resume", "--max-iterations", "7"])
            #expect(other.status == 1 && other.errorLines.last!.contains("/moved is not the text that the run of cv/"))
        }
    }

    @Test func rareCharactersAreOneToken() throws {
        try Workplace.inNewFolder(text: Workplace.text + "éЖЖ") { place in
            let text = ["--data-dir", "data/some_folder", "--min-frequency", "2"] + small
            try place.write(String(Workplace.text.prefix(100)) + "Ü", to: "other.txt")
            let outcome = try place.succeed(["train", "--validation-text", "other.txt"] + text)
            #expect(
                outcome.errors.contains("a vocabulary of 9\nnote: 1 character that occurs fewer than 2 times is the "))
            let checkpoint = try #require(place.checkpoints().last)
            let lines = try place.succeed(["inspect", checkpoint]).text.split(separator: "\n")
            #expect(
                lines.contains("characters that it does not know: read as '\u{FFFD}'")
                    && lines.contains("min-frequency: 2"))

            // It reads what it does not know.
            let written = try place.succeed(["sample", checkpoint, "--prime", "aé?", "--length", "5", "--quiet"]).text
            #expect(written.hasPrefix("a\u{FFFD}\u{FFFD}") && written.count == 9)
            try place.write("abé?Ж", to: "unknown.txt")
            let score = try place.succeed(["score", checkpoint, "unknown.txt"])
            #expect(score.text.hasPrefix("5 characters, "))
            #expect(score.errors.contains("2 of the characters are read as the token of unknown ones\n"))
            #expect(try place.succeed(["score", checkpoint, "unknown.txt", "--unknown", "skip"]).text.hasPrefix("3 "))

            // A run goes on with it, whether or not it is said again.
            try place.succeed(
                ["train", "--checkpoint-dir", "whole", "--validation-text", "other.txt"] + text + [
                    "--max-iterations", "6",
                ])
            try place.succeed(["train", "--resume", "--max-iterations", "5"])
            try place.succeed(["train", "--resume", "--max-iterations", "6", "--min-frequency", "2"])
            let newest = try ["cv", "whole"].map {
                try Checkpoint(contentsOf: #require(try Checkpoint.newest(in: place.url($0))))
            }
            #expect(
                newest[0].losses == newest[1].losses && newest[0].validationLosses[6] == newest[1].validationLosses[6])
            #expect(newest[0].configuration == newest[1].configuration)

            // Another text's characters are read so too, or get tokens of their own.
            try place.write(Workplace.text + "XY", to: "new.txt")
            let new =
                ["train", "--init-from", checkpoint, "--data-dir", "new.txt", "--checkpoint-dir", "new"]
                + small.suffix(4)
            #expect(
                try place.succeed(new).errors.contains(
                    "does not know these characters, and reads each as U+FFFD: 'X' 'Y'\n"))
            #expect(try place.succeed(new + ["--vocabulary", "extend"]).errors.contains("a vocabulary of 11\n"))
        }
    }

    @Test func whatContradictsALeastFrequencyIsRefused() throws {
        try Workplace.inNewFolder { place in
            let plain = try place.train(["--max-iterations", "3"])
            func refusal(_ options: String...) throws -> String {
                let outcome = try place.run(
                    ["train", "--data-dir", "data/some_folder", "--checkpoint-dir", "none"] + options)
                #expect(outcome.status != 0)
                return outcome.errors
            }
            #expect(try refusal("--min-frequency", "0").contains("at least 1 is needed"))
            #expect(
                try refusal("--min-frequency", "2", "--tokens", "bytes").contains("of --tokens bytes there are 256"))
            #expect(try refusal("--min-frequency", "2", "--init-from", plain).contains("--init-from brings one"))
            #expect(try refusal("--min-frequency", "2", "--resume", plain).contains("the run of \(plain) has none"))
            #expect(
                try refusal("--min-frequency", "5000").contains(
                    "char-rnn: no character occurs 5000 times; the most frequent one occurs 328 times; make --min-frequency smaller\n"
                ))
            #expect(place.files("none").isEmpty)
        }
    }

    @Test func aTextIsCutIntoDocuments() throws {
        let names = (0..<60).map { SmallText.noise(3 + $0 % 6, alphabet: "abcde", seed: UInt64($0)) }
        try Workplace.inNewFolder(text: names.joined(separator: "\n") + "\n") { place in
            let options = ["--data-dir", "data/some_folder", "--document-separator", "\\n"] + small
            let outcome = try place.succeed(["train"] + options)
            #expect(
                outcome.errors.contains(
                    "note: the text is 60 documents: 57 for training, 3 for validation, 0 for testing\n"))
            #expect(!outcome.errors.contains("fill no batch"))
            let checkpoint = try Checkpoint(contentsOf: place.url(try #require(place.checkpoints().last)))
            // What the validation is, without the parts of a text.
            let model = try LanguageModel(checkpoint, on: .cpu)
            let last = try DocumentBatches(
                names.suffix(3).joined(separator: "\n"), separator: "\n", vocabulary: model.vocabulary, batchSize: 4,
                sequenceLength: 5)
            let judge = try Trainer(model: model, dataset: TrainingData(training: last))
            #expect(try judge.evaluate(on: last) == checkpoint.validationLosses[3])

            // Far into another epoch, a run goes on to the bits of one that was never stopped.
            try place.succeed(["train", "--checkpoint-dir", "whole"] + options + ["--max-iterations", "60"])
            try place.succeed(["train", "--resume", "--max-iterations", "47"])
            try place.succeed(["train", "--resume", "--max-iterations", "60", "--document-separator", "\\n"])
            let newest = try ["cv", "whole"].map {
                try Checkpoint(contentsOf: #require(try Checkpoint.newest(in: place.url($0))))
            }
            #expect(newest[0].epoch > 1 && newest[0].losses == newest[1].losses)
            #expect(
                try LanguageModel(newest[0], on: .cpu).parameterValues()
                    == LanguageModel(newest[1], on: .cpu).parameterValues())

            // A text of its own is validated on, whether or not the separator stands in it.
            for text in ["abc", "ab\ncde\n"] {
                try place.write(text, to: "own.txt")
                let own = ["train", "--checkpoint-dir", "own", "--validation-text", "own.txt"] + options
                #expect(try place.succeed(own).errors.contains("60 documents: 60 for training, 0 for validation"))
                try place.succeed(["train", "--resume", "own", "--max-iterations", "5"])
                try FileManager.default.removeItem(at: place.url("own"))
            }
        }
    }

    @Test func whatIsNoSeparatorIsRefused() throws {
        try Workplace.inNewFolder { place in
            let plain = try place.train(["--max-iterations", "3"])
            func refusal(_ options: String...) throws -> String {
                let outcome = try place.run(
                    ["train", "--data-dir", "data/some_folder", "--checkpoint-dir", "none", "--document-separator"]
                        + options)
                #expect(outcome.status != 0)
                return outcome.errors
            }
            #expect(try refusal("").contains("it needs a text"))
            #expect(try refusal("\\q").contains("a backslash begins \\n, \\r, \\t or \\\\"))
            #expect(try refusal("--split").contains("--document-separator does not occur in the text: "))
            #expect(
                try refusal("bb").contains(
                    "char-rnn: the separator stands nowhere between two documents, so the text is a single one; choose "
                        + "another --document-separator, of a text with lines as on Windows '\\r\\n\\r\\n'\n"))
            #expect(try refusal("\\n", "--split", "streams").contains("give one of them"))
            #expect(try refusal("\\n", "--resume", plain).contains("the run of \(plain) has none"))
            #expect(place.files("none").isEmpty)
        }
    }

    @Test func documentsOfWindowsAreSeparatedByItsLines() throws {
        try Workplace.inNewFolder { place in
            try place.write(String(repeating: "one line\r\nand two\r\n\r\n", count: 60), to: "windows.txt")
            let outcome = try place.succeed(
                ["train", "--data-dir", "windows.txt", "--max-iterations", "1", "--document-separator", "\\r\\n\\r\\n"]
                    + small)
            #expect(outcome.errors.contains("note: the text has carriage returns, '\\r'"), "\(outcome.errors)")
        }
    }

    @Test func whatContradictsATextToValidateOnIsRefused() throws {
        try Workplace.inNewFolder { place in
            func refusal(_ options: String...) throws -> String {
                let outcome = try place.run(["train", "--checkpoint-dir", "none"] + options)
                #expect(outcome.status != 0)
                return outcome.errors
            }
            try place.write("ab", to: "short.txt")
            let text = ["--data-dir", "data/some_folder"] + small
            try place.write(Workplace.text + "X", to: "other.txt")
            let plain = try place.train(["--max-iterations", "3"])
            let short = try place.run(["train", "--validation-text", "short.txt"] + text)
            #expect(
                short.status == 1
                    && short.errors.contains(
                        "short.txt has 2 characters, and to validate in batches of 4x5 takes 21; take a longer text")
            )
            let unknown = try place.run(["train", "--init-from", plain, "--validation-text", "other.txt"] + text)
            #expect(
                unknown.status == 1
                    && unknown.errors.contains("data/some_folder or other.txt has characters that the model of"))
            #expect(
                try refusal("--validation-text", "other.txt", "--validation-fraction", "0.1").contains("; give one."))
            #expect(try refusal("--validation-text", "-").contains("standard input is for --data-dir"))
            #expect(
                try refusal("--resume", plain, "--validation-text", "other.txt").contains(
                    "char-rnn: --validation-text: the run of \(plain) has none"))
            #expect(place.files("none").isEmpty)
        }
    }

    @Test func aTextThatBecomesTooLargeInUnpackingIsRefused() throws {
        try Workplace.inNewFolder { place in
            // A frame of zstd: 700 MB in blocks that say one letter 131,072 times, the last of which says so.
            var frame = Data([0x28, 0xB5, 0x2F, 0xFD, 0, 7 << 3])
            for block in 0..<5400 { frame += [block == 5399 ? 3 : 2, 0, 0x10, UInt8(ascii: "a")] }
            try place.write(frame, to: "bomb.txt.zst")
            let command = "train --data-dir bomb.txt.zst --max-iterations 1 " + small.joined(separator: " ")
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
            let outcome = try shell.run(
                ["-c", "ulimit -v 900000 -f 1000; exec '\(CommandLineTool.charRNN.executable.path)' \(command)"],
                in: place.folder, environment: ["OPENBLAS_NUM_THREADS": "1"])
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains("the computer cannot give the memory for it, 707.8 MB"), "\(outcome.errors)")
            #expect(place.files(".").sorted() == ["bomb.txt.zst", "data"])
        }
    }

    @Test func whatCannotBeUnpackedIsToldAndNothingIsTrainedOn() throws {
        try Workplace.inNewFolder { place in
            try place.write("no archive", to: "text.gz")
            let outcome = try place.run(["train", "--data-dir", "text.gz"] + small)
            #expect(outcome.status == 1)
            #expect(outcome.errorLines.last!.contains("/text.gz: it cannot be unpacked: incorrect header check"))
            let missing = try place.run(["train", "--data-dir", "missing.gz"] + small)
            #expect(missing.errorLines.last!.contains("/missing.gz: No such file or directory"))
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
                outcome.errorLines.last
                    == "the time is over; continue with: char-rnn train --resume \(checkpoint) --max-minutes 0.001")
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
