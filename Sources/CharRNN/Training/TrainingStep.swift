/// One step of training. Its numbers come from the device when they are asked for, which waits for the step.
public struct TrainingStep {
    /// Counted from 1.
    public let iteration: Int
    /// Passes over the training batches, whole at the end of each.
    public let epoch: Double
    /// The rate that this step used.
    public let learningRate: Float
    /// The rate of the next step, unless ``Trainer/learningRate`` is set before it, or a schedule goes on.
    public let nextLearningRate: Float

    /// How many characters it has learned to predict.
    public let characterCount: Int

    let log: StepLog

    /// The mean of −ln p over the batch's characters, before the step, in nats per character.
    public var loss: Float { get throws { try log.entry(iteration).loss } }
    /// The Euclidean norm of the gradient after clipping.
    public var gradientNorm: Float { get throws { try log.entry(iteration).gradientSquares.squareRoot() } }
    /// The Euclidean norm of the parameters after the step.
    public var parameterNorm: Float { get throws { try log.entry(iteration).parameterSquares.squareRoot() } }
}
