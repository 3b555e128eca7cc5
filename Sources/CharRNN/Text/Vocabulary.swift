import FoundationEssentials

/// The tokens that a model knows, and their numbers: 0 ..< `count` in ascending order of their UTF-8 bytes, as in
/// char-rnn.
public struct Vocabulary: Hashable, Sendable {
    /// What counts as one token.
    public let kind: TokenKind
    /// The UTF-8 bytes of each token (the byte itself for ``TokenKind/bytes``).
    private let entries: [[UInt8]]
    private let numbers: [[UInt8]: Int]
    /// The token that stands for all characters that have none of their own, U+FFFD; nil where there is none, and such
    /// characters are an error. ``TextDataset/withUnknownToken(minimumFrequency:)`` makes one.
    public let unknownToken: Int?

    /// V, the number of tokens.
    public var count: Int { entries.count }

    /// The tokens of `text`.
    public init(of text: String, kind: TokenKind = .scalars) {
        if kind == .bytes {
            self.init(of: text.utf8)
        } else {
            self.init(kind: kind, entries: Set(Self.parts(of: text, kind)))
        }
    }

    /// The bytes that occur in those of any file, as ``TokenKind/bytes``.
    public init(of bytes: some Sequence<UInt8>) {
        self.init(kind: .bytes, entries: Set(bytes).map { [$0] })
    }

    /// The tokens of what a file holds, however large.
    ///
    /// - Parameters:
    ///   - bytes: what the file holds.
    ///   - kind: what counts as a token.
    ///   - tell: called after each megabyte with the share that is done, from 0 to 1.
    /// - Throws: ``TextError`` for what is no text, unless `kind` is ``TokenKind/bytes``; `CancellationError` when the task is
    ///   cancelled.
    public init(bytes: Data, kind: TokenKind, progress tell: @escaping (Double) -> Void = { _ in }) throws {
        let progress = ReadingProgress(tell)
        progress.begin(bytes.count)
        self = try Tokenizer(TextSource(bytes, name: "the text", progress: progress), kind: kind).vocabulary
    }

    init(kind: TokenKind, entries: some Collection<[UInt8]>, hasUnknownToken: Bool = false) {
        self.kind = kind
        self.entries = entries.sorted { $0.lexicographicallyPrecedes($1) }
        numbers = Dictionary(uniqueKeysWithValues: zip(self.entries, 0...))
        unknownToken = hasUnknownToken ? numbers[Self.unknown] : nil
    }

    /// U+FFFD, which Unicode has for what is unknown.
    private static let unknown = Array("\u{FFFD}".utf8)

    /// The text of a token. A single byte that is no character by itself reads as U+FFFD; see ``bytes(of:)``.
    public subscript(token: Int) -> String { String(decoding: bytes(of: token), as: UTF8.self) }

    /// The bytes of a token, which join to the exact text whatever the kind.
    public func bytes(of token: Int) -> [UInt8] {
        check(token)
        return entries[token]
    }

    func check(_ token: Int) {
        precondition(entries.indices.contains(token), "token \(token) of a vocabulary of \(count)")
    }

    /// Whether the model knows this one token.
    public func contains(_ token: String) -> Bool { numbers[Array(token.utf8)] != nil }

    /// Whether the model knows the token of these bytes.
    public func contains(_ token: [UInt8]) -> Bool { numbers[token] != nil }

    /// The number of the token of these bytes; nil when the model does not know it.
    public func number(of token: [UInt8]) -> Int? { numbers[token] }

    /// Whether `other` has every token of this one and counts the same things.
    public func isSubset(of other: Vocabulary) -> Bool {
        kind == other.kind && entries.allSatisfy { other.numbers[$0] != nil }
    }

    /// The tokens of both.
    ///
    /// - Throws: ``VocabularyError/mismatch(_:)`` when they count different things.
    public func union(_ other: Vocabulary) throws -> Vocabulary {
        guard kind == other.kind else { throw VocabularyError.mismatch("no union: \(difference(to: other)!)") }
        return Vocabulary(
            kind: kind, entries: Set(entries).union(other.entries),
            hasUnknownToken: unknownToken != nil || other.unknownToken != nil)
    }

    /// Some of the tokens, and one for all others.
    func keeping(_ isKept: (Int) -> Bool) -> Vocabulary {
        let kept = entries.indices.filter(isKept).map { entries[$0] }
        return Vocabulary(kind: kind, entries: Set(kept + [Self.unknown]), hasUnknownToken: true)
    }

