extension ParameterLayout {
    /// The elements of a buffer in this layout, as tensors for a file.
    func tensors(from values: [Float]) -> [Tensor] {
        entries.map { entry in
            let stored = values[entry.range]
            return Tensor(
                name: entry.name, shape: entry.shape,
                values: entry.isBias ? Array(stored) : transpose(stored, rows: entry.rows, columns: entry.columns))
        }
    }

    /// The inverse of ``tensors(from:)``.
    ///
    /// - Throws: ``CheckpointError`` for a tensor that is missing or of another shape.
    func values(from tensors: NamedTensors, prefix: String = "") throws -> [Float] {
        // All are looked at first: a file without the numbers must not make us reserve room for them.
        let found = try entries.map { try tensors.values(prefix + $0.name, shape: $0.shape) }
        var values = [Float](repeating: 0, count: count)
        for (entry, stored) in zip(entries, found) {
            values.replaceSubrange(
                entry.range,
                with: entry.isBias ? stored : transpose(stored[...], rows: entry.columns, columns: entry.rows))
        }
        return values
    }

    private func transpose(_ matrix: ArraySlice<Float>, rows: Int, columns: Int) -> [Float] {
        let start = matrix.startIndex
        return [Float](unsafeUninitializedCapacity: rows * columns) { result, count in
            for j in 0..<columns {
                for i in 0..<rows { result[j * rows + i] = matrix[start + i * columns + j] }
            }
            count = rows * columns
        }
    }
}
