import CharRNNFiles
import OpenCLCompute

extension Checkpoint {
    /// The weights and the whole state of a run. Where it averages them, the model in the checkpoint has the averages.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    public init(of trainer: Trainer) throws {
        try trainer.requireUnchanged()
        try trainer.requireRoomForCheckpoint()
        let weights = try trainer.model.parameterValues()
        self.init(
            trainer.model.configuration, parameters: try trainer.average?.values() ?? weights,
            training: try trainer.trainingProgress(weights))
    }
}

extension Trainer {
    /// Continues the run that wrote `checkpoint`, on any devices: weights, optimizer, schedule, position and state.
    ///
    /// - Throws: ``CheckpointError/noTraining`` when the checkpoint holds weights only,
    ///   ``CheckpointError/otherData(_:)`` when `dataset` is not the one of the run, ``QuantizedWeightsError`` when its weights
    ///   have 8 bits, `DeviceError`.
    public convenience init(
        resuming checkpoint: Checkpoint, dataset: TextDataset, on device: Device = .default,
        sharingWith devices: [Device] = [], exchange: any GradientExchange = DeviceExchange()
    ) throws {
        // The model may know more characters than occur in the text, but not other ones.
        let vocabulary = checkpoint.configuration.vocabulary
        try checkpoint.requireRun(of: TrainingData(dataset))
        if let lack = vocabulary.lack(toRead: dataset.vocabulary) {
            throw CheckpointError.otherData("the model does not know all characters of the text: \(lack)")
        }
        try self.init(
            resuming: checkpoint, dataset: TrainingData(dataset.numbered(by: vocabulary)), on: device,
            sharingWith: devices, exchange: exchange)
    }

    /// Continues a run with batches of one's own. Its validation and test parts may be others than before.
    ///
    /// - Throws: ``CheckpointError/noTraining``, ``CheckpointError/otherData(_:)``, ``VocabularyError/mismatch(_:)``,
    ///   ``QuantizedWeightsError``, `DeviceError`.
    public convenience init(
        resuming checkpoint: Checkpoint, dataset: TrainingData, on device: Device = .default,
        sharingWith devices: [Device] = [], exchange: any GradientExchange = DeviceExchange()
    ) throws {
        let progress = try checkpoint.requireRun(of: dataset)
        try self.init(
            model: LanguageModel(checkpoint, on: device), dataset: dataset, options: progress.position.options,
            sharingWith: devices, exchange: exchange, progress: progress)
    }

    /// What a checkpoint keeps of the run.
    fileprivate func trainingProgress(_ weights: [Float]) throws -> TrainingProgress {
        TrainingProgress(
            position: TrainingPosition(
                options: options, iteration: iteration, learningRate: learningRate,
                validationLosses: validationLosses, dataset: dataset.identity,
                progress: options.schedule.map { _ in progress }),
            losses: try losses(),
            moments: try moments.map { try $0.backend.read($0.buffer) },
            state: try network.state(),
            weights: average.map { _ in weights })
    }

    /// A run that could not write its checkpoints should not begin.
    ///
    /// - Throws: `DeviceError` when the host has not enough memory for one: what is learned and the moments, as they are
    ///   and as files have them.
    func requireRoomForCheckpoint() throws {
        let copies = 1 + moments.count + (average == nil ? 0 : 1)
        try HostMemory.require(2 * 4 * copies * model.parameterCount)
    }
}

extension Checkpoint {
    /// The run that is in it, if it was made with this data.
    ///
    /// - Throws: ``CheckpointError/noTraining``, ``CheckpointError/otherData(_:)``, ``QuantizedWeightsError``.
    @discardableResult
    fileprivate func requireRun(of dataset: TrainingData) throws -> TrainingProgress {
        guard precision == .float32 else { throw QuantizedWeightsError() }
        guard let training else { throw CheckpointError.noTraining }
        if let difference = training.position.dataset.difference(to: dataset.identity) {
            throw CheckpointError.otherData(difference)
        }
        return training
    }
}
