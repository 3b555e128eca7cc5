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
                resume.map { Self.folder(of: $0) } ?? URL(named: "cv", isFolder: true)
            }
        var options = TrainingRun.Options(folder: folder)
        options.label = label ?? recorded["label"].flatMap { $0.contains("/") ? nil : $0 } ?? options.label
        options.maxEpochs =
            maxEpochs ?? recorded["max-epochs"].flatMap { Double($0) }.flatMap { $0 > 0 ? $0 : nil }
            ?? options.maxEpochs
        // A run that has come to its end is resumed to go on; but a schedule goes by the end.
        let isScheduled = checkpoint?.trainingOptions?.schedule != nil
        let recordedEnd = count("max-iterations").flatMap { isScheduled || $0 > checkpoint?.iteration ?? 0 ? $0 : nil }
        options.maxIterations = maxIterations ?? recordedEnd
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
        let recordedSplit = checkpoint.options["split"] ?? "streams"
        let bound =
            switch options.clipping {
            case .none: "none"
            case .value(let bound): "--clip \(bound)"
            case .norm(let bound): "--clip-norm \(bound)"
            }
        let isSame: [Recorded] = [
            (
                "--tokens", "\(configuration.vocabulary.kind)",
                data.tokens ?? configuration.vocabulary.kind == configuration.vocabulary.kind
            ),
            (
                "--min-frequency", text(checkpoint.options["min-frequency"]),
                data.minFrequency.map { "\($0)" } == checkpoint.options["min-frequency"]
            ),
            (
                "--document-separator", absent(checkpoint.options["document-separator"]),
                data.documentSeparator == checkpoint.options["document-separator"]
            ),
            (
                "--train-fraction", checkpoint.options["train-fraction"],
                recorded("train-fraction", data.fractions.training)
            ),
            (
                "--validation-fraction", checkpoint.options["validation-fraction"],
                recorded("validation-fraction", data.fractions.validation)
            ),
            ("--validation-text", "none", checkpoint.options["validation-text"] != nil),
            ("--split", recordedSplit, data.split.rawValue == recordedSplit),
            ("--sequence-length", "\(shape.sequenceLength)", batch.sequenceLength == shape.sequenceLength),
            ("--batch-size", "\(shape.batchSize)", batch.batchSize == shape.batchSize),
            ("--dropout", "\(configuration.dropout)", model.dropout == configuration.dropout),
            ("--optimizer", "\(options.optimizer.name)", learning.optimizer == options.optimizer.name),
            ("--learning-rate", "\(rate)", isSameRate), ("--adam-rate", text(adamW?.learningRate), isSameAdamRate),
            ("--weight-decay", text(adamW?.weightDecay), isSameDecay),
            (
                "--schedule", absent(options.schedule.flatMap { $0.falls ? $0 : nil }),
                mine.schedule?.fall == options.schedule?.fall
            ),
            ("--warm-up", "\(options.schedule?.warmUp ?? 0)", mine.schedule?.warmUp == options.schedule?.warmUp),
            ("--decay-rate", text(decayRate), learning.decayRate == nil || learning.decayRate == decayRate),
            ("--learning-rate-decay", "\(options.decay.factor)", mine.decay.factor == options.decay.factor),
            (
                "--learning-rate-decay-after", "\(options.decay.firstEpoch)",
                mine.decay.firstEpoch == options.decay.firstEpoch
            ),
            ("--clip", bound, mine.clipping == options.clipping),
            ("--clip-norm", bound, mine.clipping == options.clipping),
            (
                "--reset-probability", "\(options.resetProbability)",
                mine.resetProbability == options.resetProbability
            ),
            ("--seed", "\(Int64(bitPattern: options.seed))", mine.seed == options.seed),
        ]
        if let (option, found) = firstOtherwise(sizes(of: configuration) + isSame) {
            throw Failure(
                "\(option): the run of \(resume!) has \(found ?? "another"), which cannot be changed in the middle; leave the "
                    + "option out, or start a new run from the weights with --init-from")
        }
    }

    /// Makes sure that no option is given that the model to start from has otherwise.
    ///
    /// - Throws: ``Failure``, which names the first.
    func requireNothingElse(than configuration: LanguageModel.Configuration) throws {
        if let (option, found) = firstOtherwise(sizes(of: configuration)) {
            throw Failure(
                "\(option): the model of \(initFrom!) has \(found ?? "another"); leave the option out, or train a new model "
                    + "without --init-from")
        }
    }

    /// An option, what was recorded for it where that can be said in a word, and whether the command line has the same.
    private typealias Recorded = (option: String, found: String?, isSame: Bool)

    private func sizes(of configuration: LanguageModel.Configuration) -> [Recorded] {
        [
            ("--cell", "\(configuration.cell)", model.cell == configuration.cell),
            ("--hidden-size", "\(configuration.hiddenSize)", model.hiddenSize == configuration.hiddenSize),
            ("--layers", "\(configuration.layerCount)", model.layers == configuration.layerCount),
            ("--embedding-size", text(configuration.embeddingSize), model.embeddingSize == configuration.embeddingSize),
        ]
    }

    private func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }

    /// Of what cannot be said in a word whether it is there at all.
    private func absent<Value>(_ value: Value?) -> String? { value == nil ? "none" : nil }

    /// The first option that is typed and was recorded otherwise.
    private func firstOtherwise(_ recorded: [Recorded]) -> (option: String, found: String?)? {
        recorded.first { !$0.isSame && CommandLineWords.typed.contains($0.option) }.map { ($0.option, $0.found) }
    }
}
