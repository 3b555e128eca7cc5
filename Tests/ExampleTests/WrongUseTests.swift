import CharRNN
import Foundation
import TestSupport
import Testing

/// What a user may do wrong: one line that says what, where and what to do, and a status that is not 0.
@Suite struct WrongUseTests {
    struct Mistake: CustomTestStringConvertible {
        let command: String
        let message: String
        var testDescription: String { command }

        init(_ command: String, _ message: String) {
            self.command = command
            self.message = message
        }

        /// The words of the command; FOLDER stands for that of the workplace.
        var arguments: [String] { command.split(separator: " ").map(String.init) }
    }

    /// A workplace with everything that the commands below name.
    private func inFolder(_ body: (Workplace) throws -> Void) throws {
        try Workplace.inNewFolder { place in
            try place.write("abcXYZ".padding(toLength: 600, withPad: "abcXYZ", startingAt: 0), to: "other/input.txt")
            try place.write("", to: "empty/input.txt")
            try place.write(Data([0x61, 0x62, 0xFF, 0xFE]), to: "latin/input.txt")
            try place.write("", to: "nothing/here.md")
            try place.write("hello", to: "none.safetensors")
            try place.write(Data("%PDF-1.4\n".utf8), to: "book.pdf")
            try place.write(Data([0x89, 0x50, 0x4E, 0x47, 0xD, 0xA, 0x1A, 0xA, 0, 0]), to: "picture.bin")
            try place.write(Data([1, 0x80] + Array(repeating: 0xFF, count: 20)), to: "noise.bin")
            let checkpoint = try place.train(["--max-iterations", "2"])
            try FileManager.default.copyItem(at: place.url(checkpoint), to: place.url("run.safetensors"))
            for name in ["b.t7", "a.safetensors", "c.txt"] { try place.write("", to: "renamed/\(name)") }
            var weights = try TensorFile(place.url(checkpoint))
            weights.metadata["training"] = nil
            try place.write(weights.bytes, to: "weights.safetensors")
            weights.metadata["format"] = nil
            try place.write(weights.bytes, to: "foreign.safetensors")
            try place.write(Data([0x50, 0x4B, 3, 4] + Array("0123456789/data.pkl".utf8)), to: "weights.pt")
            try body(place)
        }
    }

    /// Expects the message on a line of standard error, whatever introduces it, and nothing on standard output.
    private func expect(_ mistake: Mistake, in place: Workplace) throws {
        let outcome = try place.run(mistake.arguments)
        let message = mistake.message.replacingOccurrences(of: "FOLDER", with: place.folder.path)
        let lines = outcome.errorLines.filter { !$0.hasPrefix("device: ") }
        let help = "(see: char-rnn \(mistake.arguments[0]) --help)"
        let found = lines.contains { $0 == "char-rnn: \(message)" || $0 == "char-rnn: \(message) \(help)" }
        #expect(found, "\(mistake.command): \(lines) lacks: \(message)")
        #expect((1...127).contains(outcome.status), "\(mistake.command): status \(outcome.status)")
        #expect(outcome.output.isEmpty, "\(mistake.command) writes to standard output")
    }

    @Test func wrongTexts() throws {
        let advice = "(name the folder of your input.txt with --data-dir; 'make data' makes an example)"
        let mistakes = [
            Mistake("train --data-dir missing", "cannot read FOLDER/missing: No such file or directory \(advice)"),
            Mistake(
                "train --data-dir nothing",
                "cannot read FOLDER/nothing/input.txt: the folder has neither an input.txt nor another .txt; put your "
                    + "text there under such a name"),
            Mistake(
                "train --data-dir book.pdf",
                "cannot read FOLDER/book.pdf: it is a PDF; make a text of it with: pdftotext OLD NEW; or read it as it is with "
                    + "--tokens bytes"),
            Mistake(
                "score run.safetensors book.pdf",
                "book.pdf is a PDF; make a text of it with: pdftotext OLD NEW; only models of --tokens bytes read it as it "
                    + "is"),
            Mistake(
                "score run.safetensors noise.bin",
                "noise.bin is not a text; name one; only models of --tokens bytes read it as it is"),
            Mistake(
                "score run.safetensors latin/input.txt",
                "latin/input.txt is not UTF-8; convert it, from LATIN1 with: iconv -f LATIN1 -t UTF-8 OLD > NEW"),
            Mistake(
                "train --data-dir missing --resume run.safetensors",
                "cannot read FOLDER/missing: No such file or directory (if the text of the run has moved, name it with "
                    + "--data-dir)"),
            Mistake(
                "train -data_dir empty",
                "FOLDER/empty/input.txt has 0 characters; at least 2 are needed to train and validate"),
            Mistake(
                "train --data-dir latin",
                "FOLDER/latin/input.txt is not UTF-8: byte 0xff at offset 2; convert it; or read it as it is with "
                    + "--tokens bytes"),
        ]
        try inFolder { place in
            for mistake in mistakes { try expect(mistake, in: place) }
        }
    }

