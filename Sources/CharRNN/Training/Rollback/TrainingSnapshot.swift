/// A copy of a run on its devices, to which it can return.
struct TrainingSnapshot {
    private(set) var iteration: Int
    /// With which the run goes on when it returns.
    var learningRate: Float
    private let memory: RunMemory

    /// - Throws: `DeviceError` when a device has not enough memory.
    init(of trainer: Trainer) throws {
        iteration = trainer.iteration
        learningRate = trainer.learningRate
        memory = try trainer.memory.makeTwin()
        try take(trainer)
    }

    mutating func take(_ trainer: Trainer) throws {
        iteration = trainer.iteration
        learningRate = trainer.learningRate
        try trainer.memory.copy(to: memory)
    }

    func restore(_ trainer: Trainer) throws {
        try trainer.restore(memory, iteration: iteration, learningRate: learningRate)
    }

    /// The loss that the step after this state has with the parameters that the trainer has now. The trainer stays as it
    /// is.
    func nextLoss(by trainer: Trainer) throws -> Float {
        try trainer.loss(ofStep: iteration + 1, from: memory.state)
    }
}
