/// Readers of several texts side by side, which come and go: the weights are read once for all who read a token, so many
/// texts are written in little more than the time of a few.
///
/// ```swift
/// let group = try model.makeSessionGroup()
/// let row = try group.join(session)
/// for _ in 0..<500 {
///     let token = group.next(of: row).temperature(0.8).sample(using: &generator)
///     try group.feed([row: token])  // those that are not named rest
/// }
/// group.leave(row)
/// ```
///
/// On the CPU device and on OpenCL's processors a text gets the bits that a session of its own would, whatever the others
/// do. Graphics cards, whose products of one row are those of another routine, may differ from a session in the last bits.
///
/// For texts that several tasks ask for there is ``Batcher``.
public final class SessionGroup {
    /// One text of a group, as long as it is in it.
    public struct Row: Hashable, Sendable {
        fileprivate let number: Int
        /// By which its place is known.
        fileprivate let slot: Int
    }

    /// What is known of a row besides what the predictor remembers of it.
    private struct Reader {
        var next: Distribution
        var history: RecentTokens
        /// Whether the last answer was no numbers, so that ``next`` is that of an earlier one.
        var isBroken = false
    }

    /// Which reads.
    public let model: LanguageModel
    /// The texts, in the order in which they have joined.
    public private(set) var rows: [Row] = []
    /// That of the model with whose parameters all was read.
    private let revision: Int
    private var predictor: any Predictor
    /// By the place that they have in the predictor. Those that read at a step stand in front.
    private var readers: [Reader?]
    /// For each slot the place that belongs to it, and for each place the slot: places that are exchanged keep theirs.
    private var places: [Int]
    private var slots: [Int]
    /// For each slot the number of the row that has it.
    private var numbers: [Int?]
    /// Before this place all are taken, so that nobody who comes looks through them again.
    private var firstFree = 0
    private var joined = 0

    /// V tokens, those of ``model``.
    public var vocabulary: Vocabulary { model.vocabulary }
    /// The number of texts.
    public var count: Int { rows.count }
    /// From which number on it grows.
    var capacity: Int { readers.count }

    /// - Parameters:
    ///   - revision: that of the model from which the predictor was made.
    ///   - capacity: N of the predictor.
    init(_ model: LanguageModel, revision: Int, _ predictor: any Predictor, capacity: Int) {
        self.model = model
        self.revision = revision
        self.predictor = predictor
        readers = Array(repeating: nil, count: capacity)
        numbers = Array(repeating: nil, count: capacity)
        places = Array(0..<capacity)
        slots = places
    }

    // MARK: What is expected

    /// What the model expects of each text, after all that was fed, in the order of ``rows``. Before anything is fed every
    /// token is as likely as another.
    public var next: [Distribution] { rows.map { reader(of: $0).next } }

    /// What the model expects of a text.
    public func next(of row: Row) -> Distribution { reader(of: row).next }

    /// The tokens that a text has read last, as in ``Session/recent``.
    public func recent(of row: Row) -> ArraySlice<Int> { reader(of: row).history.tokens }

    /// Both at once.
    func expectation(of row: Row) -> (next: Distribution, recent: ArraySlice<Int>) {
        let place = place(of: row)
        return (readers[place]!.next, readers[place]!.history.tokens)
    }

    /// Whether this is one of the texts for which ``BrokenModelError`` was thrown.
    func isBroken(_ row: Row) -> Bool { reader(of: row).isBroken }

