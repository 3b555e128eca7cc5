/// One of the texts that a ``Batcher`` writes: how far it is, and what its reader has not got yet.
final class BatchedWriter {
    /// A piece, or the end.
    struct Answer: Sendable {
        var piece: String?
        var end: TextEnd?
    }

    /// How many bytes may wait for the reader. Then the text rests.
    static let readyLimit = 1024

    /// Where a text is written, or waits to be.
    enum Place {
        /// At a table.
        case row(SessionGroup.Row)
        /// In line for a row; nil where nothing has been read.
        case line(Session?)
        /// Nowhere, until its reader asks for more.
        case aside(Session)
        /// Nowhere any more.
        case over
    }

    let request: BatchedRequest
    var place = Place.line(nil)
    /// The steps that it has had since it got its row.
    private(set) var turn = 0
    /// A reader that waits for a piece.
    var reader: CheckedContinuation<Answer, any Error>?

    /// Of the beginning.
    private var unread: ArraySlice<Int>
    private var drawer: TokenDrawer<SplitMix64>
    private var text: TextWriter
    private var ready = ""
    private var hasFinished = false

    /// - Throws: ``VocabularyError``.
    init(_ request: BatchedRequest, _ vocabulary: Vocabulary) throws {
        self.request = request
        unread = try vocabulary.encode(request.beginning)[...]
        drawer = TokenDrawer(mirostat: request.mirostat, using: request.generator, request.choose)
        text = TextWriter(vocabulary, limit: request.limit, stoppingAt: request.stops, allowing: request.isAllowed)
    }

    var isCancelled: Bool { request.isCancelled.load(ordering: .relaxed) }
    var hasEnded: Bool { text.end != nil }
    /// Whether it could go on now, if it had a row: neither has it ended nor has its reader enough to read.
    var goesOn: Bool { !hasEnded && ready.utf8.count < Self.readyLimit }

    func take(_ row: SessionGroup.Row) {
        place = .row(row)
        turn = 0
    }

    /// The token that it reads next; nil when the text has ended.
    func advance(expecting next: Distribution, recent: ArraySlice<Int>) -> Int? {
        turn += 1
        if let token = unread.popFirst() { return token }
        guard text.goesOn() else { return nil }
        do {
            let token = try drawer.draw(from: next, recent: recent, where: text.isAllowed)
            ready += text.read(token)
            return text.goesOn() ? token : nil
        } catch {
            text.fail(error)
            return nil
        }
    }

    func fail(_ error: any Error) { if !hasEnded { text.fail(error) } }

    /// What there is for the reader: a piece, the end or an error, nil when it has to wait.
    func takeAnswer() -> Result<Answer, any Error>? {
        if hasEnded && !hasFinished {
            ready += text.finish()
            hasFinished = true
        }
        if !ready.isEmpty {
            defer { ready = "" }
            return .success(Answer(piece: ready))
        }
        switch text.end {
        case nil: return nil
        case .failure(let error): return .failure(error)
        case .limit, .stop: return .success(Answer(end: text.end))
        }
    }
}
