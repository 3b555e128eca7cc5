import CharRNN
import Foundation
import TestSupport
import Testing

/// What `char-rnn sample`, `score`, `inspect` and `devices` print.
@Suite struct SampleCommandTests {
    /// Trains a model and calls `body` with its checkpoint.
    private func withCheckpoint(_ body: (Workplace, String) throws -> Void) throws {
        try Workplace.inNewFolder { place in
            try body(place, try place.train(["-max_epochs", "2", "-learning_rate", "0.02"]))
        }
    }

    @Test func standardOutputHasTheTextAndNothingElse() throws {
        try withCheckpoint { place, checkpoint in
            let outcome = try place.succeed(["sample", checkpoint, "--length", "300", "--prime", "abc"])
            #expect(outcome.text.count == 3 + 300 + 1 && outcome.text.hasSuffix("\n"))
            #expect(Set(outcome.text).isSubset(of: Set(Workplace.text)))
            #expect(outcome.errors.hasPrefix("device: "))
            #expect(try place.succeed(["sample", checkpoint, "--length", "0", "--prime", "abc"]).text == "abc\n")
            #expect(try place.succeed(["sample", checkpoint, "--length", "0"]).text == "\n")
        }
    }

    @Test func aModelOfNoNumbersSaysSo() throws {
        try withCheckpoint { place, checkpoint in
            try place.succeed(["convert", checkpoint, "model.safetensors"])
            var data = try Data(contentsOf: place.url("model.safetensors"))
            let headerSize = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            data.replaceSubrange(
                (8 + headerSize)..., with: Data(repeating: 0xFF, count: data.count - 8 - headerSize))
            try data.write(to: place.url("nan.safetensors"))
            let outcome = try place.run(["sample", "nan.safetensors", "--prime", "abc"])
            #expect(outcome.status == 1 && outcome.errors.contains("the model answers with NaN"), "\(outcome.errors)")
            let score = try place.run(["score", "nan.safetensors", "-", "--json"], input: "abc")
            #expect(score.status == 1 && score.errors.contains("the model answers with NaN"), "\(score.errors)")
        }
    }

    @Test func theTextIsTheOneOfTheLibrary() throws {
        try withCheckpoint { place, checkpoint in
            let outcome = try place.succeed(
                ["sample", checkpoint, "--length", "100", "--prime", "ab", "--seed", "9", "--temperature", "0.8"]
                    + ["--top-k", "4", "--top-p", "0.9"])
            var session = try LanguageModel(contentsOf: place.url(checkpoint), on: .cpu).makeSession()
            var generator = SplitMix64(seed: 9)
            try session.feed("ab")
            var text = "ab"
            for _ in 0..<100 {
                let token = session.next.temperature(0.8).topK(4).topP(0.9).sample(using: &generator)
                text += session.vocabulary[token]
                try session.feed(token)
            }
            #expect(outcome.text == text + "\n")
        }
    }

    @Test func everyWayToDrawIsTheOneOfTheLibrary() throws {
        try withCheckpoint { place, checkpoint in
            let options =
                "--repetition-penalty 1.2 --frequency-penalty 0.1 --presence-penalty 0.2 --penalty-window 20 "
                + "--temperature 0.9 --top-n-sigma 3 --top-k 6 --top-p 0.98 --min-p 0.01 --typical 0.95 --mirostat 1.5 "
                + "--mirostat-rate 0.2 --seed -7"
            let outcome = try place.succeed(
                ["sample", checkpoint, "--length", "200", "--prime", "ab"]
                    + options.split(separator: " ").map(String.init))
            var session = try LanguageModel(contentsOf: place.url(checkpoint), on: .cpu).makeSession()
            try session.feed("ab")
            let sampling = Sampling(
                repetitionPenalty: 1.2, frequencyPenalty: 0.1, presencePenalty: 0.2, penaltyWindow: 20,
                temperature: 0.9, topNSigma: 3, topK: 6, topP: 0.98, minP: 0.01, typical: 0.95,
                mirostat: Mirostat(surprise: 1.5, learningRate: 0.2), seed: UInt64(bitPattern: -7))
            #expect(try outcome.text == "ab" + session.text(limit: 200, by: sampling).joined() + "\n")
        }
    }

