import CharRNNFiles

/// Several sources side by side: the streams of the first, then those of the second, and so on. How many streams a source
/// has is its weight among them.
///
/// An epoch is one of the source with the most batches; the others begin anew whenever they are at their end.
public struct JoinedBatches: BatchSource {
    public let sources: [any BatchSource]

    /// - Parameter sources: one or more, of sequences of the same length.
    /// - Throws: ``VocabularyError/mismatch(_:)`` when they have different vocabularies.
    public init(_ sources: [any BatchSource]) throws {
        precondition(!sources.isEmpty, "no source to take batches from")
        let first = sources[0]
        for source in sources {
            precondition(
                source.sequenceLength == first.sequenceLength,
                "sequences of \(first.sequenceLength) beside those of \(source.sequenceLength)")
            if let difference = first.vocabulary.difference(to: source.vocabulary) {
                throw VocabularyError.mismatch("sources of batches have different vocabularies: \(difference)")
            }
        }
        self.sources = sources
    }

    public var vocabulary: Vocabulary { sources[0].vocabulary }
    public var batchSize: Int { sources.reduce(0) { $0 + $1.batchSize } }
    public var sequenceLength: Int { sources[0].sequenceLength }
    public var batchCount: Int { sources.reduce(0) { max($0, $1.batchCount) } }
    /// About: as if the sources that begin anew ended with the epoch.
    public var characterCount: Int {
        sources.reduce(0) { $0 + Int(Double($1.characterCount) * Double(batchCount) / Double($1.batchCount)) }
    }
    public var fingerprint: UInt64 {
        var hash = ContentHash()
        for source in sources {
            [source.fingerprint, UInt64(source.batchSize)].withUnsafeBytes { hash.update($0) }
        }
        return hash.value
    }

    public func batch(_ index: Int, epoch: Int) throws -> Batch {
        let batches = try sources.map { try $0.batch(after: epoch * batchCount + index) }
        let starts = sources.reduce(into: [0]) { $0.append($0.last! + $1.batchSize) }
        func joined(_ entries: KeyPath<Batch, [Int32]>) -> [Int32] {
            (0..<sequenceLength).flatMap { step in
                batches.flatMap { $0[keyPath: entries][step * $0.batchSize..<(step + 1) * $0.batchSize] }
            }
        }
        return Batch(
            batchSize: batchSize, steps: sequenceLength, inputs: joined(\.inputs), targets: joined(\.targets),
            resets: zip(batches, starts).flatMap { batch, start in batch.resets.map { start + $0 } })
    }
}
