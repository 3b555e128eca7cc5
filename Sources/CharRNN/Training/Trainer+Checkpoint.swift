import CharRNNFiles
import OpenCLCompute

extension Checkpoint {
    /// The weights and the whole state of a run.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    public init(of trainer: Trainer) throws {
        try trainer.requireUnchanged()
        try trainer.requireRoomForCheckpoint()
        self.init(
            trainer.model.configuration, parameters: try trainer.model.parameterValues(),
            training: try trainer.trainingProgress())
    }
}

extension Trainer {
    /// Continues the run that wrote `checkpoint`, on any devices: weights, optimizer, schedule, position and state.
    ///
    /// - Throws: ``CheckpointError/noTraining`` when the checkpoint holds weights only,
    ///   ``CheckpointError/otherData(_:)`` when `dataset` is not the one of the run, `DeviceError`.
    public convenience init(
        resuming checkpoint: Checkpoint, dataset: TextDataset, on device: Device = .default,
        sharingWith devices: [Device] = [], exchange: any GradientExchange = DeviceExchange()
    ) throws {
        guard let progress = checkpoint.training else { throw CheckpointError.noTraining }
        if let difference = progress.position.dataset.difference(to: .init(dataset)) {
            throw CheckpointError.otherData(difference)
        }
        // The model may know more characters than occur in the text, but not other ones.
        let vocabulary = checkpoint.configuration.vocabulary
        if let lack = vocabulary.lack(of: dataset.vocabulary) {
            throw CheckpointError.otherData("the model does not know all characters of the text: \(lack)")
        }
        try self.init(
            model: LanguageModel(checkpoint, on: device), dataset: dataset, options: progress.position.options,
            sharingWith: devices, exchange: exchange, progress: progress)
    }

    /// What a checkpoint keeps of the run.
    fileprivate func trainingProgress() throws -> TrainingProgress {
        TrainingProgress(
            position: TrainingPosition(
                options: options, iteration: iteration, learningRate: learningRate,
                validationLosses: validationLosses, dataset: DatasetIdentity(dataset),
                progress: options.schedule.map { _ in progress }),
            losses: try losses(),
            moments: try moments.map { try $0.backend.read($0.buffer) },
            state: try network.state())
    }

    /// A run that could not write its checkpoints should not begin.
    ///
    /// - Throws: `DeviceError` when the host has not enough memory for one: what is learned and the moments, as they are
    ///   and as files have them.
    func requireRoomForCheckpoint() throws {
        try HostMemory.require(2 * 4 * (1 + moments.count) * model.parameterCount)
    }
}

extension DatasetIdentity {
    fileprivate init(_ dataset: TextDataset) {
        self.init(
            fingerprint: dataset.fingerprint, characterCount: dataset.characterCount, batchSize: dataset.batchSize,
            sequenceLength: dataset.sequenceLength, trainingBatches: dataset.batches(in: .training).count,
            split: dataset.split == .streams ? nil : dataset.split)
    }
}
