import CharRNN
import FoundationEssentials

// What a run of `train` begins with: its text, its model and its trainer.
extension Train {
    func newTrainer(on devices: [Device], of ranks: Ranks) throws -> sending Trainer {
        guard let initFrom else {
            let texts = try agreed(on: devices, of: ranks) {
                let dataset = try makeDataset(data.tokens ?? .scalars)
                guard let times = data.minFrequency else { return dataset }
                return try Interruption.interruptible { try dataset.withUnknownToken(minimumFrequency: times) }
            }
            let configuration = LanguageModel.Configuration(
                cell: model.cell, vocabulary: try texts.vocabulary, hiddenSize: model.hiddenSize,
                layerCount: model.layers, dropout: model.dropout, embeddingSize: model.embeddingSize)
            return try trainer(of: configuration, texts, on: devices, of: ranks) {
                try LanguageModel(configuration, on: devices[0], seed: learning.trainerOptions.seed)
            }
        }
        var checkpoint = try Checkpoint.trainable(contentsOf: initFrom)
        try requireNothingElse(than: checkpoint.configuration)
        let setsDropout = CommandLineWords.typed.contains("--dropout")
        if setsDropout { checkpoint = try checkpoint.with(dropout: model.dropout) }
        let texts = try agreed(on: devices, of: ranks) {
            try makeDataset(data.tokens ?? checkpoint.configuration.vocabulary.kind)
        }
        let start = try ranks.together { try fitted(checkpoint, to: texts.vocabulary) }
        let rest = setsDropout ? "cell and sizes" : "cell, sizes and dropout"
        Console.note("starting from the weights, \(rest) of \(initFrom)")
        return try trainer(of: start.configuration, texts, on: devices, of: ranks) {
            try LanguageModel(start, on: devices[0])
        }
    }

    /// The texts, of which all ranks have the same, and a batch a stream for each of their devices.
    private func agreed(
        on devices: [Device], of ranks: Ranks, resuming checkpoint: Checkpoint? = nil,
        _ makeDataset: () throws -> TextDataset
    ) throws -> TrainingTexts {
        let texts = try ranks.together {
            let dataset = try makeDataset()
            try requireStreams(devices, of: ranks, in: dataset)
            let options = checkpoint?.trainingOptions ?? learning.trainerOptions
            return TrainingTexts(
                dataset: dataset, validation: try makeValidation(beside: dataset, of: checkpoint),
                documents: documentSeparator(resuming: checkpoint).map { ($0, options.seed) })
        }
        try ranks.requireSame(facts(texts, resuming: checkpoint))
        return texts
    }

    private func trainer(
        of configuration: LanguageModel.Configuration, _ texts: TrainingTexts, on devices: [Device], of ranks: Ranks,
        makingModel makeModel: () throws -> LanguageModel
    ) throws -> sending Trainer {
        do {
            return try Trainer(
                model: makeModel(), dataset: batches(of: texts, numberedBy: configuration.vocabulary),
                options: learning.trainerOptions,
                sharingWith: Array(devices.dropFirst()), exchange: ranks.exchange(on: devices))
        } catch let error as DeviceError {
            throw Failure("\(Hints.message(of: error))\(room(for: configuration, on: devices, error))")
        }
    }

    /// The batches; where texts are cut into documents they are read once more, which a signal breaks off.
    private func batches(of texts: TrainingTexts, numberedBy vocabulary: Vocabulary) throws -> TrainingData {
        try Interruption.interruptible { try texts.batches(numberedBy: vocabulary) }
    }

