import OpenCLCompute

/// How a ``Trainer`` learns, besides the batches themselves; the defaults are char-rnn's.
public struct TrainingOptions: Codable, Hashable, Sendable {
    /// How parameters follow their gradient.
    public var optimizer: Optimizer
    /// How the gradient is kept from exploding.
    public var clipping: GradientClipping
    /// How the learning rate falls from epoch to epoch.
    public var decay: LearningRateDecay
    /// How it goes over the whole run besides, of which ``Trainer/progress`` tells the share that is over.
    public var schedule: LearningRateSchedule?
    /// Of the dropout masks.
    public var seed: UInt64

    public init(
        optimizer: Optimizer = .rmsProp(), clipping: GradientClipping = .value(5),
        decay: LearningRateDecay = .init(), schedule: LearningRateSchedule? = nil, seed: UInt64 = 123
    ) {
        self.optimizer = optimizer
        self.clipping = clipping
        self.decay = decay
        self.schedule = schedule
        self.seed = seed
    }
}

extension TrainingOptions {
    /// The first of the options with which nothing can be learned; nil where all are well.
    var defect: String? {
        if !optimizer.isValid { return "the optimizer \(optimizer)" }
        if let schedule, !schedule.isValid { return "the schedule \(schedule)" }
        if !clipping.isValid { return "the clipping \(clipping), whose bound is not above 0" }
        return decay.factor >= 0 && !decay.firstEpoch.isNaN ? nil : "the decay \(decay)"
    }
}

extension Trainer {
    public typealias Options = TrainingOptions
}
