import ArgumentParser
import CharRNN
import FoundationEssentials
import Glibc

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

    @Flag(
        help: """
            Share each batch among the processes that mpirun has started: mpirun -n 4 char-rnn train --mpi. Needs the \
            char-rnn of 'make mpi'.
            """)
    var mpi = false
    @Option(
        help: ArgumentHelp(
            "Options that suit each other and this machine: char-rnn, the defaults; quick for a minute, good for ten, "
                + "best for hours. Options that you type take precedence.", valueName: "name"))
    var recipe: Recipe?
    @Option(
        parsing: .unconditional,
        help: "How often to go through the training part; 0.5 is half of it. (default: 50)")
    var maxEpochs: Double?
    @Option(parsing: .unconditional, help: "Stop after so many iterations, if that is earlier.")
    var maxIterations: Int?
    @Option(
        parsing: .unconditional,
        help: "Stop after so many minutes of training, with a checkpoint, if that is earlier; not kept by --resume.")
    var maxMinutes: Double?
    @Option(
        help: "Start from the weights and sizes of this checkpoint or .t7, or of the best of a folder.",
        completion: .file())
    var initFrom: String?
    @Option(help: "With --init-from: same, for a text of its characters only, or extend, to add those of the text.")
    var vocabulary = VocabularyRule.same
    @Option(
        help: """
            Continue the run that wrote this checkpoint, with its options; the device has to be named again. Of a folder \
            its newest checkpoint is taken, without a value the newest of --checkpoint-dir.
            """,
        completion: .file())
    var resume: String?
    @Option(parsing: .unconditional, help: "Say how it goes after each so many iterations. (default: 1)")
    var printEvery: Int?
    @Option(
        parsing: .unconditional,
        help: "The iterations from one validation and checkpoint to the next; also at the end. (default: 1000)")
    var evalEvery: Int?
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
    @Flag(help: "Keep the checkpoint with the lowest validation loss, and as many last ones as --keep-last says, or 1.")
    var keepBest = false
    @Option(
        help: "The folder for checkpoints and history.jsonl. (default: cv, or that of the checkpoint to --resume)",
        completion: .directory)
    var checkpointDir: String?
    @Option(help: "A word for the checkpoints' names. (default: lstm)")
    var label: String?
    @Option(parsing: .unconditional, help: "Let the model write something every so many iterations. (default: never)")
    var sampleEvery: Int?
    @Option(parsing: .unconditional, help: "How many characters of it. (default: 200)")
    var sampleLength: Int?
    @Flag(help: "Do not train: say what memory and time it would take, and what might be better.")
    var dryRun = false
    @Option(
        help: "Also write losses, learning rate and gradient norm into this folder, for TensorBoard.",
        completion: .directory)
    var tensorboard: String?

    func validate() throws {
        try require(
            initFrom == nil || resume == nil, "--init-from starts a new run and --resume continues one; give one.")
        try require(
            recipe == nil || resume == nil,
            "--recipe begins a new run, and --resume goes on with the options of the old one; give one.")
        try require(vocabulary == .same || initFrom != nil, "--vocabulary extend belongs to --init-from.")
        try require(maxEpochs ?? 1 > 0, "--max-epochs \(maxEpochs ?? 0): it must be above 0.")
        try require(
            maxMinutes.map { $0 > 0 && $0.isFinite } ?? true, "--max-minutes \(maxMinutes ?? 0): it must be above 0.")
        try require(sampleEvery ?? 1 > 0, "--sample-every \(sampleEvery ?? 0): at least 1 is needed.")
        try require(
            sampleLength == nil || sampleEvery != nil || resume != nil, "--sample-length belongs to --sample-every.")
        try require(sampleLength ?? 1 > 0, "--sample-length \(sampleLength ?? 0): at least 1 is needed.")
        try require(maxIterations ?? 1 > 0, "--max-iterations \(maxIterations ?? 0): at least 1 is needed.")
        try require(printEvery ?? 1 > 0, "--print-every \(printEvery ?? 0): at least 1 is needed.")
        try require(evalEvery ?? 1 > 0, "--eval-every \(evalEvery ?? 0): at least 1 is needed.")
        try require(keepLast ?? 1 > 0, "--keep-last \(keepLast ?? 0): at least 1 is needed.")
        try validateMPI()
        if let label {
            try require(!label.contains("/"), "--label \(label): it becomes part of a file name, so it has no '/'.")
        }
    }

    private static let nothingToSave = "stopped before the first step; there is nothing to save"

    mutating func run() throws {
        // Messages that nobody reads any more are worth less than a training.
        signal(SIGPIPE, SIG_IGN)
        let ranks = mpi ? try Ranks.start() : .alone
        try ranks.run { try train(ranks) }
    }

    private mutating func train(_ ranks: Ranks) throws {
        Interruption.watch { _, name, isFirst in
            Console.note("\(name): \(isFirst ? "" : "still ")stopping; what was learned is saved first")
        }
        let (devices, checkpoint) = try ranks.together {
            let devices = try ranks.devices(device)
            for device in devices { Console.note("device: \(device)") }
            resume = try resume.map { try CheckpointChoice.newest($0, or: checkpointDir ?? "cv") }
            initFrom = try initFrom.map { try CheckpointChoice.best($0).relativePath }
            let checkpoint = try resume.map { try Checkpoint.trainable(contentsOf: $0) }
            if let checkpoint { try requireNothingElse(than: checkpoint) }
            return (devices, checkpoint)
        }
        if dryRun { return try tryOut(on: devices, resuming: checkpoint) }
        let run: TrainingRun
        do { run = try makeRun(on: devices, of: ranks, resuming: checkpoint) } catch let code as ExitCode {
            // A signal came while the text was read.
            Console.note(Self.nothingToSave)
            throw code
        }
        let advice = adviceForFailures(of: run, ranks)
        if let advice { Console.note("note: \(advice)") }
        Interruption.react {
            run.cancel()
            // Where ranks are gone the others cannot save, and end soon.
            if let advice, ranks.speaksForTheDead { Console.insist(advice) }
        }
        defer { Interruption.react {} }
        let report = TrainingReport(run)
        let log = ranks.isFirst ? try makeTensorBoardLog(of: run, resuming: checkpoint) : nil
        do {
            try run.run { event in
                report.tell(event)
                if let error = log?.record(event) { Console.note("note: \(error); training goes on without it") }
            }
        } catch { throw failure(error, of: run, on: devices, ranks) }
        switch report.reason {
        case .finished, .noImprovement: return
        case .outOfTime where run.trainingOptions.schedule?.falls == true:
            Console.note("the time is over, and the step size has come to its end with it")
        case .outOfTime:
            Console.note(
                "the time is over; continue with: \(resumeCommand(run.lastCheckpoint?.relativePath ?? "", ranks))")
        case .cancelled, nil:
            Console.note(
                run.lastCheckpoint.map { "stopped; continue with: \(resumeCommand($0.relativePath, ranks))" }
                    ?? Self.nothingToSave)
            throw ExitCode(128 + (Interruption.received ?? SIGINT))
        }
    }

    private func trainer(
        on devices: [Device], of ranks: Ranks, resuming checkpoint: Checkpoint?
    ) throws -> sending Trainer {
        if let checkpoint {
            try resumedTrainer(checkpoint, on: devices, of: ranks)
        } else {
            try newTrainer(on: devices, of: ranks)
        }
    }

    /// What a run would need, without one.
    private func tryOut(on devices: [Device], resuming checkpoint: Checkpoint?) throws {
        let trainer = try trainer(on: devices, of: .alone, resuming: checkpoint)
        let options = runOptions(resuming: checkpoint)
        describe(trainer.model, trainer.dataset, keepsBest: options.keepBest)
        for line in try DryRun(trainer, options).lines { Console.note(line) }
    }

    private func makeRun(
        on devices: [Device], of ranks: Ranks, resuming checkpoint: Checkpoint?
    ) throws -> TrainingRun {
        let trainer = try trainer(on: devices, of: ranks, resuming: checkpoint)
        var options = runOptions(resuming: checkpoint)
        describe(trainer.model, trainer.dataset, keepsBest: options.keepBest)
        options.remembered = savedOptions(options, seed: trainer.options.seed, devices, resumed: checkpoint)
        do {
            return try TrainingRun(
                trainer, options: options,
                resuming: checkpoint.map { (checkpoint: $0, file: URL(named: resume!)) })
        } catch let error as TrainingRunError {
            guard case .hasEnded(_, maxIterations) = error else { throw error }
            throw Failure("\(error); raise --max-iterations to go on")
        }
    }

    private func makeTensorBoardLog(of run: TrainingRun, resuming checkpoint: Checkpoint?) throws -> TensorBoardLog? {
        try (tensorboard ?? checkpoint?.options["tensorboard"]).map {
            try TensorBoardLog(in: URL(named: $0, isFolder: true), continuingAt: run.firstIteration)
        }
    }

    /// An error that ended the run, with what is left of it and what to do.
    private func failure(
        _ error: any Error, of run: TrainingRun, on devices: [Device], _ ranks: Ranks
    ) -> any Error {
        let last = run.lastCheckpoint?.relativePath
        switch error {
        case let divergence as TrainingDivergence:
            guard divergence.returns > 0, let last else {
                return Failure("\(divergence): the weights at the start are unusable; start from others")
            }
            return Failure(
                "\(divergence); try a lower --learning-rate than \(run.trainingOptions.optimizer.learningRate), from the "
                    + "start or from the last good weights with --init-from \(shellWord(last))")
        case let error as DeviceError:
            let saved =
                last.map { "the last checkpoint is \($0); go on from it with: \(resumeCommand($0, ranks))" }
                ?? "no checkpoint was written yet"
            let room = room(for: run.model.configuration, on: devices, error)
            return Failure("\(Hints.message(of: error))\(room); \(saved)")
        case is FileError, is TrainingRunError:
            let saved = last.map { "the last checkpoint is \($0)" } ?? "there is no checkpoint yet"
            return Failure("\(Hints.message(of: error)); \(saved)")
        default: return error
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

    private func newTrainer(on devices: [Device], of ranks: Ranks) throws -> sending Trainer {
        guard let initFrom else {
            let dataset = try agreed(on: devices, of: ranks) { try makeDataset(data.tokens ?? .scalars) }
            let configuration = LanguageModel.Configuration(
                cell: model.cell, vocabulary: dataset.vocabulary, hiddenSize: model.hiddenSize,
                layerCount: model.layers, dropout: model.dropout, embeddingSize: model.embeddingSize)
            return try trainer(of: configuration, dataset, on: devices, of: ranks) {
                try LanguageModel(configuration, on: devices[0], seed: learning.trainerOptions.seed)
            }
        }
        var checkpoint = try Checkpoint.trainable(contentsOf: initFrom)
        try requireNothingElse(than: checkpoint.configuration)
        let setsDropout = CommandLineWords.typed.contains("--dropout")
        if setsDropout { checkpoint = try checkpoint.with(dropout: model.dropout) }
        let dataset = try agreed(on: devices, of: ranks) {
            try makeDataset(data.tokens ?? checkpoint.configuration.vocabulary.kind)
        }
        let start = try ranks.together { try fitted(checkpoint, to: dataset.vocabulary) }
        let rest = setsDropout ? "cell and sizes" : "cell, sizes and dropout"
        Console.note("starting from the weights, \(rest) of \(initFrom)")
        return try trainer(of: start.configuration, dataset, on: devices, of: ranks) {
            try LanguageModel(start, on: devices[0])
        }
    }

    /// The text, of which all ranks have the same, and a batch a stream for each of their devices.
    private func agreed(
        on devices: [Device], of ranks: Ranks, resuming checkpoint: Checkpoint? = nil,
        _ makeDataset: () throws -> TextDataset
    ) throws -> TextDataset {
        let dataset = try ranks.together {
            let dataset = try makeDataset()
            try requireStreams(devices, of: ranks, in: dataset)
            return dataset
        }
        try ranks.requireSame(facts(TrainingData(dataset), resuming: checkpoint))
        return dataset
    }

    private func trainer(
        of configuration: LanguageModel.Configuration, _ dataset: TextDataset, on devices: [Device], of ranks: Ranks,
        makingModel makeModel: () throws -> LanguageModel
    ) throws -> sending Trainer {
        do {
            return try Trainer(
                model: makeModel(), dataset: dataset, options: learning.trainerOptions,
                sharingWith: Array(devices.dropFirst()), exchange: ranks.exchange(on: devices))
        } catch let error as DeviceError {
            throw Failure("\(Hints.message(of: error))\(room(for: configuration, on: devices, error))")
        }
    }

    /// - Throws: ``Failure`` when a batch has too few streams.
    private func requireStreams(_ devices: [Device], of ranks: Ranks, in dataset: TextDataset) throws {
        guard ranks.count * devices.count <= dataset.batchSize else {
            if ranks.count > 1 {
                throw Failure(
                    "batches of \(dataset.batchSize) streams cannot be shared among \(ranks.count) ranks of "
                        + "\(devices.count == 1 ? "a device" : "\(devices.count) devices"); start fewer ranks, or make "
                        + "--batch-size larger")
            }
            throw Failure(
                "batches of \(dataset.batchSize) streams cannot be shared among \(devices.count) devices; name fewer "
                    + "with --device")
        }
    }

    /// The checkpoint to start from, with the characters of the text.
    ///
    /// - Throws: ``Failure`` when it has others and may not be extended.
    private func fitted(_ checkpoint: Checkpoint, to text: Vocabulary) throws -> Checkpoint {
        let known = checkpoint.configuration.vocabulary
        guard !text.isSubset(of: known) else { return checkpoint }
        guard known.kind == text.kind else {
            throw Failure(
                "--tokens \(text.kind): the model of \(initFrom!) counts \(known.kind); leave the option out, or train a "
                    + "new model without --init-from")
        }
        let new = (0..<text.count).filter { !known.contains(text.bytes(of: $0)) }.map { text.quoted($0) }
        guard vocabulary == .extend else {
            let list = new.prefix(10).joined(separator: " ") + (new.count > 10 ? " and \(new.count - 10) more" : "")
            throw Failure(
                "\(dataFolder) has characters that the model of \(initFrom!) does not know: \(list); add them with "
                    + "--vocabulary extend, or train a new model without --init-from")
        }
        let all = try known.union(text)
        Console.note("new characters, with initial weights of their own: \(new.joined(separator: " "))")
        return try checkpoint.widened(to: all, seed: learning.trainerOptions.seed)
    }

    private func resumedTrainer(
        _ checkpoint: Checkpoint, on devices: [Device], of ranks: Ranks
    ) throws -> sending Trainer {
        let dataset = try agreed(on: devices, of: ranks, resuming: checkpoint) { try makeDataset(of: checkpoint) }
        let trainer = try Trainer(
            resuming: checkpoint, dataset: dataset, on: devices[0],
            sharingWith: Array(devices.dropFirst()), exchange: ranks.exchange(on: devices))
        Console.note(
            "resuming at iteration \(trainer.iteration) (epoch \(fixed(trainer.epoch, 2))) with the checkpoint's "
                + "model, batches and learning options")
        return trainer
    }

    var dataFolder: String { data.dataDir ?? DataOptions.exampleFolder }

    private func makeDataset(_ tokens: TokenKind) throws -> TextDataset {
        do {
            return try TrainingText(path: dataFolder).dataset(
                tokens, batchSize: batch.batchSize, sequenceLength: batch.sequenceLength,
                trainingFraction: data.fractions.training, validationFraction: data.fractions.validation,
                split: data.split.split)
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
        if data.dataDir == nil, checkpoint.options["data-dir"] == "-" {
            throw Failure("the run has read its text from standard input; give it again, with --data-dir -")
        }
        return try TrainingText(path: data.dataDir ?? checkpoint.options["data-dir"] ?? dataFolder).dataset(
            checkpoint.configuration.vocabulary.kind, batchSize: shape.batchSize, sequenceLength: shape.sequenceLength,
            trainingFraction: fraction("train-fraction", data.fractions.training),
            validationFraction: fraction("validation-fraction", data.fractions.validation),
            split: (checkpoint.options["split"].flatMap(SplitName.init) ?? .streams).split)
    }

    private func describe(_ model: LanguageModel, _ dataset: TrainingData, keepsBest: Bool) {
        let configuration = model.configuration
        Console.note(
            "data: \(Console.grouped(dataset.characterCount)) characters, a vocabulary of \(dataset.vocabulary.count)")
        for notice in dataset.notices { Console.note("note: \(notice)") }
        if dataset.validation == nil {
            Console.note("note: there is no validation part, so the names of checkpoints have no loss")
            if keepsBest { Console.note("note: without a validation loss --keep-best keeps the last checkpoint") }
        }
        Console.note(
            "batches of \(dataset.batchSize)x\(dataset.sequenceLength): \(dataset.batchCount(in: .training)) for "
                + "training, \(dataset.batchCount(in: .validation)) for validation, "
                + "\(dataset.batchCount(in: .test)) for testing")
        Console.note(
            "model: \(configuration.cell), \(configuration.layerCount) x \(configuration.hiddenSize) units, "
                + "dropout \(configuration.dropout)"
                + (configuration.embeddingSize.map { ", embedding of \($0)" } ?? ""))
        Console.note("number of parameters: \(Console.grouped(model.parameterCount))")
        if let advice = Advice.size(configuration, parameters: model.parameterCount, dataset) {
            Console.note("advice: \(advice)")
        }
    }

    /// What a checkpoint remembers of this command line, and of the one before it when a run is resumed.
    private func savedOptions(
        _ run: TrainingRun.Options, seed: UInt64, _ devices: [Device], resumed: Checkpoint?
    ) -> [String: String] {
        var options =
            resumed?.options ?? [
                "train-fraction": "\(data.fractions.training)",
                "validation-fraction": "\(data.fractions.validation)", "split": data.split.rawValue, "seed": "\(seed)",
            ]
        if resumed == nil || data.dataDir != nil { options["data-dir"] = TrainingText(path: dataFolder).remembered }
        if let initFrom { options["init-from"] = initFrom }
        options["label"] = run.label
        options["max-epochs"] = "\(run.maxEpochs)"
        if resumed == nil { options["recipe"] = recipe?.rawValue }
        options["max-iterations"] = run.maxIterations.map { "\($0)" }
        options["eval-every"] = "\(run.evaluateEvery)"
        options["checkpoint-every"] = run.checkpointEvery?.option
        options["print-every"] = "\(run.reportEvery)"
        options["sample-every"] = run.sampleEvery.map { "\($0)" }
        options["sample-length"] = run.sampleEvery.map { _ in "\(run.sampleLength)" }
        options["keep-last"] = run.keepLast.map { "\($0)" }
        options["keep-best"] = run.keepBest ? "true" : nil
        options["checkpoint-dir"] = run.folder.relativePath
        if let tensorboard { options["tensorboard"] = URL(named: tensorboard).path }
        options["device"] = devices.map(\.id).joined(separator: ",")
        return options
    }
}

/// Which characters a run that starts from a checkpoint may have.
enum VocabularyRule: String, CaseIterable, ExpressibleByArgument {
    case same, extend
}
