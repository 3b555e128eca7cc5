import OpenCLCompute

extension Trainer {
    /// The mean loss over a part of the dataset in nats per character, without dropout, from the zero state and carrying
    /// the state from batch to batch, with the averages of the weights where there are some; NaN when there is no such
    /// part.
    ///
    /// The result for ``TextDataset/Split/validation`` joins ``validationLosses``. Training goes on in its own state.
    /// - Throws: ``ChangedModelError``, `DeviceError`, and what a source of batches throws.
    public func evaluate(_ split: TextDataset.Split) throws -> Double {
        try evaluate(split, isCancelled: { false }) ?? .nan
    }

    /// The same, unless `isCancelled`, which is asked before each batch, says to break off.
    ///
    /// - Returns: nil when it was broken off, of which nothing is left, and when there is no such part.
    /// - Throws: ``ChangedModelError``, `DeviceError`, and what a source of batches throws.
    public func evaluate(_ split: TextDataset.Split, isCancelled: () throws -> Bool) throws -> Double? {
        try requireUnchanged()
        guard let source = dataset[split], let loss = try evaluate(on: source, isCancelled: isCancelled) else {
            return nil
        }
        if split == .validation { validationLosses[iteration] = loss }
        return loss
    }

    /// The mean loss over an epoch of batches of one's own, which have the shape of those in ``dataset``; see
    /// ``evaluate(_:)``.
    ///
    /// - Returns: nil when it was broken off.
    /// - Throws: ``VocabularyError/mismatch(_:)``, ``ChangedModelError``, `DeviceError`, and what the source throws.
    public func evaluate(on source: any BatchSource, isCancelled: () throws -> Bool = { false }) throws -> Double? {
        try requireUnchanged()
        try dataset.check(source, for: model.vocabulary)
        let means = try model.backend.makeBuffer(of: Float.self, count: source.batchCount)
        // The share of the targets that a batch has: 1 where none is lacking.
        var weights: [Double] = []
        // The other devices get the averages, and then the weights again.
        if average != nil { network.parametersChanged() }
        defer { if average != nil { network.parametersChanged() } }
        try withAverages {
            try network.preservingState {
                try network.setState(model.zeroState(batchSize: dataset.batchSize))
                while weights.count < source.batchCount, try !isCancelled() {
                    let batch = try source.batch(weights.count, epoch: 0)
                    check(batch)
                    try network.run(
                        batch, dropout: nil, gradientScale: nil, loss: means[weights.count..<weights.count + 1])
                    weights.append(Double(batch.targetCount) / Double(batch.targets.count))
                }
            }
        }
        guard weights.count == source.batchCount else { return nil }
        let sum = zip(try model.backend.read(means), weights).reduce(0) { $0 + Double($1.0) * $1.1 }
        return sum / weights.reduce(0, +)
    }
}
