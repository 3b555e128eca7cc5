import CharRNNFiles
import FoundationEssentials

/// The preprocessed form of a text, kept beside it as `<name>.<kind>.cache`.
///
/// It is keyed by the text's content and the kind of token, and carries a checksum of itself: a cache that does not
/// fit or is damaged is made anew, and it may be deleted at any time.
///
/// Layout, little-endian: "CharRNN tokens 1", hash of the text, hash of what follows; length of the vocabulary, the
/// vocabulary as JSON, the token numbers.
package struct TokenCache {
    let file: URL
    let kind: TokenKind

    private static let magic = Array("CharRNN tokens 1".utf8)
    private static let headerSize = 16 + 2 * 8

    init(for text: URL, kind: TokenKind) {
        file = text.appendingPathExtension("\(kind.rawValue).cache")
        self.kind = kind
    }

    /// The cached form of the text with this hash, or nil when there is none that fits.
    ///
    /// - Parameter textHash: asked for only where there is a cache.
    func load(textHash: @autoclosure () throws -> UInt64) rethrows -> TokenizedText? {
        // What a killed program has left of one.
        AtomicFile.removeLeftovers(in: file.deletingLastPathComponent(), extension: "\(kind.rawValue).cache")
        guard let data = try? PlainFile.mapped(file) else { return nil }
        return try Self.text(in: data, textHash: textHash(), kind: kind)
    }

    /// The same from the bytes of a cache.
    static func text(
        in data: Data, textHash: @autoclosure () throws -> UInt64, kind: TokenKind
    ) rethrows -> TokenizedText? {
        guard data.count >= Self.headerSize + 8, Array(data.prefix(16)) == Self.magic else { return nil }
        let hash = try textHash()
        guard Self.word(data, at: 16) == hash,
            Self.word(data, at: 24) == contentHash(data.dropFirst(Self.headerSize))
        else { return nil }
        let body = data.dropFirst(Self.headerSize + 8)
        guard let length = Int(exactly: Self.word(data, at: Self.headerSize)), length <= body.count,
            let vocabulary = try? JSON.decode(Vocabulary.self, from: body.prefix(length)),
            vocabulary.kind == kind
        else { return nil }
        let width = TokenSequence.width(vocabularySize: vocabulary.count)
        let bytes = body.dropFirst(length)
        guard bytes.count % width == 0 else { return nil }
        let tokens = TokenSequence(bytes: bytes, width: width)
        // A checksum is no secret: whoever makes it right may still name tokens that are not there.
        guard tokens.isBelow(vocabulary.count) else { return nil }
        return TokenizedText(vocabulary: vocabulary, tokens: tokens, fingerprint: hash)
    }

    /// The vocabulary and the tokens in the bytes of a cache; for tests.
    package static func contents(
        of data: Data, textHash: UInt64, kind: TokenKind
    ) -> (vocabulary: Vocabulary, tokens: TokenSequence)? {
        text(in: data, textHash: textHash, kind: kind).map { ($0.vocabulary, $0.tokens) }
    }

    /// Writes the cache, whole or not at all, and returns the tokens in it; a text larger than the memory passes
    /// through. Nil where it cannot be written, which only costs the time of the next run.
    ///
    /// - Parameter check: called before the cache takes its place; what it throws is thrown.
    /// - Throws: `CancellationError` when the task is cancelled; nothing is left then.
    func store(_ text: Tokenizer, check: () throws -> Void) throws -> TokenSequence? {
        let json = try JSON.data(text.vocabulary)
        var (header, size) = (Self.header(textHash: text.fingerprint, bodyHash: 0), Self.headerSize)
        do {
            // Its checksum tells what a power cut has left of it.
            try AtomicFile.write(to: file, survivesPowerCut: false) { writer in
                var hash = ContentHash()
                func append(_ bytes: UnsafeRawBufferPointer) throws {
                    hash.update(bytes)
                    try writer.append(bytes)
                    size += bytes.count
                }
                try writer.append(header)
                try (Self.bytes(UInt64(json.count)) + json).withUnsafeBytes(append)
                try text.forEachBlock(append)
                header = Self.header(textHash: text.fingerprint, bodyHash: hash.value)
                try writer.replaceStart(with: header)
                try check()
            }
        } catch is FileError { return nil }
        // What has just been written is not checked again, only that it is what lies there.
        guard let data = try? PlainFile.mapped(file), data.count == size, data.prefix(Self.headerSize) == header else {
            return nil
        }
        return TokenSequence(
            bytes: data.dropFirst(Self.headerSize + 8 + json.count),
            width: TokenSequence.width(vocabularySize: text.vocabulary.count))
    }

    package static func header(textHash: UInt64, bodyHash: UInt64) -> Data {
        Data(magic) + bytes(textHash) + bytes(bodyHash)
    }

    private static func bytes(_ word: UInt64) -> Data { withUnsafeBytes(of: word.littleEndian) { Data($0) } }

    private static func word(_ data: Data, at offset: Int) -> UInt64 {
        data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }
}
