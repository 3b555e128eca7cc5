import CharRNN
import Foundation
import TestSupport
import Testing

/// `char-rnn convert`, and Torch files in the place of checkpoints.
@Suite struct ConvertCommandTests {
    /// A folder with char-rnn's file `old.t7`, which knows the characters of the folder's text.
    private func inPlace(_ body: (Workplace) throws -> Void) throws {
        try Workplace.inNewFolder { place in
            let tokens = Set(Workplace.text.utf8).sorted().map { [$0] }
            let old = OriginalCharRNN(.lstm, tokens: tokens, hiddenSize: 3, layerCount: 2)
            try place.write(Data(old.bytes()), to: "old.t7")
            try body(place)
        }
    }

    private let sampling = ["--length", "30", "--prime", "abc", "--quiet"]

    @Test func aTorchFileIsACheckpoint() throws {
        try inPlace { place in
            let outcome = try place.succeed(["convert", "old.t7", "new.safetensors", "-gpuid", "0"])
            #expect(outcome.output.isEmpty)
            #expect(outcome.errorLines == ["wrote new.safetensors; let it write with: char-rnn sample new.safetensors"])
            for command in [["sample", "FILE"] + sampling, ["inspect", "FILE"], ["score", "FILE", "-", "--json"]] {
                let texts = try ["old.t7", "new.safetensors"].map { file in
                    try place.succeed(command.map { $0 == "FILE" ? file : $0 }, input: "abcab dad.\n").text
                }
                #expect(texts[0] == texts[1] && texts[0].count > 30, "\(command)")
            }
            #expect(try place.succeed(["inspect", "old.t7"]).text.contains("\nval_loss: 2.25\n"))
        }
    }

    @Test func scoresAreJSON() throws {
        try inPlace { place in
            let output = try place.succeed(["score", "old.t7", "-", "--json"], input: "abcab").output
            let object = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
            #expect(Set(object.keys) == ["characters", "nats_per_character", "log_probabilities"])
            #expect(object["characters"] as? Int == 5)
            let model = try LanguageModel(contentsOf: place.url("old.t7"), on: .cpu)
            let expected = try model.logProbabilities(of: "abcab")
            let actual = try #require(object["log_probabilities"] as? [Double])
            // JSON is read to 16 digits.
            #expect(actual.count == 4 && zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-14 })
            let nats = try #require(object["nats_per_character"] as? Double)
            #expect(abs(nats + expected.reduce(0, +) / 4) <= 1e-14)
        }
    }

    @Test func trainingBeginsFromATorchFile() throws {
        try inPlace { place in
            let options = ["--init-from", "old.t7", "-data_dir", "data/some_folder", "--max-iterations", "2"]
            let outcome = try place.succeed(["train"] + options)
            #expect(outcome.errors.contains("starting from the weights, cell, sizes and dropout of old.t7\n"))
            #expect(outcome.errors.contains("model: LSTM, 2 x 3 units"))
        }
    }

