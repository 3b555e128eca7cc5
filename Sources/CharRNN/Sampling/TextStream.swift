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
    public private(set) var end: TextEnd?
    private var writer: TokenWriter<Generator>
    private var assembler: TextAssembler
    private var condition: TextCondition?
    /// How many characters may still be taken.
    private var rest: Int

    /// The session, which has read every token so far, also those that are held back.
    public var session: Session { writer.session }

    fileprivate init(
        _ writer: TokenWriter<Generator>, limit: Int, stoppingAt stops: [String],
        allowing isAllowed: ((String) -> Bool)?
    ) {
        precondition(limit >= 0, "a text of \(limit) characters")
        self.writer = writer
        assembler = TextAssembler(stoppingAt: stops)
        condition = isAllowed.map { TextCondition(isAllowed: $0) }
        rest = limit
    }

    /// The next piece, at least one character; nil at the end and after a failure, see ``end``.
    public func next() -> String? {
        while end == nil {
            guard assembler.count < rest else {
                end = .limit
                break
            }
            do {
                let bytes = writer.session.vocabulary.bytes(of: try writer.advance(where: isAllowed))
                assembler.read(bytes)
                condition?.read(bytes)
            } catch {
                end = .failure(error)
                break
            }
            if let stop = assembler.found { end = .stop(stop) }
            let piece = assembler.takeWhole().prefix(rest)
            rest -= piece.count
            if !piece.isEmpty { return String(piece) }
        }
        let piece = assembler.takeRest().prefix(rest)
        rest = 0
        return piece.isEmpty ? nil : String(piece)
    }

    private var isAllowed: ((Int) -> Bool)? {
        condition.map { condition in
            let vocabulary = writer.session.vocabulary
            return { condition.allows(vocabulary.bytes(of: $0)) }
        }
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

        // On the caller's actor, so that a stream, and what its closures have captured, never changes hands.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> String? {
            await Task.yield()
            if Task.isCancelled && stream.end == nil { stream.end = .failure(CancellationError()) }
            if let piece = stream.next() { return piece }
            if case .failure(let error) = stream.end { throw error }
            return nil
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }
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
    ///     (``recent``).
    public func text<Generator: RandomNumberGenerator>(
        limit: Int, stoppingAt stops: [String] = [], allowing isAllowed: ((String) -> Bool)? = nil,
        mirostat: Mirostat? = nil, using generator: Generator,
        _ choose: @escaping (_ next: Distribution, _ recent: ArraySlice<Int>) -> Distribution
    ) -> TextStream<Generator> {
        TextStream(
            TokenWriter(self, mirostat: mirostat, using: generator, choose), limit: limit, stoppingAt: stops,
            allowing: isAllowed)
    }

    /// A text that continues what was fed. This session itself does not move.
    ///
    /// - Parameter choose: what of the expected tokens each is drawn from, such as `{ $0.temperature(0.8).topK(20) }`.
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
