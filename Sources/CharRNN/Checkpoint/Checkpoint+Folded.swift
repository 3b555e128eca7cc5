extension Checkpoint {
    /// The weights of the same model without an embedding: EᵀW in the place of W, which one-hot tokens enter. What other
    /// programs get is this; it computes the same but for rounding, and cannot be trained as before. Without an embedding
    /// it is the checkpoint itself, without its run.
    public var folded: Checkpoint {
        var configuration = self.configuration
        configuration.embeddingSize = nil
        let (source, target) = (self.configuration.layout, configuration.layout)
        guard let embedding = source.entry(.embedding) else {
            return Checkpoint(configuration, parameters: parameters, options: options)
        }
        var values = [Float](repeating: 0, count: target.count)
        for entry in target.entries where entry.role != .inputWeights(layer: 0) {
            values.replaceSubrange(entry.range, with: parameters[source[entry.role].range])
        }
        let (weights, table) = (source[.inputWeights(layer: 0)], target[.inputWeights(layer: 0)])
        var row = [Double](repeating: 0, count: table.columns)
        for token in 0..<table.rows {
            for column in row.indices { row[column] = 0 }
            for number in 0..<embedding.rows {
                let factor = Double(parameters[embedding.index(row: number, column: token)])
                for column in row.indices {
                    row[column] += factor * Double(parameters[weights.index(row: number, column: column)])
                }
            }
            for column in row.indices { values[table.index(row: token, column: column)] = Float(row[column]) }
        }
        return Checkpoint(configuration, parameters: values, options: options)
    }
}
