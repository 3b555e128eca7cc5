import CharRNN

/// What `char-rnn inspect` tells of a checkpoint.
struct CheckpointReport: Encodable {
    struct Validation: Encodable {
        let iteration: Int
        let loss: Double
    }

    let cell: RecurrentCell
    let layers, hiddenSize: Int
    let embeddingSize: Int?
    let dropout: Float
    let parameters: Int
    let precision: WeightPrecision
    let tokens: TokenKind
    let vocabularySize: Int
    /// What stands for all characters that the model does not know.
    let unknownToken: String?
    // Of the run, where there is one to continue.
    private(set) var iteration: Int?
    private(set) var epoch: Double?
    private(set) var batchSize, sequenceLength: Int?
    private(set) var optimizer, gradientClipping: String?
    private(set) var learningRate: Float?
    let options: [String: String]
    /// The mean of the last 100 steps, or of as many as there are.
    private(set) var trainingLoss: Double?
    let validations: [Validation]

    private let vocabulary: Vocabulary
    private let lossCount: Int

    private enum CodingKeys: CodingKey {
        case cell, layers, hiddenSize, embeddingSize, dropout, parameters, precision
        case tokens, vocabularySize, unknownToken
        case iteration, epoch, batchSize, sequenceLength, optimizer, gradientClipping, learningRate, options,
            trainingLoss, validations
    }

    init(_ checkpoint: Checkpoint) {
        let configuration = checkpoint.configuration
        vocabulary = configuration.vocabulary
        cell = configuration.cell
        layers = configuration.layerCount
        hiddenSize = configuration.hiddenSize
        embeddingSize = configuration.embeddingSize
        dropout = configuration.dropout
        parameters = checkpoint.parameterCount
        precision = checkpoint.precision
        tokens = vocabulary.kind
        vocabularySize = vocabulary.count
        unknownToken = configuration.vocabulary.unknownToken.map { configuration.vocabulary[$0] }
        options = checkpoint.options
        validations = checkpoint.validationLosses.sorted { $0.key < $1.key }.map {
            Validation(iteration: $0.key, loss: $0.value)
        }
        let last = checkpoint.losses.suffix(100)
        lossCount = last.count
        if !last.isEmpty { trainingLoss = Double(last.reduce(0, +)) / Double(last.count) }
        guard let training = checkpoint.trainingOptions, let shape = checkpoint.batchShape else { return }
        iteration = checkpoint.iteration
        epoch = checkpoint.epoch
        batchSize = shape.batchSize
        sequenceLength = shape.sequenceLength
        optimizer = training.optimizer.words
        gradientClipping = training.clipping.words
        learningRate = checkpoint.learningRate ?? 0
    }

    /// For people.
    var lines: [String] {
        let model = [
            "cell: \(cell)",
            "layers: \(layers)",
            "hidden size: \(hiddenSize)",
            embeddingSize.map { "embedding size: \($0)" },
            "dropout: \(dropout)",
            "parameters: \(Count(parameters))",
            precision == .int8 ? "weights: of 8 bits" : nil,
            "vocabulary: \(Count(vocabulary.count)) \(vocabulary.kind.rawValue): "
                + (0..<min(vocabulary.count, 100)).map { vocabulary.quoted($0) }.joined(separator: " "),
            vocabulary.unknownToken.map { "characters that it does not know: read as \(vocabulary.quoted($0))" },
        ]
        var lines = model.compactMap(\.self)
        if let iteration, let epoch, let batchSize, let sequenceLength, let optimizer, let gradientClipping {
            lines += [
                "iteration: \(iteration)",
                "epoch: \(fixed(epoch, 2))",
                "batch size: \(batchSize)",
                "sequence length: \(sequenceLength)",
                "optimizer: \(optimizer)",
                "gradient clipping: \(gradientClipping)",
                "learning rate: \(learningRate ?? 0)",
            ]
        }
        lines += options.sorted { $0.key < $1.key }.map { onOneLine("\($0.key): \($0.value)") }
        if let trainingLoss { lines.append("training loss, mean of the last \(lossCount): \(fixed(trainingLoss, 4))") }
        return lines + validations.map { "validation loss at iteration \($0.iteration): \(fixed($0.loss, 4))" }
    }
}

extension Optimizer {
    /// All but the learning rate, which is told by itself.
    fileprivate var words: String {
        switch self {
        case .rmsProp(_, let decay, _): "rmsprop, decay rate \(decay)"
        case .adam(_, let beta1, let beta2, _): "adam, beta1 \(beta1), beta2 \(beta2)"
        case .adamW(let adamW): adamW.words
        case .muon(let muon):
            "muon, momentum \(muon.momentum), weight decay \(muon.weightDecay); beside it \(muon.others.words), learning rate "
                + "\(muon.others.learningRate)"
        }
    }
}

extension AdamW {
    fileprivate var words: String { "adamw, beta1 \(beta1), beta2 \(beta2), weight decay \(weightDecay)" }
}

extension GradientClipping {
    fileprivate var words: String {
        switch self {
        case .none: "none"
        case .value(let bound): "each component to \(bound) at most"
        case .norm(let bound): "the norm to \(bound) at most"
        }
    }
}