    /// For each token its number in `other`, which has it or a token for unknown ones.
    func numbers(in other: Vocabulary) -> [Int] { entries.map { other.numbers[$0] ?? other.unknownToken! } }

    /// The numbers of the tokens of `text`.
    ///
    /// - Parameters:
    ///   - text: of any characters.
    ///   - unknown: what to do with a character that the vocabulary lacks, or some of whose bytes it lacks. To one with an
    ///     ``unknownToken`` no character is an error.
    /// - Throws: ``VocabularyError/unknownCharacter(_:offset:)``, with the offset in tokens, `CancellationError` when the
    ///   task is cancelled.
    public func encode(_ text: String, unknown: UnknownCharacters = .error) throws -> [Int] {
        try encode(Self.parts(of: text, kind), unknown)
    }

    /// What is known or unknown as a whole: characters, or scalars, of which each byte may be a token.
    private static func parts(of text: String, _ kind: TokenKind) -> AnySequence<[UInt8]> {
        kind == .characters
            ? AnySequence(text.lazy.map { Array($0.utf8) })
            : AnySequence(text.unicodeScalars.lazy.map { Array(UTF8.encode($0)!) })
    }

    /// The numbers of the tokens of a text in UTF-8; with ``TokenKind/bytes``, of what any file holds.
    ///
    /// - Parameters:
    ///   - bytes: of a text or file.
    ///   - unknown: what to do with a token that the vocabulary lacks.
    ///   - progress: called after each some ten thousand bytes with the share that is done, from 0 to 1.
    /// - Throws: ``VocabularyError``, `CancellationError` when the task is cancelled.
    public func encode(
        bytes: some Sequence<UInt8>, unknown: UnknownCharacters = .error, progress: (Double) -> Void = { _ in }
    ) throws -> [Int] {
        let bytes = Array(bytes)
        func advance(_ byteCount: Int) { progress(Double(byteCount) / Double(bytes.count)) }
        if let text = String(validating: bytes, as: UTF8.self) {
            return try encode(Self.parts(of: text, kind), unknown, advance)
        }
        guard kind == .bytes else { throw VocabularyError.notUTF8 }
        return try encode(bytes.lazy.map { [$0] }, unknown, advance)
    }

    /// The numbers of texts that are a token each; of bytes, which are one each.
    private func encode(
        _ parts: some Sequence<[UInt8]>, _ unknown: UnknownCharacters, _ advance: (_ byteCount: Int) -> Void = { _ in }
    ) throws -> [Int] {
        var (result, offset): ([Int], Int) = ([], 0)
        var (read, told) = (0, 0)
        result.reserveCapacity(parts.underestimatedCount)
        for part in parts {
            read += part.count
            if read - told >= 1 << 16 {
                try Task.checkCancellation()
                advance(read)
                told = read
            }
            let tokens = kind == .bytes ? part.map { [$0] } : [part]
            let known = tokens.compactMap { numbers[$0] }
            switch unknown {
            case _ where known.count == tokens.count: result += known
            case .error where unknownToken != nil: result.append(unknownToken!)
            case .error:
                let text = String(decoding: part, as: UTF8.self)
                throw Array(text.utf8) == part
                    ? VocabularyError.unknownCharacter(text, offset: offset)
                    : VocabularyError.unknownByte(part[0], offset: offset)
            case .skip: break
            case .replace(let other): result.append(other)
            }
            offset += tokens.count
        }
        return result
    }

    /// The text of some tokens. Bytes that do not make UTF-8 read as U+FFFD.
    public func decode(_ tokens: some Sequence<Int>) -> String {
        String(decoding: tokens.flatMap { bytes(of: $0) }, as: UTF8.self)
    }
}

extension Vocabulary {
    /// What whoever has a text of such characters may not know; nil for most texts.
    var notice: String? {
        if count == 1 { return "the text has no other character than \(quoted(0)), so there is nothing to learn" }
        guard contains("\r") || contains("\r\n") else { return nil }
        return
            "the text has carriage returns, '\\r', as lines have on Windows; the model learns and writes them, and what it is "
            + "given to go on with or to stop at needs them; tr -d '\\r' < OLD > NEW takes them away"
    }
}

/// What to do with characters that a vocabulary lacks.
public enum UnknownCharacters: Hashable, Sendable {
    /// They are the vocabulary's ``Vocabulary/unknownToken``; where it has none, an error.
    case error
    case skip
    /// Put this token in their place.
    case replace(Int)
}

