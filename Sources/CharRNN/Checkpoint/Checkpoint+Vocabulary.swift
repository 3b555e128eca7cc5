extension Checkpoint {
    /// The weights for a vocabulary with more tokens: what the model has learned of its own stays, and the rows and
    /// columns of the new ones are what a new model would have there, drawn for `seed`.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` for a vocabulary that lacks one of the model's tokens or is of another
    ///   kind.
    public func widened(to vocabulary: Vocabulary, seed: UInt64) throws -> Checkpoint {
        let old = self.configuration.vocabulary
        if let lack = vocabulary.lack(of: old) {
            throw VocabularyError.mismatch("the vocabulary does not contain all the model's characters: \(lack)")
        }
        let numbers = (0..<old.count).map { vocabulary.number(of: old.bytes(of: $0))! }
        var configuration = self.configuration
        configuration.vocabulary = vocabulary
        let (source, target) = (self.configuration.layout, configuration.layout)
        var values = TorchInitialization.values(target, seed: seed)
        for entry in source.entries {
            let wide = target[entry.role]
            let rows = entry.rowAxis == .tokens ? numbers : Array(0..<entry.rows)
            let columns = entry.columnAxis == .tokens ? numbers : Array(0..<entry.columns)
            for (row, newRow) in rows.enumerated() {
                for (column, newColumn) in columns.enumerated() {
                    values[wide.index(row: newRow, column: newColumn)] =
                        parameters[entry.index(row: row, column: column)]
                }
            }
        }
        return Checkpoint(configuration, parameters: values, options: options)
    }
}