    /// - Throws: ``Failure`` when a batch has too few streams.
    private func requireStreams(_ devices: [Device], of ranks: Ranks, in dataset: TextDataset) throws {
        guard ranks.count * devices.count <= dataset.batchSize else {
            let batches = "batches of \(dataset.batchSize) stream\(dataset.batchSize == 1 ? "" : "s")"
            if ranks.count > 1 {
                throw Failure(
                    "\(batches) cannot be shared among \(ranks.count) ranks of "
                        + "\(devices.count == 1 ? "a device" : "\(devices.count) devices"); start fewer ranks, or make "
                        + "--batch-size larger")
            }
            throw Failure(
                "\(batches) cannot be shared among \(devices.count) devices; name fewer with --device")
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
            let place = data.ownValidation.map { "\(self.text.name) or \($0.name)" } ?? self.text.name
            let list = new.prefix(10).joined(separator: " ") + (new.count > 10 ? " and \(new.count - 10) more" : "")
            guard known.unknownToken == nil else {
                Console.note("note: the model does not know these characters, and reads each as U+FFFD: \(list)")
                return checkpoint
            }
            throw Failure(
                "\(place) has characters that the model of \(initFrom!) does not know: \(list); add them with "
                    + "--vocabulary extend, or train a new model without --init-from")
        }
        let all = try known.union(text)
        Console.note("new characters, with initial weights of their own: \(new.joined(separator: " "))")
        return try checkpoint.widened(to: all, seed: learning.trainerOptions.seed)
    }

    func resumedTrainer(
        _ checkpoint: Checkpoint, on devices: [Device], of ranks: Ranks
    ) throws -> sending Trainer {
        let trainer: Trainer
        do { trainer = try self.trainer(resuming: checkpoint, on: devices, of: ranks) } catch let error
            as CheckpointError
        {
            throw Failure("\(resume!): \(Hints.message(of: error))")
        }
        Console.note(
            "resuming at iteration \(trainer.iteration) (epoch \(fixed(trainer.epoch, 2))) with the checkpoint's "
                + "model, batches and learning options")
        return trainer
    }

    private func trainer(
        resuming checkpoint: Checkpoint, on devices: [Device], of ranks: Ranks
    ) throws -> sending Trainer {
        let texts = try agreed(on: devices, of: ranks, resuming: checkpoint) { try makeDataset(of: checkpoint) }
        let others = Array(devices.dropFirst())
        let exchange = ranks.exchange(on: devices)
        if texts.validation == nil && texts.documents == nil {
            return try Trainer(
                resuming: checkpoint, dataset: texts.dataset, on: devices[0], sharingWith: others, exchange: exchange)
        }
        return try Trainer(
            resuming: checkpoint, dataset: batches(of: texts, numberedBy: checkpoint.configuration.vocabulary),
            on: devices[0], sharingWith: others, exchange: exchange)
    }

    /// The text of a new run.
    var text: TrainingText { data.text ?? TrainingText([DataOptions.exampleFolder]) }

    /// That of a run that goes on, which may have moved.
    func text(resuming checkpoint: Checkpoint) -> TrainingText {
        data.text ?? TrainingText(remembered: checkpoint.options, as: "data-dir") ?? text
    }

    private func makeDataset(_ tokens: TokenKind) throws -> TextDataset {
        try withHint("name the folder of your input.txt with --data-dir; 'make data' makes an example", about: text) {
            try text.dataset(
                tokens, batchSize: batch.batchSize, sequenceLength: batch.sequenceLength,
                trainingFraction: data.fractions.training, validationFraction: data.fractions.validation,
                split: data.split.split)
        }
    }

    /// Reads a text, and says what to do when it is not there.
    private func withHint(
        _ hint: String, about text: TrainingText, _ read: () throws -> TextDataset
    ) throws -> TextDataset {
        do { return try read() } catch let error as TextError {
            guard case .unreadable = error, !text.isThere else { throw error }
            throw Failure("\(error) (\(hint))")
        }
    }

    /// The text cut as the run to be continued cut it.
    private func makeDataset(of checkpoint: Checkpoint) throws -> TextDataset {
        guard let shape = checkpoint.batchShape else { throw CheckpointError.noTraining }
        func fraction(_ key: String, _ otherwise: Double) -> Double {
            checkpoint.options[key].flatMap(Double.init) ?? otherwise
        }
        let text = self.text(resuming: checkpoint)
        if data.text == nil, text.isStandardInput {
            throw Failure("the run has read its text from standard input; give it again, with --data-dir -")
        }
        return try withHint("if the text of the run has moved, name it with --data-dir", about: text) {
            try text.dataset(
                checkpoint.configuration.vocabulary.kind, batchSize: shape.batchSize,
                sequenceLength: shape.sequenceLength,
                trainingFraction: fraction("train-fraction", data.fractions.training),
                validationFraction: fraction("validation-fraction", data.fractions.validation),
                split: (checkpoint.options["split"].flatMap(SplitName.init) ?? .streams).split)
        }
    }