    @Test func wrongCheckpoints() throws {
        let mistakes = [
            Mistake(
                "sample missing.safetensors",
                "cannot read the checkpoint FOLDER/missing.safetensors: No such file or directory"),
            Mistake(
                "sample other", "other has no checkpoint; train a model with: char-rnn train --checkpoint-dir other"),
            Mistake(
                "sample renamed",
                "renamed has no checkpoint with the name that train gives it; name a file, such as renamed/a.safetensors"
            ),
            Mistake(
                "sample picture.bin",
                "FOLDER/picture.bin is not a checkpoint of char-rnn: it is a picture; give a checkpoint, as char-rnn train "
                    + "writes"),
            Mistake(
                "sample noise.bin",
                "FOLDER/noise.bin is not a safetensors file: it begins with the bytes 01 80 ff ff ff ff ff ff, where such a "
                    + "file has the length of its header"),
            Mistake("sample none.safetensors", "FOLDER/none.safetensors is not a safetensors file: it has 5 bytes"),
            Mistake("inspect none.safetensors", "FOLDER/none.safetensors is not a safetensors file: it has 5 bytes"),
            Mistake(
                "train --data-dir data/some_folder -init_from none.safetensors",
                "FOLDER/none.safetensors is not a safetensors file: it has 5 bytes"),
            Mistake(
                "train --data-dir other --init-from run.safetensors --batch-size 4 --sequence-length 5",
                "other has characters that the model of run.safetensors does not know: 'X' 'Y' 'Z'; add them with "
                    + "--vocabulary extend, or train a new model without --init-from"),
            Mistake(
                "train --data-dir other --init-from weights.pt",
                "FOLDER/weights.pt is not a checkpoint of char-rnn: it is a file of PyTorch; 'char-rnn convert --from pytorch' "
                    + "makes a checkpoint of a state dictionary of PyTorch"),
            Mistake(
                "sample foreign.safetensors",
                "FOLDER/foreign.safetensors is not a checkpoint of char-rnn: its metadata names no format; 'char-rnn convert "
                    + "--from pytorch' makes a checkpoint of a state dictionary of PyTorch"),
            Mistake(
                "train --resume --checkpoint-dir nowhere",
                "there is no folder nowhere with a run to resume; name it with --checkpoint-dir, or a checkpoint with "
                    + "--resume"),
            Mistake(
                "train --data-dir other --resume run.safetensors",
                "run.safetensors: the run cannot be resumed on this data: its character count was 1200, now it is 600; start from its "
                    + "weights with --init-from instead"),
            Mistake(
                "train --data-dir data/some_folder --resume weights.safetensors",
                "weights.safetensors: the checkpoint holds weights without a training state; start from it with --init-from instead"
            ),
            Mistake(
                "train --resume run.safetensors --init-from run.safetensors",
                "--init-from starts a new run and --resume continues one; give one."),
            Mistake(
                "train --data-dir data/some_folder --resume run.safetensors --max-iterations 2",
                "the run has reached iteration 2 of 2; raise --max-iterations to go on"),
            Mistake(
                "train --data-dir data/some_folder --resume run.safetensors --max-iterations 1",
                "the run has reached iteration 2, and 1 is its last; raise --max-iterations to go on"),
            Mistake(
                "train --data-dir data/some_folder --resume run.safetensors --max-epochs 0.01 --max-iterations 5",
                "the run has reached iteration 2, and 1 is its last; raise --max-epochs to go on"),
        ]
        try inFolder { place in
            for mistake in mistakes { try expect(mistake, in: place) }
        }
    }

