import CharRNNFiles
import OpenCLCompute

/// Trains a model on a dataset by truncated backpropagation through time: each step learns from one batch, and
/// begins in the state in which the batch before it ended.
public final class Trainer {
    /// What to do besides the batches themselves; the defaults are char-rnn's.
    public struct Options: Codable, Hashable, Sendable {
        /// How parameters follow their gradient.
        public var optimizer: Optimizer
        /// How the gradient is kept from exploding.
        public var clipping: GradientClipping
        /// How the learning rate falls.
        public var decay: LearningRateDecay
        /// Of the dropout masks.
        public var seed: UInt64

        public init(
            optimizer: Optimizer = .rmsProp(), clipping: GradientClipping = .value(5),
            decay: LearningRateDecay = .init(), seed: UInt64 = 123
        ) {
            self.optimizer = optimizer
            self.clipping = clipping
            self.decay = decay
            self.seed = seed
        }
    }

    /// The model that learns.
    public let model: LanguageModel
    /// What it learns from.
    public let dataset: TextDataset
    /// How it learns.
    public let options: Options
    /// The devices that share the work, the model's first.
    public let devices: [Device]
    /// The steps taken.
    public private(set) var iteration: Int
    /// The rate of the next step, which ``Options/decay`` lowers at the ends of epochs. Set it to follow another schedule;
    /// it must be finite, 0 or above. A ``TrainingGuard`` halves it when a run goes back, so a schedule beside one should
    /// multiply it.
    public var learningRate: Float {
        willSet { precondition(newValue >= 0 && newValue.isFinite, "a learning rate of \(newValue)") }
    }
    /// The validation losses so far, by iteration.
    public private(set) var validationLosses: [Int: Double]

    let moments: [Parameters]
    /// The losses of the steps before this run, when it resumes another.
    private let earlierLosses: [Float]
    private let gradient: Parameters
    private let network: ReplicatedNetwork
    private let log: StepLog

    private var backend: any Backend { model.backend }
    /// The batches of an epoch.
    private var epochLength: Int { dataset.batches(in: .training).count }
    /// Passes over the training batches so far.
    public var epoch: Double { Double(iteration) / Double(epochLength) }

    /// A trainer for `model`, whose device shares the work with others if there are any: each runs as many streams of
    /// the batch, and their gradients are added in a fixed order. It pays where the devices are about equally fast and
    /// the model is large, since parameters and gradients travel through the host in every step. Losses are those of one
    /// device but for rounding.
    ///
    /// - Parameter devices: those that share the work with the model's, together no more than the batch has streams.
    /// - Throws: ``VocabularyError/mismatch(_:)`` when the text has tokens that the model does not know, `DeviceError` when a
    ///   device cannot be used, or when it or the host has not enough memory.
    public convenience init(
        model: LanguageModel, dataset: TextDataset, options: Options, sharingWith devices: [Device] = []
    ) throws {
        try self.init(model: model, dataset: dataset, options: options, sharingWith: devices, progress: nil)
    }

    /// A trainer on the model's device.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` when the text has tokens that the model does not know, `DeviceError` when
    ///   the device or the host has not enough memory.
    public convenience init(
        model: LanguageModel, dataset: TextDataset, optimizer: Optimizer = .rmsProp(),
        clipping: GradientClipping = .value(5)
    ) throws {
        try self.init(model: model, dataset: dataset, options: Options(optimizer: optimizer, clipping: clipping))
    }

    /// Continues the run that wrote `checkpoint`, on any devices: weights, optimizer, schedule, position and state.
    ///
    /// - Throws: ``CheckpointError/noTraining`` when the checkpoint holds weights only,
    ///   ``CheckpointError/otherData(_:)`` when `dataset` is not the one of the run, `DeviceError`.
    public convenience init(
        resuming checkpoint: Checkpoint, dataset: TextDataset, on device: Device = .default,
        sharingWith devices: [Device] = []
    ) throws {
        guard let progress = checkpoint.training else { throw CheckpointError.noTraining }
        if let difference = progress.position.dataset.difference(to: .init(dataset)) {
            throw CheckpointError.otherData(difference)
        }
        // The model may know more characters than occur in the text, but not other ones.
        let vocabulary = checkpoint.configuration.vocabulary
        guard dataset.vocabulary.isSubset(of: vocabulary) else {
            let difference = vocabulary.difference(to: dataset.vocabulary)!
            throw CheckpointError.otherData("its characters differ (first: the run's): \(difference)")
        }
        try self.init(
            model: LanguageModel(checkpoint, on: device), dataset: dataset,
            options: progress.position.options, sharingWith: devices, progress: progress)
    }

    private init(
        model: LanguageModel, dataset: TextDataset, options: Options, sharingWith devices: [Device],
        progress: TrainingProgress?
    ) throws {
        let rate = progress?.position.learningRate ?? options.optimizer.learningRate
        precondition(rate >= 0 && rate.isFinite, "a learning rate of \(rate)")
        let layout = model.parameters.layout
        self.model = model
        self.dataset = try dataset.numbered(by: model.vocabulary)
        self.options = options
        self.devices = [model.device] + devices
        iteration = progress?.position.iteration ?? 0
        learningRate = rate
        validationLosses = progress?.position.validationLosses ?? [:]
        earlierLosses = progress?.losses ?? []
        gradient = try Parameters(layout, on: model.backend)
        moments = try options.optimizer.momentNames.map { _ in try Parameters(layout, on: model.backend) }
        network = try ReplicatedNetwork(
            model, steps: dataset.sequenceLength, batchSize: dataset.batchSize, sharingWith: devices)
        log = try StepLog(start: iteration, on: model.backend)
        if let progress {
            for (moment, values) in zip(moments, progress.moments) {
                try model.backend.write(values, to: moment.buffer)
            }
            try network.setState(progress.state)
        }
        try requireRoomForCheckpoint()
    }

