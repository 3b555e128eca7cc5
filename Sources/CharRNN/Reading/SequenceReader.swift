import OpenCLCompute

/// Reads texts side by side, a block of steps after the other: products over whole blocks, and memory that does not grow
/// with the texts.
final class SequenceReader {
    /// B
    let count: Int
    let network: UnrolledNetwork
    private let start: LanguageModel.State

    /// How many steps a block has at most. Each needs memory; fewer would make the products over a block small ones.
    private static func blockSteps(texts: Int) -> Int { max(32, 128 / texts) }

    /// - Parameters:
    ///   - texts: how many are read side by side.
    ///   - longest: the number of tokens of the longest text, by which the blocks are laid out; a text may be longer.
    ///   - session: what each text follows; nothing when nil.
    /// - Throws: ``StateError/otherModel`` for a session of another model, ``ChangedModelError``, `DeviceError`.
    init(_ model: LanguageModel, texts: Int, longest: Int, after session: Session? = nil) throws {
        count = texts
        // Blocks of equal length, so that little is read beyond the end.
        let most = Self.blockSteps(texts: texts)
        let blocks = max(1, (longest + most - 1) / most)
        network = try UnrolledNetwork(
            model.parameters, steps: max(1, (longest + blocks - 1) / blocks), streams: StreamShare(all: texts),
            forTraining: false)
        let state = try session.map { try model.memory(of: $0) } ?? model.zeroState()
        start = state.repeated(texts)
    }

    /// Reads texts, as many as the reader was made for or fewer, and calls `body` after each block with the positions read
    /// and with the network, in which row t·B + b belongs to step t of text b. A text that has ended is read on as if token 0
    /// followed, and so is one that is not there.
    ///
    /// - Parameter scoring: whether ``UnrolledNetwork/losses`` are wanted, of the token after each; else
    ///   ``UnrolledNetwork/logits`` are.
    /// - Throws: what `body` throws; `CancellationError` when the task is cancelled; `DeviceError`.
    func read(
        _ texts: [ArraySlice<Int>], scoring: Bool = false,
        _ body: (_ block: Range<Int>, _ network: UnrolledNetwork) throws -> Void
    ) throws {
        precondition(texts.count <= count, "\(texts.count) texts for a reader of \(count)")
        try network.setState(start)
        let longest = texts.map(\.count).max() ?? 0
        for first in stride(from: 0, to: longest, by: network.steps) {
            try Task.checkCancellation()
            let inputs = tokens(of: texts, from: first)
            if scoring {
                let batch = Batch(
                    batchSize: count, steps: network.steps, inputs: inputs, targets: tokens(of: texts, from: first + 1))
                try network.run(batch, dropout: nil, gradient: nil)
            } else {
                try network.read(inputs)
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
    /// What a session remembers.
    ///
    /// - Throws: ``StateError/otherModel`` when it reads with another model, ``ChangedModelError``, `DeviceError`.
    fileprivate func memory(of session: Session) throws -> State {
        if session.model === self { return try session.memory() }
        let state = try session.state()
        try check(state)
        return state
    }
}

extension LanguageModel.State {
    /// The state of so many texts, all of which stand where this one does.
    fileprivate func repeated(_ count: Int) -> LanguageModel.State {
        func repeated(_ rows: [Float]) -> [Float] { Array(repeatElement(rows, count: count).joined()) }
        return LanguageModel.State(hidden: hidden.map(repeated), memory: memory.map(repeated))
    }
}