    @Test func aTextEndsBeforeAStop() throws {
        try withCheckpoint { place, checkpoint in
            func write(_ options: [String]) throws -> String {
                try place.succeed(["sample", checkpoint, "--length", "200", "--prime", "abc"] + options).text
            }
            let whole = try write([])
            let end = try #require(whole.dropFirst(3).range(of: "a"))
            #expect(try write(["--stop", "a", "--stop", "never"]) == whole[..<end.lowerBound] + "\n")
            #expect(try write(["--stop", "-"]) == whole, "what does not come ends nothing")
            // What may begin a stop is written in the end.
            #expect(try write(["--stop", String(whole.dropLast().suffix(2)) + "never"]) == whole)
            let refused = try place.run(["sample", checkpoint, "--stop", ""])
            #expect(refused.status != 0 && refused.errors.contains("--stop: it needs a text."))
        }
    }

    /// Of lines as on Windows, whose model never writes two line feeds in a row.
    @Test(arguments: ["scalars", "bytes", "characters"])
    func aStopOfOtherLinesIsTold(_ tokens: String) throws {
        try Workplace.inNewFolder(text: String(repeating: "abc d.\r\n\r\nab.\r\n", count: 70)) { place in
            let checkpoint = try place.train(["--tokens", tokens])
            func notes(_ options: [String]) throws -> [String] {
                try place.succeed(["sample", checkpoint, "--length", "20", "--prime", "ab"] + options).errorLines
                    .filter { $0.hasPrefix("note: ") }
            }
            let words = "note: the model writes carriage returns, '\\r', as lines have on Windows, and --stop "
            let advice = "has none; for such lines type --escapes --stop "
            for (stop, typed, meant) in [
                ("\n\n", #"\n\n"#, #"'\r\n\r\n'"#), ("it's\n\\", #"it's\n\\"#, #"'it'\''s\r\n\\'"#),
            ] {
                let note = "\(words)'\(typed)' \(advice)\(meant)"
                #expect(try notes(["--stop", "a", "--stop", stop]) == [note])
                #expect(try notes(["--escapes", "--stop", typed]) == [note])
                #expect(try notes(["--escapes", "--stop", typed, "--quiet"]).isEmpty)
            }
            #expect(try notes(["--escapes", "--stop", "\\r\\n\\r\\n", "--stop", "b"]).isEmpty)
        }
        try withCheckpoint { place, checkpoint in
            let outcome = try place.succeed(["sample", checkpoint, "--length", "9", "--escapes", "--stop", "\\n\\n"])
            #expect(!outcome.errors.contains("note: "))
        }
    }

    /// Which would otherwise be ignored without a word, as where --escapes was forgotten.
    @Test(arguments: ["scalars", "bytes", "characters"])
    func aStopThatTheModelCannotWriteIsTold(_ tokens: String) throws {
        try Workplace.inNewFolder(text: String(repeating: "abc é de.\n\nab.\n", count: 70)) { place in
            let checkpoint = try place.train(["--tokens", tokens])
            for (stop, unknown, advice) in [
                ("ab日", "日", ""), (#"\n"#, #"\"#, #"; with --escapes \n is a line break"#), ("d.\n", "", ""),
                ("é", "", ""),
            ] {
                let options = ["sample", checkpoint, "--length", "5", "--prime", "ab", "--stop", stop]
                let notes = try place.succeed(options).errorLines.filter { $0.hasPrefix("note: ") }
                let note =
                    "note: the model does not know '\(unknown)' and never writes it, so that --stop '\(stop)' ends nothing"
                #expect(notes == (unknown.isEmpty ? [] : [note + advice]))
                #expect(try !place.succeed(options + ["--quiet"]).errors.contains("note: "))
            }
        }
    }

    @Test func severalTextsHaveSeedsOneAfterTheOther() throws {
        try withCheckpoint { place, checkpoint in
            func write(_ options: String) throws -> CommandLineTool.Outcome {
                try place.succeed(
                    ["sample", checkpoint, "--length", "40", "--prime", "abc"]
                        + options.split(separator: " ").map(String.init))
            }
            let single = try (5...7).map { try write("--seed \($0)").text }
            #expect(Set(single).count == 3)
            let several = try write("--seed 5 -n 3")
            #expect(several.text == single.joined())
            #expect(several.errorLines.suffix(3) == (1...3).map { "text \($0) of 3, seed \($0 + 4)" })
            // A random seed is told, and writes the same text again.
            let random = try write("--seed random")
            let seed = try #require(random.errorLines.last?.split(separator: " ").last)
            #expect(random.errorLines.last == "seed: \(seed)")
            #expect(try write("--seed \(seed)").text == random.text)
            #expect(try write("--seed random").errorLines.last != random.errorLines.last)
        }
    }

    @Test func theSameSeedWritesTheSameText() throws {
        try withCheckpoint { place, checkpoint in
            func write(_ seed: String) throws -> Data {
                try place.succeed(["sample", checkpoint, "--length", "200", "--seed", seed]).output
            }
            let text = try write("1")
            #expect(try write("1") == text)
            #expect(try write("2") != text)
        }
    }

    @Test func aBeginningComesAsTextFileOrStandardInput() throws {
        try withCheckpoint { place, checkpoint in
            try place.write("abcab\ndad.", to: "prime.txt")
            func write(_ options: [String], input: String = "") throws -> String {
                try place.succeed(["sample", checkpoint, "--length", "50"] + options, input: input).text
            }
            let expected = try write(["--prime", "abcab\ndad."])
            #expect(expected.hasPrefix("abcab\ndad."))
            #expect(try write(["--prime-file", "prime.txt"]) == expected)
            #expect(try write(["--prime-file", "-"], input: "abcab\ndad.") == expected)
            // A beginning may look like an option.
            let odd = try place.run(["sample", checkpoint, "-primetext", "-abc", "--unknown", "skip", "-length", "5"])
            #expect(odd.status == 0 && odd.text.hasPrefix("abc"))
        }
    }

    @Test func unknownCharactersOfABeginningAreAChoice() throws {
        try withCheckpoint { place, checkpoint in
            func run(_ options: [String]) throws -> CommandLineTool.Outcome {
                try place.run(["sample", checkpoint, "--prime", "aéb", "--length", "20"] + options)
            }
            let refused = try run([])
            #expect(refused.status == 1 && refused.output.isEmpty)
            #expect(
                refused.errorLines.last
                    == "char-rnn: the model does not know the character 'é' at position 1; leave it out, or choose "
                    + "--unknown skip or --unknown replace")
            #expect(try run(["--unknown", "error"]).status == 1)
            try place.write("éaéb", to: "prime.txt")
            for (choice, beginnings, note) in [
                ("skip", ["ab", "ab"], "left out"), ("replace", ["a b", " a b"], "unknown and read as ' '"),
            ] {
                for (index, prime) in [["--prime", "aéb"], ["--prime-file", "prime.txt"]].enumerated() {
                    let outcome = try place.succeed(
                        ["sample", checkpoint, "--length", "20", "--unknown", choice] + prime)
                    #expect(outcome.text.hasPrefix(beginnings[index]))
                    #expect(outcome.errorLines.contains("\(index + 1) of the characters are \(note)"))
                }
                #expect(try run(["--unknown", choice, "--quiet"]).errors.isEmpty)
            }
            let known = try place.succeed(["sample", checkpoint, "--prime", "ab", "--unknown", "skip"])
            #expect(!known.errors.contains("of the characters"))
        }
    }

    private struct Score: Decodable {
        let characters: Int
        let natsPerCharacter: Double
        let logProbabilities: [Double]
    }

    @Test func aScoreIsTheMeanOfTheLogarithms() throws {
        try withCheckpoint { place, checkpoint in
            try place.write("abcab dad.\n", to: "text.txt")
            let json = try place.succeed(["score", checkpoint, "text.txt", "--json"]).output
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let score = try decoder.decode(Score.self, from: json)
            let expected = try LanguageModel(contentsOf: place.url(checkpoint), on: .cpu)
                .logProbabilities(of: "abcab dad.\n")
            #expect(score.characters == 11)
            #expect(score.logProbabilities == expected)
            let mean = -expected.reduce(0, +) / 10
            #expect(abs(score.natsPerCharacter - mean) <= 1e-12)
            let line = try place.succeed(["score", checkpoint, "text.txt"]).text
            #expect(line.hasPrefix("11 characters, \(String(format: "%.4f", mean)) nats per character ("))
        }
    }

    @Test func theGainOfDynamicEvaluationIsPrinted() throws {
        try withCheckpoint { place, checkpoint in
            let text = String(repeating: "abcab dad.\n", count: 30)
            try place.write(text, to: "text.txt")
            let model = try LanguageModel(contentsOf: place.url(checkpoint), on: .cpu)
            var evaluation = try DynamicEvaluation(
                model, rule: .sgd(learningRate: 0.5, decay: 0.01), segmentLength: 7)
            let expected = try evaluation.logProbabilities(feeding: text)
            let plain = -(try model.logProbabilities(of: text)).reduce(0, +) / 329
            let nats = -expected.reduce(0, +) / 329
            let options = ["--dynamic-rate", "0.5", "--dynamic-decay", "0.01", "--dynamic-steps", "7"]
            let lines = try place.succeed(["score", checkpoint, "text.txt", "--dynamic"] + options).text
                .split(separator: "\n")
            #expect(lines.count == 2 && lines[0].hasPrefix("330 characters, "))
            #expect(
                lines[1].hasPrefix("dynamic evaluation: \(String(format: "%.4f", nats)) nats per character (")
                    && lines[1].hasSuffix("a gain of \(String(format: "%.4f", plain - nats)) nats"), "\(lines)")
            let json = try place.succeed(["score", checkpoint, "-", "--dynamic", "--json"] + options, input: text)
                .output
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            #expect(try decoder.decode(DynamicScore.self, from: json).dynamicLogProbabilities == expected)
            try place.succeed(["score", checkpoint, "text.txt", "--dynamic", "--dynamic-text", "text.txt"])
            for rate in ["1e9", "3e38"] {
                let outcome = try place.run(["score", checkpoint, "text.txt", "--dynamic", "--dynamic-rate", rate])
                #expect(outcome.status == 1 && outcome.output.isEmpty)
                #expect(outcome.errors.contains("is too high for this model: "), "\(outcome.errors)")
            }
            for refused in [options, ["--dynamic-text", "text.txt"], ["--dynamic", "--dynamic-steps", "0"]] {
                let outcome = try place.run(["score", checkpoint, "text.txt"] + refused)
                #expect(outcome.status == 64 && outcome.output.isEmpty, "\(refused)")
            }
        }
    }

