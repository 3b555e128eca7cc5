import CharRNNFiles
import OpenCLCompute

/// Trains a model on a dataset by truncated backpropagation through time: each step learns from one batch, and
/// begins in the state in which the batch before it ended.
public final class Trainer {
    /// The model that learns.
    public let model: LanguageModel
    /// What it learns from, and what it is tried on.
    public let dataset: TrainingData
    /// How it learns.
    public let options: TrainingOptions
    /// The devices that share the work, the model's first.
    public let devices: [Device]
    /// The steps taken.
    public internal(set) var iteration: Int
    /// The rate of the next step, which ``TrainingOptions/decay`` lowers at the ends of epochs, and ``TrainingOptions/schedule``
    /// multiplies in each step. Set it to follow another schedule; it must be finite, 0 or above. A ``TrainingGuard`` halves
    /// it when a run goes back, so a schedule beside one should multiply it, as ``schedule`` does.
    public var learningRate: Float {
        willSet { precondition(newValue >= 0 && newValue.isFinite, "a learning rate of \(newValue)") }
    }
    /// The share of the run that is over, 0 to 1, by which ``schedule`` goes. A ``TrainingRun`` sets it before each step.
    public var progress = 0.0
    /// The factor on the learning rate of a step, by its number from 1 and by ``progress``; at first that of
    /// ``TrainingOptions/schedule``. A function of your own is in no checkpoint: set it again for a run that is resumed.
    ///
    /// ```swift
    /// trainer.schedule = { step, progress in min(1, Float(step) / 100) * (progress < 0.8 ? 1 : 0.1) }
    /// ```
    public var schedule: @Sendable (_ step: Int, _ progress: Double) -> Float
    /// The validation losses so far, by iteration.
    public internal(set) var validationLosses: [Int: Double]

    /// What the optimizer keeps of each parameter.
    let moments: [Parameters]
    /// Where the optimizer works.
    private let scratch: Buffer<Float>
    /// Where the gradient of several batches is summed up, and the mean loss of one of them.
    private var sums: (gradient: Buffer<Float>, mean: Buffer<Float>)?
    private let frozen: FrozenParameters
    let average: AveragedWeights?
    let network: ReplicatedNetwork
    let log: StepLog
    /// That of the model which this trainer has left.
    private var revision: Int

    /// The steps of an epoch, of which the last may be shared with the next epoch.
    public var epochLength: Double { Double(dataset.training.batchCount) / Double(options.batchesPerStep) }
    /// Passes over the training batches so far.
    public var epoch: Double {
        Double(iteration * options.batchesPerStep) / Double(dataset.training.batchCount)
    }

    /// A trainer for `model`, whose device shares the work with others if there are any: each runs as many streams of
    /// the batch, and their gradients are added in a fixed order. It pays where the devices are about equally fast and
    /// the model is large, since parameters and gradients travel through the host in every step. Losses are those of one
    /// device but for rounding.
    ///
    /// A model has one trainer at a time: when another has changed it, this one throws ``ChangedModelError``. Options with
    /// which nothing can be learned, such as a clipping bound of 0, are programmer errors.
    ///
    /// - Parameters:
    ///   - model: that learns.
    ///   - dataset: what it learns from, and what it is tried on.
    ///   - options: how it learns.
    ///   - devices: those that share the work with the model's, together no more than the batch has streams.
    ///   - exchange: how the gradients of those who share a batch become one. Where other processes are among them,
    ///     each has a trainer of the same model, text and options, and all make the same calls.
    /// - Throws: ``VocabularyError/mismatch(_:)`` when the text has tokens that the model does not know,
    ///   ``QuantizedWeightsError`` when its weights have 8 bits, `DeviceError` when a device cannot be used, or when it or the
    ///   host has not enough memory.
    public convenience init(
        model: LanguageModel, dataset: TextDataset, options: TrainingOptions, sharingWith devices: [Device] = [],
        exchange: any GradientExchange = DeviceExchange()
    ) throws {
        try self.init(
            model: model, dataset: TrainingData(dataset.numbered(by: model.vocabulary)), options: options,
            sharingWith: devices, exchange: exchange, progress: nil)
    }

    /// A trainer for batches of one's own, which are numbered by the model's vocabulary; otherwise as the one above.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` when they are not, ``QuantizedWeightsError``, `DeviceError`.
    public convenience init(
        model: LanguageModel, dataset: TrainingData, options: TrainingOptions = .init(),
        sharingWith devices: [Device] = [], exchange: any GradientExchange = DeviceExchange()
    ) throws {
        try self.init(
            model: model, dataset: dataset, options: options, sharingWith: devices, exchange: exchange, progress: nil)
    }

