import OpenCLCompute

/// A copy of a run on its device, to which it can return.
struct TrainingSnapshot {
    private(set) var iteration: Int
    /// With which the run goes on when it returns.
    var learningRate: Float
    private let copies: [Buffer<Float>]

    /// - Throws: `DeviceError` when the device has not enough memory.
    init(of trainer: Trainer) throws {
        iteration = trainer.iteration
        learningRate = trainer.learningRate
        copies = try trainer.changingBuffers.map {
            try trainer.model.backend.makeBuffer(of: Float.self, count: $0.count)
        }
        try take(trainer)
    }

    mutating func take(_ trainer: Trainer) throws {
        iteration = trainer.iteration
        learningRate = trainer.learningRate
        try copy(trainer.changingBuffers, to: copies, trainer)
    }

    func restore(_ trainer: Trainer) throws {
        try copy(copies, to: trainer.changingBuffers, trainer)
        try trainer.returned(to: iteration, learningRate: learningRate)
    }

    /// The loss that the step after this state has with the parameters that the trainer has now. The trainer stays as it
    /// is.
    func nextLoss(by trainer: Trainer) throws -> Float {
        let states = trainer.stateBuffers
        let carried = try states.map { try trainer.model.backend.makeBuffer(of: Float.self, count: $0.count) }
        try copy(states, to: carried, trainer)
        try copy(copies.suffix(states.count), to: states, trainer)
        let loss = try trainer.loss(ofStep: iteration + 1)
        try copy(carried, to: states, trainer)
        return loss
    }

    private func copy(
        _ sources: some Sequence<Buffer<Float>>, to destinations: [Buffer<Float>], _ trainer: Trainer
    ) throws {
        for (source, destination) in zip(sources, destinations) {
            try trainer.model.backend.copy(source, to: destination)
        }
    }
}