    private struct DynamicScore: Decodable {
        let dynamicLogProbabilities: [Double]
    }

    @Test func whatIsNotKnownMayBeLeftOutOfAScore() throws {
        try withCheckpoint { place, checkpoint in
            func score(_ text: String, _ options: [String] = []) throws -> CommandLineTool.Outcome {
                try place.run(["score", checkpoint, "-"] + options, input: text)
            }
            let refused = try score("abëcab")
            #expect(refused.status == 1 && refused.errors.contains("--unknown skip or --unknown replace"))
            #expect(try score("abëcab", ["--unknown", "skip"]).text == score("abcab").text)
            #expect(try score("abëcab", ["--unknown", "replace"]).text == score("ab cab").text)
            for (text, options, words) in [
                ("a", [], "standard input has fewer than two characters; there is nothing to predict"),
                ("aëë", ["--unknown", "skip"], "fewer than two characters that the model knows; there is nothing"),
            ] {
                let outcome = try score(text, options)
                #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.errors.contains(words))
            }
        }
    }

    @Test func certaintyIsNoNegativeNumber() throws {
        try Workplace.inNewFolder(text: String(repeating: "a", count: 1200)) { place in
            let checkpoint = try place.train()
            let line = try place.succeed(["score", checkpoint, "-"], input: "aaa").text
            #expect(line == "3 characters, 0.0000 nats per character (0.0000 bits)\n")
        }
    }

