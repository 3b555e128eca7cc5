/// What a ``Trainer`` learns from, and what it is tried on.
///
/// ```swift
/// var data = TrainingData(dataset)
/// data.validation = try StreamBatches(
///     otherText, vocabulary: dataset.vocabulary, batchSize: dataset.batchSize, sequenceLength: dataset.sequenceLength)
/// ```
public struct TrainingData: Sendable {
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

    public subscript(split: TextDataset.Split) -> (any BatchSource)? {
        switch split {
        case .training: training
        case .validation: validation
        case .test: test
        }
    }

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
