extension Checkpoint {
    /// The weights for a vocabulary with more tokens: what the model has learned of its own stays, and the rows and
    /// columns of the new ones are what a new model would have there, drawn for `seed`.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` for a vocabulary that lacks one of the model's tokens or is of another
    ///   kind.
    public func widened(to vocabulary: Vocabulary, seed: UInt64) throws -> Checkpoint {
        let old = self.configuration.vocabulary
        if let lack = vocabulary.lack(of: old) {
            throw VocabularyError.mismatch("the vocabulary is no wider one of the model: \(lack)")
        }
        let numbers = (0..<old.count).map { vocabulary.number(of: old.bytes(of: $0))! }
        var configuration = self.configuration
        configuration.vocabulary = vocabulary
        var values = TorchInitialization.values(configuration, seed: seed)
        for (source, target) in zip(self.configuration.layout.entries, configuration.layout.entries) {
            // Only the first weights have a row for each token, and only the decoder's have a column.
            let rows = source.rows == target.rows ? Array(0..<source.rows) : numbers
            let columns = source.columns == target.columns ? Array(0..<source.columns) : numbers
            for (row, newRow) in rows.enumerated() {
                for (column, newColumn) in columns.enumerated() {
                    values[target.range.lowerBound + newRow * target.columns + newColumn] =
                        parameters[source.range.lowerBound + row * source.columns + column]
                }
            }
        }
        return Checkpoint(configuration, parameters: values, options: options)
    }
}