    @Test func wrongStateDictionaries() throws {
        let mistakes = [
            Mistake(
                "convert run.safetensors new.safetensors --from pytorch --vocabulary-of cv",
                "FOLDER/run.safetensors cannot become a checkpoint: it is one already, with a run: it has 'training.losses'"
            ),
            Mistake(
                "convert cv new.safetensors --from pytorch --vocabulary-of cv",
                "cv is a folder; name the file in it that has the state dictionary"),
            Mistake(
                "convert weights.safetensors new.safetensors --from pytorch --text empty/input.txt",
                "empty/input.txt is empty; name the text that the model learned from"),
            Mistake(
                "convert weights.safetensors new.safetensors --from pytorch --vocabulary-order empty/input.txt",
                "empty/input.txt: there is no character in it; each row of the decoder has one"),
            Mistake(
                "convert weights.safetensors new.safetensors --from pytorch --vocabulary-of cv --cell mingru",
                "FOLDER/weights.safetensors cannot become a checkpoint: a minGRU is not read from a state dictionary; LSTM, "
                    + "GRU, RNN and Mogrifier LSTM are"),
        ]
        try inFolder { place in
            for mistake in mistakes { try expect(mistake, in: place) }
            // Nor a file where there is to be a folder.
            for format in ["pytorch", "numpy"] {
                let command = "convert run.safetensors book.pdf/ --to \(format) --force"
                let message =
                    "cannot write a folder FOLDER/book.pdf: a file of that name is there; name another folder"
                try expect(Mistake(command, message), in: place)
            }
            #expect(!place.files("").contains("new.safetensors"))
        }
    }

    @Test func wrongDevices() throws {
        try inFolder { place in
            for command in ["train --data-dir other", "sample run.safetensors"] {
                let outcome = try place.run("\(command) --device opencl:99".split(separator: " ").map(String.init))
                let line = try #require(outcome.errorLines.last)
                #expect(line.hasPrefix("char-rnn: no device 'opencl:99'; found: cpu") || line.contains("OpenCL"))
                #expect(outcome.status == 1 && outcome.output.isEmpty)
                let message = "--opencl and --device cpu contradict each other; give one of them."
                try expect(Mistake("\(command) --opencl --device cpu", message), in: place)
            }
            try expect(
                Mistake(
                    "sample run.safetensors --device cpu,cpu",
                    "--device cpu,cpu: a device is named twice; name each once."), in: place)
            let second = Device.available.dropFirst().first { $0.isOpenCL }
            if let second {
                let list = "cpu,\(second.id)"
                try expect(
                    Mistake(
                        "sample run.safetensors --device \(list)",
                        "--device \(list): only train shares its work among devices; name one."), in: place)
                try expect(
                    Mistake(
                        "train --data-dir other --batch-size 1 --device \(list)",
                        "batches of 1 stream cannot be shared among 2 devices; name fewer with --device"), in: place)
            }
            let outcome = try place.run(["train", "--data-dir", "other", "--device", "gpu"])
            #expect(outcome.errorLines.last!.hasPrefix("char-rnn: no device 'gpu'; found: cpu"))
            #expect(outcome.errorLines.last!.hasSuffix(" (list them with: char-rnn devices)"))
        }
    }

