import CharRNNFiles

/// One text in B streams, as char-rnn lays it out: B rows of consecutive characters, cut into columns of T. Row b of a batch
/// continues row b of the batch before it, and the state is never reset.
public struct StreamBatches: BatchSource {
    public let vocabulary: Vocabulary
    public let batchSize: Int
    public let sequenceLength: Int
    public let batchCount: Int
    public let fingerprint: UInt64

    private let tokens: TokenSequence
    /// Where the first row begins, and how far each is from the one before.
    private let start, rowLength: Int
    /// The columns of the rows that come before the first batch.
    private let firstColumn: Int
    /// Whether the token after the last row is the first of all.
    private let wraps: Bool

    /// Tokens that a program has made itself. Those at the end that fill no batch are left out.
    ///
    /// - Parameters:
    ///   - tokens: numbers of `vocabulary`; others are programmer errors.
    ///   - vocabulary: by which tokens are numbered.
    ///   - batchSize: B, the number of streams.
    ///   - sequenceLength: T, the number of steps of a batch.
    /// - Throws: ``TextError/tooShort(name:characters:needed:)``.
    public init(_ tokens: [Int], vocabulary: Vocabulary, batchSize: Int, sequenceLength: Int) throws {
        precondition(
            batchSize > 0 && sequenceLength > 0, "batches of \(batchSize) streams and \(sequenceLength) steps")
        let layout = BatchLayout(batchSize: batchSize, sequenceLength: sequenceLength)
        // The last token is there to be predicted.
        let count = layout.batchCount(max(0, tokens.count - 1))
        guard count > 0 else {
            let (size, overflow) = batchSize.multipliedReportingOverflow(by: sequenceLength)
            throw TextError.tooShort(
                name: "the text", characters: tokens.count, needed: overflow ? .max : size + 1)
        }
        let sequence = TokenSequence(tokens, of: vocabulary)
        try self.init(
            sequence, vocabulary: vocabulary, fingerprint: sequence.fingerprint(), layout: layout, start: 0,
            columns: 0..<count, of: count, wraps: false)
    }

    /// A text, as ``init(_:vocabulary:batchSize:sequenceLength:)`` takes its tokens.
    ///
    /// - Throws: ``TextError/tooShort(name:characters:needed:)``, ``VocabularyError/unknownCharacter(_:offset:)``.
    public init(_ text: String, vocabulary: Vocabulary, batchSize: Int, sequenceLength: Int) throws {
        try self.init(
            vocabulary.encode(text), vocabulary: vocabulary, batchSize: batchSize, sequenceLength: sequenceLength)
    }

    /// Some columns of rows with so many.
    init(
        _ tokens: TokenSequence, vocabulary: Vocabulary, fingerprint: UInt64, layout: BatchLayout, start: Int,
        columns: Range<Int>, of columnCount: Int, wraps: Bool
    ) {
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.fingerprint = fingerprint
        batchSize = layout.batchSize
        sequenceLength = layout.sequenceLength
        batchCount = columns.count
        self.start = start
        rowLength = columnCount * layout.sequenceLength
        firstColumn = columns.lowerBound
        self.wraps = wraps
    }

    /// - Throws: ``TextError/unreadable(file:reason:)``, where the file with the tokens has changed.
    public func batch(_ index: Int, epoch: Int) throws -> Batch {
        precondition((0..<batchCount).contains(index), "batch \(index) of \(batchCount)")
        let size = batchSize * sequenceLength
        var row = [Int32](repeating: 0, count: sequenceLength + 1)
        var inputs = [Int32](repeating: 0, count: size)
        var targets = [Int32](repeating: 0, count: size)
        for b in 0..<batchSize {
            let first = start + b * rowLength + (firstColumn + index) * sequenceLength
            let isLast = wraps && first + sequenceLength == batchSize * rowLength
            try row.withUnsafeMutableBufferPointer { row in
                try tokens.read(first..<first + sequenceLength + (isLast ? 0 : 1), into: row)
                if isLast { try tokens.read(0..<1, into: UnsafeMutableBufferPointer(rebasing: row[sequenceLength...])) }
            }
            for t in 0..<sequenceLength {
                inputs[t * batchSize + b] = row[t]
                targets[t * batchSize + b] = row[t + 1]
            }
        }
        return Batch(batchSize: batchSize, steps: sequenceLength, inputs: inputs, targets: targets)
    }
}

extension TokenSequence {
    /// Tokens that a vocabulary has.
    init(_ tokens: some Collection<Int>, of vocabulary: Vocabulary) {
        var builder = TokenSequenceBuilder(vocabularySize: vocabulary.count, capacity: tokens.count)
        for token in tokens {
            vocabulary.check(token)
            builder.append(token)
        }
        self = builder.finish()
    }

    /// A checksum of the numbers.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)``.
    func fingerprint() throws -> UInt64 {
        var hash = ContentHash()
        try bytes.forEachBlock { hash.update($0) }
        return hash.value
    }
}
