import CharRNNFiles
import FoundationEssentials

/// The preprocessed form of a text, kept beside it as `<name>.<kind>.cache`.
///
/// It is keyed by the text's content and the kind of token, and carries a checksum of itself: a cache that does not
/// fit or is damaged is made anew, and it may be deleted at any time.
///
/// Layout, little-endian: "CharRNN tokens 1", hash of the text, hash of what follows; length of the vocabulary, the
/// vocabulary as JSON, the token numbers. Of a text whose tokens lie in place it begins with "CharRNN in place", and has no
/// numbers.
package struct TokenCache {
    let file: URL
    let kind: TokenKind

    private static let magic = Array("CharRNN tokens 1".utf8)
    private static let magicInPlace = Array("CharRNN in place".utf8)
    private static let headerSize = 16 + 2 * 8
    /// In bytes. No more are read before a checksum tells that there is a vocabulary.
    private static let longestVocabulary = 1 << 28

    init(for text: URL, kind: TokenKind) {
        file = text.appendingPathExtension("\(kind.rawValue).cache")
        self.kind = kind
    }

    /// The cached form of a text, or nil when there is none that fits.
    ///
    /// - Parameter hash: that of the text, asked for only where there is a cache.
    func load(_ text: TextFile, hash: () throws -> UInt64) rethrows -> TokenizedText? {
        // What a killed program has left of one.
        AtomicFile.removeLeftovers(in: file.deletingLastPathComponent(), extension: "\(kind.rawValue).cache")
        guard let cache = try? OpenFile(file) else { return nil }
        let hash = try hash()
        return try? Self.text(in: StoredBytes(cache), of: text, hash: hash, kind: kind)
    }

    /// The same from the bytes of a cache.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)`` for those.
    private static func text(
        in cache: StoredBytes, of text: TextFile?, hash: UInt64, kind: TokenKind
    ) throws -> TokenizedText? {
        guard cache.count >= headerSize + 8 else { return nil }
        let head = try cache.read(0..<headerSize + 8) { Data($0) }
        let isInPlace = Array(head.prefix(16)) == magicInPlace
        let body = cache.dropFirst(head.count)
        guard isInPlace || Array(head.prefix(16)) == magic, word(head, at: 16) == hash,
            let length = Int(exactly: word(head, at: headerSize)), length <= min(body.count, longestVocabulary)
        else { return nil }
        let json = try body.read(0..<length) { Data($0) }
        guard let vocabulary = try? JSON.decode(Vocabulary.self, from: json), vocabulary.kind == kind else {
            return nil
        }
        let width = TokenSequence.width(vocabularySize: vocabulary.count)
        var tokens = TokenSequence(bytes: body.dropFirst(length), width: width)
        guard tokens.bytes.count % width == 0 else { return nil }
        var bodyHash = ContentHash()
        (head.suffix(8) + json).withUnsafeBytes { bodyHash.update($0) }
        // A checksum is no secret: whoever makes it right may still name tokens that are not there.
        var areThere = true
        try tokens.bytes.forEachBlock { block in
            bodyHash.update(block)
            areThere = areThere && tokens.isBelow(vocabulary.count, in: block)
        }
        guard word(head, at: 24) == bodyHash.value, areThere else { return nil }
        if isInPlace {
            guard tokens.count == 0, let inPlace = text.flatMap({ TokenSequence(inPlace: $0, vocabulary) }) else {
                return nil
            }
            tokens = inPlace
        }
        return TokenizedText(vocabulary: vocabulary, tokens: tokens, fingerprint: hash)
    }

    /// The vocabulary and the tokens in the bytes of a cache; for tests.
    package static func contents(
        of data: Data, textHash: UInt64, kind: TokenKind
    ) -> (vocabulary: Vocabulary, tokens: TokenSequence)? {
        (try? text(in: .memory(data), of: nil, hash: textHash, kind: kind)).map { ($0.vocabulary, $0.tokens) }
    }

    /// Writes the cache, whole or not at all, and returns the tokens in it; a text larger than the memory passes
    /// through. Nil where it cannot be written, which only costs the time of the next run, and where it has none.
    ///
    /// - Parameters:
    ///   - text: which has been read once.
    ///   - isInPlace: whether its tokens stay where they are.
    ///   - check: called before the cache takes its place; what it throws is thrown.
    /// - Throws: `CancellationError` when the task is cancelled; nothing is left then.
    func store(_ text: Tokenizer, isInPlace: Bool, check: () throws -> Void) throws -> TokenSequence? {
        let json = try JSON.data(text.vocabulary)
        var (header, size) = (Data(), Self.headerSize)
        do {
            // Its checksum tells what a power cut has left of it.
            try AtomicFile.write(to: file, survivesPowerCut: false) { writer in
                var hash = ContentHash()
                func append(_ bytes: UnsafeRawBufferPointer) throws {
                    hash.update(bytes)
                    try writer.append(bytes)
                    size += bytes.count
                }
                try writer.append(Data(count: size))
                try (Self.bytes(UInt64(json.count)) + json).withUnsafeBytes(append)
                if !isInPlace { try text.forEachBlock(append) }
                header = Self.header(textHash: text.fingerprint, bodyHash: hash.value, isInPlace: isInPlace)
                try writer.replaceStart(with: header)
                try check()
            }
        } catch is FileError { return nil }
        // What has just been written is not checked again, only that it is what lies there.
        guard !isInPlace, let file = try? OpenFile(file), file.status.size == size else { return nil }
        let stored = StoredBytes(file)
        guard (try? stored.read(0..<header.count) { Data($0) == header }) == true else { return nil }
        return TokenSequence(
            bytes: stored.dropFirst(header.count + 8 + json.count),
            width: TokenSequence.width(vocabularySize: text.vocabulary.count))
    }

    package static func header(textHash: UInt64, bodyHash: UInt64, isInPlace: Bool = false) -> Data {
        Data(isInPlace ? magicInPlace : magic) + bytes(textHash) + bytes(bodyHash)
    }

    private static func bytes(_ word: UInt64) -> Data { withUnsafeBytes(of: word.littleEndian) { Data($0) } }

    private static func word(_ data: Data, at offset: Int) -> UInt64 {
        data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }
}