    /// A trainer on the model's device.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` when the text has tokens that the model does not know,
    ///   ``QuantizedWeightsError`` when its weights have 8 bits, `DeviceError` when the device or the host has not enough
    ///   memory.
    public convenience init(
        model: LanguageModel, dataset: TextDataset, optimizer: Optimizer = .rmsProp(),
        clipping: GradientClipping = .value(5)
    ) throws {
        try self.init(model: model, dataset: dataset, options: .init(optimizer: optimizer, clipping: clipping))
    }

    /// At the start of a run, or where it stood.
    init(
        model: LanguageModel, dataset: TrainingData, options: TrainingOptions, sharingWith devices: [Device],
        exchange: any GradientExchange, progress: TrainingProgress?
    ) throws {
        if let defect = options.defect { preconditionFailure("a trainer with \(defect)") }
        try model.requireTrainable()
        let layout = model.parameters.layout
        if let name = options.unknownParameter(of: layout) {
            preconditionFailure("no parameter '\(name)' to freeze among \(layout.entries.map(\.name))")
        }
        for source in [dataset.training, dataset.validation, dataset.test].compactMap({ $0 }) {
            try dataset.check(source, for: model.vocabulary)
        }
        let rate = progress?.position.learningRate ?? options.optimizer.learningRate
        precondition(rate >= 0 && rate.isFinite, "a learning rate of \(rate)")
        self.model = model
        revision = model.revisions.number
        self.dataset = dataset
        self.options = options
        self.devices = [model.device] + devices
        iteration = progress?.position.iteration ?? 0
        learningRate = rate
        // A file may say anything. In place of NaN these take the other one.
        self.progress = .minimum(1, .maximum(0, progress?.position.progress ?? 0))
        schedule = { options.schedule?.factor(ofStep: $0, progress: $1) ?? 1 }
        validationLosses = progress?.position.validationLosses ?? [:]
        moments = try options.optimizer.momentNames.map { _ in
            try Parameters(model.parameters.layout, on: model.backend)
        }
        scratch = try model.backend.makeBuffer(of: Float.self, count: options.optimizer.scratchCount)
        // The model of a checkpoint with averages has them, until the weights come in their place.
        average = try options.averageDecay.map { try AveragedWeights(of: model.parameters, decay: $0) }
        if let weights = progress?.weights { try model.setParameterValues(weights) }
        network = try ReplicatedNetwork(
            model.parameters, dropout: model.configuration.dropout, steps: dataset.sequenceLength,
            batchSize: dataset.batchSize, sharingWith: devices, exchange: exchange)
        frozen = try FrozenParameters(options.frozen, of: model.parameters, gradient: network.gradient)
        log = try StepLog(after: progress?.losses ?? [], on: model.backend)
        if let progress {
            for (moment, values) in zip(moments, progress.moments) {
                try model.backend.write(values, to: moment.buffer)
            }
            try network.setState(progress.state)
        }
        try requireRoomForCheckpoint()
    }

    /// Learns from the next ``TrainingOptions/batchesPerStep`` batches of ``dataset``. On one device it returns when the
    /// work is queued; see ``TrainingStep``.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`, and what a source of batches throws.
    @discardableResult
    public func step() throws -> TrainingStep { try step(on: batches(ofStep: iteration + 1)) }

    /// Learns from a batch of one's own, of the shape of those in ``dataset``. It begins in the state in which the last
    /// step ended, but for its ``Batch/resets``. The step counts as any other.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    @discardableResult
    public func step(on batch: Batch) throws -> TrainingStep { try step(on: [batch]) }

