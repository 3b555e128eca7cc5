import OpenCLCompute

/// What the steps of a run change on its devices, or a copy of it.
struct RunMemory {
    /// The parameters, the optimizer's moments, and the averages if there are any.
    let learned: [DeviceMemory]
    /// The state in which the next step begins.
    let state: [DeviceMemory]

    func makeTwin() throws -> RunMemory { RunMemory(learned: try learned.makeTwins(), state: try state.makeTwins()) }

    func copy(to twin: RunMemory) throws {
        try learned.copy(to: twin.learned)
        try state.copy(to: twin.state)
    }
}

// What a ``TrainingGuard`` needs besides the log.
extension Trainer {
    var memory: RunMemory {
        RunMemory(
            learned: ([model.parameters.buffer] + moments.map(\.buffer) + (average.map { [$0.buffer] } ?? [])).map {
                DeviceMemory(backend: model.backend, elements: $0)
            },
            state: network.stateMemory)
    }

    /// The loss of the batch and the masks of a step with the parameters that there are now; for the next step it is the
    /// loss that the step will have. Waits for the device, and changes nothing.
    ///
    /// - Parameter state: in which the step begins, if not in the one that is carried now.
    func loss(ofStep iteration: Int, from state: [DeviceMemory]? = nil) throws -> Float {
        let mean = try model.backend.makeBuffer(of: Float.self, count: 1)
        try network.preservingState {
            try state?.copy(to: network.stateMemory)
            try run(batches(ofStep: iteration), step: iteration, learning: false, loss: mean)
        }
        return try model.backend.read(mean)[0]
    }

    /// Stands where the run stood after `iteration`, with the ``memory`` that it had then.
    func restore(_ copy: RunMemory, iteration: Int, learningRate: Float) throws {
        try announceChange()
        try copy.copy(to: memory)
        network.parametersChanged()
        self.iteration = iteration
        self.learningRate = learningRate
        validationLosses = validationLosses.filter { $0.key <= iteration }
        try log.forget(after: iteration)
    }
}
