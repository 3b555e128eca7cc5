import OpenCLCompute

/// A copy of a run on its devices, to which it can return.
struct TrainingSnapshot {
    private(set) var iteration: Int
    /// With which the run goes on when it returns.
    var learningRate: Float
    private let copies: [DeviceMemory]

    /// - Throws: `DeviceError` when a device has not enough memory.
    init(of trainer: Trainer) throws {
        iteration = trainer.iteration
        learningRate = trainer.learningRate
        copies = try trainer.changingMemory.map { try $0.makeTwin() }
        try take(trainer)
    }

    mutating func take(_ trainer: Trainer) throws {
        iteration = trainer.iteration
        learningRate = trainer.learningRate
        try copy(trainer.changingMemory, to: copies)
    }

    func restore(_ trainer: Trainer) throws {
        try copy(copies, to: trainer.changingMemory)
        try trainer.returned(to: iteration, learningRate: learningRate)
    }

    /// The loss that the step after this state has with the parameters that the trainer has now. The trainer stays as it
    /// is.
    func nextLoss(by trainer: Trainer) throws -> Float {
        let states = trainer.stateMemory
        let carried = try states.map { try $0.makeTwin() }
        try copy(states, to: carried)
        try copy(copies.suffix(states.count), to: states)
        let loss = try trainer.loss(ofStep: iteration + 1)
        try copy(carried, to: states)
        return loss
    }

    private func copy(_ sources: some Sequence<DeviceMemory>, to twins: [DeviceMemory]) throws {
        for (source, twin) in zip(sources, twins) { try source.copy(to: twin) }
    }
}
