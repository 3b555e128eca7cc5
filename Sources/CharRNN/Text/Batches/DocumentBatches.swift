import CharRNNFiles
import Synchronization

/// Documents that know nothing of one another: each is read from the zero state on.
///
/// A row of the batch reads one document after the other, in pieces of T tokens. A document begins at the beginning of a
/// batch; what its last piece leaves of T steps has no targets. So T should be about as long as the documents are, or a
/// fraction of it. An epoch reads each document once, and has as many batches in any order.
public struct DocumentBatches: BatchSource {
    public let vocabulary: Vocabulary
    public let batchSize: Int
    public let sequenceLength: Int
    public let batchCount: Int
    public let characterCount: Int
    public let fingerprint: UInt64

    /// Where the documents lie.
    private let tokens: TokenSequence
    private let documents: [Range<Int>]
    /// What a document reads that begins before the first of the tokens or ends behind the last.
    private let separator: [Int32]
    private let schedule: DocumentSchedule
    private let orders = OrderCache()

    /// Documents of two tokens and more; in one of fewer nothing is predicted, so they are left out.
    ///
    /// - Parameters:
    ///   - documents: numbers of `vocabulary`; others are programmer errors.
    ///   - vocabulary: by which tokens are numbered.
    ///   - batchSize: B, the documents that are read side by side.
    ///   - sequenceLength: T, the steps of a piece.
    ///   - shuffleSeed: draws another order for every epoch; nil for the same in all.
    /// - Throws: ``TextError/tooShort(name:characters:needed:)`` when no document is left.
    public init(
        _ documents: some Sequence<[Int]>, vocabulary: Vocabulary, batchSize: Int, sequenceLength: Int,
        shuffleSeed: UInt64? = nil
    ) throws {
        var (all, places): ([Int], [Range<Int>]) = ([], [])
        for document in documents where document.count > 1 {
            places.append(all.count..<all.count + document.count)
            all += document
        }
        let tokens = TokenSequence(all, of: vocabulary)
        try self.init(
            tokens, places, vocabulary: vocabulary, fingerprint: tokens.fingerprint(),
            layout: BatchLayout(batchSize: batchSize, sequenceLength: sequenceLength), shuffleSeed: shuffleSeed)
    }

    /// A text that is cut into documents wherever `separator` stands. Each is read from the separator before it to the
    /// one after it, the first and the last as if there were some: a model then knows how documents begin and end. Give
    /// it the separator to have it write one, and stop there.
    ///
    /// - Throws: ``TextError/tooShort(name:characters:needed:)`` when there is nothing but separators,
    ///   ``VocabularyError``.
    public init(
        _ text: String, separator: String, vocabulary: Vocabulary, batchSize: Int, sequenceLength: Int,
        shuffleSeed: UInt64? = nil
    ) throws {
        let tokens = TokenSequence(try vocabulary.encode(text), of: vocabulary)
        let separated = try SeparatedDocuments(tokens, separator: separator, vocabulary: vocabulary)
        try self.init(
            separated, separated.documents, fingerprint: tokens.fingerprint(),
            layout: BatchLayout(batchSize: batchSize, sequenceLength: sequenceLength), shuffleSeed: shuffleSeed)
    }

    /// The same of all of a text, which may be larger than the memory; what is held in it is some 60 bytes for each
    /// document.
    ///
    /// - Throws: ``TextError/tooShort(name:characters:needed:)``, ``VocabularyError``, ``TextError/unreadable(file:reason:)``
    ///   when the file that the text is in has changed, `CancellationError` when the task is cancelled.
    public init(
        _ text: TextDataset, separator: String, batchSize: Int, sequenceLength: Int, shuffleSeed: UInt64? = nil
    ) throws {
        let separated = try text.documents(separator: separator)
        try self.init(
            separated, separated.documents, fingerprint: text.fingerprint,
            layout: BatchLayout(batchSize: batchSize, sequenceLength: sequenceLength), shuffleSeed: shuffleSeed)
    }

