import CharRNN

/// What a run learns from, and the text of its own that it is validated on, where there is one.
struct TrainingTexts {
    let dataset: TextDataset
    /// Its training part is what is validated on.
    let validation: TextDataset?

    /// The characters of both.
    ///
    /// - Throws: `VocabularyError`.
    var vocabulary: Vocabulary {
        get throws { try validation.map { try dataset.vocabulary.union($0.vocabulary) } ?? dataset.vocabulary }
    }

    /// The batches, by a vocabulary that has the characters of both.
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
