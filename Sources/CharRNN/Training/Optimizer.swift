import OpenCLCompute

/// How parameters follow their gradient; `Backend` has the equations.
public enum Optimizer: Codable, Hashable, Sendable {
    /// char-rnn's optimizer: `decay` is its `decay_rate` (PyTorch's alpha), ε stands outside the root.
    case rmsProp(learningRate: Float = 2e-3, decay: Float = 0.95, epsilon: Float = 1e-8)
    /// With the paper's constants, and char-rnn's learning rate.
    case adam(learningRate: Float = 2e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)

    /// The rate of the first step.
    public var learningRate: Float {
        switch self {
        case .rmsProp(let learningRate, _, _), .adam(let learningRate, _, _, _): learningRate
        }
    }

    /// What files call the moments that the optimizer keeps for each parameter.
    var momentNames: [String] {
        switch self {
        case .rmsProp: ["mean_square"]
        case .adam: ["mean", "mean_square"]
        }
    }

    /// Takes step number `iteration`, counted from 1.
    func step(
        _ parameters: Parameters, gradient: Parameters, moments: [Parameters], clipping: GradientClipping,
        learningRate: Float, iteration: Int, norms: Buffer<Float>
    ) throws {
        let backend = parameters.backend
        switch self {
        case .rmsProp(_, let decay, let epsilon):
            try backend.rmsProp(
                parameters.buffer, gradient: gradient.buffer, meanSquare: moments[0].buffer, clipping: clipping,
                learningRate: learningRate, decay: decay, epsilon: epsilon, norms: norms)
        case .adam(_, let beta1, let beta2, let epsilon):
            try backend.adam(
                parameters.buffer, gradient: gradient.buffer, mean: moments[0].buffer, meanSquare: moments[1].buffer,
                clipping: clipping, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
                iteration: iteration, norms: norms)
        }
    }
}

/// How the learning rate falls: by `factor` at the end of every epoch from number `firstEpoch` on.
public struct LearningRateDecay: Codable, Hashable, Sendable {
    /// 1 and above leave the rate as it is.
    public var factor: Float
    public var firstEpoch: Double

    public init(factor: Float = 0.97, firstEpoch: Double = 10) {
        self.factor = factor
        self.firstEpoch = firstEpoch
    }

    /// The rate after `iteration`, with so many iterations to an epoch.
    func rate(after iteration: Int, epochLength: Int, current: Float) -> Float {
        let isEpochEnd = iteration % epochLength == 0
        return isEpochEnd && factor < 1 && Double(iteration / epochLength) >= firstEpoch ? current * factor : current
    }
}
