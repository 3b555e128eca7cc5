import OpenCLCompute

/// Scores many texts side by side, a step after the other: the rows of a product are the different beginnings that are still
/// read at a step, and no others.
final class PrefixTreeReader {
    /// From so many texts on the products of a step are as fast as those over several steps.
    static let fewestTexts = 16
    /// More would be no faster, and need more memory.
    private static let mostTexts = 512
    /// Rows are filled up to a multiple of this, so that a device meets few sizes.
    private static let rowStep = 16

    private let whole: UnrolledNetwork
    private let start: LanguageModel.State
    /// What each row of the last step remembers, in the order of ``UnrolledNetwork/stateBuffers``.
    private let kept: [Matrix]
    private let sources: Buffer<Int32>

    /// - Parameters:
    ///   - texts: how many there will be.
    ///   - start: the state of one text, in which each of them begins.
    /// - Throws: `DeviceError`.
    init(_ parameters: Parameters, texts: Int, start: LanguageModel.State) throws {
        let (backend, rows) = (parameters.backend, Self.rows(for: min(texts, Self.mostTexts)))
        whole = try UnrolledNetwork(
            parameters.arranged(), steps: 1, streams: StreamShare(all: rows), forTraining: false)
        self.start = .joined(Array(repeating: start, count: rows))
        kept = try whole.stateBuffers.map { try backend.makeMatrix(rows: rows, columns: $0.count / rows) }
        sources = try backend.makeBuffer(of: Int32.self, count: rows)
    }

    private static func rows(for texts: Int) -> Int { (texts + rowStep - 1) / rowStep * rowStep }

    /// ln p of each token after the first of each text.
    ///
    /// - Parameters:
    ///   - texts: of two tokens or more each.
    ///   - progress: is told after each step how many tokens of all texts have been read; what it throws ends the reading.
    /// - Throws: ``BrokenModelError``, `CancellationError` when the task is cancelled, `DeviceError`.
    func logProbabilities(of texts: [[Int]], progress: (_ tokens: Int) throws -> Void) throws -> [[Double]] {
        var scores = [[Double]](repeating: [], count: texts.count)
        var tokensRead = 0
        let order = PrefixTree.order(of: texts)
        for first in stride(from: 0, to: order.count, by: whole.streams.count) {
            let branches = PrefixTree(texts, order.dropFirst(first).prefix(whole.streams.count)).branches
            let own = try read(branches) {
                tokensRead += $0
                try progress(tokensRead)
            }
            for (branch, own) in zip(branches, own) {
                let shared = branch.parent.map { scores[branches[$0].text].prefix(branch.positions.lowerBound) } ?? []
                scores[branch.text] = shared + own
            }
        }
        return scores
    }

    /// ln p of the next token at each position of each branch.
    private func read(_ branches: [PrefixTree.Branch], progress: (_ tokens: Int) throws -> Void) throws -> [[Double]] {
        var result = [[Double]](repeating: [], count: branches.count)
        // All begin where the first row does.
        var rows = [Int](repeating: 0, count: branches.count)
        try whole.setState(start)
        try keepState(of: whole)
        for position in 0..<(branches.map(\.positions.upperBound).max() ?? 0) {
            try Task.checkCancellation()
            let reading = branches.indices.filter { branches[$0].positions.contains(position) }
            let network = whole.narrowed(to: Self.rows(for: reading.count))
            let sources = reading.map { number in
                let branch = branches[number]
                return rows[branch.positions.lowerBound == position ? branch.parent ?? number : number]
            }
            try setState(of: network, to: sources)
            for (row, number) in reading.enumerated() { rows[number] = row }
            let values = try network.logProbabilities(
                ofPairs: reading.map { branches[$0].tokens[position...position + 1] })
            for (number, value) in zip(reading, values) { result[number].append(value) }
            try keepState(of: network)
            try progress(branches.reduce(0) { $0 + $1.tokensRead(at: position) })
        }
        return result
    }

    private func keepState(of network: UnrolledNetwork) throws {
        for (kept, state) in zip(kept, network.stateBuffers) {
            try network.backend.copy(state, to: kept.rows(0..<network.streams.count).elements)
        }
    }

    /// Has the first streams go on where those rows are of which the state was kept.
    private func setState(of network: UnrolledNetwork, to rows: [Int]) throws {
        let (backend, count) = (network.backend, network.streams.count)
        let places = sources[0..<count]
        try backend.write(rows.map { Int32($0) } + repeatElement(0, count: count - rows.count), to: places)
        for (kept, state) in zip(kept, network.stateBuffers) {
            try backend.gatherRows(of: kept, at: places, into: Matrix(state, rows: count, columns: kept.columns))
        }
    }
}

extension UnrolledNetwork {
    /// Reads the first token of each pair, by the first streams.
    ///
    /// - Returns: ln p of the second.
    fileprivate func logProbabilities(ofPairs pairs: [ArraySlice<Int>]) throws -> ArraySlice<Double> {
        let others = streams.count - pairs.count
        let inputs = pairs.map { Int32($0.first!) } + repeatElement(0, count: others)
        let targets = pairs.map { Int32($0.last!) } + repeatElement(Batch.noTarget, count: others)
        try run(
            Batch(batchSize: streams.count, steps: 1, inputs: inputs, targets: targets), dropout: nil, gradient: nil)
        return try logProbabilities(steps: 1).prefix(pairs.count)
    }
}

extension PrefixTree.Branch {
    /// How many of the text's tokens are read at a position, by whomever. Nothing is to be predicted after the last, so it
    /// counts with the one before.
    fileprivate func tokensRead(at position: Int) -> Int {
        position < positions.upperBound ? (position + 1 == positions.upperBound ? 2 : 1) : 0
    }
}
