import FoundationEssentials

/// The preprocessed form of a text, kept beside it as `<name>.<kind>.cache`.
///
/// It is keyed by the text's content and the kind of token, and carries a checksum of itself: a cache that does not
/// fit or is damaged is made anew, and it may be deleted at any time.
///
/// Layout, little-endian: "CharRNN tokens 1", hash of the text, hash of what follows; length of the vocabulary, the
/// vocabulary as JSON, the token numbers.
struct TokenCache {
    let file: URL
    let kind: TokenKind

    private static let magic = Array("CharRNN tokens 1".utf8)
    private static let headerSize = 16 + 2 * 8

    init(for text: URL, kind: TokenKind) {
        file = text.appendingPathExtension("\(kind.rawValue).cache")
        self.kind = kind
    }

    /// The cached form of the text with this hash, or nil when there is none that fits.
    func load(textHash: UInt64) -> (vocabulary: Vocabulary, tokens: TokenSequence)? {
        guard let data = try? Data(contentsOf: file, options: .alwaysMapped), data.count >= Self.headerSize + 8,
            Array(data.prefix(16)) == Self.magic, Self.word(data, at: 16) == textHash,
            Self.word(data, at: 24) == contentHash(data.dropFirst(Self.headerSize))
        else { return nil }
        let body = data.dropFirst(Self.headerSize + 8)
        guard let length = Int(exactly: Self.word(data, at: Self.headerSize)), length <= body.count,
            let vocabulary = try? JSONDecoder().decode(Vocabulary.self, from: body.prefix(length)),
            vocabulary.kind == kind
        else { return nil }
        let width = TokenSequence.width(vocabularySize: vocabulary.count)
        let tokens = body.dropFirst(length)
        guard tokens.count % width == 0 else { return nil }
        return (vocabulary, TokenSequence(bytes: tokens, width: width))
    }

    /// Writes the cache, whole or not at all. A folder that cannot be written only costs the time of the next run.
    func save(_ vocabulary: Vocabulary, _ tokens: TokenSequence, textHash: UInt64) {
        guard let json = try? JSONEncoder().encode(vocabulary) else { return }
        let body = Self.bytes(UInt64(json.count)) + json + tokens.bytes
        let header = Data(Self.magic) + Self.bytes(textHash) + Self.bytes(contentHash(body))
        try? AtomicFile.write([header, body], to: file)
    }

    private static func bytes(_ word: UInt64) -> Data { withUnsafeBytes(of: word.littleEndian) { Data($0) } }

    private static func word(_ data: Data, at offset: Int) -> UInt64 {
        data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }
}
