import OpenCLCompute

/// Reads texts side by side, a block of steps after the other: products over whole blocks, and memory that does not grow
/// with the texts.
final class SequenceReader {
    /// What a reading is for, which decides how far the network computes.
    enum Purpose {
        /// The layers alone.
        case states
        /// ``UnrolledNetwork/logits``.
        case logits
        /// ``UnrolledNetwork/losses`` of the token after each.
        case losses
    }

    /// B
    let count: Int
    private let network: UnrolledNetwork
    private let start: LanguageModel.State

    /// - Parameters:
    ///   - texts: how many are read side by side.
    ///   - longest: the number of tokens of the longest text, by which the blocks are laid out; a text may be longer.
    ///   - start: the state of one text, in which each of them begins.
    ///   - tokens: those of a network of the same parameters.
    /// - Throws: `DeviceError`.
    init(
        _ parameters: Parameters, texts: Int, longest: Int, start: LanguageModel.State,
        sharing tokens: TokenTable? = nil
    ) throws {
        count = texts
        network = try UnrolledNetwork(
            parameters, steps: Self.steps(texts: texts, longest: longest), streams: StreamShare(all: texts),
            forTraining: false, sharing: tokens)
        self.start = .joined(Array(repeating: start, count: texts))
    }

    /// How many steps a block has. More need more memory; fewer would make the products over a block small ones.
    private static func steps(texts: Int, longest: Int) -> Int {
        let most = max(32, min(128, 1024 / texts))
        // Blocks of equal length, so that little is read beyond the end.
        let blocks = max(1, (longest + most - 1) / most)
        return max(1, (longest + blocks - 1) / blocks)
    }

    /// Reads texts, as many as the reader was made for or fewer, and calls `body` after each block with the positions read
    /// and with the network, in which row t·B + b belongs to step t of text b. A text that has ended is read on as if token 0
    /// followed, and so is one that is not there.
    ///
    /// - Throws: what `body` throws; `CancellationError` when the task is cancelled; `DeviceError`.
    func read(
        _ texts: [ArraySlice<Int>], for purpose: Purpose,
        _ body: (_ block: Range<Int>, _ network: UnrolledNetwork) throws -> Void
    ) throws {
        precondition(texts.count <= count, "\(texts.count) texts for a reader of \(count)")
        try network.setState(start)
        let longest = texts.map(\.count).max() ?? 0
        for first in stride(from: 0, to: longest, by: network.steps) {
            try Task.checkCancellation()
            let inputs = tokens(of: texts, from: first)
            switch purpose {
            case .states: try network.advance(inputs)
            case .logits: try network.read(inputs)
            case .losses:
                let batch = Batch(
                    batchSize: count, steps: network.steps, inputs: inputs, targets: tokens(of: texts, from: first + 1))
                try network.run(batch, dropout: nil, gradient: nil)
            }
            try body(first..<min(first + network.steps, longest), network)
        }
    }

    /// The tokens of a block, time-major.
    private func tokens(of texts: [ArraySlice<Int>], from first: Int) -> [Int32] {
        var result = [Int32](repeating: 0, count: network.steps * count)
        for (index, text) in texts.enumerated() {
            for (step, token) in text.dropFirst(first).prefix(network.steps).enumerated() {
                result[step * count + index] = Int32(token)
            }
        }
        return result
    }
}

extension LanguageModel {
    /// The state in which what follows a session is read; the zero state where there is none.
    ///
    /// - Throws: ``StateError/otherModel`` for a session of another model, ``ChangedModelError``, `DeviceError`.
    func start(after session: Session?) throws -> State {
        guard let session else { return zeroState() }
        if session.model === self { return try session.memory() }
        let state = try session.state()
        try check(state)
        return state
    }
}

extension UnrolledNetwork {
    /// ln p of the targets of the first `steps` steps of the last run, t·B + b for step t of stream b.
    ///
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    func logProbabilities(steps: Int) throws -> [Double] {
        try logarithms(losses[0..<steps * streams.count])
    }
}
