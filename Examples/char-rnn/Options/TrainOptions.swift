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

enum OptimizerName: String, CaseIterable, ExpressibleByArgument {
    case rmsprop, adam
}

/// The text and how it is cut.
struct DataOptions: ParsableArguments {
    @Option(
        help: "The folder with your input.txt. (default: \(Self.exampleFolder), or that of the run to --resume)",
        completion: .directory)
    var dataDir: String?
    @Option(help: "What counts as a character: \(Self.kinds). (default: scalars, or those of --init-from)")
    var tokens: TokenKind?
    @Option(parsing: .unconditional, help: "The share of the text to train on.")
    var trainFraction = 0.95
    @Option(
        parsing: .unconditional,
        help: "The share of the text to validate on; what is left of 1 is tested on at the end.")
    var validationFraction = 0.05

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
    @Option(parsing: .unconditional, help: "The share of units dropped between layers: 0 ≤ p < 1.")
    var dropout: Float = 0

    func validate() throws {
        try require(hiddenSize > 0, "--hidden-size \(hiddenSize): at least 1 is needed.")
        try require(layers > 0, "--layers \(layers): at least 1 is needed.")
        try require(layers <= 1000, "--layers \(layers): more than 1000 are not possible.")
        try require(dropout >= 0 && dropout < 1, "--dropout \(dropout): it must be at least 0 and below 1.")
    }
}

/// How to learn.
struct LearningOptions: ParsableArguments {
    @Option(help: "How the weights are changed: rmsprop, as in char-rnn, or adam.")
    var optimizer = OptimizerName.rmsprop
    @Option(parsing: .unconditional, help: "The step size.")
    var learningRate: Float = 0.002
    @Option(parsing: .unconditional, help: "What the step size is multiplied by at the end of an epoch; 1 for never.")
    var learningRateDecay: Float = 0.97
    @Option(parsing: .unconditional, help: "The first epoch at the end of which the step size changes.")
    var learningRateDecayAfter = 10.0
    @Option(parsing: .unconditional, help: "The smoothing of RMSProp's mean squares.")
    var decayRate: Float = 0.95
    @Option(parsing: .unconditional, help: "Hold each component of the gradient within ± this; 0 for no bound.")
    var clip: Float = 5
    @Option(parsing: .unconditional, help: "Scale the gradient down to this norm, in place of --clip.")
    var clipNorm: Float?
    @Option(parsing: .unconditional, help: "The seed of the initial weights and of dropout.")
    var seed = 123

    func validate() throws {
        try require(
            learningRate > 0 && learningRate.isFinite, "--learning-rate \(learningRate): it must be above 0.")
        try require(
            learningRateDecay > 0 && learningRateDecay.isFinite,
            "--learning-rate-decay \(learningRateDecay): it must be above 0.")
        try require(
            !learningRateDecayAfter.isNaN, "--learning-rate-decay-after \(learningRateDecayAfter): give an epoch.")
        try require(decayRate >= 0 && decayRate < 1, "--decay-rate \(decayRate): it must be at least 0 and below 1.")
        try require(clip >= 0, "--clip \(clip): it must not be negative.")
        try require(clipNorm.map { $0 > 0 } ?? true, "--clip-norm \(clipNorm ?? 0): it must be above 0.")
    }

    var trainerOptions: Trainer.Options {
        let optimizer: Optimizer =
            switch optimizer {
            case .rmsprop: .rmsProp(learningRate: learningRate, decay: decayRate)
            case .adam: .adam(learningRate: learningRate)
            }
        return Trainer.Options(
            optimizer: optimizer, clipping: clipNorm.map { .norm($0) } ?? (clip > 0 ? .value(clip) : .none),
            decay: LearningRateDecay(factor: learningRateDecay, firstEpoch: learningRateDecayAfter),
            seed: UInt64(bitPattern: Int64(seed)))
    }
}

/// A validation error for what must be true and is not; NaN never is.
func require(_ condition: Bool, _ message: String) throws {
    if !condition { throw ValidationError(message) }
}