    @Test func newCharactersAreRefusedOrNamed() throws {
        try inPlace { place in
            try place.write(String(Workplace.text.dropLast(20)) + "naïve\n", to: "other/input.txt")
            let options = [
                "train", "--init-from", "old.t7", "--data-dir", "other", "--max-iterations", "2", "--tokens", "bytes",
            ]
            let refused = try place.run(options)
            #expect(refused.status == 1)
            #expect(refused.errorLines.last?.contains("add them with --vocabulary extend") == true)
            let otherKind = try place.run(options.dropLast() + ["scalars", "--vocabulary", "extend"])
            #expect(otherKind.status == 1)
            #expect(
                otherKind.errorLines.last?.contains(
                    "--tokens scalars: the model of old.t7 counts bytes; leave the option out") == true)

            let outcome = try place.succeed(options + ["--vocabulary", "extend"])
            #expect(
                outcome.errors.contains(
                    "new characters, with initial weights of their own: 'e' 'n' 'v' byte 175 byte 195\n"))
            let last = try #require(place.checkpoints().last)
            try place.succeed(["train", "--resume", last, "--max-iterations", "3"])
            try place.succeed(["sample", last, "--prime", "naïve"])
        }
    }

    @Test func aTextMayLackCharacters() throws {
        try inPlace { place in
            try place.write(String(repeating: "abab", count: 300), to: "other/input.txt")
            let options = ["train", "--init-from", "old.t7", "--data-dir", "other", "--max-iterations", "2"]
            for more in [[], ["--vocabulary", "extend"]] {
                #expect(try !place.succeed(options + more).errors.contains("new characters"))
            }
            let last = try #require(place.checkpoints().last)
            try place.succeed(["train", "--resume", last, "--max-iterations", "3"])
        }
    }

    @Test func pyTorchBothWays() throws {
        try inPlace { place in
            let outcome = try place.succeed(["convert", "old.t7", "out/", "--to", "pytorch"])
            #expect(outcome.errorLines.count == 1 && outcome.errors.contains("python3 out/model.py"))
            #expect(place.files("out") == ["model.py", "weights.safetensors"])
            let back = ["convert", "out/weights.safetensors", "back.safetensors", "--from", "pytorch"]
            try place.succeed(back + ["--vocabulary-of", "old.t7"])
            let texts = try ["back.safetensors", "old.t7"].map { try place.succeed(["sample", $0] + sampling).text }
            #expect(texts[0] == texts[1])
            try place.succeed(back + ["--text", "data/some_folder/input.txt", "--tokens", "bytes", "--force"])

            let without = try place.run(back)
            #expect(without.status != 0 && without.errors.contains("name them with one of --vocabulary-of"))

            let gru = try place.train(["--cell", "gru", "--max-iterations", "1"])
            try place.succeed(["convert", gru, "gru", "--to", "pytorch"])
            let gruBack = ["convert", "gru/weights.safetensors", "gru.safetensors", "--from", "pytorch"]
            let unclear = try place.run(gruBack + ["--vocabulary-of", gru])
            #expect(
                unclear.status == 1
                    && unclear.errors.hasSuffix("equations are others; --cell gru if it is model.py's\n"),
                "\(unclear.errors)")
            try place.succeed(gruBack + ["--vocabulary-of", gru, "--cell", "gru"])
            // As everywhere a checkpoint is named, a folder will do.
            try place.succeed(gruBack + ["--vocabulary-of", "cv", "--cell", "gru", "--force"])
        }
    }

    @Test func otherFilesAreRefusedInOneLine() throws {
        try inPlace { place in
            let net = TorchDatum.instance("nn.Sequential", [("modules", .list([.instance("nn.ReLU", [])]))])
            try place.write(Data(TorchWriter.bytes(net)), to: "net.t7")
            let outcome = try place.run(["convert", "net.t7", "new.safetensors"])
            #expect(outcome.status == 1)
            let file = place.url("net.t7").path
            #expect(
                outcome.errorLines
                    == ["char-rnn: \(file) is not a model of char-rnn or torch-rnn: it holds nn.Sequential of nn.ReLU"])
            #expect(!place.files("").contains("new.safetensors"))
            for ending in ["t7", "pt", "npz", "GGUF"] {
                let outcome = try place.run(["convert", "old.t7", "new.\(ending)"])
                #expect(outcome.status != 0 && outcome.errors.contains("files are not written; give a .safetensors"))
                #expect(!place.files("").contains("new.\(ending)"))
            }
        }
    }

    @Test func theEndingOrTheFormatMakesAnONNXFile() throws {
        try inPlace { place in
            let outcome = try place.succeed(["convert", "old.t7", "new.onnx"])
            #expect(
                outcome.errorLines == [
                    "wrote new.onnx; open it with: onnxruntime.InferenceSession(\"new.onnx\") in Python; --card also writes a "
                        + "program that samples from it"
                ])
            try place.succeed(["convert", "old.t7", "other", "--to", "onnx"])
            let files = try ["new.onnx", "other"].map { try Data(contentsOf: place.url($0)) }
            #expect(files[0] == files[1] && files[0].starts(with: [0x08, 8, 0x12]))  // IR 8, then the producer
        }
    }

    /// The characters of a model's rows in an order of their own, in each of the forms that a file may have.
    @Test func theOrderOfTheRowsMayComeFromAFile() throws {
        try inPlace { place in
            try place.succeed(["convert", "old.t7", "out", "--to", "pytorch"])
            let vocabulary = try Checkpoint(contentsOf: place.url("old.t7")).configuration.vocabulary
            let tokens = (0..<vocabulary.count).map { vocabulary[$0] }
            func json(_ value: some Encodable) throws -> String {
                String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
            }
            let numbers = Dictionary(uniqueKeysWithValues: zip(tokens, 0...))
            let rows = Dictionary(uniqueKeysWithValues: zip((0...).lazy.map { "\($0)" }, tokens))
            for (index, contents) in try [
                json(tokens), json(numbers), json(rows), tokens.joined(), tokens.joined() + "\n",
                json(tokens.map { Array($0.utf8)[0] }),
            ].enumerated() {
                try place.write(contents, to: "order")
                let arguments = [
                    "convert", "out/weights.safetensors", "\(index).safetensors", "--from", "pytorch",
                    "--vocabulary-order", "order", "--tokens", "bytes",
                ]
                try place.succeed(arguments)
                let texts = try ["\(index).safetensors", "old.t7"].map {
                    try place.succeed(["sample", $0] + sampling).text
                }
                #expect(texts[0] == texts[1], "\(contents)")
            }
            // Rows in another order are other weights: the first and the last token change places.
            let swapped = [tokens.last!] + tokens.dropFirst().dropLast() + [tokens.first!]
            try place.write(json(swapped), to: "order")
            let options = ["--from", "pytorch", "--vocabulary-order", "order", "--tokens", "bytes"]
            try place.succeed(["convert", "out/weights.safetensors", "swapped.safetensors"] + options)
            let matrices = try ["swapped.safetensors", "0.safetensors"].map { file in
                try Checkpoint(contentsOf: place.url(file)).tensors.first { $0.name == "decoder.bias" }!.values
            }
            #expect(matrices[0].first == matrices[1].last && matrices[0] != matrices[1])

            for (contents, words) in [
                (#"["a","a"]"#, "'a' is there twice"), (#"["<pad>"]"#, "'<pad>' is not one of the scalars"),
                (#"{"a":0,"b":2}"#, "are not those from 0 to 1"), ("", "there is no character in it"),
            ] {
                try place.write(contents, to: "order")
                let outcome = try place.run(
                    ["convert", "out/weights.safetensors", "no", "--from", "pytorch", "--vocabulary-order", "order"])
                #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
            }
        }
    }

    @Test func otherFormatsHaveACardAndSayHowToSample() throws {
        try inPlace { place in
            for (arguments, card, words) in [
                (["numpy", "--to", "numpy"], "numpy/README.md", "python3 numpy/sample.py 500"),
                (["a.safetensors"], "a.md", "char-rnn sample a.safetensors"),
                (["b.onnx"], "b.md", "onnxruntime.InferenceSession(\"b.onnx\")"),
            ] {
                let outcome = try place.succeed(["convert", "old.t7"] + arguments + ["--card"])
                #expect(outcome.errors.contains(words) && outcome.errors.contains("wrote \(card), which asks you"))
                #expect(!outcome.errors.contains("--card"), "what was done is no advice")
                let text = try String(contentsOf: place.url(card), encoding: .utf8)
                #expect(text.contains(words) && text.contains("| validation | 2.2500 |"))
                let again = try place.run(["convert", "old.t7"] + arguments + ["--card"])
                #expect(again.status == 1 && again.errors.contains("already exists"))
            }
            // Before anything is written.
            try place.write("mine", to: "c.md")
            #expect(try place.run(["convert", "old.t7", "c.onnx", "--card"]).errors.contains("c.md already exists"))
            #expect(!place.files("").contains("c.onnx"))
            // A model is not called so, and the card would overwrite it.
            for (arguments, words) in [
                (["./d.md", "--card"], "./d.md: that is the name of a model card"),
                (["d.md"], "such as d.safetensors, and add --card"),
                (["D.MD"], "such as D.safetensors, and add --card"),
                (["d.md", "--to", "numpy"], "give a folder's name, without .md"),
            ] {
                let refused = try place.run(["convert", "old.t7"] + arguments)
                #expect(refused.status == 64 && refused.errors.contains(words), "\(refused.errors)")
                #expect(!place.files("").contains { $0.lowercased() == "d.md" })
            }
        }
    }

    @Test func nothingIsOverwrittenUnasked() throws {
        try inPlace { place in
            for (output, file, options) in [
                ("precious", "precious", []), ("second.safetensors", "second.safetensors", []),
                ("a.onnx", "a.onnx", []), ("out", "out/weights.safetensors", ["--to", "pytorch"]),
            ] {
                try place.write("precious", to: file)
                let arguments = ["convert", "old.t7", output] + options
                let refused = try place.run(arguments)
                #expect(refused.status == 1)
                #expect(refused.errors.contains("\(file) already exists; name another output, or add --force"))
                #expect(try String(contentsOf: place.url(file), encoding: .utf8) == "precious")
                try place.succeed(arguments + ["--force"])
                #expect(try Data(contentsOf: place.url(file)).count > 1000)
            }
            for force in [[], ["--force"]] {
                let refused = try place.run(["convert", "old.t7", "out"] + force)
                #expect(refused.status == 1 && refused.errors.contains("out is a folder; name a file"))
            }
        }
    }

    @Test func aFolderThatIsNotThereIsToldBeforeTheWork() throws {
        try inPlace { place in
            for arguments in [["new/a.safetensors"], ["new/a.onnx"], ["new/a", "--to", "numpy"]] {
                let outcome = try place.run(["convert", "missing.t7"] + arguments)
                let words = "char-rnn: cannot write \(arguments[0]) into new: there is no such folder\n"
                #expect(outcome.status == 1 && outcome.errors == words)
            }
        }
    }

    @Test func aFullDiskIsToldWhereTheTextWasToGo() throws {
        try inPlace { place in
            let shell = CommandLineTool(executable: URL(fileURLWithPath: "/bin/sh"))
            let command = "'\(CommandLineTool.charRNN.executable.path)' inspect old.t7 > /dev/full"
            let outcome = try shell.run(["-c", command], in: place.folder)
            #expect(outcome.status == 1 && outcome.errors.contains("cannot write the output: No space left on device"))
        }
    }
}
