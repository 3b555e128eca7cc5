import ArgumentParser

/// The options of karpathy/char-rnn, as its users type them, put into ours: `-rnn_size 512` is `--hidden-size 512`.
struct TorchOptions {
    /// What each is here. All but the last line only changed their name.
    static let names = [
        "data_dir": "--data-dir", "rnn_size": "--hidden-size", "num_layers": "--layers", "model": "--cell",
        "learning_rate": "--learning-rate", "learning_rate_decay": "--learning-rate-decay",
        "learning_rate_decay_after": "--learning-rate-decay-after", "decay_rate": "--decay-rate",
        "dropout": "--dropout", "seq_length": "--sequence-length", "batch_size": "--batch-size",
        "max_epochs": "--max-epochs", "grad_clip": "--clip", "train_frac": "--train-fraction",
        "val_frac": "--validation-fraction", "init_from": "--init-from", "seed": "--seed",
        "print_every": "--print-every", "eval_val_every": "--eval-every", "checkpoint_dir": "--checkpoint-dir",
        "savefile": "--label", "primetext": "--prime", "length": "--length", "temperature": "--temperature",
        "gpuid": "--device", "opencl": "--opencl", "sample": "--temperature", "verbose": "--quiet",
        "accurate_gpu_timing": "--learning-rate",
    ]
    /// As char-rnn's readme spells them.
    private static let misspelled = ["gpid": "gpuid", "opengl": "opencl"]

    private var device: Int?
    private var usesOpenCL = false
    private var isGreedy = false

    /// The name of one of char-rnn's options: one dash and a word, or two and a word with underscores.
    static func name(_ word: String) -> String? {
        let typed = String(word.drop { $0 == "-" })
        let dashes = word.count - typed.count
        let name = misspelled[typed] ?? typed
        guard names[name] != nil else { return nil }
        return dashes == 1 || dashes == 2 && (name.contains("_") || name == "gpuid") ? name : nil
    }

    /// What an option is here; nil where that depends on others, or where there is nothing to be said.
    ///
    /// - Throws: `ValidationError` for a value that makes no sense.
    mutating func read(
        _ name: String, _ value: String, typedAs word: String
    ) throws -> (option: String, value: String?)? {
        func number() throws -> Int {
            guard let number = Int(value) else { throw ValidationError("\(word) \(value): expected a whole number.") }
            return number
        }
        switch name {
        case "gpuid": device = try number()
        case "opencl": usesOpenCL = try number() != 0
        case "sample": isGreedy = try number() == 0
        case "verbose": return try number() == 0 ? ("--quiet", nil) : nil
        case "accurate_gpu_timing": _ = try number()  // of train; every time printed here has waited for the device
        // The defaults there, for none.
        case "init_from" where value.isEmpty, "primetext" where value.isEmpty: break
        default: return (Self.names[name]!, value)
        }
        return nil
    }

    /// What the last words were about, after all others. `-gpuid -1` is the CPU; another number is that OpenCL device,
    /// since OpenCL is what GPUs are for here.
    var deviceAndDrawing: [(option: String, value: String?)] {
        var options: [(String, String?)] = isGreedy ? [("--temperature", "0")] : []
        switch device {
        case let device? where device < 0: options.append(("--device", "cpu"))
        case let device?: options.append(("--device", "opencl:\(device)"))
        case nil: if usesOpenCL { options.append(("--opencl", nil)) }
        }
        return options
    }
}