    /// What stands between the documents of the texts; nil where they are one.
    private func documentSeparator(resuming checkpoint: Checkpoint?) -> String? {
        (checkpoint.map { $0.options["document-separator"] } ?? data.documentSeparator).flatMap { Escapes.read($0) }
    }

    /// The text of its own that a run is validated on; nil where there is none.
    func validationText(resuming checkpoint: Checkpoint?) -> TrainingText? {
        data.ownValidation ?? checkpoint.flatMap { TrainingText(remembered: $0.options, as: "validation-text") }
    }

    /// That text in batches such as those of the text to train on.
    ///
    /// - Throws: ``Failure`` when it is too short for them, or not the one that the run had so far; `TextError`.
    private func makeValidation(beside dataset: TextDataset, of checkpoint: Checkpoint?) throws -> TextDataset? {
        guard let text = validationText(resuming: checkpoint) else { return nil }
        let shape = (dataset.batchSize, dataset.sequenceLength)
        let validation = try withHint("if it has moved, name it with --validation-text", about: text) {
            try text.dataset(
                dataset.vocabulary.kind, batchSize: shape.0, sequenceLength: shape.1, trainingFraction: 1,
                validationFraction: 0, split: .text)
        }
        let separator = documentSeparator(resuming: checkpoint)
        guard separator != nil || (validation.batchSize, validation.sequenceLength) == shape else {
            throw Failure(
                "\(text.name) has \(Count(validation.characterCount)) characters, and to validate in batches "
                    + "of \(shape.0)x\(shape.1) takes \(Count(shape.0 * shape.1 + 1)); take a longer text, or a smaller --batch-size"
            )
        }
        if let checkpoint, let recorded = checkpoint.options["validation-checksum"] {
            // Another text may have characters that the model does not know.
            let source = try? TrainingTexts.source(
                validation.numbered(by: checkpoint.configuration.vocabulary), separator: separator, like: dataset)
            if source.map(TrainingTexts.checksum) != recorded {
                throw Failure(
                    "\(text.name) is not the text that the run of \(resume!) was validated on; bring that back and name it "
                        + "with --validation-text, or start a new run from the weights with --init-from")
            }
        }
        Console.note("validating on: \(text.name), \(Count(validation.characterCount)) characters")
        return validation
    }

    func describe(_ model: LanguageModel, _ dataset: TrainingData, keepsBest: Bool) {
        let configuration = model.configuration
        Console.note(
            "data: \(Count(dataset.characterCount)) characters, a vocabulary of \(Count(dataset.vocabulary.count))")
        for notice in dataset.notices { Console.note("note: \(notice)") }
        if dataset.validation == nil {
            Console.note("note: there is no validation part, so the names of checkpoints have no loss")
            if keepsBest { Console.note("note: without a validation loss --keep-best keeps the last checkpoint") }
        }
        Console.note(
            "batches of \(dataset.batchSize)x\(dataset.sequenceLength): \(Count(dataset.batchCount(in: .training))) for "
                + "training, \(Count(dataset.batchCount(in: .validation))) for validation, "
                + "\(Count(dataset.batchCount(in: .test))) for testing")
        Console.note(
            "model: \(configuration.cell.title), \(configuration.layerCount) x \(configuration.hiddenSize) units, "
                + "dropout \(configuration.dropout)"
                + (configuration.embeddingSize.map { ", embedding of \($0)" } ?? ""))
        Console.note("number of parameters: \(Count(model.parameterCount))")
        if let advice = Advice.size(configuration, parameters: model.parameterCount, dataset) {
            Console.note("advice: \(advice)")
        }
    }
}
