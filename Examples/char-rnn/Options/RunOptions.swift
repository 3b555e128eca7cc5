import CharRNN
import FoundationEssentials

extension Train {
    /// The options of the run: those given, else those that the run to be resumed has recorded, else char-rnn's.
    func runOptions(resuming checkpoint: Checkpoint?) -> TrainingRun.Options {
        let recorded = checkpoint?.options ?? [:]
        func count(_ key: String) -> Int? { recorded[key].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
        let folder =
            if let checkpointDir {
                URL(named: checkpointDir, isFolder: true)
            } else {
                resume.map { Self.folder(of: $0) } ?? URL(fileURLWithPath: "cv", isDirectory: true)
            }
        var options = TrainingRun.Options(folder: folder)
        options.label = label ?? recorded["label"].flatMap { $0.contains("/") ? nil : $0 } ?? options.label
        options.maxEpochs =
            maxEpochs ?? recorded["max-epochs"].flatMap { Double($0) }.flatMap { $0 > 0 ? $0 : nil }
            ?? options.maxEpochs
        // A schedule goes by the end of the run.
        options.maxIterations =
            maxIterations ?? (checkpoint?.trainingOptions?.schedule == nil ? nil : count("max-iterations"))
        options.maxSeconds = maxMinutes.map { 60 * $0 }
        options.sampleEvery = sampleEvery ?? count("sample-every")
        options.sampleLength = sampleLength ?? count("sample-length") ?? options.sampleLength
        options.reportEvery = printEvery ?? count("print-every") ?? options.reportEvery
        options.evaluateEvery = evalEvery ?? count("eval-every") ?? options.evaluateEvery
        options.checkpointEvery =
            checkpointEvery ?? recorded["checkpoint-every"].flatMap { try? CheckpointInterval(parsing: $0) }
        options.keepLast = keepLast ?? count("keep-last")
        options.keepBest = keepBest || recorded["keep-best"] == "true"
        return options
    }

    /// As it was typed, which messages repeat.
    private static func folder(of file: String) -> URL {
        let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return URL(named: folder.isEmpty ? (file.hasPrefix("/") ? "/" : ".") : folder, isFolder: true)
    }

    /// Makes sure that no option is given that the run to be resumed has otherwise.
    ///
    /// - Throws: ``Failure``, which names the first.
    func requireNothingElse(than checkpoint: Checkpoint) throws {
        guard let options = checkpoint.trainingOptions, let shape = checkpoint.batchShape else { return }
        let configuration = checkpoint.configuration
        let mine = learning.trainerOptions
        // Of RMSProp; Adam has none.
        let decayRate: Float? = if case .rmsProp(_, let decay, _) = options.optimizer { decay } else { nil }
        func recorded(_ key: String, _ value: Double) -> Bool {
            checkpoint.options[key].flatMap { Double($0) } ?? value == value
        }
        let adamW = options.optimizer.adamW
        let rate = options.optimizer.learningRate
        let isSameRate = learning.learningRate ?? rate == rate
        let isSameAdamRate = learning.adamRate ?? adamW?.learningRate == adamW?.learningRate
        let isSameDecay = learning.weightDecay ?? adamW?.weightDecay == adamW?.weightDecay
        let isSame: [(option: String, Bool)] = [
            ("--tokens", data.tokens ?? configuration.vocabulary.kind == configuration.vocabulary.kind),
            ("--min-frequency", data.minFrequency.map { "\($0)" } == checkpoint.options["min-frequency"]),
            ("--document-separator", data.documentSeparator == checkpoint.options["document-separator"]),
            ("--train-fraction", recorded("train-fraction", data.fractions.training)),
            ("--validation-fraction", recorded("validation-fraction", data.fractions.validation)),
            ("--validation-text", checkpoint.options["validation-text"] != nil),
            ("--split", data.split.rawValue == checkpoint.options["split"] ?? "streams"),
            ("--sequence-length", batch.sequenceLength == shape.sequenceLength),
            ("--batch-size", batch.batchSize == shape.batchSize),
            ("--cell", model.cell == configuration.cell),
            ("--hidden-size", model.hiddenSize == configuration.hiddenSize),
            ("--layers", model.layers == configuration.layerCount),
            ("--dropout", model.dropout == configuration.dropout),
            ("--embedding-size", model.embeddingSize == configuration.embeddingSize),
            ("--optimizer", learning.optimizer == options.optimizer.name),
            ("--learning-rate", isSameRate), ("--adam-rate", isSameAdamRate), ("--weight-decay", isSameDecay),
            ("--schedule", mine.schedule?.fall == options.schedule?.fall),
            ("--warm-up", mine.schedule?.warmUp == options.schedule?.warmUp),
            ("--decay-rate", learning.decayRate == nil || learning.decayRate == decayRate),
            ("--learning-rate-decay", mine.decay.factor == options.decay.factor),
            ("--learning-rate-decay-after", mine.decay.firstEpoch == options.decay.firstEpoch),
            ("--clip", mine.clipping == options.clipping), ("--clip-norm", mine.clipping == options.clipping),
            ("--reset-probability", mine.resetProbability == options.resetProbability),
            ("--seed", mine.seed == options.seed),
        ]
        for (option, isSame) in isSame where !isSame && CommandLineWords.typed.contains(option) {
            throw Failure(
                "\(option): the run of \(resume!) has another, which cannot be changed in the middle; leave the option "
                    + "out, or start a new run from the weights with --init-from")
        }
    }

    /// Makes sure that no option is given that the model to start from has otherwise.
    ///
    /// - Throws: ``Failure``, which names the first.
    func requireNothingElse(than configuration: LanguageModel.Configuration) throws {
        let isSame: [(option: String, found: String, Bool)] = [
            ("--cell", "\(configuration.cell)", model.cell == configuration.cell),
            ("--hidden-size", "\(configuration.hiddenSize)", model.hiddenSize == configuration.hiddenSize),
            ("--layers", "\(configuration.layerCount)", model.layers == configuration.layerCount),
            (
                "--embedding-size", configuration.embeddingSize.map { "\($0)" } ?? "none",
                model.embeddingSize == configuration.embeddingSize
            ),
        ]
        for (option, found, isSame) in isSame where !isSame && CommandLineWords.typed.contains(option) {
            throw Failure(
                "\(option): the model of \(initFrom!) has \(found); leave the option out, or train a new model without "
                    + "--init-from")
        }
    }
}