    /// A session that has read what the text has.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    public func session(of row: Row) throws -> Session {
        try requireUnchanged()
        let reader = reader(of: row)
        return try Session(
            model, revision: revision, state: predictor.state(of: place(of: row)), next: reader.next,
            history: reader.history, sharing: predictor.tokens)
    }

    /// A session that has read nothing.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    func makeSession() throws -> Session {
        try requireUnchanged()
        return try Session(model, sharing: predictor.tokens)
    }

    private func place(of row: Row) -> Int {
        guard row.slot < numbers.count, numbers[row.slot] == row.number else {
            preconditionFailure("row \(row.number) is not, or no longer, in the group")
        }
        return places[row.slot]
    }

    private func reader(of row: Row) -> Reader { readers[place(of: row)]! }

    // MARK: Coming and going

    /// A new text, which has read what the session has. The session itself does not move.
    ///
    /// - Throws: ``StateError`` for a session of another model, ``ChangedModelError``, `DeviceError`.
    @discardableResult
    public func join(_ session: Session) throws -> Row {
        try requireUnchanged()
        let state = try session.memory()
        if session.model !== model { try model.check(session.state()) }
        let place = try freePlace()
        try predictor.setState(state, of: place)
        return seat(at: place, next: session.next, history: session.history)
    }

    /// A new text, which has read what another has.
    ///
    /// - Throws: ``ChangedModelError``, `DeviceError`.
    @discardableResult
    public func fork(_ row: Row) throws -> Row {
        try requireUnchanged()
        let reader = reader(of: row)
        let place = try freePlace()
        try predictor.copy(self.place(of: row), to: place)
        return seat(at: place, next: reader.next, history: reader.history)
    }

    /// Forgets a text.
    public func leave(_ row: Row) {
        vacate(row)
        rows.removeAll { $0 == row }
    }

    private func vacate(_ row: Row) {
        let place = place(of: row)
        readers[place] = nil
        numbers[row.slot] = nil
        firstFree = min(firstFree, place)
    }

    private func seat(at place: Int, next: Distribution, history: RecentTokens) -> Row {
        let row = Row(number: joined, slot: slots[place])
        joined += 1
        readers[place] = Reader(next: next, history: history)
        numbers[row.slot] = row.number
        rows.append(row)
        return row
    }

    /// A place that nobody has. Where there is none the group gets twice the places.
    private func freePlace() throws -> Int {
        if let place = readers[firstFree...].firstIndex(where: { $0 == nil }) {
            firstFree = place
            return place
        }
        let count = readers.count
        firstFree = count
        try model.requireRoom(forTexts: 2 * count)
        let larger = try model.makePredictor(ofTexts: 2 * count, sharing: predictor.tokens)
        for place in 0..<count { try larger.setState(predictor.state(of: place), of: place) }
        predictor = larger
        readers += Array(repeating: nil, count: count)
        numbers += Array(repeating: nil, count: count)
        places += count..<2 * count
        slots += count..<2 * count
        return count
    }

    // MARK: Reading

    /// Reads a token of each of these texts. The others rest.
    ///
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public func feed(_ tokens: [Row: Int]) throws { try feed(tokens.lazy.map { ($0.key, $0.value) }) }

    /// The same of a list, in which no text may be twice.
    func feed(_ tokens: some Sequence<(Row, Int)>) throws {
        var tokenAt = [Int?](repeating: nil, count: readers.count)
        for (row, token) in tokens { tokenAt[place(of: row)] = token }
        try read(&tokenAt)
    }

    /// Reads some tokens of each of these texts, of each as many as there are. The others rest.
    ///
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public func feed(_ tokens: [Row: [Int]]) throws {
        for step in 0..<(tokens.values.map(\.count).max() ?? 0) {
            try feed(tokens.compactMapValues { step < $0.count ? $0[step] : nil })
        }
    }

    /// Reads one token of each text, in the order of ``rows``.
    ///
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    public func feed(_ tokens: [Int]) throws {
        precondition(tokens.count == count, "\(tokens.count) tokens for \(count) texts")
        var tokenAt = [Int?](repeating: nil, count: readers.count)
        for (row, token) in zip(rows, tokens) { tokenAt[place(of: row)] = token }
        try read(&tokenAt)
    }

    /// Replaces all texts by continuations: each of the new ones has read what its parent has, and one token. A parent may
    /// have several, and whoever has none is gone, as in beam search.
    ///
    /// - Returns: the new texts, in the order of the tokens.
    /// - Throws: ``BrokenModelError``, ``ChangedModelError``, `DeviceError`.
    @discardableResult
    public func feed(_ tokens: [Int], from parents: [Row]) throws -> [Row] {
        precondition(tokens.count == parents.count, "\(tokens.count) tokens for \(parents.count) parents")
        try requireUnchanged()
        let childless = Set(rows).subtracting(parents)
        for row in childless { vacate(row) }
        rows.removeAll(where: childless.contains)
        // The first child of a parent takes its place, which still is what it was while the others copy it.
        var heirs: Set<Row> = []
        let forks = try parents.map { heirs.insert($0).inserted ? nil : try fork($0) }
        let children = zip(parents, forks).map { parent, fork in fork ?? inherit(parent) }
        rows = children
        try feed(tokens)
        return children
    }

    /// The place of a text for a new one.
    private func inherit(_ parent: Row) -> Row {
        let (place, reader) = (place(of: parent), reader(of: parent))
        vacate(parent)
        return seat(at: place, next: reader.next, history: reader.history)
    }

    /// Reads the tokens at those places that have one.
    private func read(_ tokenAt: inout [Int?]) throws {
        try requireUnchanged()
        let vocabulary = vocabulary  // once, not for each token
        var count = 0
        for case let token? in tokenAt {
            vocabulary.check(token)
            count += 1
        }
        guard count > 0 else { return }
        // The predictor reads the first ones. As long as the same texts read, nothing has to move.
        var last = tokenAt.count - 1
        for place in 0..<count where tokenAt[place] == nil {
            while tokenAt[last] == nil { last -= 1 }
            try move(last, to: place)
            tokenAt.swapAt(place, last)
        }
        let (logits, size) = (try predictor.read(tokenAt[..<count].map { Int32($0!) }), vocabulary.count)
        var isBroken = false
        readers.withUnsafeMutableBufferPointer { readers in
            for place in 0..<count {
                readers[place]!.history.append(tokenAt[place]!)
                do { try readers[place]!.next.replace(by: logits[place * size..<(place + 1) * size]) } catch {
                    readers[place]!.isBroken = true
                    isBroken = true
                }
            }
        }
        if isBroken { throw BrokenModelError() }
    }

    /// Brings a text to another place, and who is there to its own.
    private func move(_ place: Int, to other: Int) throws {
        if readers[other] == nil {
            try predictor.copy(place, to: other)
            firstFree = min(firstFree, place)
        } else {
            try predictor.exchange(place, other)
        }
        readers.swapAt(place, other)
        slots.swapAt(place, other)
        for place in [place, other] { places[slots[place]] = place }
    }

    /// Whether the model still has the parameters with which all was read.
    var isCurrent: Bool { model.revisions.number == revision }

    /// - Throws: ``ChangedModelError/session``.
    private func requireUnchanged() throws {
        guard isCurrent else { throw ChangedModelError.session }
    }
}
