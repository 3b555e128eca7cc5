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

    /// All documents in one, and where each begins and the last one ends.
    private let tokens: TokenSequence
    private let starts: [Int]
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
        precondition(
            batchSize > 0 && sequenceLength > 0, "batches of \(batchSize) streams and \(sequenceLength) steps")
        var (all, starts): ([Int], [Int]) = ([], [0])
        for document in documents where document.count > 1 {
            all += document
            starts.append(all.count)
        }
        guard starts.count > 1 else {
            throw TextError.tooShort(name: "the longest document", characters: 1, needed: 2)
        }
        self.vocabulary = vocabulary
        self.batchSize = batchSize
        self.sequenceLength = sequenceLength
        tokens = TokenSequence(all, of: vocabulary)
        self.starts = starts
        characterCount = all.count - (starts.count - 1)
        schedule = DocumentSchedule(
            pieces: zip(starts, starts.dropFirst()).map { ($1 - $0 - 1 + sequenceLength - 1) / sequenceLength },
            rowCount: batchSize, seed: shuffleSeed)
        batchCount = schedule.columnCount
        var hash = ContentHash()
        tokens.bytes.withUnsafeBytes { hash.update($0) }
        starts.withUnsafeBytes { hash.update($0) }
        // Nil is no seed that somebody could have given.
        [shuffleSeed ?? 0, shuffleSeed == nil ? 0 : 1].withUnsafeBytes { hash.update($0) }
        fingerprint = hash.value
    }

    /// A text that is cut into documents wherever `separator` stands. Each is read from the separator before it to the
    /// one after it, the first and the last as if there were some: a model then knows how documents begin and end. Give
    /// it the separator to have it write one, and stop there.
    ///
    /// - Throws: ``TextError/tooShort(name:characters:needed:)`` when there is nothing but separators,
    ///   ``VocabularyError/unknownCharacter(_:offset:)``.
    public init(
        _ text: String, separator: String, vocabulary: Vocabulary, batchSize: Int, sequenceLength: Int,
        shuffleSeed: UInt64? = nil
    ) throws {
        precondition(!separator.isEmpty, "documents without anything between them")
        let mark = try vocabulary.encode(separator)
        try self.init(
            vocabulary.encode(text).split(at: mark).map { mark + $0 + mark }, vocabulary: vocabulary,
            batchSize: batchSize, sequenceLength: sequenceLength, shuffleSeed: shuffleSeed)
    }

    public func batch(_ index: Int, epoch: Int) -> Batch {
        precondition((0..<batchCount).contains(index), "batch \(index) of \(batchCount)")
        let order = orders.order(ofEpoch: schedule.isShuffled ? epoch : 0) { schedule.order(ofEpoch: $0) }
        var rows: [[Int]] = []
        var resets: [Int] = []
        for (row, documents) in order.enumerated() {
            guard let (document, piece) = DocumentSchedule.place(of: index, in: documents) else {
                rows.append([])
                continue
            }
            let (end, first) = (starts[document + 1], starts[document] + piece * sequenceLength)
            // An empty one where the row has read all its documents.
            rows.append(read(min(first, end)..<min(first + sequenceLength + 1, end)))
            if piece == 0 { resets.append(row) }
        }
        return Batch(rows: rows, steps: sequenceLength, resets: resets)
    }

    private func read(_ range: Range<Int>) -> [Int] {
        guard !range.isEmpty else { return [] }
        var row = [Int32](repeating: 0, count: range.count)
        row.withUnsafeMutableBufferPointer { tokens.read(range, into: $0) }
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

extension [Int] {
    /// What lies between the places where `mark` stands, without what is empty.
    fileprivate func split(at mark: [Int]) -> [ArraySlice<Int>] {
        var (parts, start, i): ([ArraySlice<Int>], Int, Int) = ([], 0, 0)
        func end(at place: Int) { if start < place { parts.append(self[start..<place]) } }
        while i + mark.count <= count {
            if self[i] == mark[0] && self[i..<i + mark.count].elementsEqual(mark) {
                end(at: i)
                i += mark.count
                start = i
            } else {
                i += 1
            }
        }
        end(at: count)
        return parts
    }
}
