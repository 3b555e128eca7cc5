/// Readers of several texts side by side, each of which reads one token at a time: the weights are read once for all, so
/// many texts are written in little more than the time of a few.
///
/// ```swift
/// let group = try session.makeGroup(count: 64)
/// for _ in 0..<500 {
///     try group.feed(group.next.map { $0.temperature(0.8).sample(using: &generator) })
/// }
/// ```
public final class SessionGroup {
    public let model: LanguageModel
    /// What the model expects of each text, after all that was fed. Before anything is fed every token is as likely as
    /// another.
    public private(set) var next: [Distribution]
    private let predictor: any Predictor
    /// That of the model with whose parameters all was read.
    private let revision: Int

    public var vocabulary: Vocabulary { model.vocabulary }
    /// The number of texts.
    public var count: Int { next.count }

    fileprivate init(_ session: Session, count: Int) throws {
        precondition(count > 0, "a group of \(count) sessions")
        model = session.model
        try model.requireRoom(forTexts: count)
        revision = model.revisions.number
        let state = try session.state()
        next = [Distribution](repeating: session.next, count: count)
        predictor = try model.makePredictor(count: count)
        func repeated(_ rows: [Float]) -> [Float] { Array(repeatElement(rows, count: count).joined()) }
        try predictor.setState(.init(hidden: state.hidden.map(repeated), memory: state.memory.map(repeated)))
    }

    /// Reads one token of each text, in their order.
    ///
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public func feed(_ tokens: [Int]) throws {
        guard model.revisions.number == revision else { throw ChangedModelError.session }
        let size = vocabulary.count
        precondition(
            tokens.count == count && tokens.allSatisfy { (0..<size).contains($0) },
            "tokens \(tokens) for \(count) texts, of a vocabulary of \(size)")
        try predictor.read(tokens.map { Int32($0) })
        let logits = try predictor.logits()
        next = try (0..<count).map { try Distribution(answered: Array(logits[$0 * size..<($0 + 1) * size])) }
    }
}

extension LanguageModel {
    /// Sessions for so many texts, which have read nothing.
    ///
    /// - Throws: `DeviceError` when the device or the host has not enough memory.
    public func makeSessionGroup(count: Int) throws -> SessionGroup { try makeSession().makeGroup(count: count) }
}

extension Session {
    /// Sessions for so many texts, all of which have read what this one has. It does not move itself.
    ///
    /// - Throws: `DeviceError` when the device or the host has not enough memory, ``ChangedModelError``.
    public func makeGroup(count: Int) throws -> SessionGroup { try SessionGroup(self, count: count) }
}
