import OpenCLCompute

/// The model's network for one step, with its memory on the device.
final class NetworkPredictor: Predictor, @unchecked Sendable {
    // Unchecked: a predictor belongs to one session value or group, and copies get their own before either changes.
    private let parameters: Parameters
    /// From so many tokens on the memory for a sequence is worth it.
    private static let sequenceLength = 16
    /// N
    let count: Int
    /// Whether those that rest are computed too, so that no text's bits depend on who rests.
    private let alwaysAll: Bool
    private let whole: UnrolledNetwork
    /// What each text remembers, N rows of each layer's h and c, and a spare one. Where ``reading`` has it, it is out of date
    /// here.
    private let kept: [Buffer<Float>]
    /// The network of those that have read last, which carries what they remember from step to step.
    private var reading: (network: UnrolledNetwork, count: Int)?
    /// Whether a state was set since the last token, so that the logits belong to another.
    private var isStale = false

    var tokens: TokenTable { whole.tokens }

    private var backend: any Backend { parameters.backend }

    /// - Parameters:
    ///   - parameters: which do not change meanwhile: whoever has a predictor is told when they do.
    ///   - count: N
    ///   - tokens: those of another predictor with the same parameters.
    init(_ parameters: Parameters, count: Int, alwaysAll: Bool, sharing tokens: TokenTable? = nil) throws {
        self.parameters = parameters
        self.count = count
        self.alwaysAll = alwaysAll
        whole = try UnrolledNetwork(
            parameters, steps: 1, streams: StreamShare(all: count), forTraining: false,
            sharing: tokens)
        kept = try whole.stateBuffers.map { _ in
            try parameters.backend.makeBuffer(of: Float.self, count: (count + 1) * parameters.layout.hiddenSize)
        }
    }

    func read(_ tokens: [Int32]) throws -> [Float] {
        try advance(tokens)
        return try logits()
    }

    private func advance(_ tokens: [Int32]) throws {
        let network = try network(of: tokens.count)
        try network.read(tokens + repeatElement(0, count: network.streams.count - tokens.count))
        isStale = false
    }

    /// What follows the tokens that were read last, V numbers for each; after ``setState(_:of:)`` what follows the states of
    /// all texts.
    func logits() throws -> [Float] {
        if isStale || reading == nil { try network(of: count).decode() }
        isStale = false
        let (network, count) = reading!
        return try backend.read(network.logits.rows(0..<count).elements)
    }

    /// A network of the first texts, which carries what they remember.
    private func network(of count: Int) throws -> UnrolledNetwork {
        precondition(count > 0 && count <= self.count, "\(count) of \(self.count) texts")
        if let reading, reading.count == count { return reading.network }
        if let reading {
            for (kept, carried) in zip(kept, reading.network.stateBuffers) {
                let elements = rows(0..<reading.count)
                try backend.copy(carried[elements], to: kept[elements])
            }
        }
        reading = nil
        let network = count == self.count || alwaysAll ? whole : whole.narrowed(to: count)
        for (kept, carried) in zip(kept, network.stateBuffers) {
            try backend.copy(kept[0..<carried.count], to: carried)
        }
        reading = (network, count)
        return network
    }

    // MARK: What is remembered

    private func rows(_ range: Range<Int>) -> Range<Int> {
        let h = parameters.layout.hiddenSize
        return range.lowerBound * h..<range.upperBound * h
    }

    /// Where a text's h and c of each layer are now.
    private func memory(of text: Int) -> [Buffer<Float>] {
        let row = rows(text..<text + 1)
        if let reading, text < reading.count { return reading.network.stateBuffers.map { $0[row] } }
        return kept.map { $0[row] }
    }

    func state(of text: Int) throws -> LanguageModel.State {
        let values = try memory(of: text).map { try backend.read($0) }
        guard parameters.layout.cell.carriesMemory else {
            return LanguageModel.State(hidden: values, memory: values.map { _ in [] })
        }
        func every(second start: Int) -> [[Float]] { stride(from: start, to: values.count, by: 2).map { values[$0] } }
        return LanguageModel.State(hidden: every(second: 0), memory: every(second: 1))
    }

    func setState(_ state: LanguageModel.State, of text: Int) throws {
        let values = zip(state.hidden, state.memory).flatMap { hidden, memory in
            parameters.layout.cell.carriesMemory ? [hidden, memory] : [hidden]
        }
        for (values, place) in zip(values, memory(of: text)) { try backend.write(values, to: place) }
        isStale = true
    }

    func copy(_ text: Int, to other: Int) throws { try copy(memory(of: text), to: memory(of: other)) }

    func exchange(_ text: Int, _ other: Int) throws {
        let spare = kept.map { $0[rows(count..<count + 1)] }
        try copy(memory(of: text), to: spare)
        try copy(memory(of: other), to: memory(of: text))
        try copy(spare, to: memory(of: other))
    }

    private func copy(_ source: [Buffer<Float>], to destination: [Buffer<Float>]) throws {
        for (source, destination) in zip(source, destination) { try backend.copy(source, to: destination) }
    }

    // MARK: One text

    func state() throws -> LanguageModel.State { try state(of: 0) }

    func setState(_ state: LanguageModel.State) throws { try setState(state, of: 0) }

    /// Reads a text of one token after the other, which may be long; for a predictor of one text.
    ///
    /// - Parameter progress: is told of a long text now and then how many tokens have been read; what it throws ends the
    ///   reading.
    /// - Returns: when `scoring` ln p of each token after the first, else nothing.
    /// - Throws: ``BrokenModelError``, `CancellationError` when the task is cancelled, `DeviceError`. Then the state is as it
    ///   was.
    func read(text: [Int], scoring: Bool, progress: (_ tokens: Int) throws -> Void) throws -> [Double] {
        guard scoring || text.count >= Self.sequenceLength else {
            for token in text { try advance([Int32(token)]) }
            return []
        }
        var reader = LongTextReader(parameters, from: try state(), scoring: scoring, sharing: tokens)
        try reader.read(text, progress: progress)
        try setState(reader.state)
        // The last is of a token that is not there.
        return reader.logProbabilities.dropLast()
    }

    /// Another for the only text, with the same state, which goes its own way.
    func copy() throws -> NetworkPredictor {
        let copy = try NetworkPredictor(parameters, count: 1, alwaysAll: alwaysAll, sharing: tokens)
        try copy.setState(try state())
        return copy
    }
}
