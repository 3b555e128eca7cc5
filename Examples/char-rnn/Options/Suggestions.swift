import ArgumentParser

/// What may have been meant by a command or an option that does not exist.
enum Suggestions {
    // MARK: Commands

    /// - Throws: what to say of a word in the place of a command.
    static func refuse(command word: String, _ rest: ArraySlice<String>) throws -> Never {
        if word.hasPrefix("convert_gpu_cpu_checkpoint") {
            // A script of char-rnn's.
            let file = rest.first { !$0.hasPrefix("-") }.map(shellPath) ?? "FILE"
            throw CleanExit.message(
                "No conversion is needed: every device reads the same checkpoints, and those of char-rnn (.t7), wherever "
                    + "they were trained. Use it as it is: char-rnn sample \(file)")
        }
        let names = CharRNNCommand.commands.map(\.name)
        if word.hasSuffix(".safetensors") || word.hasSuffix(".t7") {
            throw ValidationError("a command comes first: char-rnn sample \(shellPath(word)).")
        }
        let stem = word.lowercased().split(separator: ".").first.map(String.init) ?? word
        let meant =
            commands.first { $0.value.contains(stem) }?.key
            ?? nearest(to: stem, among: (names + ["help"]).map { ($0, $0) })
            ?? nearest(to: stem, among: [("version", "--version")])
        let advice = meant.map { "Did you mean '\($0)'?" } ?? "There are \(names.joined(separator: ", "))."
        throw ValidationError("Unknown command '\(word)'. \(advice)")
    }

    /// Of other programs, by the command that does it here.
    private static let commands: [String: Set<String>] = [
        "train": ["fit", "learn", "finetune", "resume", "continue", "preprocess"],
        "sample": ["generate", "write", "predict", "infer", "run", "test"],
        "score": ["eval", "evaluate", "perplexity", "loss"],
        "inspect": ["inspect_checkpoint", "show", "info", "print"],
        "convert": ["export", "import"], "devices": ["list", "gpus", "gpu", "clinfo"], "bench": ["speed", "time"],
    ]

    // MARK: Options

    /// Of the options that need no command, what may have been meant.
    static func rootOption(likeliest word: String, among names: [String]) -> String? {
        ["v", "ver"].contains(key(word)) ? "--version" : nearest(to: key(word), among: names.map { (key($0), $0) })
    }

    /// What to say of an option that a command does not have.
    static func refusal(ofOption word: String, in command: String, _ known: CommandOptions) -> String {
        let start = "Unknown option '\(word)'."
        let key = Self.key(word)
        if ["checkpoint", "model", "model-path", "load", "m"].contains(key), command != "train" {
            return "\(start) The checkpoint stands alone: char-rnn \(command) FILE."
        }
        if let alias = aliases.first(where: { $0.words.contains(key) && known[first($0.option)] != nil }) {
            return "\(start) Did you mean '\(alias.option)'?"
        }
        if ["o", "out", "output"].contains(key), known["--output"] == nil {
            let way =
                command == "convert"
                ? "The output stands alone, after the model: char-rnn convert MODEL OUTPUT."
                : "What it prints goes to standard output; > FILE puts it into a file."
            return "\(start) \(way)"
        }
        var candidates = known.names.map { (key: Self.key($0), value: $0) }
        for (name, option) in TorchOptions.names where known[option] != nil {
            candidates.append((key: Self.key(name), value: option))
        }
        let ofTorch = TorchOptions.name(word).flatMap { TorchOptions.names[$0] }
        if ofTorch == nil, let option = nearest(to: key, among: candidates) {
            return "\(start) Did you mean '\(option)'?"
        }
        let option = ofTorch ?? "--" + key
        let others = CharRNNCommand.commands.filter { CommandOptions(of: $0.type)[option] != nil }.map(\.name)
        guard !others.isEmpty else { return start }
        return "\(start) It belongs to \(others.joined(separator: ", ")), not to \(command)."
    }

