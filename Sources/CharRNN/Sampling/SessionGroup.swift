import OpenCLCompute

/// Readers of several texts side by side, each of which reads one token at a time: the weights are read once for all, so
/// many texts are written in little more than the time of a few.
///
/// ```swift
/// let group = try model.makeSessionGroup(count: 64)
/// for _ in 0..<500 {
///     try group.feed(group.next.map { $0.temperature(0.8).sample(using: &generator) })
/// }
/// ```
public final class SessionGroup {
    public let model: LanguageModel
    /// What the model expects of each text, after all that was fed. Before anything is fed every token is as likely as
    /// another.
    public private(set) var next: [Distribution]
    private let network: UnrolledNetwork

    public var vocabulary: Vocabulary { model.vocabulary }
    /// The number of texts.
    public var count: Int { next.count }

    init(_ model: LanguageModel, count: Int) throws {
        precondition(count > 0, "a group of \(count) sessions")
        self.model = model
        let unknown = Distribution(logits: [Float](repeating: 0, count: model.vocabulary.count))
        next = [Distribution](repeating: unknown, count: count)
        network = try UnrolledNetwork(model, steps: 1, streams: StreamShare(all: count), forTraining: false)
    }

    /// Reads one token of each text, in their order.
    ///
    /// - Throws: ``BrokenModelError``, `DeviceError`.
    public func feed(_ tokens: [Int]) throws {
        let size = vocabulary.count
        precondition(
            tokens.count == count && tokens.allSatisfy { (0..<size).contains($0) },
            "tokens \(tokens) for \(count) texts, of a vocabulary of \(size)")
        try network.read(tokens.map { Int32($0) })
        let logits = try model.backend.read(network.logits.elements)
        next = try (0..<count).map { try Distribution(answered: Array(logits[$0 * size..<($0 + 1) * size])) }
    }
}

extension LanguageModel {
    /// Sessions for so many texts, which have read nothing.
    ///
    /// - Throws: `DeviceError` when the device has not enough memory.
    public func makeSessionGroup(count: Int) throws -> SessionGroup { try SessionGroup(self, count: count) }
}
