import CharRNNFiles
import OpenCLCompute

/// Trains a model on a dataset by truncated backpropagation through time: each step learns from one batch, and
/// begins in the state in which the batch before it ended.
public final class Trainer {
    /// The model that learns.
    public let model: LanguageModel
    /// What it learns from.
    public let dataset: TextDataset
    /// How it learns.
    public let options: TrainingOptions
    /// The devices that share the work, the model's first.
    public let devices: [Device]
    /// The steps taken.
    public internal(set) var iteration: Int
    /// The rate of the next step, which ``TrainingOptions/decay`` lowers at the ends of epochs, and ``TrainingOptions/schedule``
    /// multiplies in each step. Set it to follow another schedule; it must be finite, 0 or above. A ``TrainingGuard`` halves it when a run goes back, so a schedule beside
    /// one should multiply it.
    public var learningRate: Float {
        willSet { precondition(newValue >= 0 && newValue.isFinite, "a learning rate of \(newValue)") }
    }
    /// The share of the run that is over, 0 to 1, by which ``TrainingOptions/schedule`` goes. A ``TrainingRun`` sets it
    /// before each step.
    public var progress = 0.0
    /// The validation losses so far, by iteration.
    public internal(set) var validationLosses: [Int: Double]

    /// What the optimizer keeps of each parameter.
    let moments: [Parameters]
    /// Where the optimizer works.
    private let scratch: Buffer<Float>
    let network: ReplicatedNetwork
    let log: StepLog
    /// That of the model which this trainer has left.
    private var revision: Int

    /// The batches of an epoch.
    private var epochLength: Int { dataset.batches(in: .training).count }
    /// Passes over the training batches so far.
    public var epoch: Double { Double(iteration) / Double(epochLength) }

    /// A trainer for `model`, whose device shares the work with others if there are any: each runs as many streams of
    /// the batch, and their gradients are added in a fixed order. It pays where the devices are about equally fast and
    /// the model is large, since parameters and gradients travel through the host in every step. Losses are those of one
    /// device but for rounding.
    ///
    /// A model has one trainer at a time: when another has changed it, this one throws ``ChangedModelError``. Options with
    /// which nothing can be learned, such as a clipping bound of 0, are programmer errors.
    ///
    /// - Parameters:
    ///   - devices: those that share the work with the model's, together no more than the batch has streams.
    ///   - exchange: how the gradients of those who share a batch become one. Where other processes are among them,
    ///     each has a trainer of the same model, text and options, and all make the same calls.
    /// - Throws: ``VocabularyError/mismatch(_:)`` when the text has tokens that the model does not know, `DeviceError` when a
    ///   device cannot be used, or when it or the host has not enough memory.
    public convenience init(
        model: LanguageModel, dataset: TextDataset, options: TrainingOptions, sharingWith devices: [Device] = [],
        exchange: any GradientExchange = DeviceExchange()
    ) throws {
        try self.init(
            model: model, dataset: dataset, options: options, sharingWith: devices, exchange: exchange, progress: nil)
    }

    /// A trainer on the model's device.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` when the text has tokens that the model does not know, `DeviceError` when
    ///   the device or the host has not enough memory.
    public convenience init(
        model: LanguageModel, dataset: TextDataset, optimizer: Optimizer = .rmsProp(),
        clipping: GradientClipping = .value(5)
    ) throws {
        try self.init(model: model, dataset: dataset, options: .init(optimizer: optimizer, clipping: clipping))
    }

