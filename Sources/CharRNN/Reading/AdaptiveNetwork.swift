import OpenCLCompute

/// The network of a ``DynamicEvaluation`` with parameters of its own, and the steps in which they change.
final class AdaptiveNetwork: @unchecked Sendable {
    // Unchecked: it belongs to one evaluation, and copies get their own before either changes.
    let model: LanguageModel
    private let segment: SegmentNetwork
    private let rule: DynamicEvaluation.Rule
    /// θ₀, and what the rule needs of it and the gradients. Nothing changes them, so that copies share them.
    private let trained: Buffer<Float>
    private let scales: Scales?

    /// What each parameter's steps are scaled by.
    private struct Scales {
        /// M
        let meanSquares: Buffer<Float>
        /// 1 / min(r, 1/λ)²
        let pulls: Buffer<Float>
    }

    private var backend: any Backend { model.backend }

    convenience init(_ model: LanguageModel, rule: DynamicEvaluation.Rule, steps: Int) throws {
        let (values, backend) = (try model.parameterValues(), model.backend)
        func buffer(_ values: [Float]) throws -> Buffer<Float> {
            let buffer = try backend.makeBuffer(of: Float.self, count: values.count)
            try backend.write(values, to: buffer)
            return buffer
        }
        var scales: Scales?
        if case .rms(let statistics, _, let decay, _) = rule {
            precondition(
                statistics.meanSquares.count == values.count,
                "statistics of \(statistics.meanSquares.count) parameters for \(values.count)")
            scales = Scales(
                meanSquares: try buffer(statistics.meanSquares), pulls: try buffer(statistics.pulls(decay: decay)))
        }
        try self.init(copying: model, rule: rule, steps: steps, trained: try buffer(values), scales: scales)
    }

    private init(
        copying model: LanguageModel, rule: DynamicEvaluation.Rule, steps: Int, trained: Buffer<Float>, scales: Scales?
    ) throws {
        self.model = try LanguageModel(copying: model)
        self.rule = rule
        self.trained = trained
        self.scales = scales
        segment = try SegmentNetwork(self.model.parameters, steps: steps)
    }

    /// Another that has learned the same, and goes its own way.
    func copy() throws -> AdaptiveNetwork {
        try AdaptiveNetwork(copying: model, rule: rule, steps: segment.steps, trained: trained, scales: scales)
    }

    /// ln p of the tokens after the first, from a state, and their gradient when there are S of them.
    ///
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    func read(_ tokens: ArraySlice<Int>, from state: LanguageModel.State) throws -> [Double] {
        try segment.read(tokens, from: state)
    }

    /// Takes the step of the rule after a whole segment was read, and returns the state at its end.
    func learn() throws -> LanguageModel.State {
        let (parameters, gradient, backend) = (model.parameters.buffer, segment.gradient.buffer, backend)
        switch rule {
        case .sgd(let rate, let decay):
            // The gradient is that of the sum over the segment.
            try backend.combine(gradient, times: -rate / Float(segment.steps), into: parameters, times: 1)
            if decay > 0 { try backend.combine(trained, times: decay, into: parameters, times: 1 - decay) }
        case .rms(_, let rate, let decay, let epsilon):
            try scaledStep(gradient, scales!.meanSquares, rate: rate / Float(segment.steps), epsilon: epsilon)
            if decay > 0 {
                // The gradient is needed no more: θ − θ₀ takes its place.
                try backend.copy(parameters, to: gradient)
                try backend.combine(trained, times: -1, into: gradient, times: 1)
                try scaledStep(gradient, scales!.pulls, rate: decay, epsilon: 0)
            }
        }
        return try segment.state()
    }

    /// x ← x − ηg / (√m + ε): a step of RMSProp whose mean squares stay as they are.
    private func scaledStep(_ gradient: Buffer<Float>, _ squares: Buffer<Float>, rate: Float, epsilon: Float) throws {
        try backend.rmsProp(
            model.parameters.buffer, gradient: gradient, meanSquare: squares, clipping: .none, learningRate: rate,
            decay: 1, epsilon: epsilon, norms: segment.norms)
    }
}

extension GradientStatistics {
    /// What a step divides by the root of, to go the share λ·min(r, 1/λ) of the way back with r = √M / mean √M: 1 / r², and a
    /// very large number where r is 0.
    fileprivate func pulls(decay: Float) -> [Float] {
        let roots = meanSquares.map { $0.squareRoot() }
        let mean = max(roots.reduce(0) { $0 + Double($1) } / Double(roots.count), .leastNormalMagnitude)
        return roots.map { root in
            let share = max(min(Float(Double(root) / mean), 1 / decay), 1e-12)
            return 1 / (share * share)
        }
    }
}

/// A network for one text that reads it segment by segment, and the gradient of the last one.
final class SegmentNetwork {
    /// S
    let steps: Int
    /// Of the sum of −ln p over the segment.
    let gradient: Parameters
    /// Where the steps of an optimizer leave their norms.
    let norms: Buffer<Float>
    private let network: UnrolledNetwork

    init(_ parameters: Parameters, steps: Int) throws {
        self.steps = steps
        network = try UnrolledNetwork(parameters, steps: steps, streams: StreamShare(all: 1), forTraining: true)
        gradient = try Parameters(parameters.layout, on: parameters.backend)
        norms = try parameters.backend.makeBuffer(of: Float.self, count: 2)
    }

    /// ln p of the tokens after the first, from a state, and their gradient when there are S of them.
    ///
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    func read(_ tokens: ArraySlice<Int>, from state: LanguageModel.State) throws -> [Double] {
        try network.setState(state)
        try network.run(
            Batch(rows: [Array(tokens)], steps: steps), dropout: nil,
            gradient: tokens.count > steps ? (gradient, 1) : nil)
        return try network.logProbabilities(steps: tokens.count - 1)
    }

    /// At the end of the segment that was read last.
    func state() throws -> LanguageModel.State { try network.state() }
}