    static let wrongNumbers = [
        Mistake("train --hidden-size 0", "--hidden-size 0: at least 1 is needed."),
        Mistake("train -rnn_size 0", "--hidden-size 0: at least 1 is needed."),
        Mistake("train --hidden-size abc", "--hidden-size abc: it must be a whole number."),
        Mistake("train -rnn_size 0.5", "--hidden-size 0.5: it must be a whole number."),
        Mistake(
            "train --seed 99999999999999999999", "--seed 99999999999999999999: it must be a smaller number."),
        Mistake("train --max-epochs ten", "--max-epochs ten: it must be a number, such as 0.5."),
        Mistake("train --layers 0", "--layers 0: at least 1 is needed."),
        Mistake("train --batch-size 0", "--batch-size 0: at least 1 is needed."),
        Mistake("train --sequence-length 0", "--sequence-length 0: at least 1 is needed."),
        Mistake("train --dropout 1", "--dropout 1.0: it must be at least 0 and below 1."),
        Mistake("train --dropout -0.5", "--dropout -0.5: it must be at least 0 and below 1."),
        Mistake("train --dropout nan", "--dropout nan: it must be a finite number."),
        Mistake("train --reset-probability 1.5", "--reset-probability 1.5: it must be 0 to 1."),
        Mistake("train --reset-probability nan", "--reset-probability nan: it must be a finite number."),
        Mistake("train --learning-rate nan", "--learning-rate nan: it must be a finite number."),
        Mistake("train --learning-rate -1", "--learning-rate -1.0: it must be above 0."),
        Mistake("train --max-epochs 0", "--max-epochs 0.0: it must be above 0."),
        Mistake("train --max-epochs inf", "--max-epochs inf: it must be a finite number."),
        Mistake("train --clip 1e39", "--clip 1e39: it must be a finite number."),
        Mistake("train --train-fraction nan", "--train-fraction nan: it must be a finite number."),
        Mistake("train --train-fraction 2", "--train-fraction 2.0: it must be above 0 and at most 1."),
        Mistake("train --train-fraction 0", "--train-fraction 0.0: it must be above 0 and at most 1."),
        Mistake("train --validation-fraction -0.1", "--validation-fraction -0.1: it must be 0 to 1."),
        Mistake(
            "train --train-fraction 0.9 --validation-fraction 0.5",
            "--train-fraction 0.9 and --validation-fraction 0.5: together they must be at most 1."),
        Mistake(
            "train --train-fraction 0.97",
            "--train-fraction 0.97 and --validation-fraction 0.05 (the default): together they must be at most 1."),
        Mistake("train --device cpu,cpu", "--device cpu,cpu: a device is named twice; name each once."),
        Mistake("bench --profile", "--profile reads the queue of an OpenCL device, and cpu has none; add --opencl."),
        Mistake(
            "sample a --escapes --prime \\q", "--prime \\q: with --escapes a backslash begins \\n, \\r, \\t or \\\\."),
        Mistake("convert a b/", "b/: a name that ends in / is a folder's; name a file."),
        Mistake("explain a b -o c.html/", "c.html/: a name that ends in / is a folder's; name a file."),
        Mistake("convert a .onnx", ".onnx: a name is missing before the ending."),
        Mistake("train --clip-norm 0", "--clip-norm 0.0: it must be above 0."),
        Mistake("train --eval-every 0", "--eval-every 0: at least 1 is needed."),
        Mistake("train --keep-last 0", "--keep-last 0: at least 1 is needed."),
        Mistake("train --print-every 0", "--print-every 0: at least 1 is needed."),
        Mistake("train --label a/b", "--label a/b: it becomes part of a file name, so it has no '/'."),
        Mistake(
            "train -model qrnn",
            "The value 'qrnn' is invalid for '--cell <cell>'. Please provide one of 'lstm', 'gru', 'rnn', 'mingru' or "
                + "'mogrifier'."),
        Mistake("train --hiden-size 4", "Unknown option '--hiden-size'. Did you mean '--hidden-size'?"),
        Mistake("train -rnn_sise 4", "Unknown option '-rnn_sise'. Did you mean '--hidden-size'?"),
        Mistake("train -rnn_size", "-rnn_size needs a value."),
        Mistake("train -gpuid x", "-gpuid x: expected a whole number."),
        Mistake("train extra", "Unexpected argument 'extra'. A text is named by an option: --data-dir extra."),
        Mistake("sample a --temperature -1", "--temperature -1.0: it must be 0 or above."),
        Mistake("sample a --temperature nan", "--temperature nan: it must be a finite number."),
        Mistake("sample a --top-k 0", "--top-k 0: it must be 1 or more."),
        Mistake("sample a --top-p 1.5", "--top-p 1.5: it must be above 0 and at most 1."),
        Mistake("sample a --min-p 2", "--min-p 2.0: it must be 0 to 1."),
        Mistake("sample a --typical 0", "--typical 0.0: it must be above 0 and at most 1."),
        Mistake("sample a --top-n-sigma 0", "--top-n-sigma 0.0: it must be above 0."),
        Mistake("sample a --repetition-penalty 0", "--repetition-penalty 0.0: it must be above 0."),
        Mistake("sample a --presence-penalty inf", "--presence-penalty inf: it must be a finite number."),
        Mistake(
            "sample a --presence-penalty 1 --penalty-window 257", "--penalty-window 257: it must be 1 to 256."),
        Mistake(
            "sample a --penalty-window 5",
            "--penalty-window only works with --repetition-penalty, --frequency-penalty or --presence-penalty."),
        Mistake("train --clip 1 --clip-norm 1", "--clip and --clip-norm are two kinds of bound: give one."),
        Mistake("train --optimizer adam --decay-rate 0.5", "--decay-rate only works with --optimizer rmsprop."),
        Mistake(
            "train --schedule cosine --learning-rate-decay-after 1",
            "--learning-rate-decay-after only works with --learning-rate-decay, or without --schedule."),
        Mistake("train --adam-rate 0.1", "--adam-rate only works with --optimizer muon."),
        Mistake(
            "convert a b --tokens bytes",
            "--vocabulary-of, --text, --vocabulary-order, --tokens and --cell only work with --from pytorch."),
        Mistake("devices --hidden-size 9", "--hidden-size only works with --check."),
        Mistake("sample a --mirostat 0", "--mirostat 0.0: it must be above 0 bits."),
        Mistake("sample a --mirostat 2 --mirostat-rate 0", "--mirostat-rate 0.0: it must be above 0."),
        Mistake("sample a --mirostat-rate 0.2", "--mirostat-rate is for --mirostat: give both."),
        Mistake("sample a --seed 0.5", "--seed 0.5: it must be a whole number, or random."),
        Mistake("score a b --dynamic --dynamic-rate inf", "--dynamic-rate inf: it must be a finite number."),
        Mistake(
            "convert a b.onnx --to numpy",
            "b.onnx: --to numpy writes no .onnx file; give a folder's name, without .onnx."),
        Mistake("convert a b.npz --to onnx", "b.npz: --to onnx writes no .npz file; give a name that ends in .onnx."),
        Mistake("sample a --count 0", "--count 0: it must be 1 or more."),
        Mistake("sample a --prime b --prime-file c", "--prime and --prime-file: give one of them."),
        Mistake("sample", "Missing expected argument '<checkpoint>'"),
    ]

