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
    /// - Throws: ``TextError/notUTF8(file:offset:byte:)``, `CancellationError` when the task is cancelled.
    init(
        _ bytes: Data, kind: TokenKind, name: String, progress tell: @escaping (Double) -> Void = { _ in }
    ) throws {
        let progress = ReadingProgress(tell)
        progress.begin(2 * bytes.count)
        let tokenizer = try Tokenizer(TextSource(bytes, name: name, progress: progress), kind: kind)
        vocabulary = tokenizer.vocabulary
        tokens = try tokenizer.tokens()
        fingerprint = tokenizer.fingerprint
    }

    /// A text from files. If the cache beside them is of this text, they are read once, for its checksum. Otherwise they
    /// are read twice, for its vocabulary and for the numbers, and leave a cache; once, where the numbers lie in place.
    ///
    /// - Throws: ``TextError/notUTF8(file:offset:byte:)``, ``TextError/unreadable(file:reason:)``, `CancellationError` when
    ///   the task is cancelled.
    init(_ text: TextFile, kind: TokenKind, progress tell: @escaping (Double) -> Void) throws {
        let size = text.byteCount
        let progress = ReadingProgress(tell)
        let source = TextSource(text, progress: progress)
        let cache = TokenCache(for: text.url, kind: kind)
        progress.begin(size)
        if let cached = try cache.load(text, hash: source.hash) {
            self = cached
            return
        }
        // A mixture of two texts is nobody's.
        func checkUnchanged() throws {
            for (file, status) in zip(text.files, text.statuses) {
                try Task.checkCancellation()
                if FileStatus(file) != status { throw TextSource.hasChanged(file.path) }
            }
        }
        progress.begin(2 * size)
        let tokenizer = try Tokenizer(source, kind: kind)
        vocabulary = tokenizer.vocabulary
        let inPlace = TokenSequence(inPlace: text, vocabulary)
        let stored = try cache.store(tokenizer, isInPlace: inPlace != nil, check: checkUnchanged)
        tokens = try inPlace ?? stored ?? tokenizer.tokens()
        progress.advance(inPlace == nil ? 0 : size)
        fingerprint = tokenizer.fingerprint
        try checkUnchanged()
    }

    init(vocabulary: Vocabulary, tokens: TokenSequence, fingerprint: UInt64) {
        self.vocabulary = vocabulary
        self.tokens = tokens
        self.fingerprint = fingerprint
    }
}
