/// A reader of one text, character by character: what it has read is its state, and ``next`` is what it expects.
///
/// A session is a value: a copy goes its own way from there. Many sessions may share a model, from many tasks. When the
/// model is trained, the sessions that have begun before throw ``ChangedModelError`` until they are ``reset()``.
public struct Session: Sendable {
    /// Which reads.
    public let model: LanguageModel
    /// What the model expects after all that was fed. Before anything is fed every token is as likely as another.
    public private(set) var next: Distribution
    private(set) var history = RecentTokens()
    /// Whether anything was fed, or a state set in which something had been.
    private(set) var hasRead = false
    /// Which copies share until one of them changes.
    private var predictor: NetworkPredictor
    /// That of the model with whose parameters all was read.
    private(set) var revision: Int

    /// How many tokens ``recent`` has at most.
    public static let recentCount = RecentTokens.limit
    /// The tokens that were read last, the last of all at the end; none after ``setState(_:)``, which does not know them.
    public var recent: ArraySlice<Int> { history.tokens }

    /// V tokens, those of ``model``.
    public var vocabulary: Vocabulary { model.vocabulary }

    /// - Parameter tokens: those of a predictor with the parameters that the model has now.
    init(_ model: LanguageModel, sharing tokens: TokenTable? = nil) throws {
        self.model = model
        revision = model.revisions.number
        next = Self.unread(model)
        predictor = try model.makePredictor(sharing: tokens)
    }

    /// One that has read what a text of a group has.
    init(
        _ model: LanguageModel, revision: Int, state: LanguageModel.State, next: Distribution, history: RecentTokens,
        sharing tokens: TokenTable
    ) throws {
        self.model = model
        self.revision = revision
        self.next = next
        self.history = history
        hasRead = !state.isZero
        predictor = try model.makePredictor(sharing: tokens)
        try predictor.setState(state)
    }

    /// Reads one token.
    ///
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `DeviceError`. After ``BrokenModelError`` the session has to be
    ///   ``reset()``, since its state may be NaN; so it is with all that read.
    public mutating func feed(_ token: Int) throws {
        vocabulary.check(token)
        try requireUnchanged()
        try makeUnique()
        next = try Distribution(answered: predictor.read([Int32(token)]))
        history.append(token)
        hasRead = true
    }

    /// Reads some tokens, many of them faster than one by one.
    ///
    /// - Parameters:
    ///   - tokens: in their order.
    ///   - progress: is told of many now and then how many have been read; what it throws ends the reading.
    /// - Throws: `CancellationError` when the task is cancelled; ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public mutating func feed(
        _ tokens: some Sequence<Int>, progress: (_ tokens: Int) throws -> Void = { _ in }
    ) throws {
        _ = try read(Array(tokens), scoring: false, progress: progress)
    }

    /// Reads some tokens and tells how likely each was: ln p given all that was read before it. Of a session that has read
    /// nothing the first token has no number.
    ///
    /// Part after part, a text of any length is read so in constant memory.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    ///   Then the session is as it was; but after ``BrokenModelError`` it has to be ``reset()``.
    public mutating func logProbabilities(feeding tokens: some Sequence<Int>) throws -> [Double] {
        try read(Array(tokens), scoring: true)
    }

    /// The same of a text.
    ///
    /// - Throws: also ``VocabularyError`` for a character that the model does not know.
    public mutating func logProbabilities(feeding text: String) throws -> [Double] {
        try logProbabilities(feeding: try vocabulary.encode(text))
    }

    private mutating func read(
        _ tokens: [Int], scoring: Bool, progress: (_ tokens: Int) throws -> Void = { _ in }
    ) throws -> [Double] {
        for token in tokens { vocabulary.check(token) }
        try requireUnchanged()
        guard let first = tokens.first else { return [] }
        let expected = scoring && hasRead ? [next.logProbability(of: first)] : []
        try makeUnique()
        let following = try predictor.read(text: tokens, scoring: scoring, progress: progress)
        next = try Distribution(answered: predictor.logits())
        for token in tokens.suffix(RecentTokens.limit) { history.append(token) }
        hasRead = true
        return expected + following
    }

    /// Reads a text.
    ///
    /// - Throws: ``VocabularyError`` for a character that the model does not know, unless `unknown` says what to do
    ///   with it; `CancellationError` when the task is cancelled; ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public mutating func feed(_ text: String, unknown: UnknownCharacters = .error) throws {
        try feed(try vocabulary.encode(text, unknown: unknown))
    }

    /// Reads a text in UTF-8; with ``TokenKind/bytes``, what any file holds.
    ///
    /// - Throws: ``VocabularyError``, ``BrokenModelError``, ``ChangedModelError``, `CancellationError`, `DeviceError`.
    public mutating func feed(bytes: some Sequence<UInt8>, unknown: UnknownCharacters = .error) throws {
        try feed(try vocabulary.encode(bytes: bytes, unknown: unknown))
    }

    /// Forgets all that was fed, and begins with the model as it is now.
    ///
    /// - Throws: `DeviceError`.
    public mutating func reset() throws {
        self = try Session(model, sharing: revision == model.revisions.number ? predictor.tokens : nil)
    }

    /// What the network remembers of all that was fed. The first call reads the model's parameters, for the state's
    /// ``LanguageModel/State/modelFingerprint``.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    public func state() throws -> LanguageModel.State {
        var state = try memory()
        if !state.isZero { state.modelFingerprint = try model.fingerprint() }
        return state
    }

    /// The same without the fingerprint, for use with this session's model.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    func memory() throws -> LanguageModel.State {
        try requireUnchanged()
        return try predictor.state()
    }

    /// Puts the session where another was when its ``state()`` was taken, of any session of an equal model. When it throws,
    /// the session is as it was.
    ///
    /// - Throws: ``StateError`` for a state of other sizes or of another model, or with NaN; ``BrokenModelError``,
    ///   `DeviceError`.
    public mutating func setState(_ state: LanguageModel.State) throws {
        let revision = model.revisions.number
        try model.check(state)
        let predictor = try model.makePredictor(sharing: revision == self.revision ? self.predictor.tokens : nil)
        try predictor.setState(state)
        next = state.isZero ? Self.unread(model) : try Distribution(answered: predictor.logits())
        hasRead = !state.isZero
        self.predictor = predictor
        self.revision = revision
        history = RecentTokens()
    }

    /// - Throws: ``ChangedModelError/session``.
    private func requireUnchanged() throws {
        guard model.revisions.number == revision else { throw ChangedModelError.session }
    }

    private static func unread(_ model: LanguageModel) -> Distribution {
        Distribution(logits: [Float](repeating: 0, count: model.vocabulary.count))
    }

    /// A copied session gets memory of its own at its first change.
    private mutating func makeUnique() throws {
        if !isKnownUniquelyReferenced(&predictor) { predictor = try predictor.copy() }
    }

    /// The predictor's identity, by which a test sees when a session has got one of its own.
    package var predictorIdentity: ObjectIdentifier { ObjectIdentifier(predictor) }
}

extension LanguageModel {
    /// A session that has read nothing.
    ///
    /// - Throws: `DeviceError` when the device has not enough memory.
    public func makeSession() throws -> Session { try Session(self) }

    /// A session where another was when its ``Session/state()`` was taken, of any session of an equal model.
    ///
    /// - Throws: ``StateError`` for a state of other sizes or of another model, or with NaN; ``BrokenModelError``,
    ///   `DeviceError`.
    public func makeSession(at state: State) throws -> Session {
        var session = try makeSession()
        try session.setState(state)
        return session
    }
}
