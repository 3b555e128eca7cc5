/// The tokens of another program's model, in its order, put into ours.
struct ImportedVocabulary {
    let vocabulary: Vocabulary
    /// For each of its numbers (from 0 on) ours.
    let numbers: [Int]

    /// Tokens by number from 1 on: bytes when all are single bytes, otherwise scalars.
    ///
    /// - Throws: ``TorchFault``, such as for the words of a word-rnn.
    init(bytesOrScalars tokens: [(number: Double, token: [UInt8])]) throws {
        let tokens = try Self.inOrder(tokens)
        try self.init(tokens, kind: tokens.allSatisfy { $0.count == 1 } ? .bytes : .scalars)
    }

    /// Tokens by number from 1 on, which are scalars. torch-rnn writes texts of bytes with "[195]" for those that are
    /// not ASCII.
    ///
    /// - Throws: ``TorchFault``.
    init(scalarsOrNumberedBytes tokens: [(number: Double, token: [UInt8])]) throws {
        let tokens = try Self.inOrder(tokens)
        let bytes = tokens.map { $0.count == 1 ? $0[0] : Self.numberedByte($0) }
        if bytes.allSatisfy({ $0 != nil }), tokens.contains(where: { $0.count > 1 }) {
            try self.init(bytes.map { [$0!] }, kind: .bytes)
        } else {
            try self.init(tokens, kind: .scalars)
        }
    }

    private init(_ tokens: [[UInt8]], kind: TokenKind) throws {
        for token in tokens where kind == .scalars {
            let text = String(validating: token, as: UTF8.self)
            guard text?.unicodeScalars.count == 1 else {
                throw TorchFault.foreign("its vocabulary has \(Vocabulary.quoted(token)), which is not one character")
            }
        }
        guard Set(tokens).count == tokens.count else {
            throw TorchFault.foreign("its vocabulary has a character twice")
        }
        let vocabulary = Vocabulary(kind: kind, entries: tokens)
        self.vocabulary = vocabulary
        numbers = tokens.map { vocabulary.number(of: $0)! }
    }

    private static func inOrder(_ tokens: [(number: Double, token: [UInt8])]) throws -> [[UInt8]] {
        let sorted = tokens.sorted { $0.number < $1.number }
        guard !sorted.isEmpty, zip(sorted, 1...).allSatisfy({ $0.number == Double($1) }) else {
            throw TorchFault.foreign("its vocabulary does not number \(tokens.count) characters from 1 on")
        }
        return sorted.map(\.token)
    }

    /// The byte of "[195]".
    private static func numberedByte(_ token: [UInt8]) -> UInt8? {
        guard token.first == UInt8(ascii: "["), token.last == UInt8(ascii: "]") else { return nil }
        return UInt8(String(decoding: token.dropFirst().dropLast(), as: UTF8.self)).flatMap { $0 < 0x80 ? nil : $0 }
    }
}
