import CharRNN

/// What a training would need, from a few of its steps.
struct DryRun {
    /// For people, one by one.
    let lines: [String]

    /// Takes steps of `trainer`, of which nothing is kept.
    ///
    /// - Throws: `DeviceError`, and after a signal the status of a program that one has ended.
    init(_ trainer: Trainer, _ options: TrainingRun.Options) throws {
        let (configuration, dataset) = (trainer.model.configuration, trainer.dataset)
        let memory = configuration.trainingBytes(
            batchSize: dataset.batchSize / trainer.devices.count, sequenceLength: dataset.sequenceLength,
            optimizer: trainer.options.optimizer, guarded: true)
        let device = trainer.devices[0]

        let first = trainer.iteration
        let step = try medianSeconds(for: 2) {
            try Interruption.throwIfReceived()
            _ = try trainer.step().loss
        }
        let epochLength = trainer.epochLength
        let validation = dataset.batchCount(in: .validation)
        let last = options.lastIteration(epochLength: epochLength)
        var timeLeft = TimeLeft(
            first: first, last: last, pauseEvery: options.evaluateEvery, validationBatches: validation)
        timeLeft.add(stepsTo: first + 1, secondsPerStep: step)
        let characters = Double(dataset.batchSize * dataset.sequenceLength)

        let recurrent = Advice.recurrentParameters(configuration, of: trainer.model.parameterCount)
        let ratio = Double(recurrent) / Double(dataset.characterCount)
        let (iterations, wanted) = (last - first, timeLeft.seconds)
        let run =
            if let limit = options.maxSeconds, limit < wanted {
                "\(duration(limit)), time for \(Count(Int(Double(iterations) * limit / wanted))) of "
                    + "\(Count(iterations)) iterations"
            } else {
                "iterations \(Count(first + 1)) to \(Count(last)), \(duration(wanted)) with its validations"
            }
        var lines = [
            "memory: \(ByteCount(memory)) of the \(ByteCount(device.memoryBytes)) of \(device.id)"
                + (trainer.devices.count > 1 ? ", and as much on each other device" : ""),
            "speed: \(fixed(1000 * step, 2)) ms a batch, \(Count(Int(characters / step))) characters a second",
            "an epoch: \(Count(Int(epochLength))) batches, \(duration(epochLength * step))",
            "the run: \(run)",
            "recurrent parameters (without the vocabulary's rows): \(Count(recurrent)) for "
                + "\(Count(dataset.characterCount)) characters, \(fixed(ratio, ratio < 0.1 ? 5 : 2)) a character; "
                + "0.1 to 10 is usual",
        ]
        if let size = Self.hiddenSize(for: dataset.characterCount, configuration) {
            lines.append(
                "as many parameters as characters: --hidden-size \(size) with --layers \(configuration.layerCount)")
        }
        self.lines = lines + ["this was no training, and no checkpoint was written; leave --dry-run out to train"]
    }

    /// The size at which there are about as many recurrent parameters as characters; nil for the one there is.
    private static func hiddenSize(for characters: Int, _ configuration: LanguageModel.Configuration) -> Int? {
        let (cell, layers) = (configuration.cell, configuration.layerCount)
        // Each layer has H × H weights for its own state, and all but the first as well for the layer below.
        let matrices = Double(layers * cell.recurrentMatrixCount + (layers - 1) * cell.inputGates.count)
        guard matrices > 0 else { return nil }
        let size = max(8, Int((Double(characters) / matrices).squareRoot() / 8) * 8)
        return size == configuration.hiddenSize ? nil : size
    }
}
