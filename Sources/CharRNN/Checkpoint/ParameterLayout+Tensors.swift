extension ParameterLayout {
    /// The elements of a buffer in this layout, as tensors.
    func tensors(from values: [Float]) -> [Tensor] {
        storedTensors(from: values).map { Tensor(name: $0.name, shape: $0.shape, values: $0.values) }
    }

    /// The same for a file; their names begin with `prefix`.
    func storedTensors(from values: [Float], prefix: String = "") -> [StoredTensor] {
        entries.map { StoredTensor($0, of: values, prefix: prefix) }
    }

    /// The inverse of ``storedTensors(from:prefix:)``.
    ///
    /// - Throws: ``CheckpointError`` for a tensor that is missing or of another shape.
    func values(from tensors: NamedTensors, prefix: String = "") throws -> [Float] {
        // All are looked at first: a file without the numbers must not make us reserve room for them.
        let found = try entries.map { try tensors.tensor(prefix + $0.name, shape: $0.shape) }
        return [Float](unsafeUninitializedCapacity: count) { values, initialized in
            for (entry, tensor) in zip(entries, found) {
                let place = values.extracting(entry.range)
                // A bias is one row either way.
                tensor.withValues { transpose($0, rows: entry.columns, columns: entry.rows, into: place) }
            }
            initialized = count
        }
    }
}
