import CharRNN

/// What a run learns from, and the text of its own that it is validated on, where there is one.
struct TrainingTexts {
    let dataset: TextDataset
    /// Its training part is what is validated on.
    let validation: TextDataset?
    /// What stands between documents, where the texts are cut into some, and what their order is drawn for.
    let documents: (separator: String, shuffleSeed: UInt64)?

    /// The characters of both, where those that the first does not have are not one token for it.
    ///
    /// - Throws: `VocabularyError`.
    var vocabulary: Vocabulary {
        get throws {
            guard let validation, dataset.vocabulary.unknownToken == nil else { return dataset.vocabulary }
            return try dataset.vocabulary.union(validation.vocabulary)
        }
    }

    /// The batches, by a vocabulary that has the characters of both or a token for unknown ones.
    ///
    /// - Throws: `VocabularyError`, `TextError`.
    func batches(numberedBy vocabulary: Vocabulary) throws -> TrainingData {
        let dataset = try dataset.numbered(by: vocabulary)
        var data = try documents.map { try Self.data(dataset, $0.separator, $0.shuffleSeed) } ?? TrainingData(dataset)
        if let validation {
            data.validation = try Self.source(
                validation.numbered(by: vocabulary), separator: documents?.separator, like: dataset)
        }
        return data
    }

    /// - Throws: ``Failure`` for a separator that the text cannot have.
    private static func data(_ dataset: TextDataset, _ separator: String, _ seed: UInt64) throws -> TrainingData {
        do {
            return try TrainingData(dataset, documentSeparator: separator, shuffleSeed: seed)
        } catch let error as VocabularyError {
            throw Failure("--document-separator does not occur in the text: \(error)")
        }
    }

    /// All of a text in batches of the shape that those of another one have.
    ///
    /// - Throws: `VocabularyError`, `TextError`.
    static func source(
        _ text: TextDataset, separator: String?, like other: TextDataset
    ) throws -> any BatchSource {
        guard let separator else { return TrainingData(text).training }
        return try DocumentBatches(
            text, separator: separator, batchSize: other.batchSize, sequenceLength: other.sequenceLength)
    }

    /// A text in words by which ranks and resumed runs know it again.
    static func description(_ name: String, _ dataset: TextDataset) -> String {
        "\(name) of \(Count(dataset.characterCount)) characters, checksum \(checksum(of: TrainingData(dataset).training))"
    }

    static func checksum(of source: any BatchSource) -> String { String(source.fingerprint, radix: 16) }
}
