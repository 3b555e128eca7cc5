import ArgumentParser
import CharRNN
import FoundationEssentials

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model on a text, writing checkpoints as it goes.",
        discussion: """
            The text is cut into batches of --batch-size sequences of --sequence-length characters. Every --eval-every \
            iterations the model is tried on the validation part and a checkpoint is written, with the loss in its \
            name: the lower, the better. The best model is often not the last one. With --checkpoint-every, \
            checkpoints are written that often instead, and before each the model is tried as well.

            When a loss is NaN or spikes, the run goes back to its last good state and on with half the \
            learning rate; when that has not helped three times, it saves that state and stops.

            With 1 MB of text the defaults do well. With more, make --hidden-size larger (300 for 6 MB, 512 and \
            more beyond) and keep 2 or 3 layers; when the validation loss stays well above the training loss, try \
            --dropout 0.5.
            """)

    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Data") var batch: BatchOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Learning") var learning: LearningOptions
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Option(parsing: .unconditional, help: "How often to go through the training part; 0.5 is half of it.")
    var maxEpochs = 50.0
    @Option(parsing: .unconditional, help: "Stop after so many iterations, if that is earlier.")
    var maxIterations: Int?
    @Option(help: "Start from the weights and sizes of this checkpoint or .t7.")
    var initFrom: String?
    @Option(help: "With --init-from: same, for a text of its characters only, or extend, which adds those of the text.")
    var vocabulary = VocabularyRule.same
    @Option(help: "Continue the run that wrote this checkpoint, with its model and learning options.")
    var resume: String?
    @Option(parsing: .unconditional, help: "The iterations from one progress line to the next.")
    var printEvery = 1
    @Option(
        parsing: .unconditional, help: "The iterations from one validation and checkpoint to the next; also at the end."
    )
    var evalEvery = 1000
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "From one checkpoint to the next: iterations (1000) or a time (90s, 5m, 2h). (default: as --eval-every)",
            valueName: "interval"),
        transform: CheckpointInterval.init(parsing:))
    var checkpointEvery: CheckpointInterval?
    @Option(
        parsing: .unconditional,
        help: "Keep only so many of this run's checkpoints, deleting its older ones. (default: all)")
    var keepLast: Int?
    @Flag(help: "Keep the checkpoint with the lowest validation loss, and besides it those of --keep-last, or 1.")
    var keepBest = false
    @Option(help: "The folder for checkpoints and history.jsonl.")
    var checkpointDir = "cv"
    @Option(help: "A word for the checkpoints' names.")
    var label = "lstm"

    func validate() throws {
        try require(
            initFrom == nil || resume == nil, "--init-from starts a new run and --resume continues one; give one.")
        try require(vocabulary == .same || initFrom != nil, "--vocabulary extend belongs to --init-from.")
        try require(maxEpochs > 0, "--max-epochs \(maxEpochs): it must be above 0.")
        try require(maxIterations ?? 1 > 0, "--max-iterations \(maxIterations ?? 0): at least 1 is needed.")
        try require(printEvery > 0, "--print-every \(printEvery): at least 1 is needed.")
        try require(evalEvery > 0, "--eval-every \(evalEvery): at least 1 is needed.")
        try require(keepLast ?? 1 > 0, "--keep-last \(keepLast ?? 0): at least 1 is needed.")
        try require(!label.contains("/"), "--label \(label): it becomes part of a file name, so it has no '/'.")
    }

    func run() throws {
        let devices = try device.devices()
        for device in devices { Console.note("device: \(device)") }
        let checkpoint = try resume.map { try Checkpoint(contentsOf: URL(fileURLWithPath: $0)) }
        let trainer = try checkpoint.map { try resumedTrainer($0, on: devices) } ?? newTrainer(on: devices)
        describe(trainer)
        let epochLength = trainer.dataset.batches(in: .training).count
        let last = min(Int(min((maxEpochs * Double(epochLength)).rounded(.up), 1e18)), maxIterations ?? .max)
        guard trainer.iteration < last else {
            throw Failure(
                "the run has reached iteration \(trainer.iteration) of \(last); raise --max-epochs to go on")
        }
        let folder = URL(fileURLWithPath: checkpointDir, isDirectory: true)
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw Failure("cannot make the folder \(checkpointDir) for checkpoints; name another with --checkpoint-dir")
        }
        let lock = try RunLock(on: folder)
        defer { withExtendedLifetime(lock) {} }
        Checkpoint.removeLeftovers(in: folder)
        let run = TrainingRun(
            trainer: trainer, lastIteration: last, folder: folder, label: label, printEvery: printEvery,
            evalEvery: evalEvery, checkpointEvery: checkpointEvery ?? .iterations(evalEvery),
            retention: retention(in: folder, resumed: checkpoint), resumed: resume.map { URL(fileURLWithPath: $0) },
            options: savedOptions(trainer, resumed: checkpoint), history: try History(in: folder),
            resumeCommand: resumeCommand)
        do { try run.run() } catch let error as DeviceError {
            let saved =
                (run.lastCheckpoint?.relativePath ?? resume).map {
                    "the last checkpoint is \($0); go on from it with: \(resumeCommand($0))"
                } ?? "no checkpoint was written yet"
            let message = Hints.message(of: error)
            throw Failure("\(message)\(room(for: trainer.model.configuration, on: devices, error)); \(saved)")
        }
    }

    /// When memory was lacking, the batch size that would do, as the end of a line.
    private func room(
        for configuration: LanguageModel.Configuration, on devices: [Device], _ error: DeviceError
    ) -> String {
        guard case .outOfMemory = error, resume == nil else { return "" }
        let size = configuration.largestBatchSize(
            on: devices[0], sharingWith: Array(devices.dropFirst()), sequenceLength: batch.sequenceLength,
            optimizer: learning.trainerOptions.optimizer, guarded: true)
        return size > 0 && size < batch.batchSize ? " (--batch-size \(size) would fit)" : ""
    }

    // MARK: Set-up

    private func newTrainer(on devices: [Device]) throws -> Trainer {
        guard let initFrom else {
            let dataset = try makeDataset(data.tokens ?? .scalars)
            let configuration = LanguageModel.Configuration(
                cell: model.cell, vocabulary: dataset.vocabulary, hiddenSize: model.hiddenSize,
                layerCount: model.layers, dropout: model.dropout)
            return try trainer(of: configuration, dataset, on: devices) {
                try LanguageModel(configuration, on: devices[0], seed: learning.trainerOptions.seed)
            }
        }
        let checkpoint = try Checkpoint(contentsOf: URL(fileURLWithPath: initFrom))
        let dataset = try makeDataset(data.tokens ?? checkpoint.configuration.vocabulary.kind)
        let start = try fitted(checkpoint, to: dataset.vocabulary)
        Console.note("starting from the weights, cell, sizes and dropout of \(initFrom)")
        return try trainer(of: start.configuration, dataset, on: devices) { try LanguageModel(start, on: devices[0]) }
    }

    private func trainer(
        of configuration: LanguageModel.Configuration, _ dataset: TextDataset, on devices: [Device],
        makingModel makeModel: () throws -> LanguageModel
    ) throws -> Trainer {
        do {
            return try Trainer(
                model: makeModel(), dataset: dataset, options: learning.trainerOptions,
                sharingWith: others(devices, for: dataset))
        } catch let error as DeviceError {
            throw Failure("\(Hints.message(of: error))\(room(for: configuration, on: devices, error))")
        }
    }

    /// The devices with which the first shares its work.
    ///
    /// - Throws: ``Failure`` when a batch has too few streams.
    private func others(_ devices: [Device], for dataset: TextDataset) throws -> [Device] {
        guard devices.count <= dataset.batchSize else {
            throw Failure(
                "batches of \(dataset.batchSize) streams cannot be shared among \(devices.count) devices; name fewer "
                    + "with --device")
        }
        return Array(devices.dropFirst())
    }

    /// The checkpoint to start from, with the characters of the text.
    ///
    /// - Throws: ``Failure`` when it has others and may not be extended.
    private func fitted(_ checkpoint: Checkpoint, to text: Vocabulary) throws -> Checkpoint {
        let known = checkpoint.configuration.vocabulary
        guard !text.isSubset(of: known), let difference = known.difference(to: text) else { return checkpoint }
        guard vocabulary == .extend, known.kind == text.kind else {
            let advice =
                known.kind == text.kind
                ? "add --vocabulary extend, train on a text of its characters only,"
                : "choose --tokens \(known.kind.rawValue),"
            throw Failure(
                "\(initFrom!) knows other characters than \(dataFolder) (first: the checkpoint): \(difference); "
                    + "\(advice) or train anew without --init-from")
        }
        let all = try known.union(text)
        let new = (0..<all.count).filter { !known.contains(all.bytes(of: $0)) }.map { all.quoted($0) }
        Console.note("new characters, with initial weights of their own: \(new.joined(separator: " "))")
        return try checkpoint.widened(to: all, seed: learning.trainerOptions.seed)
    }

    private func resumedTrainer(_ checkpoint: Checkpoint, on devices: [Device]) throws -> Trainer {
        let dataset = try makeDataset(of: checkpoint)
        let trainer = try Trainer(
            resuming: checkpoint, dataset: dataset, on: devices[0], sharingWith: others(devices, for: dataset))
        Console.note(
            "resuming at iteration \(trainer.iteration) (epoch \(fixed(trainer.epoch, 2))) with the checkpoint's "
                + "model, batches and learning options")
        return trainer
    }

    private var dataFolder: String { data.dataDir ?? DataOptions.exampleFolder }

    private func makeDataset(_ tokens: TokenKind) throws -> TextDataset {
        do {
            return try TextDataset(
                contentsOf: URL(fileURLWithPath: dataFolder), tokens: tokens, batchSize: batch.batchSize,
                sequenceLength: batch.sequenceLength, trainingFraction: data.trainFraction,
                validationFraction: data.validationFraction)
        } catch let error as TextError {
            guard case .unreadable = error else { throw error }
            throw Failure("\(error) (name the folder of your input.txt with --data-dir; 'make data' makes an example)")
        }
    }

    /// The text cut as the run to be continued cut it.
    private func makeDataset(of checkpoint: Checkpoint) throws -> TextDataset {
        guard let shape = checkpoint.batchShape else { throw CheckpointError.noTraining }
        func fraction(_ key: String, _ otherwise: Double) -> Double {
            checkpoint.options[key].flatMap(Double.init) ?? otherwise
        }
        let folder = data.dataDir ?? checkpoint.options["data-dir"] ?? dataFolder
        return try TextDataset(
            contentsOf: URL(fileURLWithPath: folder), tokens: checkpoint.configuration.vocabulary.kind,
            batchSize: shape.batchSize, sequenceLength: shape.sequenceLength,
            trainingFraction: fraction("train-fraction", data.trainFraction),
            validationFraction: fraction("validation-fraction", data.validationFraction))
    }

    private func retention(in folder: URL, resumed: Checkpoint?) -> Retention? {
        guard keepLast != nil || keepBest else { return nil }
        return Retention(
            in: folder, keepLast: keepLast ?? 1, keepBest: keepBest,
            resumed: resumed.map { (URL(fileURLWithPath: resume!), $0) })
    }

    private func describe(_ trainer: Trainer) {
        let dataset = trainer.dataset
        let model = trainer.model
        let configuration = model.configuration
        Console.note(
            "data: \(Console.grouped(dataset.characterCount)) characters, a vocabulary of \(dataset.vocabulary.count)")
        for notice in dataset.notices { Console.note("note: \(notice)") }
        Console.note(
            "batches of \(dataset.batchSize)x\(dataset.sequenceLength): \(dataset.batches(in: .training).count) for "
                + "training, \(dataset.batches(in: .validation).count) for validation, "
                + "\(dataset.batches(in: .test).count) for testing")
        Console.note(
            "model: \(configuration.cell), \(configuration.layerCount) x \(configuration.hiddenSize) units, "
                + "dropout \(configuration.dropout)")
        Console.note("number of parameters: \(Console.grouped(model.parameterCount))")
        if let advice = Advice.size(parameters: model.parameterCount, characters: dataset.characterCount) {
            Console.note("advice: \(advice)")
        }
    }

    /// What a checkpoint remembers of this command line, and of the one before it when a run is resumed.
    private func savedOptions(_ trainer: Trainer, resumed: Checkpoint?) -> [String: String] {
        var options =
            resumed?.options ?? [
                "train-fraction": "\(data.trainFraction)", "validation-fraction": "\(data.validationFraction)",
                "seed": "\(trainer.options.seed)",
            ]
        // As a whole path, so that --resume finds it from anywhere.
        if resumed == nil || data.dataDir != nil { options["data-dir"] = URL(fileURLWithPath: dataFolder).path }
        if let initFrom { options["init-from"] = initFrom }
        options["label"] = label
        options["max-epochs"] = "\(maxEpochs)"
        options["eval-every"] = "\(evalEvery)"
        options["checkpoint-every"] = checkpointEvery?.description
        options["print-every"] = "\(printEvery)"
        options["checkpoint-dir"] = checkpointDir
        options["device"] = trainer.devices.map(\.id).joined(separator: ",")
        return options
    }
}

/// Which characters a run that starts from a checkpoint may have.
enum VocabularyRule: String, CaseIterable, ExpressibleByArgument {
    case same, extend
}
