import CharRNN
import Foundation
import TestSupport
import Testing

/// Commands and options that do not exist, and values that look like options.
@Suite struct SpellingTests {
    @Test(
        arguments: [
            ("train -max_epoch 3", "--max-epochs"), ("train -hidden_size 3", "--hidden-size"),
            ("train -batchsize 3", "--batch-size"), ("sample a -lenght 3", "--length"),
            ("train -rnn_sise 3", "--hidden-size"),
            ("train --epochs 3", "--max-epochs"), ("train --data x", "--data-dir"), ("train --lr 1", "--learning-rate"),
            ("sample a --temp 1", "--temperature"), ("train --steps 3", "--max-iterations"),
            ("sample a --steps 3", "--length"),
            ("train --hidden 3", "--hidden-size"), ("train --hidden_size=3", "--hidden-size"),
            ("sample a --prompt b", "--prime"),
            ("train --gru", "--cell gru"), ("train -h5 3", nil), ("train --zzz", nil),
            ("train --max_epoch 3", "--max-epochs"),
            ("convert a b --overwrite", "--force"), ("train -learning-rate 1", "--learning-rate"),
            ("sample a -prime-text b", "--prime"), ("train --val-split 0.1", "--validation-fraction"),
            ("bench --hidden 3", "--hidden-size"), ("score a b --jsn", "--json"),
        ] as [(String, String?)])
    func anOptionThatDoesNotExistIsNeverHelp(_ command: String, meant: String?) throws {
        try Workplace.inNewFolder { place in
            let words = command.split(separator: " ").map(String.init)
            let outcome = try place.runBounded(words)
            let option = words.first { $0.hasPrefix("-") }!.prefix { $0 != "=" }
            let advice = meant.map { " Did you mean '\($0)'?" } ?? ""
            #expect(outcome.status == 64 && outcome.output.isEmpty)
            #expect(
                outcome.errors == "char-rnn: Unknown option '\(option)'.\(advice) (see: char-rnn \(words[0]) --help)\n")
        }
    }

    @Test(arguments: [
        ("train --length 5", "'--length'. It belongs to sample, not to train."),
        ("sample a -rnn_size 5", "'-rnn_size'. It belongs to train, devices, bench, tune, not to sample."),
        ("train -sample 0", "'-sample'. It belongs to sample, not to train."),
        ("sample -model a", "'-model'. The checkpoint stands alone: char-rnn sample FILE."),
        ("convert a -o b", "'-o'. The output stands alone, after the model: char-rnn convert MODEL OUTPUT."),
        ("sample a --output b", "'--output'. What it prints goes to standard output; > FILE puts it into a file."),
        ("score a b -out c", "'-out'. What it prints goes to standard output; > FILE puts it into a file."),
        ("-rnn_size 5", "'-rnn_size'. The command comes first: char-rnn train -rnn_size."),
        ("--epochs 5", "'--epochs'. The command comes first: char-rnn train --epochs."),
    ])
    func anOptionElsewhereIsToldWhere(_ command: String, _ words: String) throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.runBounded(command.split(separator: " ").map(String.init))
            #expect(outcome.status == 64)
            #expect(outcome.errors.hasPrefix("char-rnn: Unknown option \(words) (see: char-rnn"), "\(outcome.errors)")
        }
    }

    @Test(arguments: [
        ("trian", "Unknown command 'trian'. Did you mean 'train'?"),
        ("help trian", "Unknown command 'trian'. Did you mean 'train'?"),
        ("Sample x", "Unknown command 'Sample'. Did you mean 'sample'?"),
        ("generate x", "Unknown command 'generate'. Did you mean 'sample'?"),
        ("train.lua -gpuid -1", "Unknown command 'train.lua'. Did you mean 'train'?"),
        ("inspect_checkpoint.lua x", "Unknown command 'inspect_checkpoint.lua'. Did you mean 'inspect'?"),
        ("eval x", "Unknown command 'eval'. Did you mean 'score'?"),
        ("--versoin", "Unknown option '--versoin'. Did you mean '--version'?"),
        ("--hlep", "Unknown option '--hlep'. Did you mean '--help'?"),
        ("-v", "Unknown option '-v'. Did you mean '--version'?"),
        ("version", "Unknown command 'version'. Did you mean '--version'?"),
        ("hlep", "Unknown command 'hlep'. Did you mean 'help'?"),
        ("cv/a.safetensors", "a command comes first: char-rnn sample cv/a.safetensors."),
        (
            "zebra",
            "Unknown command 'zebra'. There are train, sample, score, inspect, explain, plot, convert, devices, bench, "
                + "tune."
        ),
    ])
    func aCommandThatDoesNotExistIsToldAsThat(_ command: String, _ message: String) throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.runBounded(command.split(separator: " ").map(String.init))
            #expect(outcome.status == 64 && outcome.output.isEmpty)
            #expect(outcome.errors == "char-rnn: \(message) (see: char-rnn --help)\n")
        }
    }

    @Test(arguments: ["convert_gpu_cpu_checkpoint", "convert_gpu_cpu_checkpoint.lua"])
    func noConversionIsNeededFromDeviceToDevice(_ command: String) throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed([command, "cv/my model.t7", "-gpuid", "0"])
            #expect(outcome.text.hasPrefix("No conversion is needed: "))
            #expect(outcome.text.hasSuffix("char-rnn sample 'cv/my model.t7'\n"))
        }
    }

    // MARK: Values

    @Test func aValueMayLookLikeAnOption() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train()
            for prime in ["-length", "-help", "--help", "-h", "--", "-abc", "-hhh", "--quiet"] {
                for option in ["--prime", "-primetext"] {
                    let outcome = try place.runBounded(
                        ["sample", checkpoint, option, prime, "--unknown", "skip", "--length", "3"])
                    let known = prime.filter { "abcd".contains($0) }
                    #expect(outcome.status == 0 && outcome.text.hasPrefix(known), "\(prime): \(outcome.errors)")
                    #expect(outcome.text.count == known.count + 3 + 1)
                }
            }
            // Stops that never come.
            #expect(try place.succeed(["sample", checkpoint, "--stop", "-n", "--length", "5"]).text.count == 6)
        }
    }

    @Test func whatFollowsTwoDashesIsNoOption() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train()
            for name in ["-rnn_size", "-help", "--quiet"] {
                try FileManager.default.copyItem(at: place.url(checkpoint), to: place.url(name))
                #expect(try place.succeed(["sample", "--length", "5", "--", name]).text.count == 6)
            }
            let outcome = try place.run(["inspect", "--", "-gpuid"])
            #expect(outcome.status == 1 && outcome.errors.contains("cannot read the checkpoint"))
        }
    }

    @Test func anOptionWithoutItsValueIsToldByName() throws {
        try Workplace.inNewFolder { place in
            for (command, option) in [
                ("train --data-dir --opencl", "--data-dir"), ("train -data_dir -rnn_size 512", "-data_dir"),
                ("train --hidden-size", "--hidden-size"), ("train -savefile", "-savefile"),
                ("sample a --prime", "--prime"),
                ("sample a -n", "-n"),
            ] {
                let outcome = try place.runBounded(command.split(separator: " ").map(String.init))
                #expect(outcome.status == 64)
                #expect(outcome.errors.hasPrefix("char-rnn: \(option) needs a value. (see: "), "\(outcome.errors)")
            }
        }
    }

    @Test func aFileMayBeginWithADash() throws {
        try Workplace.inNewFolder { place in
            try place.train(into: "-folder")
            let outcome = try place.succeed(
                ["train", "--data-dir", "data/some_folder", "--checkpoint-dir", "-folder", "--label", "-x"]
                    + Workplace.smallSizes + ["--max-iterations", "2"])
            let last = try #require(outcome.errorLines.last)
            let file = try #require(last.split(separator: " ").last.map(String.init))
            #expect(file.hasPrefix("./-folder/lm_-x_epoch"))
            #expect(try place.succeed(["sample", file, "--length", "3"]).text.count == 4)
        }
    }

    // MARK: As in char-rnn

    @Test func theSpellingsOfItsReadme() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-gpid", "-1", "-init_from", ""])
            #expect(try place.succeed(["inspect", checkpoint]).text.contains("\ndevice: cpu\n"))
            #expect(
                try place.succeed(["sample", checkpoint, "-gpid", "-1", "-primetext", ""]).errors.contains(
                    "device: cpu"))
            #expect(try place.succeed(["sample", checkpoint, "-gpuid=-1", "-length=7"]).text.count == 8)
            #expect(try place.succeed(["sample", checkpoint, "-opengl", "0", "-length", "7"]).text.count == 8)
            // What asks for OpenCL is the same as --opencl, whatever that finds here.
            let expected = try place.run(["sample", checkpoint, "--opencl", "--length", "7"])
            for options in [["-opengl", "1"], ["-opencl"], ["-opencl", "1"]] {
                let outcome = try place.run(["sample", checkpoint, "--length", "7"] + options)
                #expect(outcome.status == expected.status && outcome.errors == expected.errors)
            }
            let first = try place.run(["sample", checkpoint, "-opencl", "-length", "7"])
            #expect(first.errors == expected.errors)
        }
    }
}
