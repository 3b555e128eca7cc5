/// What ``TokenStream`` and ``TextStream`` draw with: a session that reads what it has written.
struct TokenWriter<Generator: RandomNumberGenerator> {
    /// It has read every token so far.
    private(set) var session: Session
    private var generator: Generator
    private var mirostat: Mirostat?
    private let choose: (Distribution, ArraySlice<Int>) -> Distribution
    private var count = 0

    init(
        _ session: Session, mirostat: Mirostat?, using generator: Generator,
        _ choose: @escaping (Distribution, ArraySlice<Int>) -> Distribution
    ) {
        self.session = session
        self.mirostat = mirostat
        self.generator = generator
        self.choose = choose
    }

    /// Draws a token, of those that satisfy a condition, and reads it.
    ///
    /// - Throws: ``DeadEndError``, and what ``Session/feed(_:)`` throws.
    mutating func advance(where isIncluded: ((Int) -> Bool)? = nil) throws -> Int {
        // The condition first: what is narrowed afterwards cannot rule out the last token that satisfies it.
        let possible = isIncluded.map { session.next.filter($0) } ?? session.next
        let next = choose(possible, session.recent)
        let drawn =
            mirostat == nil ? next.draw(using: &generator) : mirostat?.draw(from: next, using: &generator) ?? nil
        guard let token = drawn else { throw DeadEndError(tokenCount: count) }
        try session.feed(token)
        count += 1
        return token
    }
}
