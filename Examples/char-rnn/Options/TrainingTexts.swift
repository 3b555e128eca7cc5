import CharRNN

/// What a run learns from, and the text of its own that it is validated on, where there is one.
struct TrainingTexts {
    let dataset: TextDataset
    /// Its training part is what is validated on.
    let validation: TextDataset?

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
    /// - Throws: `VocabularyError`.
    func batches(numberedBy vocabulary: Vocabulary) throws -> TrainingData {
        var data = TrainingData(try dataset.numbered(by: vocabulary))
        if let validation { data.validation = try validation.numbered(by: vocabulary).part(.training) }
        return data
    }

    /// A text in words by which ranks and resumed runs know it again.
    static func description(_ name: String, _ dataset: TextDataset) -> String {
        "\(name) of \(dataset.characterCount) characters, checksum \(checksum(of: TrainingData(dataset).training))"
    }

    static func checksum(of source: any BatchSource) -> String { String(source.fingerprint, radix: 16) }
}
