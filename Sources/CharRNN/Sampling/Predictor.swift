import OpenCLCompute

/// A model at work on N texts side by side: it reads a token of each and says what it expects next. All that sessions and
/// groups need of a model, whatever its numbers are.
protocol Predictor: AnyObject, Sendable {
    /// Reads one token of each text, in their order.
    func read(_ tokens: [Int32]) throws
    /// Reads a text of one token after the other, which may be long; for a predictor of one text.
    ///
    /// - Returns: when `scoring` ln p of each token after the first, else nothing.
    /// - Throws: ``BrokenModelError``, `CancellationError` when the task is cancelled, `DeviceError`. Then the state is as it
    ///   was.
    func read(text: [Int], scoring: Bool) throws -> [Double]
    /// What follows the last tokens read, or the state that was set: N × V.
    func logits() throws -> [Float]
    /// What is remembered of all that was read; for N texts N × H a layer.
    func state() throws -> LanguageModel.State
    func setState(_ state: LanguageModel.State) throws
    /// Another with the same state, which goes its own way.
    func copy() throws -> Self
}

extension LanguageModel {
    /// A predictor that has read nothing.
    ///
    /// - Throws: `DeviceError` when the device has not enough memory.
    func makePredictor(count: Int = 1) throws -> any Predictor {
        try NetworkPredictor(parameters, count: count)
    }
}

/// The model's network for one step, with its memory on the device.
private final class NetworkPredictor: Predictor, @unchecked Sendable {
    // Unchecked: a predictor belongs to one session value or group, and copies get their own before either changes.
    private let parameters: Parameters
    private let network: UnrolledNetwork
    /// From so many tokens on the memory for a sequence is worth it.
    private static let sequenceLength = 16
    /// Whether the state was set since the last token, so that the logits belong to another.
    private var isStale = false

    init(_ parameters: Parameters, count: Int) throws {
        self.parameters = parameters
        network = try UnrolledNetwork(parameters, steps: 1, streams: StreamShare(all: count), forTraining: false)
    }

    func read(_ tokens: [Int32]) throws {
        try network.read(tokens)
        isStale = false
    }

    func read(text: [Int], scoring: Bool) throws -> [Double] {
        guard scoring || text.count >= Self.sequenceLength else {
            for token in text { try read([Int32(token)]) }
            return []
        }
        var reader = LongTextReader(parameters, from: try state(), scoring: scoring)
        try reader.read(text)
        try setState(reader.state)
        // The last is of a token that is not there.
        return reader.logProbabilities.dropLast()
    }

    func logits() throws -> [Float] {
        if isStale { try network.decode() }
        isStale = false
        return try parameters.backend.read(network.logits.elements)
    }

    func state() throws -> LanguageModel.State { try network.state() }

    func setState(_ state: LanguageModel.State) throws {
        try network.setState(state)
        isStale = true
    }

    func copy() throws -> NetworkPredictor {
        let copy = try NetworkPredictor(parameters, count: network.streams.count)
        try copy.setState(try state())
        return copy
    }
}
