/// The options of karpathy/char-rnn, as its users type them, put into ours: `-rnn_size 512` is `--hidden-size 512`.
enum TorchOptions {
    /// Options with a value that only changed their name.
    private static let names = [
        "data_dir": "--data-dir", "rnn_size": "--hidden-size", "num_layers": "--layers", "model": "--cell",
        "learning_rate": "--learning-rate", "learning_rate_decay": "--learning-rate-decay",
        "learning_rate_decay_after": "--learning-rate-decay-after", "decay_rate": "--decay-rate",
        "dropout": "--dropout", "seq_length": "--sequence-length", "batch_size": "--batch-size",
        "max_epochs": "--max-epochs", "grad_clip": "--clip", "train_frac": "--train-fraction",
        "val_frac": "--validation-fraction", "init_from": "--init-from", "seed": "--seed",
        "print_every": "--print-every", "eval_val_every": "--eval-every", "checkpoint_dir": "--checkpoint-dir",
        "savefile": "--label", "primetext": "--prime", "length": "--length", "temperature": "--temperature",
    ]

    /// - Throws: ``Failure`` for one of char-rnn's options without its value, or with one that makes no sense.
    static func translated(_ arguments: [String]) throws -> [String] {
        var result: [String] = []
        var device: Int?
        var usesOpenCL = false
        var isGreedy = false
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard let name = torchName(argument) else {
                result.append(argument)
                continue
            }
            if name == "help" {
                result.append("--help")
                continue
            }
            guard let value = rest.popFirst() else { throw Failure("\(argument) needs a value") }
            func number() throws -> Int {
                guard let number = Int(value) else { throw Failure("\(argument) \(value): expected a whole number") }
                return number
            }
            switch name {
            case "gpuid": device = try number()
            case "opencl": usesOpenCL = try number() != 0
            case "sample": isGreedy = try number() == 0
            case "verbose": if try number() == 0 { result.append("--quiet") }
            case "accurate_gpu_timing": _ = try number()  // every time printed here has waited for the device
            default: result += [names[name]!, value]
            }
        }
        if isGreedy { result += ["--temperature", "0"] }
        return result + deviceOptions(device, usesOpenCL: usesOpenCL)
    }

    /// `-gpuid -1` is the CPU; another number is that OpenCL device, since OpenCL is what GPUs are for here.
    private static func deviceOptions(_ device: Int?, usesOpenCL: Bool) -> [String] {
        switch device {
        case let device? where device < 0: ["--device", "cpu"]
        case let device?: ["--device", "opencl:\(device)"]
        case nil: usesOpenCL ? ["--opencl"] : []
        }
    }

    /// The name of one of char-rnn's options: one dash and a word, or two and a word with underscores.
    private static func torchName(_ argument: String) -> String? {
        let name = String(argument.drop { $0 == "-" })
        let dashes = argument.count - name.count
        let others = ["gpuid", "opencl", "sample", "verbose", "accurate_gpu_timing", "help"]
        guard names[name] != nil || others.contains(name) else { return nil }
        return dashes == 1 || dashes == 2 && name.contains("_") || dashes == 2 && name == "gpuid" ? name : nil
    }
}
