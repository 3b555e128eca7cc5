import ArgumentParser
import CharRNN
import FoundationEssentials

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn models of char-rnn, torch-rnn and PyTorch into checkpoints, and checkpoints into PyTorch's.",
        discussion: """
            Every command that takes a checkpoint also takes a .t7 of karpathy/char-rnn or jcjohnson/torch-rnn as it \
            is; converted it is smaller and opens in Python:
              char-rnn convert lm_lstm_epoch50.00_1.4.t7 shakespeare.safetensors

            --to pytorch writes a folder with weights.safetensors and model.py, which rebuilds the network in PyTorch \
            and lets it write.

            --from pytorch reads what safetensors.torch.save_file(model.state_dict(), path) has written of a module \
            with an LSTM or RNN and a linear decoder. Its characters are those of another checkpoint \
            (--vocabulary-of) or of the text that it was trained on (--text), in ascending order.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case pytorch
    }

    @Argument(help: "The model to read.", completion: .file())
    var input: String
    @Argument(help: "The checkpoint to write, or with --to the folder.", completion: .file())
    var output: String
    @Option(help: "What to write, when not a checkpoint: pytorch.")
    var to: Format?
    @Option(help: "What to read, when it is neither a checkpoint nor a .t7: pytorch.")
    var from: Format?
    @Option(help: "With --from: a checkpoint with the same characters.", completion: .file())
    var vocabularyOf: String?
    @Option(help: "With --from: a text with the same characters.", completion: .file())
    var text: String?
    @Option(help: "What counts as a character of that text: \(DataOptions.kinds).")
    var tokens = TokenKind.scalars
    @Option(help: "With --from: the cell; gru says that it is the GRU of model.py, not torch.nn.GRU.")
    var cell: RecurrentCell?
    // char-rnn converted from one device to another; here files are the same for all, so this is not used.
    @OptionGroup(visibility: .hidden) var device: DeviceOptions

    func validate() throws {
        try require(
            from == nil || (vocabularyOf == nil) != (text == nil),
            "--from pytorch: a state dictionary has no characters; name them with --vocabulary-of or --text.")
        try require(
            from != nil || vocabularyOf == nil && text == nil && cell == nil,
            "--vocabulary-of, --text and --cell belong to --from pytorch.")
        try require(!output.hasSuffix(".t7"), "\(output): .t7 files are read, not written; give a .safetensors.")
    }

    func run() throws {
        let checkpoint = try read()
        let file = URL(fileURLWithPath: output)
        switch to {
        case .pytorch:
            try checkpoint.writePyTorch(to: file)
            Console.note(
                "wrote \(output)/weights.safetensors and model.py; try: python \(output)/model.py --length 500")
        case nil:
            try checkpoint.write(to: file)
            Console.note("wrote \(output); let it write with: char-rnn sample \(output)")
        }
    }

    private func read() throws -> Checkpoint {
        let file = URL(fileURLWithPath: input)
        guard from == .pytorch else { return try Checkpoint(contentsOf: file) }
        let vocabulary =
            if let vocabularyOf {
                try Checkpoint(contentsOf: URL(fileURLWithPath: vocabularyOf)).configuration.vocabulary
            } else {
                try TextInput.vocabulary(of: text!, kind: tokens)
            }
        return try Checkpoint(pyTorch: file, vocabulary: vocabulary, cell: cell)
    }
}