    /// At the start of a run, or where it stood.
    init(
        model: LanguageModel, dataset: TextDataset, options: TrainingOptions, sharingWith devices: [Device],
        exchange: any GradientExchange, progress: TrainingProgress?
    ) throws {
        if let defect = options.defect { preconditionFailure("a trainer with \(defect)") }
        let rate = progress?.position.learningRate ?? options.optimizer.learningRate
        precondition(rate >= 0 && rate.isFinite, "a learning rate of \(rate)")
        self.model = model
        revision = model.revisions.number
        self.dataset = try dataset.numbered(by: model.vocabulary)
        self.options = options
        self.devices = [model.device] + devices
        iteration = progress?.position.iteration ?? 0
        learningRate = rate
        self.progress = progress?.position.progress ?? 0
        validationLosses = progress?.position.validationLosses ?? [:]
        moments = try options.optimizer.momentNames.map { _ in
            try Parameters(model.parameters.layout, on: model.backend)
        }
        scratch = try model.backend.makeBuffer(of: Float.self, count: options.optimizer.scratchCount)
        network = try ReplicatedNetwork(
            model.parameters, dropout: model.configuration.dropout, steps: dataset.sequenceLength,
            batchSize: dataset.batchSize, sharingWith: devices, exchange: exchange)
        log = try StepLog(after: progress?.losses ?? [], on: model.backend)
        if let progress {
            for (moment, values) in zip(moments, progress.moments) {
                try model.backend.write(values, to: moment.buffer)
            }
            try network.setState(progress.state)
        }
        try requireRoomForCheckpoint()
    }

    /// Learns from the next batch. On one device it returns when the work is queued; see ``TrainingStep``.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    @discardableResult
    public func step() throws -> TrainingStep {
        try announceChange()
        let factor = options.schedule?.factor(ofStep: iteration + 1, progress: progress) ?? 1
        let slot = try log.next()
        try run(step: iteration + 1, learning: true)
        try network.meanLoss(into: slot.loss)
        try options.optimizer.step(
            OptimizerStep(
                parameters: model.parameters, gradient: network.gradient, moments: moments, scratch: scratch,
                clipping: options.clipping, learningRate: learningRate * factor, iteration: iteration + 1,
                norms: slot.norms))
        network.parametersChanged()
        log.stepped()
        iteration += 1
        let rate = learningRate
        learningRate = options.decay.rate(after: iteration, epochLength: epochLength, current: rate)
        return TrainingStep(
            iteration: iteration, epoch: epoch, learningRate: rate * factor, nextLearningRate: learningRate * factor,
            log: log)
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

    /// Runs the batch of a step with its masks.
    func run(step iteration: Int, learning: Bool) throws {
        let masks = DropoutStep(seed: options.seed, step: UInt64(iteration - 1))
        try network.run(
            dataset.batch((iteration - 1) % epochLength), dropout: model.configuration.dropout > 0 ? masks : nil,
            learning: learning)
    }

    /// The mean loss over a split of the dataset in nats per character, without dropout, from the zero state and
    /// carrying the state from batch to batch; NaN when the split is empty.
    ///
    /// The result for ``TextDataset/Split/validation`` joins ``validationLosses``. Training goes on in its own state.
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    public func evaluate(_ split: TextDataset.Split) throws -> Double {
        try evaluate(split, isCancelled: { false }) ?? .nan
    }

    /// The same, unless `isCancelled`, which is asked before each batch, says to break off.
    ///
    /// - Returns: nil when it was broken off, of which nothing is left, and when the split is empty.
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    public func evaluate(_ split: TextDataset.Split, isCancelled: () -> Bool) throws -> Double? {
        try requireUnchanged()
        let batches = dataset.batches(in: split)
        guard !batches.isEmpty else { return nil }
        let means = try model.backend.makeBuffer(of: Float.self, count: batches.count)
        var count = 0
        try network.preservingState {
            try network.setState(model.zeroState(batchSize: dataset.batchSize))
            while count < batches.count, !isCancelled() {
                try network.run(dataset.batch(batches.lowerBound + count), dropout: nil, learning: false)
                try network.meanLoss(into: means[count..<count + 1])
                count += 1
            }
        }
        guard count == batches.count else { return nil }
        let loss = try model.backend.read(means).reduce(0) { $0 + Double($1) } / Double(batches.count)
        if split == .validation { validationLosses[iteration] = loss }
        return loss
    }

    /// The loss of every step so far, those before a resumption included.
    public func losses() throws -> [Float] { try log.losses() }

    /// The gradient of the last step before clipping, in the order of the parameters; Muon leaves the clipped one, and its
    /// directions for what it moves. For tests.
    package func gradientValues() throws -> [Float] { try model.backend.read(network.gradient.buffer) }
}
