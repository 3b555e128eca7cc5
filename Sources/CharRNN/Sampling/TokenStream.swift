/// The tokens that a session makes up, one after the other, without end: each is drawn from what the session expects
/// and fed to it.
///
/// ```swift
/// let stream = session.tokens(using: SplitMix64(seed: 1)) { $0.temperature(0.8).topK(20) }
/// for token in stream.prefix(500) { print(session.vocabulary[token], terminator: "") }
/// ```
public final class TokenStream<Generator: RandomNumberGenerator>: Sequence, IteratorProtocol {
    /// Why the stream ended: what ``Session/feed(_:)`` threw.
    public private(set) var failure: (any Error)?
    /// The session, which has read every token so far.
    public private(set) var session: Session
    private var generator: Generator
    private let choose: (Distribution) -> Distribution

    init(_ session: Session, using generator: Generator, _ choose: @escaping (Distribution) -> Distribution) {
        self.session = session
        self.generator = generator
        self.choose = choose
    }

    public func next() -> Int? {
        guard failure == nil else { return nil }
        do { return try advance() } catch {
            failure = error
            return nil
        }
    }

    fileprivate func advance() throws -> Int {
        let token = choose(session.next).sample(using: &generator)
        try session.feed(token)
        return token
    }
}

/// The same as a ``TokenStream`` for `for try await`: it ends when its task is cancelled, throws what ``Session/feed(_:)``
/// throws, and lets other tasks run between two tokens.
public struct AsyncTokenStream<Generator: RandomNumberGenerator>: AsyncSequence {
    fileprivate let session: Session
    fileprivate let generator: Generator
    fileprivate let choose: @Sendable (Distribution) -> Distribution

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let stream: TokenStream<Generator>

        /// The session, which has read every token so far.
        public var session: Session { stream.session }

        public mutating func next() async throws -> Int? {
            await Task.yield()
            return Task.isCancelled ? nil : try stream.advance()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: TokenStream(session, using: generator, choose))
    }
}

extension AsyncTokenStream: Sendable where Generator: Sendable {}

extension Session {
    /// Tokens that continue what was fed. This session itself does not move.
    ///
    /// - Parameter choose: what of the expected tokens each is drawn from, such as `{ $0.temperature(0.8).topK(20) }`.
    public func tokens<Generator: RandomNumberGenerator>(
        using generator: Generator, _ choose: @escaping (Distribution) -> Distribution
    ) -> TokenStream<Generator> {
        TokenStream(self, using: generator, choose)
    }

    /// Tokens that continue what was fed. This session itself does not move.
    ///
    /// - Parameter temperature: see ``Distribution/temperature(_:)``; 0 is greedy.
    public func tokens<Generator: RandomNumberGenerator>(
        temperature: Float = 1, using generator: Generator
    ) -> TokenStream<Generator> {
        tokens(using: generator) { $0.temperature(temperature) }
    }

    /// Tokens that continue what was fed, for asynchronous code. This session itself does not move.
    ///
    /// - Parameter choose: what of the expected tokens each is drawn from.
    public func asyncTokens<Generator: RandomNumberGenerator>(
        using generator: Generator, _ choose: @escaping @Sendable (Distribution) -> Distribution
    ) -> AsyncTokenStream<Generator> {
        AsyncTokenStream(session: self, generator: generator, choose: choose)
    }

    /// Tokens that continue what was fed, for asynchronous code. This session itself does not move.
    public func asyncTokens<Generator: RandomNumberGenerator>(
        temperature: Float = 1, using generator: Generator
    ) -> AsyncTokenStream<Generator> {
        asyncTokens(using: generator) { $0.temperature(temperature) }
    }
}