    @Test func aModelOfBytesReadsAnyFile() throws {
        try Workplace.inNewFolder { place in
            let latin = Data((0..<1200).map { [0xE9, 0x61, 0xFF, 0x00][$0 * $0 % 7 % 4] })
            try place.write(latin, to: "data/some_folder/input.txt")
            let checkpoint = try place.train(["--tokens", "bytes"])
            try place.write(latin.prefix(9), to: "part")
            let sample = try place.succeed(["sample", checkpoint, "--prime-file", "part", "--length", "5"]).output
            #expect(sample.prefix(9) == latin.prefix(9) && sample.count == 9 + 5)
            // Several are parted by line ends.
            let several = try place.succeed(["sample", checkpoint, "--length", "100", "--quiet", "-n", "3"]).output
            #expect(several.count == 3 * 100 + 2)
            #expect(try place.succeed(["score", checkpoint, "part"]).text.hasPrefix("9 characters, "))
            try place.write(Data([0x61, 0xE8]), to: "other")
            let refused = try place.run(["score", checkpoint, "other"])
            #expect(
                refused.status == 1
                    && refused.errors.hasPrefix(
                        "char-rnn: the model does not know the byte 232 at position 1 of other;")
            )

            let state = try Checkpoint(contentsOf: place.url(checkpoint))
            try state.writePyTorch(to: place.url("torch"))
            try place.succeed(
                ["convert", "torch/weights.safetensors", "back.safetensors", "--from", "pytorch", "--text", "part"]
                    + ["--tokens", "bytes"])
            let back = try Checkpoint(contentsOf: place.url("back.safetensors"))
            #expect(back.configuration.vocabulary == state.configuration.vocabulary)
        }
    }

    @Test func inspectShowsWhatACheckpointHolds() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-eval_val_every", "20", "-model", "gru"])
            let outcome = try place.succeed(["inspect", checkpoint])
            #expect(outcome.errors.isEmpty)
            let lines = outcome.text.split(separator: "\n").map(String.init)
            for line in [
                "cell: gru", "layers: 1", "hidden size: 8", "parameters: 471",
                "vocabulary: 7 scalars: '\\n' ' ' '.' 'a' 'b' 'c' 'd'", "iteration: 57", "epoch: 1.00",
            ] { #expect(lines.contains(line), "\(line) of \(lines)") }
            let validations = lines.filter { $0.hasPrefix("validation loss at iteration ") }
            #expect(validations.map { $0.split(separator: " ")[4] } == ["20:", "40:", "57:"])
            let name = checkpoint.split(separator: "_").last!.dropLast(".safetensors".count)
            #expect(validations.last?.hasSuffix(" \(name)") == true)
        }
    }

    @Test func escapesAreReadWhereTheyAreAskedFor() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train()
            let sample = ["sample", checkpoint, "--length", "40", "--quiet"]
            let typed = try place.succeed(sample + ["--prime", "ab\n", "--stop", "b\n"])
            let escaped = try place.succeed(sample + ["--escapes", "--prime", "ab\\n", "--stop", "b\\n"])
            #expect(escaped.output == typed.output && escaped.text.hasPrefix("ab\n"))
            for (text, words) in [
                ("ab\\n", "does not know the character"), ("\\q", "with --escapes a backslash begins"),
                ("a\\", "with --escapes a backslash begins"),
            ] {
                let option = words.hasPrefix("with") ? ["--escapes"] : []
                let outcome = try place.run(sample + option + ["--prime", text])
                #expect(outcome.status == (option.isEmpty ? 1 : 64), "\(text)")
                #expect(outcome.errors.contains(words), "\(text): \(outcome.errors)")
            }
            #expect(try place.run(sample + ["--escapes"]).status == 64)
        }
    }

    /// What is read for long is told, where there is somebody to tell.
    @Test func aLongReadingIsTold() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "1"])
            try place.succeed(["convert", checkpoint, "out", "--to", "pytorch"])
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
            func errors(_ command: String) throws -> String {
                // What comes late, and so a word about it.
                let script = "(printf abc; sleep 2.2; printf ' d.\\n') | '\(CommandLineTool.charRNN.executable.path)' "
                return try shell.run(["-c", script + command], in: place.folder).errors
            }
            let word = "reading the text: 0 %, 2 s so far\n"
            #expect(
                try errors("convert out/weights.safetensors new.safetensors --from pytorch --text -").contains(word))
            #expect(try errors("sample \(checkpoint) --length 3 --prime-file -").contains(word))
            #expect(try errors("sample \(checkpoint) --length 3 --prime-file - --quiet").isEmpty)
            #expect(try errors("score \(checkpoint) -").contains(word))
        }
    }
}
