import FoundationEssentials
import Glibc

/// How well a model predicts a text.
public struct TextScore: Hashable, Sendable {
    /// The tokens that were read.
    public internal(set) var tokens = 0
    /// Those that were predicted: all but the first, unless something was read before it.
    public internal(set) var predicted = 0
    /// The sum of −ln p of these.
    public internal(set) var nats = 0.0

    /// The mean of −ln p; NaN where nothing was predicted.
    public var natsPerToken: Double { nats / Double(predicted) }
    /// The mean of −log₂ p.
    public var bitsPerToken: Double { natsPerToken / log(2) }
}

extension LanguageModel {
    /// How well the model predicts a file of any size, which is read part after part: the memory grows with its longest
    /// line at most.
    ///
    /// - Parameters:
    ///   - file: a text, in UTF-8 but where tokens are bytes.
    ///   - session: what was read before. It stays as it is.
    ///   - progress: is told the score so far; what it throws ends the reading.
    /// - Throws: ``TextError/unreadable(file:reason:)``, ``VocabularyError``, ``BrokenModelError``, ``ChangedModelError``,
    ///   `CancellationError` when the task is cancelled, `DeviceError`.
    public func score(
        contentsOf file: URL, after session: Session? = nil, progress: (TextScore) throws -> Void = { _ in }
    ) throws -> TextScore {
        var session = try session ?? makeSession()
        var score = TextScore()
        try vocabulary.forEachPart(of: file) { tokens in
            let logarithms = try session.logProbabilities(feeding: tokens)
            score.tokens += tokens.count
            score.predicted += logarithms.count
            score.nats -= logarithms.reduce(0, +)
            try progress(score)
        }
        return score
    }
}

extension Vocabulary {
    /// How many tokens a part has at most.
    private static let partLength = 1 << 14

    /// Calls `body` with the tokens of a file, part after part, so that the file may be of any size. It must be one that
    /// has an end; of a pipe encode what you have read.
    ///
    /// - Throws: what `body` throws; ``TextError/unreadable(file:reason:)``, ``VocabularyError`` with offsets in the whole
    ///   file.
    public func forEachPart(of file: URL, _ body: (_ tokens: [Int]) throws -> Void) throws {
        var (held, offset): ([UInt8], Int) = ([], 0)
        func encode(_ bytes: some Sequence<UInt8>) throws {
            let tokens: [Int]
            do { tokens = try self.encode(bytes: bytes) } catch VocabularyError.unknownCharacter(let text, let place) {
                throw VocabularyError.unknownCharacter(text, offset: offset + place)
            } catch VocabularyError.unknownByte(let byte, let place) {
                throw VocabularyError.unknownByte(byte, offset: offset + place)
            }
            offset += tokens.count
            for start in stride(from: 0, to: tokens.count, by: Self.partLength) {
                try body(Array(tokens[start..<min(start + Self.partLength, tokens.count)]))
            }
        }
        try TextSource(file: file).forEachBlock { bytes in
            guard kind == .characters else { return try encode(bytes) }
            // A character may go on in the next block, but none goes on behind a line break.
            let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if end > 0 {
                try encode(held + bytes[..<end])
                held = []
            }
            held += bytes[end...]
        }
        if !held.isEmpty { try encode(held) }
    }
}