    @Test(arguments: wrongNumbers)
    func wrongOptions(_ mistake: Mistake) throws {
        try Workplace.inNewFolder { place in
            try expect(mistake, in: place)
            #expect(try place.run(mistake.arguments).status == 64, "that of a wrong command line")
        }
    }

    @Test(arguments: [
        Mistake("train --hidden-size -1", "--hidden-size -1: at least 1 is needed."),
        Mistake("train -rnn_size -1", "--hidden-size -1: at least 1 is needed."),
        Mistake("train --layers -1", "--layers -1: at least 1 is needed."),
        Mistake("train --batch-size -1", "--batch-size -1: at least 1 is needed."),
        Mistake("train --eval-every -1", "--eval-every -1: at least 1 is needed."),
        Mistake("sample a --length -1", "--length -1: it must not be negative."),
    ])
    func negativeNumbers(_ mistake: Mistake) throws {
        try Workplace.inNewFolder { try expect(mistake, in: $0) }
    }

    @Test(arguments: ["0", "-5", "0s", "-5m", "5d", "m", "nan", "nans", "infh", "1e999s", "5 m", "1.5"])
    func wrongIntervals(_ interval: String) throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.run(["train", "--checkpoint-every", interval])
            #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(outcome.errors)")
            #expect(
                outcome.errors.contains("it must be a number of iterations, as 1000, or a time, as 90s, 5m or 2h."),
                "\(outcome.errors)")
        }
    }

    @Test func aMessageIsOneLine() throws {
        try Workplace.inNewFolder { place in
            for mistake in Self.wrongNumbers {
                let lines = try place.run(mistake.arguments).errorLines.filter { !$0.hasPrefix("device: ") }
                #expect(lines.count == 1, "\(mistake.command): \(lines)")
            }
        }
    }

    @Test(arguments: ["--hidden-size", "--layers", "--batch-size", "--sequence-length", "--max-epochs"])
    func hugeNumbersAreNoCrash(_ option: String) throws {
        try Workplace.inNewFolder { place in
            for value in ["\(Int.max)", "4611686018427387904", "4294967296"] {
                let outcome = try place.run(
                    ["train", "--data-dir", "data/some_folder", "--hidden-size", "4", "--max-iterations", "1"]
                        + [option, value])
                #expect([0, 1, 64].contains(outcome.status), "\(option) \(value): status \(outcome.status)")
            }
        }
    }
}
