import CharRNNFiles
import FoundationEssentials

/// A text as the numbers of its tokens.
struct TokenizedText {
    let vocabulary: Vocabulary
    let tokens: TokenSequence
    /// A checksum of its bytes, by which a resumed run knows it again.
    let fingerprint: UInt64

    /// A text from memory.
    ///
    /// - Throws: ``TextError/notUTF8(file:offset:byte:)``.
    init(_ bytes: Data, kind: TokenKind, name: String) throws {
        let tokenizer = try Tokenizer(.memory(bytes), kind: kind, name: name)
        vocabulary = tokenizer.vocabulary
        tokens = try tokenizer.tokens()
        fingerprint = tokenizer.fingerprint
    }

    /// A text from a file. If the cache beside it is of this text, the file is read once, for its checksum. Otherwise it
    /// is read twice, for its vocabulary and for the numbers, and leaves a cache.
    ///
    /// - Throws: ``TextError/notUTF8(file:offset:byte:)``, ``TextError/unreadable(file:reason:)``.
    init(contentsOf file: URL, kind: TokenKind) throws {
        let status = FileStatus(file)
        let source = TextSource.file(file)
        let cache = TokenCache(for: file, kind: kind)
        if let cached = try cache.load(textHash: source.hash()) {
            self = cached
            return
        }
        // A mixture of two texts is nobody's.
        func checkUnchanged() throws {
            guard FileStatus(file) == status else { throw source.hasChanged }
        }
        let tokenizer = try Tokenizer(source, kind: kind, name: file.path)
        let stored = try cache.store(tokenizer, check: checkUnchanged)
        vocabulary = tokenizer.vocabulary
        tokens = try stored ?? tokenizer.tokens()
        fingerprint = tokenizer.fingerprint
        try checkUnchanged()
    }

    init(vocabulary: Vocabulary, tokens: TokenSequence, fingerprint: UInt64) {
        self.vocabulary = vocabulary
        self.tokens = tokens
        self.fingerprint = fingerprint
    }
}
