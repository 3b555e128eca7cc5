import ArgumentParser
import CharRNN
import FoundationEssentials
import Glibc

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn models of other programs into checkpoints, and checkpoints into what other programs read.",
        discussion: """
            Every command that takes a checkpoint also takes a .t7 of karpathy/char-rnn or jcjohnson/torch-rnn as it \
            is; converted it is smaller and opens in Python:
              char-rnn convert lm_lstm_epoch50.00_1.4.t7 shakespeare.safetensors

            An output that ends in .onnx becomes one file for ONNX Runtime: Python, browsers, C#, phones.
              char-rnn convert shakespeare.safetensors shakespeare.onnx

            --to pytorch writes a folder with weights.safetensors and model.py, which rebuilds the network in PyTorch \
            and lets it write.

            --to numpy writes a folder with weights.npz and sample.py, which needs NumPy alone.

            --precision int8 rounds the weights to 8 bits: a quarter of the bytes, without the run, and sampled several \
            times as fast where the model is large.
              char-rnn convert cv small.safetensors --precision int8

            --from pytorch reads the state dictionary of a module with an LSTM or RNN, a linear decoder, and an \
            embedding or none, which torch.save or safetensors has written. Nothing in it is run. It has no \
            characters; they are those of another checkpoint (--vocabulary-of) or of the text that it was trained on \
            (--text), in ascending order, or in the order of a file (--vocabulary-order): a list or an object in JSON, \
            or a text with each character once.
              char-rnn convert a.pt a.safetensors --from pytorch --vocabulary-order a.json
            """)

    enum Source: String, CaseIterable, ExpressibleByArgument {
        case pytorch
    }

    enum Target: String, CaseIterable, ExpressibleByArgument {
        case onnx, pytorch, numpy
    }

    @Argument(help: "The model to read; of a folder its best.", completion: .file())
    var input: String
    @Argument(
        help: "The checkpoint to write; the .onnx; or with --to pytorch or numpy the folder.", completion: .file())
    var output: String
    @Option(
        help: ArgumentHelp(
            "What to write: \(Target.names). Without it a checkpoint, or what the output's ending says.",
            valueName: "format"))
    var to: Target?
    @Option(
        help:
            "The precision of a checkpoint's weights: int8, a quarter of the size, for reading and writing; or float32."
    )
    var precision: WeightPrecision?
    @Option(help: "What to read, when it is neither a checkpoint nor a .t7: pytorch.")
    var from: Source?
    @Option(help: "With --from: a checkpoint with the same characters.", completion: .file())
    var vocabularyOf: String?
    @Option(help: "With --from: a text with the same characters.", completion: .file())
    var text: String?
    @Option(help: "With --from: a file with the characters in the order of the decoder's rows.")
    var vocabularyOrder: String?
    @Option(help: "With --from: what counts as a character there: \(DataOptions.kinds). (default: scalars)")
    var tokens: TokenKind?
    @Option(
        help: ArgumentHelp(
            "With --from: the cell, where a file does not tell: gru for the GRU of model.py, not torch.nn.GRU, and rnn "
                + "for one of tanh, not of relu."))
    var cell: RecurrentCell?
    @Flag(help: "Also write a model card: OUTPUT's name with .md, or README.md in the folder.")
    var card = false
    @Flag(help: "Overwrite what is already there.")
    var force = false
    // char-rnn converted from one device to another; here files are the same for all, so this is not used.
    @OptionGroup(visibility: .hidden) var device: DeviceOptions

    func validate() throws {
        try require(
            from == nil || [vocabularyOf, text, vocabularyOrder].count { $0 != nil } == 1,
            "--from pytorch: a state dictionary has no characters; name them with one of --vocabulary-of, --text and "
                + "--vocabulary-order.")
        try require(
            from != nil
                || vocabularyOf == nil && text == nil && vocabularyOrder == nil && cell == nil && tokens == nil,
            "--vocabulary-of, --text, --vocabulary-order, --tokens and --cell only work with --from pytorch.")
        try require(
            tokens == nil || vocabularyOf == nil, "--tokens: the checkpoint of --vocabulary-of has its own kind.")
        try require(
            precision == nil || to == nil && ending != "onnx",
            "--precision: only checkpoints can have weights of 8 bits; the other formats have floats.")
        // Which would overwrite what it is the name of.
        try require(
            to != nil || ending != "md",
            "\(output): that is the name of a model card, which stands beside a model; name the model, such as "
                + "\(output.dropLast(3)).safetensors, and add --card.")
        try require(
            to != nil || !Target.unwritten.contains(ending),
            "\(output): .\(ending) files are not written; give a .safetensors or .onnx, or a folder and --to pytorch or "
                + "numpy.")
        if let to, !to.suits(ending) {
            let advice = to == .onnx ? "give a name that ends in .onnx" : "give a folder's name, without .\(ending)"
            throw ValidationError("\(output): --to \(to) writes no .\(ending) file; \(advice).")
        }
        // As where a variable before the ending is not set.
        let name = URL(named: output).lastPathComponent
        try require(
            !Target.endings.contains { name == ".\($0)" }, "\(output): a name is missing before the ending.")
    }

    mutating func run() throws {
        if to?.files.isEmpty == false {
            while output.count > 1, output.hasSuffix("/") { output.removeLast() }
        }
        let files = target?.files.map { "\(output)/\($0)" } ?? []
        try requireFolder(of: output)
        for file in (files.isEmpty ? [output] : files) + (card ? [cardFile] : []) {
            // `convert old/*.safetensors` names the second file for an output.
            try requireFree(file, force: force)
        }
        var checkpoint = try read()
        if let precision { checkpoint = try checkpoint.converted(to: precision) }
        let file = URL(named: output)
        switch target {
        case .onnx: try checkpoint.writeONNX(to: file)
        case .pytorch: try checkpoint.writePyTorch(to: file)
        case .numpy: try checkpoint.writeNumPy(to: file)
        case nil: try checkpoint.write(to: file)
        }
        let written = files.isEmpty ? output : "the folder \(output)"
        Console.note(
            target == .onnx
                ? "wrote \(written); open it with: \(session) in Python; "
                    + "\(card ? "the card has" : "--card also writes") a program that samples from it"
                : "wrote \(written); let it write with: \(sampling(target))")
        if card {
            let name = URL(named: output).deletingPathExtension().lastPathComponent
            try checkpoint.writeCard(to: URL(named: cardFile), title: name, sampling: sampling(target))
            Console.note("wrote \(cardFile), which asks you for the text and the licence")
        }
    }

    private var target: Target? { to ?? (ending == "onnx" ? .onnx : nil) }

    private var cardFile: String {
        if target?.files.isEmpty == false { return "\(output)/README.md" }
        return (ending.isEmpty ? output : String(output.dropLast(ending.count + 1))) + ".md"
    }

    /// What lets the model write.
    private func sampling(_ target: Target?) -> String {
        switch target {
        case .onnx: ONNXSampling.program(file: output)
        case .pytorch: "python3 \(shellPath("\(output)/model.py")) --length 500"
        case .numpy: "python3 \(shellPath("\(output)/sample.py")) 500"
        case nil: "char-rnn sample \(shellPath(output))"
        }
    }

    private var session: String { "onnxruntime.InferenceSession(\(pythonFile(output)))" }

    private var ending: String { URL(named: output).pathExtension.lowercased() }

    private func read() throws -> Checkpoint {
        let file = URL(named: input)
        guard from == .pytorch else { return try Checkpoint(contentsOf: CheckpointChoice.best(input)) }
        guard !CheckpointChoice.isFolder(input) else {
            throw Failure("\(input) is a folder; name the file in it that has the state dictionary")
        }
        let tokens = tokens ?? .scalars
        let order = try vocabularyOrder.map { try VocabularyOrder(contentsOf: $0, kind: tokens) }
        let vocabulary =
            if let order {
                order.vocabulary
            } else if let vocabularyOf {
                try Checkpoint(contentsOf: CheckpointChoice.best(vocabularyOf)).configuration.vocabulary
            } else {
                try TextInput.vocabulary(of: text!, kind: tokens)
            }
        let checkpoint = try Checkpoint(pyTorch: file, vocabulary: vocabulary, order: order?.numbers, cell: cell)
        if let ignored = checkpoint.options["ignored"] {
            Console.note("note: ignored, since it is not part of the network: \(ignored)")
        }
        return checkpoint
    }
}

extension Convert.Target {
    static let names = allCases.map(\.rawValue).joined(separator: ", ")
    /// Endings by which somebody expects a file that we do not write.
    static let unwritten: Set<String> = ["t7", "pt", "pth", "ckpt", "npz", "gguf", "h5", "keras"]

    /// Those and what we write.
    static let endings = unwritten.union(["safetensors", "onnx", "md"])

    /// Whether a name with this ending may be that of the output, which is a file for .onnx, and else a folder.
    func suits(_ ending: String) -> Bool {
        ending == "onnx" ? self == .onnx : !Self.endings.contains(ending)
    }

    /// What is written into the output, when that is a folder.
    var files: [String] {
        switch self {
        case .onnx: []
        // The program beside them is the same for every model, and another one is not touched.
        case .pytorch: ["weights.safetensors"]
        case .numpy: ["weights.npz"]
        }
    }
}
