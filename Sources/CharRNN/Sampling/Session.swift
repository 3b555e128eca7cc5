import OpenCLCompute

/// A reader of one text, character by character: what it has read is its state, and ``next`` is what it expects.
///
/// A session is a value: a copy goes its own way from there. Many sessions may share a model, from many tasks.
public struct Session: Sendable {
    public let model: LanguageModel
    /// What the model expects after all that was fed. Before anything is fed every token is as likely as another.
    public private(set) var next: Distribution
    private var reader: Reader

    public var vocabulary: Vocabulary { model.vocabulary }

    init(_ model: LanguageModel) throws {
        self.model = model
        next = Distribution(logits: [Float](repeating: 0, count: model.vocabulary.count))
        reader = try Reader(model)
    }

    /// Reads one token.
    ///
    /// - Throws: `DeviceError`.
    public mutating func feed(_ token: Int) throws {
        try makeUnique()
        try reader.read(token)
        next = Distribution(logits: try reader.logits())
    }

    /// Reads some tokens.
    ///
    /// - Throws: `DeviceError`.
    public mutating func feed(_ tokens: some Sequence<Int>) throws {
        try makeUnique()
        var hasRead = false
        for token in tokens {
            try reader.read(token)
            hasRead = true
        }
        if hasRead { next = Distribution(logits: try reader.logits()) }
    }

    /// Reads a text.
    ///
    /// - Throws: ``VocabularyError`` for a character that the model does not know, unless `unknown` says what to do
    ///   with it; `DeviceError`.
    public mutating func feed(_ text: String, unknown: UnknownCharacters = .error) throws {
        try feed(try vocabulary.encode(text, unknown: unknown))
    }

    /// Forgets all that was fed.
    public mutating func reset() throws {
        self = try Session(model)
    }

    /// What the network remembers. Setting it does not change ``next`` before the next token is fed.
    ///
    /// - Throws: `DeviceError`.
    public func state() throws -> LanguageModel.State { try reader.state() }

    /// Puts the network into a state that ``state()`` returned, of any session of an equal model.
    ///
    /// - Throws: `DeviceError`.
    public mutating func setState(_ state: LanguageModel.State) throws {
        try makeUnique()
        try reader.setState(state)
    }

    /// A copied session gets memory of its own at its first change.
    private mutating func makeUnique() throws {
        if !isKnownUniquelyReferenced(&reader) { reader = try reader.copy() }
    }
}

extension LanguageModel {
    /// A session that has read nothing.
    ///
    /// - Throws: `DeviceError` when the device has not enough memory.
    public func makeSession() throws -> Session { try Session(self) }
}

/// A network of one stream and one step, with its memory on the device.
private final class Reader: @unchecked Sendable {
    // Unchecked: a reader belongs to one session value, and copies get their own before either changes.
    private let model: LanguageModel
    private let network: UnrolledNetwork

    init(_ model: LanguageModel) throws {
        self.model = model
        network = try UnrolledNetwork(model, steps: 1, streams: StreamShare(all: 1), forTraining: false)
    }

    func read(_ token: Int) throws {
        precondition(
            token >= 0 && token < model.vocabulary.count, "token \(token) of a vocabulary of \(model.vocabulary.count)")
        try network.read([Int32(token)])
    }

    func logits() throws -> [Float] { try model.backend.read(network.logits.elements) }
    func state() throws -> LanguageModel.State { try network.state() }
    func setState(_ state: LanguageModel.State) throws { try network.setState(state) }

    func copy() throws -> Reader {
        let copy = try Reader(model)
        try copy.setState(try state())
        return copy
    }
}
