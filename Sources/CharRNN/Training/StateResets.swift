// Why: a state that is always carried is never zero in training but at the very start, so a model that is then asked about a
// text from the zero state has hardly learned to read one.

extension TrainingOptions {
    /// The batch with those streams reset besides its own that ``resetProbability`` chooses. Each batch has a draw for each of
    /// its streams, whoever runs them.
    ///
    /// - Parameter number: how many batches the run has read before it.
    func withResets(_ batch: Batch, number: UInt64) -> Batch {
        guard resetProbability > 0 else { return batch }
        // Twice, for generators of seeds that follow one another give shifted numbers.
        var seeds = SplitMix64(seed: seed)
        var generator = SplitMix64(seed: seeds.next() ^ number)
        let drawn = (0..<batch.batchSize).filter { _ in generator.uniform() < Double(resetProbability) }
        return batch.resetting(drawn)
    }
}

extension Batch {
    /// The same with some streams, in any order, that begin in the zero state too.
    fileprivate func resetting(_ streams: [Int]) -> Batch {
        Batch(
            batchSize: batchSize, steps: steps, inputs: inputs, targets: targets,
            resets: Set(resets).union(streams).sorted())
    }
}
