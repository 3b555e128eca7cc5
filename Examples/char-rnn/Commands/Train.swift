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
                + "best for as long as it helps, four hours at most. Options that you type take precedence.",
            valueName: "name"))
    var recipe: Recipe?
    @Option(
        parsing: .unconditional,
        help: "How often to go through the training part; 0.5 is half of it. (default: 50)")
    var maxEpochs: Double?
    @Option(
        parsing: .unconditional,
        help: "Stop after so many iterations, if that is earlier; a resumed run that has come so far goes on.")
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
        if resume == nil { try data.validateFractions() }
        try require(vocabulary == .same || initFrom != nil, "--vocabulary extend belongs to --init-from.")
        try require(
            data.minFrequency == nil || initFrom == nil,
            "--min-frequency makes a new vocabulary, and --init-from brings one; give one of them.")
        try require(maxEpochs ?? 1 > 0, "--max-epochs \(maxEpochs ?? 0): it must be above 0.")
        try require(
            maxMinutes ?? 1 > 0, "--max-minutes \(maxMinutes ?? 0): it must be above 0.")
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
        switch report.end?.reason {
        case .finished, .noImprovement: return
        case .outOfTime where run.trainingOptions.schedule?.falls == true:
            Console.note("the time is over, and with it the schedule of the step size; there is nothing to continue")
        case .outOfTime:
            Console.note(
                "the time is over; continue with: \(resumeCommand(run.lastCheckpoint?.relativePath ?? "", ranks))")
        case .cancelled, nil:
            let last = run.lastCheckpoint?.relativePath
            if report.end?.iteration == run.lastIteration, let last {
                Console.note(
                    "stopped after the last step, before the model was tried; let it write with: char-rnn sample "
                        + shellPath(last))
            } else {
                Console.note(
                    last.map { "stopped; continue with: \(resumeCommand($0, ranks))" } ?? Self.nothingToSave)
            }
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
        if data.ownValidation != nil, let validation = trainer.dataset.validation {
            options.remembered["validation-checksum"] = TrainingTexts.checksum(of: validation)
        }
        do {
            return try TrainingRun(
                trainer, options: options,
                resuming: checkpoint.map { (checkpoint: $0, file: URL(named: resume!)) })
        } catch let error as TrainingRunError {
            guard case .hasEnded(_, options.maxIterations) = error else { throw error }
            throw Failure("\(error); raise --max-iterations to go on")
        }
    }

    private func makeTensorBoardLog(of run: TrainingRun, resuming checkpoint: Checkpoint?) throws -> TensorBoardLog? {
        try (tensorboard ?? checkpoint?.options["tensorboard"]).map {
            try TensorBoardLog(in: URL(named: $0, isFolder: true), continuingAt: run.firstIteration)
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
        if resumed == nil || data.text != nil { text.remember(as: "data-dir", in: &options) }
        data.ownValidation?.remember(as: "validation-text", in: &options)
        if let initFrom { options["init-from"] = initFrom }
        if let separator = data.documentSeparator { options["document-separator"] = separator }
        if let times = data.minFrequency { options["min-frequency"] = "\(times)" }
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
