import OpenCLCompute

/// The exponential moving average of a model's weights, of which ``TrainingOptions/averageDecay`` has the equation. It
/// begins as what the weights are. The decay that rises is that of TensorFlow's ExponentialMovingAverage with num_updates.
struct AveragedWeights {
    let buffer: Buffer<Float>
    private let backend: any Backend
    private let weights: Buffer<Float>
    /// Holds the weights while the averages are in their place.
    private let kept: Buffer<Float>
    private let decay: Float

    init(of parameters: Parameters, decay: Float) throws {
        backend = parameters.backend
        weights = parameters.buffer
        self.decay = decay
        buffer = try backend.makeBuffer(of: Float.self, count: weights.count)
        kept = try backend.makeBuffer(of: Float.self, count: weights.count)
        try backend.copy(weights, to: buffer)
    }

    /// Takes in the weights after a step, counted from 1.
    func update(iteration: Int) throws {
        let t = Float(iteration)
        let d = min(decay, (1 + t) / (10 + t))
        try backend.combine(weights, times: 1 - d, into: buffer, times: d)
    }

    func values() throws -> [Float] { try backend.read(buffer) }

    /// Runs `body` with the averages in the place of the weights.
    func whileInPlace<Result>(_ body: () throws -> Result) throws -> Result {
        try backend.copy(weights, to: kept)
        try backend.copy(buffer, to: weights)
        let result: Result
        do { result = try body() } catch {
            try? backend.copy(kept, to: weights)
            throw error
        }
        try backend.copy(kept, to: weights)
        return result
    }
}

extension Trainer {
    /// A model of its own with the averages of the weights, or where there are none, a copy of the one that learns.
    ///
    /// - Throws: `DeviceError`.
    public func averagedModel() throws -> LanguageModel {
        try LanguageModel(
            model.configuration, values: average?.values() ?? model.parameterValues(), on: model.device)
    }

    /// Runs `body` with the weights by which the trainer is judged: the averages, where there are some. A `body` that runs
    /// ``network`` has to tell it, in all processes: ``evaluate(on:isCancelled:)``.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`, and what `body` throws.
    package func withAverages<Result>(_ body: () throws -> Result) throws -> Result {
        guard let average else { return try body() }
        try announceChange()
        let result = try average.whileInPlace(body)
        try announceChange()
        return result
    }
}