    /// A run that could not write its checkpoints should not begin.
    ///
    /// - Throws: `DeviceError` when the host has not enough memory for one: what is learned and the moments, as they are
    ///   and as files have them.
    func requireRoomForCheckpoint() throws {
        try HostMemory.require(2 * 4 * (1 + moments.count) * model.parameterCount)
    }

    /// Learns from the next batch. On one device it returns when the work is queued; see ``TrainingStep``.
    ///
    /// - Throws: `DeviceError`.
    @discardableResult
    public func step() throws -> TrainingStep {
        let rate = learningRate
        let slot = try log.next()
        try network.run(batch(ofStep: iteration + 1), dropout: dropout(ofStep: iteration + 1), gradient: gradient)
        try backend.mean(of: network.losses, into: slot.loss)
        try options.optimizer.step(
            model.parameters, gradient: gradient, moments: moments, clipping: options.clipping, learningRate: rate,
            iteration: iteration + 1, norms: slot.norms, on: backend)
        network.parametersChanged()
        log.stepped()
        iteration += 1
        learningRate = options.decay.rate(after: iteration, epochLength: epochLength, current: rate)
        return TrainingStep(
            iteration: iteration, epoch: epoch, learningRate: rate, nextLearningRate: learningRate, log: log)
    }

    private func batch(ofStep iteration: Int) -> Batch { dataset.batch((iteration - 1) % epochLength) }

    private func dropout(ofStep iteration: Int) -> DropoutStep? {
        model.configuration.dropout > 0 ? DropoutStep(seed: options.seed, step: UInt64(iteration - 1)) : nil
    }

    /// The mean loss over a part of the dataset in nats per character, without dropout, from the zero state and
    /// carrying the state from batch to batch; NaN when the part is empty.
    ///
    /// The result for ``TextDataset/Part/validation`` joins ``validationLosses``. Training goes on in its own state.
    /// - Throws: `DeviceError`.
    public func evaluate(_ split: TextDataset.Split) throws -> Double {
        let batches = dataset.batches(in: split)
        guard !batches.isEmpty else { return .nan }
        let carried = try network.state()
        let means = try backend.makeBuffer(of: Float.self, count: batches.count)
        try network.setState(model.zeroState(batchSize: dataset.batchSize))
        for (i, batch) in batches.enumerated() {
            try network.run(dataset.batch(batch), dropout: nil)
            try backend.mean(of: network.losses, into: means[i..<i + 1])
        }
        try network.setState(carried)
        let loss = try backend.read(means).reduce(0) { $0 + Double($1) } / Double(batches.count)
        if split == .validation { validationLosses[iteration] = loss }
        return loss
    }

    // MARK: For a guard

    /// The loss of the batch and the masks of step `iteration`, with the parameters and the state as they are now; for
    /// the next step it is the loss that the step will have. Waits for the device, and changes nothing.
    func loss(ofStep iteration: Int) throws -> Float {
        try network.run(batch(ofStep: iteration), dropout: dropout(ofStep: iteration))
        let mean = try backend.makeBuffer(of: Float.self, count: 1)
        try backend.mean(of: network.losses, into: mean)
        try network.takeBackState()
        return try backend.read(mean)[0]
    }

    /// The measurements of the steps after `iteration`. Waits for the device.
    func entries(after iteration: Int) throws -> ArraySlice<StepLog.Entry> { try log.entries(after: iteration) }

    /// The mean of the last losses before step `iteration`; nil for the first.
    func meanLoss(before iteration: Int, atMost count: Int) throws -> Float? {
        let indices = max(0, iteration - 1 - count)..<iteration - 1
        guard !indices.isEmpty else { return nil }
        let sum = try indices.reduce(Float(0)) {
            $0 + ($1 < earlierLosses.count ? earlierLosses[$1] : try log.entry($1 + 1).loss)
        }
        return sum / Float(indices.count)
    }

    /// Where the state lies in which the next step begins.
    var stateMemory: [DeviceMemory] { network.stateMemory }

    /// All that steps change on the devices, the state last.
    var changingMemory: [DeviceMemory] {
        ([model.parameters.buffer] + moments.map(\.buffer)).map { DeviceMemory(backend: backend, elements: $0) }
            + stateMemory
    }

    /// Stands where the run stood after `iteration`, whose ``changingMemory`` the caller has put back.
    func returned(to iteration: Int, learningRate: Float) throws {
        network.parametersChanged()
        self.iteration = iteration
        self.learningRate = learningRate
        validationLosses = validationLosses.filter { $0.key <= iteration }
        try log.forget(after: iteration)
    }

    /// The loss of every step so far, those before a resumption included.
    public func losses() throws -> [Float] { earlierLosses + (try log.losses()) }

    /// The state in which the next step begins.
    func state() throws -> LanguageModel.State { try network.state() }

    /// The gradient of the last step before clipping, in the order of the parameters; for tests.
    package func gradientValues() throws -> [Float] { try backend.read(gradient.buffer) }
}