extension Vocabulary {
    /// What `other` has and lacks in comparison, for messages: "the other has 'é' besides"; nil when they are equal.
    public func difference(to other: Vocabulary) -> String? {
        guard self != other else { return nil }
        if kind != other.kind { return "one counts \(kind.rawValue), the other \(other.kind.rawValue)" }
        let (added, missing) = (other.entries(notIn: self), entries(notIn: other))
        if added.isEmpty && missing.isEmpty { return "only one of them has a token for unknown characters" }
        let differences = [
            added.isEmpty ? nil : "has \(Self.list(added)) besides",
            missing.isEmpty ? nil : "lacks \(Self.list(missing))",
        ]
        return "the other " + differences.compactMap(\.self).joined(separator: ", and ")
    }

    /// Why it cannot stand for `other`, which has tokens that it lacks; nil when it can.
    func lack(of other: Vocabulary) -> String? {
        if kind != other.kind { return "it counts \(kind.rawValue), not \(other.kind.rawValue)" }
        let missing = other.entries(notIn: self)
        return missing.isEmpty ? nil : "it lacks \(Self.list(missing))"
    }

    /// Why it cannot number a text of `other`'s tokens; nil when it can.
    func lack(toRead other: Vocabulary) -> String? {
        unknownToken != nil && kind == other.kind ? nil : lack(of: other)
    }

    /// Some tokens as messages show them, the first ten.
    func list(_ tokens: [Int]) -> String { Self.list(tokens.map { entries[$0] }) }

    private func entries(notIn other: Vocabulary) -> [[UInt8]] { entries.filter { other.numbers[$0] == nil } }

    private static func list(_ tokens: [[UInt8]]) -> String {
        let shown = tokens.prefix(10).map { quoted($0) }.joined(separator: " ")
        return tokens.count > 10 ? "\(shown) and \(tokens.count - 10) more" : shown
    }

    /// A token as messages show it: 'a', '\n', '\u{00A0}', byte 255.
    public func quoted(_ token: Int) -> String { Self.quoted(entries[token]) }

    static func quoted(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard Array(text.utf8) == bytes else { return bytes.map { "byte \($0)" }.joined(separator: " ") }
        return quoted(text)
    }

    /// White space other than the space is escaped as well.
    static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            scalar == " " || scalar.isShown && !scalar.properties.isWhitespace
                ? String(scalar) : scalar.escaped(asASCII: true)
        }
        return "'\(scalars.joined())'"
    }
}

// In files a vocabulary is {"kind": …, "tokens": […]}: strings, or numbers when the kind is bytes. Where there is a token
// for unknown characters, {"unknown": "\u{FFFD}"} stands there as well.
extension Vocabulary: Codable {
    private enum Key: String, CodingKey { case kind, tokens, unknown }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let kind = try container.decode(TokenKind.self, forKey: .kind)
        let entries: [[UInt8]] =
            switch kind {
            case .bytes: try container.decode([UInt8].self, forKey: .tokens).map { [$0] }
            case .scalars, .characters:
                try container.decode([String].self, forKey: .tokens).map { text in
                    guard (kind == .scalars ? text.unicodeScalars.count : text.count) == 1 else {
                        throw DecodingError.dataCorruptedError(
                            forKey: .tokens, in: container, debugDescription: "'\(text)' is not one of the \(kind)")
                    }
                    return Array(text.utf8)
                }
            }
        // Numbers are given by order, so a list that is not in order, or names a token twice, is not one of ours.
        guard zip(entries, entries.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .tokens, in: container, debugDescription: "the tokens are not in ascending order")
        }
        let unknown = try container.decodeIfPresent(String.self, forKey: .unknown).map { Array($0.utf8) }
        guard unknown == nil || kind != .bytes && unknown == Self.unknown && entries.contains(Self.unknown) else {
            throw DecodingError.dataCorruptedError(
                forKey: .unknown, in: container, debugDescription: "U+FFFD alone can stand for what is unknown")
        }
        self.init(kind: kind, entries: entries, hasUnknownToken: unknown != nil)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kind, forKey: .kind)
        switch kind {
        case .bytes: try container.encode(entries.map { $0[0] }, forKey: .tokens)
        case .scalars, .characters: try container.encode((0..<count).map { self[$0] }, forKey: .tokens)
        }
        try container.encodeIfPresent(unknownToken.map { self[$0] }, forKey: .unknown)
    }
}
