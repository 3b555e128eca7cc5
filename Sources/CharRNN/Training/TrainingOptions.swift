import OpenCLCompute

/// How a ``Trainer`` learns, besides the batches themselves; the defaults are char-rnn's.
public struct TrainingOptions: Codable, Hashable, Sendable {
    /// How parameters follow their gradient.
    public var optimizer: Optimizer
    /// How the gradient is kept from exploding.
    public var clipping: GradientClipping
    /// How the learning rate falls.
    public var decay: LearningRateDecay
    /// Of the dropout masks.
    public var seed: UInt64

    public init(
        optimizer: Optimizer = .rmsProp(), clipping: GradientClipping = .value(5),
        decay: LearningRateDecay = .init(), seed: UInt64 = 123
    ) {
        self.optimizer = optimizer
        self.clipping = clipping
        self.decay = decay
        self.seed = seed
    }
}

extension TrainingOptions {
    /// The first of the options with which nothing can be learned; nil where all are well.
    var defect: String? {
        let share: (Float) -> Bool = { $0 >= 0 && $0 < 1 }
        let isValid: Bool =
            switch optimizer {
            case .rmsProp(let rate, let decay, let epsilon):
                rate >= 0 && rate.isFinite && decay >= 0 && decay <= 1 && epsilon >= 0 && epsilon.isFinite
            case .adam(let rate, let beta1, let beta2, let epsilon):
                rate >= 0 && rate.isFinite && share(beta1) && share(beta2) && epsilon >= 0 && epsilon.isFinite
            }
        if !isValid { return "the optimizer \(optimizer)" }
        if !clipping.isValid { return "the clipping \(clipping), whose bound is not above 0" }
        return decay.factor >= 0 && !decay.firstEpoch.isNaN ? nil : "the decay \(decay)"
    }
}

extension Trainer {
    public typealias Options = TrainingOptions
}
