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
    /// The output that each prediction of a step is made from.
    private let predicting: Matrix
    private let places: Buffer<Int32>

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
        predicting = try backend.makeMatrix(rows: rows, columns: parameters.layout.hiddenSize)
        places = try backend.makeBuffer(of: Int32.self, count: rows)
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
                // Its own begin with the token after those in common.
                let shared =
                    branch.parent.map { scores[branches[$0].text].prefix(branch.positions.lowerBound - 1) } ?? []
                scores[branch.text] = shared + own
            }
        }
        return scores
    }

    /// ln p of each token that is predicted for a branch's own sake.
    private func read(_ branches: [PrefixTree.Branch], progress: (_ tokens: Int) throws -> Void) throws -> [[Double]] {
        var result = [[Double]](repeating: [], count: branches.count)
        // Where each was read at the last step, or what it goes on from. All begin where the first row does.
        var rows = [Int](repeating: 0, count: branches.count)
        try whole.setState(start)
        try keepState(of: whole)
        for position in 0..<(branches.map(\.positions.upperBound).max() ?? 0) {
            try Task.checkCancellation()
            let reading = branches.indices.filter { branches[$0].positions.contains(position) }
            let network = whole.narrowed(to: Self.rows(for: reading.count))
            let tokens = Self.filled(reading.map { branches[$0].tokens[position] }, with: 0)
            let outputs = try network.advance(tokens, from: kept, at: places(of: reading.map { rows[$0] }))
            for (row, number) in reading.enumerated() { rows[number] = row }
            for number in branches.indices where branches[number].positions.lowerBound == position + 1 {
                rows[number] = rows[branches[number].parent!]
            }
            let predicting = branches.indices.filter { branches[$0].predicts(after: position) }
            let values = try logProbabilities(
                of: predicting.map { branches[$0].tokens[position + 1] }, outputs, at: predicting.map { rows[$0] })
            for (number, value) in zip(predicting, values) { result[number].append(value) }
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

    /// ln p of tokens given those rows of the outputs, of which several may be the same.
    private func logProbabilities(of tokens: [Int], _ outputs: Matrix, at rows: [Int]) throws -> ArraySlice<Double> {
        let targets = Self.filled(tokens, with: Batch.noTarget)
        let predicting = predicting.rows(0..<targets.count)
        try whole.backend.gatherRows(of: outputs, at: places(of: rows), into: predicting)
        return try whole.logProbabilities(of: targets, given: predicting).prefix(tokens.count)
    }

    private func places(of rows: [Int]) throws -> Buffer<Int32> {
        let rows = Self.filled(rows, with: 0)
        let places = places[0..<rows.count]
        try whole.backend.write(rows, to: places)
        return places
    }

    private static func filled(_ numbers: [Int], with filler: Int32) -> [Int32] {
        numbers.map { Int32($0) } + repeatElement(filler, count: rows(for: numbers.count) - numbers.count)
    }
}

extension PrefixTree.Branch {
    /// Whether the token after a position is predicted for this branch: one that it reads, or the one before.
    fileprivate func predicts(after position: Int) -> Bool {
        position + 1 < tokens.count
            && (positions.contains(position) || position + 1 == positions.lowerBound)
    }

    /// How many of the text's tokens are read at a position, by whomever. Nothing is to be predicted after the last, so it
    /// counts with the one before.
    fileprivate func tokensRead(at position: Int) -> Int {
        position + 1 < tokens.count ? (position + 2 == tokens.count ? 2 : 1) : 0
    }
}
