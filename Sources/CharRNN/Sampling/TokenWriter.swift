/// What ``TokenStream`` and ``TextStream`` draw with: a session that reads what it has written.
struct TokenWriter<Generator: RandomNumberGenerator> {
    /// It has read every token so far.
    private(set) var session: Session
    private var drawer: TokenDrawer<Generator>

    init(
        _ session: Session, mirostat: Mirostat?, using generator: Generator,
        _ choose: @escaping (Distribution, ArraySlice<Int>) -> Distribution
    ) {
        self.session = session
        drawer = TokenDrawer(mirostat: mirostat, using: generator, choose)
    }

    /// Draws a token, of those that satisfy a condition, and reads it.
    ///
    /// - Throws: ``DeadEndError``, and what ``Session/feed(_:)`` throws.
    mutating func advance(where isIncluded: ((Int) -> Bool)? = nil) throws -> Int {
        let token = try drawer.draw(from: session.next, recent: session.recent, where: isIncluded)
        try session.feed(token)
        return token
    }
}

/// Draws the tokens of one text.
struct TokenDrawer<Generator: RandomNumberGenerator> {
    private var generator: Generator
    private var mirostat: Mirostat?
    private let choose: (Distribution, ArraySlice<Int>) -> Distribution
    private var count = 0

    init(
        mirostat: Mirostat?, using generator: Generator,
        _ choose: @escaping (Distribution, ArraySlice<Int>) -> Distribution
    ) {
        self.mirostat = mirostat
        self.generator = generator
        self.choose = choose
    }

    /// A token, of those that satisfy a condition.
    ///
    /// - Throws: ``DeadEndError``.
    mutating func draw(
        from expected: Distribution, recent: ArraySlice<Int>, where isIncluded: ((Int) -> Bool)?
    ) throws -> Int {
        // The condition first: what is narrowed afterwards cannot rule out the last token that satisfies it.
        let possible = isIncluded.map { expected.filter($0) } ?? expected
        let next = choose(possible, recent)
        let drawn =
            mirostat == nil ? next.draw(using: &generator) : mirostat?.draw(from: next, using: &generator) ?? nil
        guard let token = drawn else { throw DeadEndError(tokenCount: count) }
        count += 1
        return token
    }
}
