/// Which row reads which documents, in which order.
///
/// The longest documents are given out first, each to the row that has the least, so that the rows are about equally
/// long. An epoch changes the order within a row, and which of equally long documents comes where: all epochs have the
/// same number of batches.
struct DocumentSchedule {
    /// For each row its documents, and the batches at which they begin.
    typealias Order = [(documents: [Int], starts: [Int])]

    /// The batches of an epoch.
    let columnCount: Int
    /// The batches that each document takes.
    private let pieces: [Int]
    private let rows: [[Int]]
    /// Documents that take as many batches.
    private let equals: [[Int]]
    private let seed: UInt64?

    var isShuffled: Bool { seed != nil }

    init(pieces: [Int], rowCount: Int, seed: UInt64?) {
        let descending = pieces.indices.sorted { (pieces[$1], $0) < (pieces[$0], $1) }
        var rows = [[Int]](repeating: [], count: rowCount)
        var lengths = [Int](repeating: 0, count: rowCount)
        for document in descending {
            let row = lengths.indices.min { lengths[$0] < lengths[$1] }!
            rows[row].append(document)
            lengths[row] += pieces[document]
        }
        self.pieces = pieces
        self.rows = rows.map { $0.sorted() }
        self.seed = seed
        columnCount = lengths.max()!
        equals = Dictionary(grouping: pieces.indices) { pieces[$0] }.sorted { $0.key < $1.key }.map(\.value)
    }

    func order(ofEpoch epoch: Int) -> Order {
        var documents = rows
        if let seed {
            // Twice, for generators of seeds that follow one another give shifted numbers.
            var seeds = SplitMix64(seed: seed &+ UInt64(epoch))
            var generator = SplitMix64(seed: seeds.next())
            var others = Array(pieces.indices)
            for group in equals {
                for (document, other) in zip(group, group.shuffled(by: &generator)) { others[document] = other }
            }
            documents = rows.map { row in row.map { others[$0] }.shuffled(by: &generator) }
        }
        return documents.map { row in
            var starts = [0]
            for document in row.dropLast() { starts.append(starts.last! + pieces[document]) }
            return (row, row.isEmpty ? [] : starts)
        }
    }

    /// The document that a row reads in a batch, and how many of its batches have been; a row that has read all goes on
    /// beyond its last document. Nil for a row without documents.
    static func place(of index: Int, in row: Order.Element) -> (document: Int, piece: Int)? {
        var (low, high) = (0, row.starts.count)
        while low < high {
            let middle = (low + high) / 2
            if row.starts[middle] <= index { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : (row.documents[low - 1], index - row.starts[low - 1])
    }
}

extension [Int] {
    /// Fisher and Yates' shuffle, spelled out: the library's own may change, and a run must find its order again.
    fileprivate func shuffled(by generator: inout SplitMix64) -> [Int] {
        var result = self
        for i in stride(from: count - 1, to: 0, by: -1) {
            result.swapAt(i, Int(generator.next().multipliedFullWidth(by: UInt64(i + 1)).high))
        }
        return result
    }
}
