import ArgumentParser
import CharRNN
import FoundationEssentials

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model on a text, writing checkpoints as it goes.",
        discussion: """
            The text is cut into batches of --batch-size sequences of --sequence-length characters. Every --eval-every \
            iterations the model is tried on the validation part and a checkpoint is written, with the loss in its \
            name: the lower, the better. The best model is often not the last one.

            With 1 MB of text the defaults do well. With more, make --hidden-size larger (300 for 6 MB, 512 and \
            more beyond) and keep 2 or 3 layers; when the validation loss stays well above the training loss, try \
            --dropout 0.5.
            """)

    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Learning") var learning: LearningOptions
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Option(parsing: .unconditional, help: "How often to go through the training part; 0.5 is half of it.")
    var maxEpochs = 50.0
    @Option(parsing: .unconditional, help: "Stop after so many iterations, if that is earlier.")
    var maxIterations: Int?
    @Option(help: "Start from the weights and sizes of this checkpoint.")
    var initFrom: String?
    @Option(help: "Continue the run that wrote this checkpoint, with its model and learning options.")
    var resume: String?
    @Option(parsing: .unconditional, help: "The iterations from one progress line to the next.")
    var printEvery = 1
    @Option(
        parsing: .unconditional, help: "The iterations from one validation and checkpoint to the next; also at the end."
    )
    var evalEvery = 1000
    @Option(help: "The folder for checkpoints and history.jsonl.")
    var checkpointDir = "cv"
    @Option(help: "A word for the checkpoints' names.")
    var label = "lstm"

    func validate() throws {
        try require(
            initFrom == nil || resume == nil, "--init-from starts a new run and --resume continues one; give one.")
        try require(maxEpochs > 0, "--max-epochs \(maxEpochs): it must be above 0.")
        try require(maxIterations ?? 1 > 0, "--max-iterations \(maxIterations ?? 0): at least 1 is needed.")
        try require(printEvery > 0, "--print-every \(printEvery): at least 1 is needed.")
        try require(evalEvery > 0, "--eval-every \(evalEvery): at least 1 is needed.")
        try require(!label.contains("/"), "--label \(label): it becomes part of a file name, so it has no '/'.")
    }

    func run() throws {
        let device = try device.device()
        Console.note("device: \(device)")
        let checkpoint = try resume.map { try Checkpoint(contentsOf: URL(fileURLWithPath: $0)) }
        let trainer = try checkpoint.map { try resumedTrainer($0, on: device) } ?? newTrainer(on: device)
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
        let run = TrainingRun(
            trainer: trainer, lastIteration: last, folder: folder, label: label, printEvery: printEvery,
            evalEvery: evalEvery, options: savedOptions(trainer, resumed: checkpoint),
            history: try History(in: folder))
        try run.run()
    }

    // MARK: Set-up

    private func newTrainer(on device: Device) throws -> Trainer {
        let dataset = try makeDataset()
        return try Trainer(
            model: makeModel(dataset.vocabulary, on: device), dataset: dataset, options: learning.trainerOptions)
    }

    private func resumedTrainer(_ checkpoint: Checkpoint, on device: Device) throws -> Trainer {
        let trainer = try Trainer(resuming: checkpoint, dataset: makeDataset(of: checkpoint), on: device)
        Console.note(
            "resuming at iteration \(trainer.iteration) (epoch \(fixed(trainer.epoch, 2))) with the checkpoint's "
                + "model, batches and learning options")
        return trainer
    }

    private var dataFolder: String { data.dataDir ?? DataOptions.exampleFolder }

    private func makeDataset() throws -> TextDataset {
        do {
            return try TextDataset(
                contentsOf: URL(fileURLWithPath: dataFolder), tokens: data.tokens, batchSize: data.batchSize,
                sequenceLength: data.sequenceLength, trainingFraction: data.trainFraction,
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

    private func makeModel(_ vocabulary: Vocabulary, on device: Device) throws -> LanguageModel {
        guard let initFrom else {
            return try LanguageModel(
                .init(
                    cell: model.cell, vocabulary: vocabulary, hiddenSize: model.hiddenSize, layerCount: model.layers,
                    dropout: model.dropout), on: device, seed: learning.trainerOptions.seed)
        }
        let checkpoint = try Checkpoint(contentsOf: URL(fileURLWithPath: initFrom))
        if let difference = checkpoint.configuration.vocabulary.difference(to: vocabulary) {
            throw Failure(
                "\(initFrom) knows other characters than \(dataFolder) (first: the checkpoint): \(difference); "
                    + "train on a text with the same characters, or anew without --init-from")
        }
        Console.note("starting from the weights, cell, sizes and dropout of \(initFrom)")
        return try LanguageModel(checkpoint, on: device)
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
        options["print-every"] = "\(printEvery)"
        options["checkpoint-dir"] = checkpointDir
        options["device"] = trainer.model.device.id
        return options
    }
}
