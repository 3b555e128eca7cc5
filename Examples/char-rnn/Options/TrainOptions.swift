import ArgumentParser
import CharRNN

// Both libraries are of this package, and will not conform to what only a command needs.

// swift-format-ignore: AvoidRetroactiveConformances
extension RecurrentCell: @retroactive ExpressibleByArgument {
    /// Papers write minGRU.
    public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}
// swift-format-ignore: AvoidRetroactiveConformances
extension TokenKind: @retroactive ExpressibleByArgument {}

enum SplitName: String, CaseIterable, ExpressibleByArgument {
    case streams, nano

    var split: TextSplit { self == .nano ? .text : .streams }
}

/// The text and how it is cut.
struct DataOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Your text: a folder with input.txt or other .txt files, a file (.gz, .zst and .xz too), a pattern ('*.txt'), or "
                + "- for standard input. Several are one text, in their order. "
                + "(default: \(Self.exampleFolder), or that of the run to --resume)", valueName: "text"),
        completion: .file())
    var dataDir: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Another text to validate on, named in the same ways but for -; all of --data-dir is then to train on. "
                + "(default: none, or that of the run to --resume)", valueName: "text"),
        completion: .file())
    var validationText: [String] = []
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Cut the text into documents where this stands (\\n is a line break), to be read each from the zero state, in "
                + "another order every epoch; the last are to validate on. (default: the text is one)",
            valueName: "separator"))
    var documentSeparator: String?
    @Option(help: "What counts as a character: \(Self.kinds). (default: scalars, or those of --init-from)")
    var tokens: TokenKind?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Characters that occur fewer times in the text are one token, U+FFFD, and so is later what the model does not "
                + "know. (default: each has its own)", valueName: "times"))
    var minFrequency: Int?
    @Option(parsing: .unconditional, help: "The share of the text to train on. (default: 0.95, of nano 0.9)")
    var trainFraction: Double?
    @Option(
        parsing: .unconditional,
        help:
            "The share of the text to validate on; what is left of 1 is tested on at the end. (default: 0.05, of nano 0.1)"
    )
    var validationFraction: Double?
    @Option(
        help: ArgumentHelp(
            "Where to validate: streams, on the end of each stream, as char-rnn; or nano, on the end of the text, as "
                + "nanoGPT.", valueName: "place"))
    var split = SplitName.streams

    /// Nil where none is named.
    var text: TrainingText? { dataDir.isEmpty ? nil : TrainingText(dataDir) }
    /// The text to validate on; nil where none is named.
    var ownValidation: TrainingText? { validationText.isEmpty ? nil : TrainingText(validationText) }

    func validate() throws {
        try require(minFrequency ?? 1 > 0, "--min-frequency \(minFrequency ?? 0): at least 1 is needed.")
        try require(
            minFrequency == nil || tokens != .bytes,
            "--min-frequency counts characters, and of --tokens bytes there are 256 at most; give one of them.")
        if let documentSeparator {
            try require(documentSeparator != "", "--document-separator: it needs a text, such as '\\n'.")
            try require(
                Escapes.read(documentSeparator) != nil,
                "--document-separator \(documentSeparator): \(Escapes.advice).")
            try require(
                split == .nano || !CommandLineWords.typed.contains("--split"),
                "--split streams: with --document-separator there are documents in place of streams; give one of them.")
        }
        try require(
            dataDir == ["-"] || !dataDir.contains("-"),
            "--data-dir -: standard input is a text of its own; save it as a file to read it with others.")
        try require(
            !validationText.contains("-"), "--validation-text -: standard input is for --data-dir; save it as a file.")
        try require(
            validationText.isEmpty || validationFraction ?? 0 == 0,
            "--validation-text is validated on in place of a --validation-fraction; give one.")
    }

    /// Of a new run; one that is resumed has its own.
    func validateFractions() throws {
        let (training, validation) = fractions
        try require(training > 0 && training <= 1, "--train-fraction \(training): it must be above 0 and at most 1.")
        try require((0...1).contains(validation), "--validation-fraction \(validation): it must be 0 to 1.")
        // Within the rounding of 0.95 + 0.05.
        try require(
            training + validation < 1 + 1e-9,
            "--train-fraction \(training)\(trainFraction == nil ? " (the default)" : "") and --validation-fraction "
                + "\(validation)\(validationFraction == nil ? " (the default)" : ""): together they must be at most 1.")
    }

    /// How much to train on and to validate on.
    var fractions: (training: Double, validation: Double) {
        let usual = !validationText.isEmpty ? (1, 0) : split == .nano ? (0.9, 0.1) : (0.95, 0.05)
        return (trainFraction ?? usual.0, validationFraction ?? usual.1)
    }

    static let kinds = TokenKind.allCases.map(\.rawValue).joined(separator: ", ")
    static let exampleFolder = "data/tinyshakespeare"
}

/// The shape of a batch.
struct BatchOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "How many characters a sequence has: as far back as the gradients flow.")
    var sequenceLength = 50
    @Option(parsing: .unconditional, help: "How many sequences are learned from side by side.")
    var batchSize = 50

    func validate() throws {
        try require(sequenceLength > 0, "--sequence-length \(sequenceLength): at least 1 is needed.")
        try require(batchSize > 0, "--batch-size \(batchSize): at least 1 is needed.")
    }

    /// Refuses what would take hours to measure.
    func requireMeasurable() throws {
        let (characters, overflow) = batchSize.multipliedReportingOverflow(by: sequenceLength)
        try require(
            !overflow && characters <= 1_000_000,
            "--batch-size \(batchSize) of --sequence-length \(sequenceLength): more than 1,000,000 characters a batch "
                + "are not measured; make one of them smaller.")
    }
}

/// The network.
struct ModelOptions: ParsableArguments {
    @Option(help: "The kind of layer: \(RecurrentCell.allCases.map(\.rawValue).joined(separator: ", ")).")
    var cell = RecurrentCell.lstm
    @Option(parsing: .unconditional, help: "The units of each layer.")
    var hiddenSize = 128
    @Option(parsing: .unconditional, help: "The number of layers.")
    var layers = 2
    @Option(parsing: .unconditional, help: "The share of units dropped between layers, and of an embedding: 0 ≤ p < 1.")
    var dropout: Float = 0
    @Option(
        parsing: .unconditional,
        help: "The numbers that stand for a character where it enters the first layer. (default: none, one-hot)")
    var embeddingSize: Int?

    func validate() throws {
        try require(embeddingSize ?? 1 > 0, "--embedding-size \(embeddingSize ?? 0): at least 1 is needed.")
        try require(
            embeddingSize ?? 1 <= 100_000, "--embedding-size \(embeddingSize ?? 0): more than 100000 are not possible.")
        try require(hiddenSize > 0, "--hidden-size \(hiddenSize): at least 1 is needed.")
        try require(layers > 0, "--layers \(layers): at least 1 is needed.")
        try require(layers <= 1000, "--layers \(layers): more than 1000 are not possible.")
        try require(dropout >= 0 && dropout < 1, "--dropout \(dropout): it must be at least 0 and below 1.")
    }
}

/// A validation error for what must be true and is not; NaN never is.
func require(_ condition: Bool, _ message: String) throws {
    if !condition { throw ValidationError(message) }
}
