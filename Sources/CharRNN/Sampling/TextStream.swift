/// Why a ``TextStream`` has ended.
public enum TextEnd: Sendable {
    /// It has as many characters as it should.
    case limit
    /// At this string, which is not part of it.
    case stop(String)
    /// Something went wrong: ``DeadEndError``, ``BrokenModelError``, `DeviceError`, or the task was cancelled
    /// (`CancellationError`). What was written before is good.
    case failure(any Error)
}

/// A text that a session makes up, in pieces of whole characters.
///
/// ```swift
/// let text = session.text(limit: 400, stoppingAt: ["\n\n"], using: SplitMix64(seed: 1)) { $0.temperature(0.8) }
/// for try await piece in text { print(piece, terminator: "") }
/// ```
///
/// It can be read once, by one task, in one of three ways:
///
/// - `for try await` throws what goes wrong, `CancellationError` when the task is cancelled, and lets other tasks run
///   between two characters. It computes where the loop runs: on the main actor, if that is its place.
/// - `try` ``joined()`` and `try` ``forEach(_:)`` throw what goes wrong, and do not notice cancellation.
/// - A plain `for` loop cannot throw: ask ``end`` after it.
public final class TextStream<Generator: RandomNumberGenerator>: Sequence, IteratorProtocol, AsyncSequence {
    public typealias Element = String

    /// Why the text has ended; nil while it goes on.
    public var end: TextEnd? { text.end }
    private var writer: TokenWriter<Generator>
    private var text: TextWriter

    /// The session, which has read every token so far, also those that are held back.
    public var session: Session { writer.session }

    fileprivate init(_ writer: TokenWriter<Generator>, _ text: TextWriter) {
        self.writer = writer
        self.text = text
    }

    /// The next piece, at least one character; nil at the end and after a failure, see ``end``.
    public func next() -> String? {
        while text.goesOn() {
            do {
                let token = try writer.advance(where: text.isAllowed)
                let piece = text.read(token)
                if !piece.isEmpty { return piece }
            } catch {
                text.fail(error)
            }
        }
        let piece = text.finish()
        return piece.isEmpty ? nil : piece
    }

    /// All of the text that has not been read yet.
    ///
    /// - Throws: ``DeadEndError``, ``BrokenModelError``, `DeviceError`.
    public func joined() throws -> String {
        var text = ""
        try forEach { text += $0 }
        return text
    }

    /// Hands over piece after piece.
    ///
    /// - Throws: ``DeadEndError``, ``BrokenModelError``, `DeviceError`, and what `body` throws.
    public func forEach(_ body: (String) throws -> Void) throws {
        while let piece = next() { try body(piece) }
        if case .failure(let error) = end { throw error }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let stream: TextStream
        private var hasThrown = false

        fileprivate init(_ stream: TextStream) { self.stream = stream }

        // On the caller's actor, so that a stream, and what its closures have captured, never changes hands.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> String? {
            await Task.yield()
            if Task.isCancelled && stream.end == nil { stream.text.fail(CancellationError()) }
            if let piece = stream.next() { return piece }
            if case .failure(let error) = stream.end, !hasThrown {
                hasThrown = true
                throw error
            }
            return nil
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

extension Session {
    /// A text that continues what was fed. This session itself does not move.
    ///
    /// ```swift
    /// let text = session.text(limit: 300, stoppingAt: ["\n\n"], using: SplitMix64(seed: 3)) { next, recent in
    ///     next.penalizing(recent.suffix(64), repetition: 1.1).minP(0.02).typical(0.95).temperature(0.9)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - limit: how many characters to write at most.
    ///   - stops: strings before which the text ends, none of them empty; of several the one that is complete first.
    ///   - isAllowed: what may be written: told the text so far with one more token (strings to stop at included), it
    ///     says whether that may become a right text. All else is ruled out before anything is chosen. When nothing is
    ///     left the text ends with a ``DeadEndError``.
    ///   - mirostat: draws from what is chosen, when there is one.
    ///   - generator: a copy of it draws.
    ///   - choose: what of the expected tokens each is drawn from, given also those that were read last
    ///     (``recent``); without it the model as it is.
    public func text<Generator: RandomNumberGenerator>(
        limit: Int, stoppingAt stops: [String] = [], allowing isAllowed: ((String) -> Bool)? = nil,
        mirostat: Mirostat? = nil, using generator: Generator,
        _ choose: @escaping (_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution = { next, _ in next }
    ) -> TextStream<Generator> {
        TextStream(
            TokenWriter(self, mirostat: mirostat, using: generator, choose),
            TextWriter(vocabulary, limit: limit, stoppingAt: stops, allowing: isAllowed))
    }

    /// A text that continues what was fed. This session itself does not move.
    ///
    /// - Parameters:
    ///   - limit: how many characters at most.
    ///   - stops: strings before which the text ends.
    ///   - isAllowed: whether a text may begin so; nil for any.
    ///   - generator: draws.
    ///   - choose: what of the expected tokens each is drawn from, such as `{ $0.temperature(0.8).topK(20) }`.
    public func text<Generator: RandomNumberGenerator>(
        limit: Int, stoppingAt stops: [String] = [], allowing isAllowed: ((String) -> Bool)? = nil,
        using generator: Generator, _ choose: @escaping (Distribution) -> Distribution
    ) -> TextStream<Generator> {
        text(limit: limit, stoppingAt: stops, allowing: isAllowed, using: generator) { next, _ in choose(next) }
    }

    /// A text that continues what was fed. This session itself does not move.
    public func text(
        limit: Int, stoppingAt stops: [String] = [], allowing isAllowed: ((String) -> Bool)? = nil,
        by sampling: Sampling
    ) -> TextStream<SplitMix64> {
        text(
            limit: limit, stoppingAt: stops, allowing: isAllowed, mirostat: sampling.mirostat, using: sampling.generator
        ) { $0.applying(sampling, $1) }
    }
}
