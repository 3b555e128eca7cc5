/// What a ``Trainer`` learns from, and what it is tried on.
///
/// ```swift
/// var data = TrainingData(dataset)
/// data.validation = try StreamBatches(
///     otherText, vocabulary: dataset.vocabulary, batchSize: dataset.batchSize, sequenceLength: dataset.sequenceLength)
/// ```
public struct TrainingData: Sendable {
    /// What is learned from, epoch after epoch.
    public let training: any BatchSource
    /// Whose losses are kept in checkpoints. A run may be resumed with another one.
    public var validation: (any BatchSource)?
    /// What is tried once, at the end of a run.
    public var test: (any BatchSource)?
    /// All characters that there are.
    public let characterCount: Int
    /// What a user should know of the text, one sentence each.
    public let notices: [String]
    /// By which a resumed run knows the training part again.
    let identity: DatasetIdentity

    /// Those for validation and testing have the shape and the vocabulary of that for training: a ``Trainer`` refuses
    /// others.
    public init(
        training: any BatchSource, validation: (any BatchSource)? = nil, test: (any BatchSource)? = nil
    ) {
        self.training = training
        self.validation = validation
        self.test = test
        characterCount = [training, validation, test].compactMap { $0?.characterCount }.reduce(0, +)
        notices = []
        identity = DatasetIdentity(training)
    }

    /// The parts of a text.
    public init(_ dataset: TextDataset) {
        guard let training = dataset.part(.training) else { preconditionFailure("a text without a training part") }
        self.training = training
        validation = dataset.part(.validation)
        test = dataset.part(.test)
        characterCount = dataset.characterCount
        notices = dataset.notices
        identity = DatasetIdentity(dataset)
    }

    /// The parts of a text of many documents, which know nothing of one another: see ``DocumentBatches``. The first documents
    /// are for training, those after them for validation, the rest for testing, whatever the dataset's
    /// ``TextDataset/split``.
    ///
    /// - Parameters:
    ///   - dataset: the text, with B, T and the fractions of its documents for each part.
    ///   - separator: what stands between two documents.
    ///   - shuffleSeed: draws another order of training for every epoch; nil for the same in all.
    /// - Throws: ``TextError/noDocuments(part:fraction:documents:)``, ``VocabularyError``, ``TextError/unreadable(file:reason:)``
    ///   when the file that the text is in has changed, `CancellationError` when the task is cancelled.
    public init(_ dataset: TextDataset, documentSeparator separator: String, shuffleSeed: UInt64? = nil) throws {
        let separated = try dataset.documents(separator: separator)
        let documents = separated.documents
        let counts = dataset.fractions.shares(of: documents.count)
        if let part = dataset.fractions.emptyPart(counts) {
            throw TextError.noDocuments(part: part.name, fraction: part.fraction, documents: documents.count)
        }
        let layout = BatchLayout(batchSize: dataset.batchSize, sequenceLength: dataset.sequenceLength)
        func part(_ range: Range<Int>, _ seed: UInt64? = nil) throws -> DocumentBatches? {
            guard !range.isEmpty else { return nil }
            return try DocumentBatches(
                separated, documents[range], fingerprint: dataset.fingerprint, layout: layout, shuffleSeed: seed)
        }
        let firstTest = counts.training + counts.validation
        let training = try part(0..<counts.training, shuffleSeed)!
        self.training = training
        validation = try part(counts.training..<firstTest)
        test = try part(firstTest..<documents.count)
        characterCount = dataset.characterCount
        notices = dataset.textNotices + training.notices(counts)
        identity = DatasetIdentity(training)
    }

    /// A part; nil where there is none.
    public subscript(split: TextDataset.Split) -> (any BatchSource)? {
        switch split {
        case .training: training
        case .validation: validation
        case .test: test
        }
    }

    /// V tokens, by which all parts are numbered.
    public var vocabulary: Vocabulary { training.vocabulary }
    /// B, the streams of a batch.
    public var batchSize: Int { training.batchSize }
    /// T, the steps of a batch.
    public var sequenceLength: Int { training.sequenceLength }

    /// The batches of a part; 0 for one that there is not.
    public func batchCount(in split: TextDataset.Split) -> Int { self[split]?.batchCount ?? 0 }
}

extension TrainingData {
    /// Ends the program where a batch could not be run by a network made for this one's.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)``.
    func check(_ source: any BatchSource, for vocabulary: Vocabulary) throws {
        precondition(
            source.batchSize == batchSize && source.sequenceLength == sequenceLength && source.batchCount > 0,
            "\(source.batchCount) batches of \(source.batchSize) × \(source.sequenceLength) beside training with "
                + "\(batchSize) × \(sequenceLength)")
        if let difference = vocabulary.difference(to: source.vocabulary) {
            throw VocabularyError.mismatch("the batches are not numbered as the model is: \(difference)")
        }
    }
}

extension DatasetIdentity {
    fileprivate init(_ source: any BatchSource) {
        self.init(
            fingerprint: source.fingerprint, characterCount: source.characterCount, batchSize: source.batchSize,
            sequenceLength: source.sequenceLength, trainingBatches: source.batchCount, split: nil)
    }

    fileprivate init(_ dataset: TextDataset) {
        self.init(
            fingerprint: dataset.fingerprint, characterCount: dataset.characterCount, batchSize: dataset.batchSize,
            sequenceLength: dataset.sequenceLength, trainingBatches: dataset.batches(in: .training).count,
            split: dataset.split == .streams ? nil : dataset.split)
    }
}

extension DocumentBatches {
    /// What a user should know of documents of which these are to train on.
    fileprivate func notices(_ counts: PartCounts) -> [String] {
        let documents = counts.training + counts.validation + counts.test
        let share = Double(characterCount) / Double(batchCount * batchSize * sequenceLength)
        let parts =
            "the text is \(Count(documents)) documents: \(Count(counts.training)) for training, "
            + "\(Count(counts.validation)) for validation, \(Count(counts.test)) for testing"
        guard share < 0.5 else { return [parts] }
        return [
            parts,
            "documents of \(Count(characterCount / counts.training)) characters, on average, fill only "
                + "\(fixed(100 * share, 0)) % of the steps; a smaller sequence length or batch size trains faster",
        ]
    }
}
