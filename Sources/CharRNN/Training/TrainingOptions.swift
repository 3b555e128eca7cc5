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

extension Trainer {
    public typealias Options = TrainingOptions
}
