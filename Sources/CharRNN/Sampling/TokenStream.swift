/// The tokens that a session makes up, one after the other, without end: each is drawn from what the session expects
/// and fed to it.
///
/// ```swift
/// let stream = session.tokens(temperature: 0.8, using: SplitMix64(seed: 1))
/// for token in stream.prefix(500) { print(session.vocabulary[token], terminator: "") }
/// ```
public final class TokenStream<Generator: RandomNumberGenerator>: Sequence, IteratorProtocol {
    /// Why the stream ended, when the device failed.
    public private(set) var failure: (any Error)?
    /// The session, which has read every token so far.
    public private(set) var session: Session
    private let temperature: Float
    private var generator: Generator

    init(_ session: Session, temperature: Float, using generator: Generator) {
        self.session = session
        self.temperature = temperature
        self.generator = generator
    }

    public func next() -> Int? {
        guard failure == nil else { return nil }
        do { return try advance() } catch {
            failure = error
            return nil
        }
    }

    fileprivate func advance() throws -> Int {
        let token = session.next.temperature(temperature).sample(using: &generator)
        try session.feed(token)
        return token
    }
}

/// The same as a ``TokenStream`` for `for try await`: it ends when its task is cancelled, throws what the device
/// throws, and lets other tasks run between two tokens.
public struct AsyncTokenStream<Generator: RandomNumberGenerator>: AsyncSequence {
    fileprivate let makeStream: () -> TokenStream<Generator>

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let stream: TokenStream<Generator>

        public mutating func next() async throws -> Int? {
            await Task.yield()
            return Task.isCancelled ? nil : try stream.advance()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: makeStream()) }
}

extension Session {
    /// Tokens that continue what was fed. This session itself does not move.
    ///
    /// - Parameter temperature: see ``Distribution/temperature(_:)``; 0 is greedy.
    public func tokens<Generator: RandomNumberGenerator>(
        temperature: Float = 1, using generator: Generator
    ) -> TokenStream<Generator> {
        TokenStream(self, temperature: temperature, using: generator)
    }

    /// Tokens that continue what was fed, for asynchronous code. This session itself does not move.
    public func asyncTokens<Generator: RandomNumberGenerator>(
        temperature: Float = 1, using generator: Generator
    ) -> AsyncTokenStream<Generator> {
        AsyncTokenStream { TokenStream(self, temperature: temperature, using: generator) }
    }
}