    /// Learns from several batches at once: the loss is the mean over the targets of all, and the gradient is that of T times
    /// this loss, as it would be of one batch with all their streams. The state goes from each to the next.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    @discardableResult
    public func step(on batches: [Batch]) throws -> TrainingStep {
        precondition(!batches.isEmpty, "a step without a batch")
        let factor = schedule(iteration + 1, progress)
        precondition(factor >= 0 && factor.isFinite, "a schedule's factor of \(factor)")
        try announceChange()
        let slot = try log.next()
        try run(batches, step: iteration + 1, learning: true, loss: slot.loss)
        try frozen.clearGradient()
        try options.optimizer.step(
            OptimizerStep(
                parameters: model.parameters, gradient: network.gradient, moments: moments, scratch: scratch,
                clipping: options.clipping, learningRate: learningRate * factor, iteration: iteration + 1,
                norms: slot.norms))
        try frozen.restore(squares: slot.norms[1..<2])
        network.parametersChanged()
        log.stepped()
        iteration += 1
        if let average {
            try average.update(iteration: iteration)
            try frozen.copy(into: average.buffer)
        }
        let rate = learningRate
        learningRate = options.decay.rate(
            after: iteration * options.batchesPerStep, step: options.batchesPerStep,
            epochLength: dataset.training.batchCount, current: rate)
        return TrainingStep(
            iteration: iteration, epoch: epoch, learningRate: rate * factor, nextLearningRate: learningRate * factor,
            characterCount: batches.reduce(0) { $0 + $1.targetCount }, log: log)
    }

    func check(_ batch: Batch) {
        precondition(
            batch.batchSize == dataset.batchSize && batch.steps == dataset.sequenceLength,
            "a batch of \(batch.batchSize) × \(batch.steps) for a trainer of \(dataset.batchSize) × "
                + "\(dataset.sequenceLength)")
        precondition(batch.targetCount > 0, "a batch without a target")
        batch.check(vocabularySize: model.vocabulary.count)
    }

    /// - Throws: ``ChangedModelError/trainer`` when the parameters are not those that this trainer has left.
    func requireUnchanged() throws {
        guard model.revisions.number == revision else { throw ChangedModelError.trainer }
    }

    /// To be called before the parameters are changed.
    ///
    /// - Throws: ``ChangedModelError/trainer``, so that of two trainers one alone does.
    func announceChange() throws {
        guard let next = model.revisions.advance(from: revision) else { throw ChangedModelError.trainer }
        revision = next
    }

    /// Those that ``step()`` learns from.
    func batches(ofStep iteration: Int) throws -> [Batch] {
        let count = options.batchesPerStep
        return try ((iteration - 1) * count..<iteration * count).map { try dataset.training.batch(after: $0) }
    }

    /// Runs the batches of a step with its masks and resets, and puts their mean loss into one element.
    func run(_ batches: [Batch], step iteration: Int, learning: Bool, loss: Buffer<Float>) throws {
        for batch in batches { check(batch) }
        let targetCount = batches.reduce(0) { $0 + $1.targetCount }
        let scale = learning ? Float(dataset.sequenceLength) / Float(targetCount) : nil
        func run(_ index: Int, loss: Buffer<Float>) throws {
            let number = UInt64((iteration - 1) * batches.count + index)
            let masks = DropoutStep(seed: options.seed, step: number)
            try network.run(
                options.withResets(batches[index], number: number),
                dropout: model.configuration.dropout > 0 ? masks : nil, gradientScale: scale, loss: loss)
        }
        guard batches.count > 1 else { return try run(0, loss: loss) }
        let (backend, gradient) = (model.backend, network.gradient.buffer)
        let sums = try makeSums()
        try backend.fill(loss, with: 0)
        for (index, batch) in batches.enumerated() {
            try run(index, loss: sums.mean)
            try backend.combine(
                sums.mean, times: Float(batch.targetCount) / Float(targetCount), into: loss, times: 1)
            guard learning else { continue }
            if index == 0 {
                try backend.copy(gradient, to: sums.gradient)
            } else {
                try backend.add(gradient, to: sums.gradient)
            }
        }
        if learning { try backend.copy(sums.gradient, to: gradient) }
    }

    private func makeSums() throws -> (gradient: Buffer<Float>, mean: Buffer<Float>) {
        if let sums { return sums }
        let made = (
            gradient: try model.backend.makeBuffer(of: Float.self, count: model.parameterCount),
            mean: try model.backend.makeBuffer(of: Float.self, count: 1)
        )
        sums = made
        return made
    }

    /// The loss of every step so far, those before a resumption included.
    ///
    /// - Throws: `DeviceError`.
    public func losses() throws -> [Float] { try log.losses() }

    /// The gradient of the last step, with PyTorch's names and shapes: before clipping, but for ``Muon``, which leaves the
    /// clipped one, and its directions for what it moves; 0 for what is frozen. All zero before the first step.
    ///
    /// - Throws: `DeviceError`.
    public func gradients() throws -> [Tensor] { model.parameters.layout.tensors(from: try gradientValues()) }

    /// The same in the order of the parameters; for tests.
    package func gradientValues() throws -> [Float] { try model.backend.read(network.gradient.buffer) }
}
