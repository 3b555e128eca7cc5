/// The tokens that a session makes up, one after the other, without end: each is drawn from what the session expects
/// and fed to it.
///
/// ```swift
/// let stream = session.tokens(using: SplitMix64(seed: 1)) { $0.temperature(0.8).topK(20) }
/// for token in stream.prefix(500) { print(session.vocabulary[token], terminator: "") }
/// ```
public final class TokenStream<Generator: RandomNumberGenerator>: Sequence, IteratorProtocol {
    /// Why the stream ended: what `feed(_:)` threw, or ``DeadEndError``.
    public private(set) var failure: (any Error)?
    private var writer: TokenWriter<Generator>

    /// The session, which has read every token so far.
    public var session: Session { writer.session }

    fileprivate init(_ writer: TokenWriter<Generator>) { self.writer = writer }

    public func next() -> Int? { try? advance() }

    /// Nil after a failure, which is thrown once.
    fileprivate func advance() throws -> Int? {
        guard failure == nil else { return nil }
        do { return try writer.advance() } catch {
            failure = error
            throw error
        }
    }
}

/// The same as a ``TokenStream`` for `for try await`: it ends when its task is cancelled, throws what `feed(_:)`
/// throws and ``DeadEndError``, and lets other tasks run between two tokens.
public struct AsyncTokenStream<Generator: RandomNumberGenerator>: AsyncSequence {
    fileprivate let session: Session
    fileprivate let mirostat: Mirostat?
    fileprivate let generator: Generator
    fileprivate let choose: @Sendable (Distribution, ArraySlice<Int>) -> Distribution

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
        AsyncIterator(stream: TokenStream(TokenWriter(session, mirostat: mirostat, using: generator, choose)))
    }
}

extension AsyncTokenStream: Sendable where Generator: Sendable {}

extension Session {
    /// Tokens that continue what was fed. This session itself does not move.
    ///
    /// ```swift
    /// session.tokens(using: generator) { next, recent in
    ///     next.penalizing(recent.suffix(64), repetition: 1.1).minP(0.02).temperature(0.9)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - mirostat: draws from what is chosen, when there is one.
    ///   - generator: draws.
    ///   - choose: what of the expected tokens each is drawn from, given also those that were read last
    ///     (``recent``).
    public func tokens<Generator: RandomNumberGenerator>(
        mirostat: Mirostat? = nil, using generator: Generator,
        _ choose: @escaping (_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution
    ) -> TokenStream<Generator> {
        TokenStream(TokenWriter(self, mirostat: mirostat, using: generator, choose))
    }

    /// Tokens that continue what was fed. This session itself does not move.
    ///
    /// - Parameters:
    ///   - generator: draws.
    ///   - choose: what of the expected tokens each is drawn from, such as `{ $0.temperature(0.8).topK(20) }`.
    public func tokens<Generator: RandomNumberGenerator>(
        using generator: Generator, _ choose: @escaping (Distribution) -> Distribution
    ) -> TokenStream<Generator> {
        tokens(using: generator) { next, _ in choose(next) }
    }

    /// Tokens that continue what was fed. This session itself does not move.
    ///
    /// - Parameters:
    ///   - temperature: see ``Distribution/temperature(_:)``; 0 is greedy.
    ///   - generator: draws.
    public func tokens<Generator: RandomNumberGenerator>(
        temperature: Float = 1, using generator: Generator
    ) -> TokenStream<Generator> {
        tokens(using: generator) { $0.temperature(temperature) }
    }

    /// Tokens that continue what was fed. This session itself does not move.
    public func tokens(by sampling: Sampling) -> TokenStream<SplitMix64> {
        tokens(mirostat: sampling.mirostat, using: sampling.generator) { $0.applying(sampling, $1) }
    }

    /// Tokens that continue what was fed, for asynchronous code. This session itself does not move.
    ///
    /// - Parameters:
    ///   - mirostat: draws from what is chosen, when there is one.
    ///   - generator: draws.
    ///   - choose: what of the expected tokens each is drawn from, given also those that were read last
    ///     (``recent``).
    public func asyncTokens<Generator: RandomNumberGenerator>(
        mirostat: Mirostat? = nil, using generator: Generator,
        _ choose: @escaping @Sendable (_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution
    ) -> AsyncTokenStream<Generator> {
        AsyncTokenStream(session: self, mirostat: mirostat, generator: generator, choose: choose)
    }

    /// Tokens that continue what was fed, for asynchronous code. This session itself does not move.
    ///
    /// - Parameters:
    ///   - generator: draws.
    ///   - choose: what of the expected tokens each is drawn from.
    public func asyncTokens<Generator: RandomNumberGenerator>(
        using generator: Generator, _ choose: @escaping @Sendable (Distribution) -> Distribution
    ) -> AsyncTokenStream<Generator> {
        asyncTokens(using: generator) { next, _ in choose(next) }
    }

    /// Tokens that continue what was fed, for asynchronous code. This session itself does not move.
    public func asyncTokens<Generator: RandomNumberGenerator>(
        temperature: Float = 1, using generator: Generator
    ) -> AsyncTokenStream<Generator> {
        asyncTokens(using: generator) { $0.temperature(temperature) }
    }

    /// Tokens that continue what was fed, for asynchronous code. This session itself does not move.
    public func asyncTokens(by sampling: Sampling) -> AsyncTokenStream<SplitMix64> {
        asyncTokens(mirostat: sampling.mirostat, using: sampling.generator) { $0.applying(sampling, $1) }
    }
}
