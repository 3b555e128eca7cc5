import OpenCLCompute

/// The network of a ``DynamicEvaluation`` with parameters of its own, and the steps in which they change.
///
/// The steps are those of RMSProp with mean squares that stay as they are, which every device has: of x, a gradient g and m
/// it makes x − ηg / (√m + ε). With m = 1 it is plain gradient descent.
final class AdaptiveNetwork: @unchecked Sendable {
    // Unchecked: it belongs to one evaluation, and copies get their own before either changes.
    let model: LanguageModel
    private let rule: DynamicEvaluation.Rule
    private let network: UnrolledNetwork
    private let gradient: Parameters
    /// m of the steps along the gradient, and of those back to the trained parameters; the second is empty without decay.
    private let scales, decayScales: Buffer<Float>
    /// −θ₀, and room for θ − θ₀; empty without decay.
    private let negatedTrained, difference: Buffer<Float>
    private let norms: Buffer<Float>

    private var backend: any Backend { model.backend }

    convenience init(_ model: LanguageModel, rule: DynamicEvaluation.Rule, steps: Int) throws {
        try self.init(copying: model, rule: rule, steps: steps, trained: model.parameterValues())
    }

    private init(copying original: LanguageModel, rule: DynamicEvaluation.Rule, steps: Int, trained: [Float]) throws {
        model = try LanguageModel(copying: original)
        self.rule = rule
        let backend = model.backend
        let count = trained.count
        network = try UnrolledNetwork(model.parameters, steps: steps, streams: StreamShare(all: 1), forTraining: true)
        gradient = try Parameters(model.parameters.layout, on: backend)
        norms = try backend.makeBuffer(of: Float.self, count: 2)
        func buffer(_ values: [Float]) throws -> Buffer<Float> {
            let buffer = try backend.makeBuffer(of: Float.self, count: values.count)
            try backend.write(values, to: buffer)
            return buffer
        }
        let ones = [Float](repeating: 1, count: count)
        let decays = rule.decay > 0
        switch rule {
        case .sgd:
            scales = try buffer(ones)
            decayScales = try buffer(decays ? ones : [])
        case .rms(let statistics, _, let decay, _):
            precondition(
                statistics.meanSquares.count == count,
                "statistics of \(statistics.meanSquares.count) parameters for \(count)")
            self.scales = try buffer(statistics.meanSquares)
            let roots = statistics.meanSquares.map { $0.squareRoot() }
            let mean = max(Float(roots.reduce(0) { $0 + Double($1) } / Double(count)), .leastNormalMagnitude)
            // The step divides by the root of what is here: 1 / r², r at most 1/λ, and next to nothing where it is 0.
            let scales = roots.map { root -> Float in
                let r = max(min(root / mean, 1 / decay), 1e-12)
                return 1 / (r * r)
            }
            decayScales = try buffer(decays ? scales : [])
        }
        negatedTrained = try buffer(decays ? trained.map { -$0 } : [])
        difference = try backend.makeBuffer(of: Float.self, count: decays ? count : 0)
    }

    func copy() throws -> AdaptiveNetwork {
        let trained = rule.decay > 0 ? try backend.read(negatedTrained).map { -$0 } : try model.parameterValues()
        return try AdaptiveNetwork(copying: model, rule: rule, steps: network.steps, trained: trained)
    }

    /// ln p of the tokens after the first, from a state, and their gradient when there are S of them; fewer are read as if
    /// token 0 followed.
    ///
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    func read(_ tokens: ArraySlice<Int>, from state: LanguageModel.State) throws -> [Double] {
        let steps = network.steps
        func padded(_ tokens: ArraySlice<Int>) -> [Int32] {
            tokens.prefix(steps).map { Int32($0) } + [Int32](repeating: 0, count: max(0, steps - tokens.count))
        }
        try network.setState(state)
        try network.run(
            Batch(batchSize: 1, steps: steps, inputs: padded(tokens), targets: padded(tokens.dropFirst())),
            dropout: nil,
            gradient: tokens.count > steps ? gradient : nil)
        return try network.logProbabilities(steps: steps)
    }

    /// Takes the steps of the rule after a whole segment was read, and returns the state at its end.
    func learn() throws -> LanguageModel.State {
        let (parameters, steps) = (model.parameters.buffer, Float(network.steps))
        // The gradient is that of the sum over the segment.
        try step(parameters, gradient.buffer, scales, rate: rule.learningRate / steps, epsilon: rule.epsilon)
        if rule.decay > 0 {
            try backend.copy(parameters, to: difference)
            try backend.add(negatedTrained, to: difference)
            try step(parameters, difference, decayScales, rate: rule.decay, epsilon: 0)
        }
        model.revisions.forgetFingerprint()
        return try network.state()
    }

    private func step(
        _ x: Buffer<Float>, _ gradient: Buffer<Float>, _ scales: Buffer<Float>, rate: Float, epsilon: Float
    ) throws {
        try backend.rmsProp(
            x, gradient: gradient, meanSquare: scales, clipping: .none, learningRate: rate, decay: 1, epsilon: epsilon,
            norms: norms)
    }

    /// Takes the gradient of a segment, the first of which is 0, into the mean of squares, which stands in the place of the
    /// scales, and returns the state at its end.
    func measure(segment: Int) throws -> LanguageModel.State {
        try backend.rmsProp(
            model.parameters.buffer, gradient: gradient.buffer, meanSquare: scales, clipping: .none, learningRate: 0,
            decay: Float(segment) / Float(segment + 1), epsilon: 1, norms: norms)
        return try network.state()
    }

    /// The mean squares of the gradient of a segment's mean loss.
    func measured() throws -> [Float] {
        let steps = Float(network.steps)
        return try backend.read(scales).map { $0 / (steps * steps) }
    }
}

extension DynamicEvaluation.Rule {
    fileprivate var learningRate: Float {
        switch self {
        case .sgd(let learningRate, _), .rms(_, let learningRate, _, _): learningRate
        }
    }

    fileprivate var decay: Float {
        switch self {
        case .sgd(_, let decay), .rms(_, _, let decay, _): decay
        }
    }

    fileprivate var epsilon: Float {
        switch self {
        case .sgd: 0
        case .rms(_, _, _, let epsilon): epsilon
        }
    }
}
