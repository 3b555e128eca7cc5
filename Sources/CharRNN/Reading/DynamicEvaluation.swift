import OpenCLCompute

/// A model that goes on learning from the text that it reads: dynamic evaluation (Krause et al. 2018, "Dynamic Evaluation of
/// Neural Sequence Models"). What was said lately will be said again, and the model expects it then.
///
/// ```swift
/// var evaluation = try DynamicEvaluation(model)
/// let logarithms = try evaluation.logProbabilities(feeding: text)
/// ```
///
/// It reads S tokens at a time. What it says of them it says before it learns from them, so it is never told what is to come.
/// Whatever the parts in which a text is fed, the segments are the same. The model that it was made with does not change.
/// A value: a copy goes its own way from there.
public struct DynamicEvaluation: Sendable {
    /// How the parameters θ follow the gradient g of the mean loss of a segment and are drawn back to θ₀, as they were
    /// trained. The rates that stand here are those that were best for an LSTM of 2 × 128 units and Shakespeare's plays.
    public enum Rule: Sendable {
        /// θ ← θ − ηg + λ(θ₀ − θ).
        case sgd(learningRate: Float = 0.01, decay: Float = 0.001)
        /// θ ← θ − ηg / (√M + ε) + min(λr, 1)(θ₀ − θ) with M the mean squares of the gradient and r = √M / mean √M: a parameter
        /// that the training text has moved much may go far and is drawn back the more.
        case rms(GradientStatistics, learningRate: Float = 0.0004, decay: Float = 0.005, epsilon: Float = 1e-4)

        /// What makes it no rule.
        fileprivate var defect: String? {
            let (learningRate, decay, epsilon): (Float, Float, Float)
            switch self {
            case .sgd(let rate, let share): (learningRate, decay, epsilon) = (rate, share, 1)
            case .rms(_, let rate, let share, let least): (learningRate, decay, epsilon) = (rate, share, least)
            }
            if !(learningRate >= 0 && learningRate.isFinite) { return "a learning rate of \(learningRate)" }
            if !(0...1).contains(decay) { return "a decay of \(decay)" }
            return epsilon > 0 && epsilon.isFinite ? nil : "an epsilon of \(epsilon)"
        }
    }

    /// S, the tokens after which it learns.
    public let segmentLength: Int
    /// V tokens, those of the model.
    public let vocabulary: Vocabulary
    private var network: AdaptiveNetwork
    /// The tokens since the last segment, the last of which is still to be answered.
    private var pending: [Int] = []
    /// How many of the tokens that follow the first pending one have got their number.
    private var answered = 0
    /// The state before the first pending token.
    private var state: LanguageModel.State

    /// - Parameters:
    ///   - model: read as it is; what is learned stays here.
    ///   - rule: how it learns.
    ///   - segmentLength: S, after how many tokens it learns.
    /// - Throws: ``QuantizedWeightsError`` for a model of 8 bits; `DeviceError` when the device has not enough memory.
    public init(_ model: LanguageModel, rule: Rule = .sgd(), segmentLength: Int = 20) throws {
        precondition(segmentLength > 0, "segments of \(segmentLength) tokens")
        if let defect = rule.defect { preconditionFailure("dynamic evaluation with \(defect)") }
        try model.requireTrainable()
        self.segmentLength = segmentLength
        vocabulary = model.vocabulary
        network = try AdaptiveNetwork(model, rule: rule, steps: segmentLength)
        state = model.zeroState()
    }

    /// Reads some tokens, and tells ln p of each given all that was read before it, by the model as it has become by then.
    /// The very first token has no number. A token that the vocabulary has not is a programmer error.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; ``BrokenModelError``, also when it learns too fast;
    ///   `DeviceError`. An evaluation that has thrown is of no more use.
    public mutating func logProbabilities(feeding tokens: some Sequence<Int>) throws -> [Double] {
        let queue = pending + tokens
        for token in queue { vocabulary.check(token) }
        if !isKnownUniquelyReferenced(&network) { network = try network.copy() }
        var result: [Double] = []
        var first = 0
        while queue.count - first > segmentLength {
            try Task.checkCancellation()
            result += try network.read(queue[first...first + segmentLength], from: state).dropFirst(answered)
            state = try network.learn()
            answered = 0
            first += segmentLength
        }
        let known = max(0, queue.count - first - 1)
        if known > answered {
            result += try network.read(queue[first...], from: state)[answered..<known]
            answered = known
        }
        pending = Array(queue[first...])
        return result
    }

    /// The same of a text.
    ///
    /// - Throws: also ``VocabularyError`` for a character that the model does not know.
    public mutating func logProbabilities(feeding text: String) throws -> [Double] {
        try logProbabilities(feeding: try vocabulary.encode(text))
    }

    /// A model with the parameters as they are now, to write with or to keep.
    ///
    /// - Throws: `DeviceError`.
    public func adaptedModel() throws -> LanguageModel { try LanguageModel(copying: network.model) }
}

/// How large the gradients of a model's parameters are over some text: the mean of g² over segments, for
/// ``DynamicEvaluation/Rule/rms(_:learningRate:decay:epsilon:)``.
public struct GradientStatistics: Sendable {
    /// Of each parameter in the order of the layout.
    let meanSquares: [Float]
}

extension LanguageModel {
    /// Reads a text, best a part of that with which the model was trained, and keeps the mean squares of the gradient.
    ///
    /// - Parameters:
    ///   - tokens: the text, longer than a segment.
    ///   - segmentLength: that of the ``DynamicEvaluation`` which they are for.
    /// - Throws: ``QuantizedWeightsError`` of a model of 8 bits; `CancellationError` when the task is cancelled,
    ///   ``BrokenModelError``, `DeviceError`.
    public func gradientStatistics(
        of tokens: some Collection<Int>, segmentLength: Int = 20
    ) throws -> GradientStatistics {
        let tokens = Array(tokens)
        precondition(
            segmentLength > 0 && tokens.count > segmentLength,
            "segments of \(segmentLength) tokens in a text of \(tokens.count)")
        for token in tokens { vocabulary.check(token) }
        try requireTrainable()
        let network = try SegmentNetwork(parameters, steps: segmentLength)
        let meanSquares = try Parameters(parameters.layout, on: backend).buffer
        let unmoved = try Parameters(parameters.layout, on: backend).buffer
        var state = zeroState()
        var segments: Float = 0
        for first in stride(from: 0, to: tokens.count - segmentLength, by: segmentLength) {
            try Task.checkCancellation()
            _ = try network.read(tokens[first...first + segmentLength], from: state)
            // A step of RMSProp that moves nothing takes the squares into their mean.
            try backend.rmsProp(
                unmoved, gradient: network.gradient.buffer, meanSquare: meanSquares, clipping: .none, learningRate: 0,
                decay: segments / (segments + 1), epsilon: 1, norms: network.norms)
            state = try network.state()
            segments += 1
        }
        // The gradients were those of the sums over segments.
        let squaredSteps = Float(segmentLength * segmentLength)
        return GradientStatistics(meanSquares: try backend.read(meanSquares).map { $0 / squaredSteps })
    }
}
