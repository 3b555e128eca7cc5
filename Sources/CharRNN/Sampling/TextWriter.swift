/// The text that tokens make up: its pieces, which tokens may follow, and where it ends.
struct TextWriter {
    /// Why the text has ended; nil while it goes on.
    private(set) var end: TextEnd?
    private let vocabulary: Vocabulary
    private var assembler: TextAssembler
    private var condition: TextCondition?
    /// How many characters may still be taken.
    private var rest: Int

    init(_ vocabulary: Vocabulary, limit: Int, stoppingAt stops: [String], allowing isAllowed: ((String) -> Bool)?) {
        precondition(limit >= 0, "a text of \(limit) characters")
        self.vocabulary = vocabulary
        assembler = TextAssembler(stoppingAt: stops)
        condition = isAllowed.map { TextCondition(isAllowed: $0) }
        rest = limit
    }

    /// Whether another token is wanted. If not, the text has ended.
    mutating func goesOn() -> Bool {
        if end == nil && assembler.has(rest) { end = .limit }
        return end == nil
    }

    /// Says of a token whether it may be the next; nil where all may.
    var isAllowed: ((Int) -> Bool)? {
        condition.map { condition in { condition.allows(vocabulary.bytes(of: $0)) } }
    }

    /// Reads the next token, and returns the characters that nothing can change any more, if there are any.
    mutating func read(_ token: Int) -> String {
        let bytes = vocabulary.bytes(of: token)
        assembler.read(bytes)
        condition?.read(bytes)
        if let stop = assembler.found { end = .stop(stop) }
        return take(assembler.takeWhole())
    }

    mutating func fail(_ error: any Error) { end = .failure(error) }

    /// What was held back, once the text has ended.
    mutating func finish() -> String {
        defer { rest = 0 }
        return take(assembler.takeRest())
    }

    private mutating func take(_ text: String) -> String {
        let count = text.count
        guard count > rest else {
            rest -= count
            return text
        }
        defer { rest = 0 }
        return String(text.prefix(rest))
    }
}

/// What may be written: a condition on the text so far.
private struct TextCondition {
    let isAllowed: (String) -> Bool
    private var text = ""
    private var decoder = UTF8Assembler()

    init(isAllowed: @escaping (String) -> Bool) { self.isAllowed = isAllowed }

    mutating func read(_ bytes: [UInt8]) { text += decoder.read(bytes) }

    /// Whether the text may go on so. Before a scalar is whole nothing can be said against it.
    func allows(_ bytes: [UInt8]) -> Bool {
        var decoder = decoder
        let more = decoder.read(bytes)
        return more.isEmpty || isAllowed(text + more)
    }
}