    /// Some of the documents of a text.
    init(
        _ separated: SeparatedDocuments, _ documents: some Sequence<Range<Int>>, fingerprint: UInt64,
        layout: BatchLayout, shuffleSeed: UInt64?
    ) throws {
        let margin = separated.separator.count
        try self.init(
            separated.tokens, documents.map { $0.lowerBound - margin..<$0.upperBound + margin },
            separator: separated.separator, vocabulary: separated.vocabulary, fingerprint: fingerprint, layout: layout,
            shuffleSeed: shuffleSeed)
    }

    private init(
        _ tokens: TokenSequence, _ documents: [Range<Int>], separator: [Int32] = [], vocabulary: Vocabulary,
        fingerprint: UInt64, layout: BatchLayout, shuffleSeed: UInt64?
    ) throws {
        let (batchSize, length) = (layout.batchSize, layout.sequenceLength)
        precondition(batchSize > 0 && length > 0, "batches of \(batchSize) streams and \(length) steps")
        guard !documents.isEmpty else {
            throw TextError.tooShort(name: "the longest document", characters: 1, needed: 2)
        }
        self.vocabulary = vocabulary
        self.batchSize = batchSize
        sequenceLength = length
        self.tokens = tokens
        self.documents = documents
        self.separator = separator
        characterCount = documents.reduce(0) { $0 + $1.count - 1 }
        schedule = DocumentSchedule(
            pieces: documents.map { ($0.count - 1 + length - 1) / length }, rowCount: batchSize, seed: shuffleSeed)
        batchCount = schedule.columnCount
        var hash = ContentHash()
        [fingerprint].withUnsafeBytes { hash.update($0) }
        documents.withUnsafeBytes { hash.update($0) }
        separator.withUnsafeBytes { hash.update($0) }
        // Nil is no seed that somebody could have given.
        [shuffleSeed ?? 0, shuffleSeed == nil ? 0 : 1].withUnsafeBytes { hash.update($0) }
        self.fingerprint = hash.value
    }

    /// - Throws: ``TextError/unreadable(file:reason:)``, where the file with the tokens has changed.
    public func batch(_ index: Int, epoch: Int) throws -> Batch {
        precondition((0..<batchCount).contains(index), "batch \(index) of \(batchCount)")
        let order = orders.order(ofEpoch: schedule.isShuffled ? epoch : 0) { schedule.order(ofEpoch: $0) }
        var rows: [[Int]] = []
        var resets: [Int] = []
        for (row, line) in order.enumerated() {
            guard let (document, piece) = DocumentSchedule.place(of: index, in: line) else {
                rows.append([])
                continue
            }
            let (end, first) = (
                documents[document].upperBound, documents[document].lowerBound + piece * sequenceLength
            )
            // An empty one where the row has read all its documents.
            try rows.append(read(min(first, end)..<min(first + sequenceLength + 1, end)))
            if piece == 0 { resets.append(row) }
        }
        return Batch(rows: rows, steps: sequenceLength, resets: resets)
    }

    private func read(_ range: Range<Int>) throws -> [Int] {
        var row = [Int32](repeating: 0, count: range.count)
        let inside = range.clamped(to: 0..<tokens.count)
        try row.withUnsafeMutableBufferPointer { row in
            if !inside.isEmpty {
                try tokens.read(
                    inside, into: UnsafeMutableBufferPointer(rebasing: row[(inside.lowerBound - range.lowerBound)...]))
            }
            for place in range where place < 0 { row[place - range.lowerBound] = separator[separator.count + place] }
            for place in range where place >= tokens.count {
                row[place - range.lowerBound] = separator[place - tokens.count]
            }
        }
        return row.map(Int.init)
    }
}

/// The order of the epoch that was asked for last.
private final class OrderCache: Sendable {
    private let last = Mutex<(epoch: Int, order: DocumentSchedule.Order)?>(nil)

    func order(ofEpoch epoch: Int, make: (Int) -> DocumentSchedule.Order) -> DocumentSchedule.Order {
        last.withLock { last in
            if let last, last.epoch == epoch { return last.order }
            let order = make(epoch)
            last = (epoch, order)
            return order
        }
    }
}
