import OpenCLCompute

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch's `AdamW` has it: x ← (1 − ηλ)x, then a step of
/// Adam. Biases do not decay.
public struct AdamW: Codable, Hashable, Sendable {
    /// η
    public var learningRate: Float
    /// Of the mean of the gradients.
    public var beta1: Float
    /// Of the mean of their squares.
    public var beta2: Float
    /// Added to the root of that mean.
    public var epsilon: Float
    /// λ, of all matrices.
    public var weightDecay: Float

    /// The defaults are those for recurrent networks; PyTorch's are 10⁻³, 0.9, 0.999, 10⁻⁸ and 0.01.
    public init(
        learningRate: Float = 4e-3, beta1: Float = 0.9, beta2: Float = 0.99, epsilon: Float = 1e-8,
        weightDecay: Float = 0.1
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    var isValid: Bool {
        let isShare: (Float) -> Bool = { $0 >= 0 && $0 < 1 }
        return learningRate >= 0 && learningRate.isFinite && isShare(beta1) && isShare(beta2) && epsilon >= 0
            && epsilon.isFinite && weightDecay >= 0 && learningRate * weightDecay < 1
    }

    func step(_ step: OptimizerStep) throws {
        let matrices = step.parameters.layout.entries.filter { !$0.isBias }
        try decay(step, matrices.map(\.range), rate: step.learningRate)
        try update(
            step, 0..<step.parameters.buffer.count, clipping: step.clipping, rate: step.learningRate, norms: step.norms)
    }

    /// Shrinks these parameters.
    func decay(_ step: OptimizerStep, _ ranges: [Range<Int>], rate: Float) throws {
        guard weightDecay > 0 else { return }
        for range in ranges {
            let x = step.parameters.buffer[range]
            try step.parameters.backend.combine(x, times: 1 - rate * weightDecay, into: x, times: 0)
        }
    }

    /// A step of Adam for these parameters.
    func update(
        _ step: OptimizerStep, _ range: Range<Int>, clipping: GradientClipping, rate: Float, norms: Buffer<Float>
    ) throws {
        try step.parameters.backend.adam(
            step.parameters.buffer[range], gradient: step.gradient.buffer[range], mean: step.moments[0].buffer[range],
            meanSquare: step.moments[1].buffer[range], clipping: clipping, learningRate: rate, beta1: beta1,
            beta2: beta2, epsilon: epsilon, iteration: step.iteration, norms: norms)
    }
}
