/// A text that is cut into documents wherever a separator stands, without being copied.
struct SeparatedDocuments {
    let tokens: TokenSequence
    let vocabulary: Vocabulary
    /// As the tokens are numbered.
    let separator: [Int32]
    /// What lies between two separators, but where that is nothing. Before the first and behind the last of the tokens there
    /// is one as well, so to speak.
    let documents: [Range<Int>]

    /// - Throws: ``VocabularyError`` for a separator that the vocabulary does not tell from other texts;
    ///   ``TextError/unreadable(file:reason:)``, `CancellationError` when the task is cancelled.
    init(_ tokens: TokenSequence, separator: String, vocabulary: Vocabulary) throws {
        precondition(!separator.isEmpty, "documents without anything between them")
        let mark = try vocabulary.encode(separator)
        if let unknown = vocabulary.unknownToken, mark.contains(unknown) {
            throw VocabularyError.mismatch(
                "the separator of documents has a character that is rare in the text, and has no token of its own")
        }
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.separator = mark.map { Int32($0) }
        documents = try tokens.parts(between: self.separator)
    }
}

extension TokenSequence {
    /// What lies between the places where `mark` stands, without what is empty.
    fileprivate func parts(between mark: [Int32]) throws -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var (start, place) = (0, 0)
        func end(at place: Int) { if start < place { parts.append(start..<place) } }
        // A mark that begins in a block may end in the next.
        let length = 1 << 16
        var block = [Int32](repeating: 0, count: length + mark.count - 1)
        for first in stride(from: 0, to: count, by: length) {
            try Task.checkCancellation()
            let filled = min(block.count, count - first)
            try block.withUnsafeMutableBufferPointer { try read(first..<first + filled, into: $0) }
            let last = first + min(length, filled - mark.count + 1)
            place = max(place, first)
            while place < last {
                let i = place - first
                if block[i] == mark[0] && block[i..<i + mark.count].elementsEqual(mark) {
                    end(at: place)
                    place += mark.count
                    start = place
                } else {
                    place += 1
                }
            }
        }
        end(at: count)
        return parts
    }
}