    private static func key(_ option: String) -> String {
        String(option.drop { $0 == "-" }.map { $0 == "_" ? "-" : $0 }).lowercased()
    }

    private static func first(_ words: String) -> String { String(words.prefix { $0 != " " }) }

    /// What people type who know other programs; of several options, the first that the command has.
    private static let aliases = """
        --max-epochs: epochs epoch num-epochs n-epochs e
        --max-iterations: steps iters iterations max-iters max-steps num-steps num-iters train-steps
        --length: steps n l size chars num-chars characters tokens num-tokens max-length max-tokens max-new-tokens
        --length: n-predict
        --learning-rate: lr step-size eta alpha
        --learning-rate-decay: lr-decay lr-decay-factor gamma
        --learning-rate-decay-after: lr-decay-every decay-after
        --data-dir: data dataset input text corpus file train train-file train-data data-path input-txt input-h5 d
        --hidden-size: hidden hidden-dim hidden-units n-hidden nhid units num-units rnn-units size dim
        --layers: n-layers n-layer nlayers depth
        --cell gru: gru
        --cell lstm: lstm
        --cell rnn: rnn
        --cell: type rnn-type model-type cell-type arch architecture
        --batch-size: bs batch b minibatch mini-batch-size
        --sequence-length: seq-len seqlen seq block-size context context-length bptt window
        --temperature 0: greedy argmax
        --temperature: t temp
        --top-p: nucleus p
        --top-k: k
        --prime: prompt start start-text prefix seed-text begin context
        --prime-file: prompt-file start-file
        --count: samples num-samples nsamples num number
        --checkpoint-dir: out o output output-dir out-dir outdir save save-dir model-dir checkpoint-name
        --label: name run-name run tag
        --checkpoint-every: save-every save-interval checkpoint-interval
        --eval-every: eval-interval val-every validate-every
        --print-every: log-interval log-every report-every
        --keep-last: keep max-to-keep max-checkpoints save-total-limit
        --keep-best: save-best best
        --resume: continue restore resume-from checkpoint
        --init-from: load init pretrained weights finetune model-path
        --clip-norm: max-grad-norm clip-grad-norm max-norm
        --clip: gradient-clip gradient-clipping clip-grad clip-value
        --min-frequency: min-freq min-count mincount minimum-frequency vocab-min-freq threshold
        --document-separator: separator sep delimiter eos documents doc-separator
        --validation-fraction: val val-split val-size val-fraction valid validation-split
        --optimizer adam: adam
        --optimizer: optim opt solver
        --seed: random-seed manual-seed rng
        --device cpu: cpu no-cuda no-gpu
        --opencl: gpu gpus cuda use-gpu
        --quiet: q silent
        --force: f overwrite yes
        --to onnx: onnx
        --to pytorch: to-pytorch
        --from pytorch: from-pytorch pytorch
        --to: format
        """.split(separator: "\n").map { line in
            let parts = line.split(separator: ": ")
            return (option: String(parts[0]), words: parts[1].split(separator: " ").map(String.init))
        }

    // MARK: Likeness

    /// What stands for the key that is most like `word`; nil where none is. Its beginning is as good as a letter's
    /// difference.
    private static func nearest(to word: String, among candidates: [(key: String, value: String)]) -> String? {
        guard word.count > 2 else { return candidates.first { $0.key == word }?.value }
        let likely = candidates.map { key, value in
            (distance: key.hasPrefix(word) ? min(1, distance(word, key)) : distance(word, key), key: key, value: value)
        }
        let best = likely.min { ($0.distance, $0.key.count, $0.key) < ($1.distance, $1.key.count, $1.key) }
        return best.flatMap { $0.distance <= max(1, word.count / 4) ? $0.value : nil }
    }

    /// How many letters are to be put in, left out, replaced, or exchanged with their neighbour, to make one word of the
    /// other (Damerau 1964, no letter touched twice).
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
