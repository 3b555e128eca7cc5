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
    /// Of the dropout masks and of ``resetProbability``.
    public var seed: UInt64
    /// d, with which the weights are averaged over the steps: after step t the average a becomes d·a + (1 − d)·x, where
    /// (1 + t)/(10 + t) stands for d as long as it is smaller. A trainer is then tried with the averages, and checkpoints
    /// hold them. Nil for none.
    public var averageDecay: Float?

    // Not there in files of runs that have none of them.
    private var accumulatedBatches: Int?
    private var frozenParameters: [String]?
    private var stateResets: Float?

    /// How many batches a step learns from, as if they were one with as many more streams, in the memory of one. The state
    /// goes from each to the next. 1 to 1,000,000.
    public var batchesPerStep: Int {
        get { accumulatedBatches ?? 1 }
        set { accumulatedBatches = newValue == 1 ? nil : newValue }
    }
    /// The parameters that stay as they are to the bit, by the names of ``Checkpoint/tensors``.
    public var frozen: [String] {
        get { frozenParameters ?? [] }
        set { frozenParameters = newValue.isEmpty ? nil : newValue }
    }
    /// With which probability a stream begins a batch in the zero state, in place of the one in which the batch before has
    /// ended; drawn for each stream of each batch. A model that is later to read texts from the zero state, or short ones,
    /// so learns what that means. 0 to 1.
    public var resetProbability: Float {
        get { stateResets ?? 0 }
        set { stateResets = newValue == 0 ? nil : newValue }
    }

    /// The defaults are char-rnn's.
    public init(
        optimizer: Optimizer = .rmsProp(), clipping: GradientClipping = .value(5),
        decay: LearningRateDecay = .init(), schedule: LearningRateSchedule? = nil, seed: UInt64 = 123,
        averageDecay: Float? = nil, batchesPerStep: Int = 1, frozen: [String] = [], resetProbability: Float = 0
    ) {
        self.optimizer = optimizer
        self.clipping = clipping
        self.decay = decay
        self.schedule = schedule
        self.seed = seed
        self.averageDecay = averageDecay
        self.batchesPerStep = batchesPerStep
        self.frozen = frozen
        self.resetProbability = resetProbability
    }
}

extension TrainingOptions {
    /// The first of the options with which nothing can be learned; nil where all are well.
    var defect: String? {
        if !optimizer.isValid { return "the optimizer \(optimizer)" }
        if let schedule, !schedule.isValid { return "the schedule \(schedule)" }
        if !clipping.isValid { return "the clipping \(clipping), whose bound is not above 0" }
        // More would never be meant, and a file may say anything.
        guard (1...1_000_000).contains(batchesPerStep) else { return "steps of \(batchesPerStep) batches" }
        if let averageDecay, !(averageDecay > 0 && averageDecay < 1) {
            return "averages by \(averageDecay), which is not between 0 and 1"
        }
        guard (0...1).contains(resetProbability) else { return "resets with a probability of \(resetProbability)" }
        return decay.factor >= 0 && !decay.firstEpoch.isNaN ? nil : "the decay \(decay)"
    }

    /// The first name of ``frozen`` that is none of a parameter.
    func unknownParameter(of layout: ParameterLayout) -> String? {
        frozen.first { name in !layout.entries.contains { $0.name == name } }
    }
}

extension Trainer {
    /// How a trainer learns.
    public typealias Options = TrainingOptions
}
