import CharRNN
import FoundationEssentials

/// The tokens of a model of another program in the order of its decoder's rows, as a file has them: a list in JSON
/// (`["a", "b"]`, of bytes `[97, 98]`), an object (`{"a": 0}` or `{"0": "a"}`), or a text with each token once.
struct VocabularyOrder {
    let vocabulary: Vocabulary
    /// For each row the number of its token in the vocabulary.
    let numbers: [Int]

    /// - Throws: ``Failure`` for a file that cannot be read or does not have each token once.
    init(contentsOf path: String, kind: TokenKind) throws {
        let bytes = try TextInput.bytes(of: path)
        var tokens = try Self.tokens(bytes, path, kind)
        if tokens.count > 1, tokens.last == [0x0A], tokens.dropLast().contains([0x0A]) {
            tokens.removeLast()  // the line end that an editor has put there
        }
        let isBytes = tokens.allSatisfy { $0.count == 1 } && kind == .bytes
        let vocabulary =
            isBytes
            ? Vocabulary(of: tokens.map { $0[0] })
            : Vocabulary(of: String(decoding: tokens.joined(), as: UTF8.self), kind: kind)
        var seen: Set<[UInt8]> = []
        numbers = try tokens.map { token in
            guard let number = vocabulary.number(of: token) else {
                throw Failure(
                    "\(path): \(Self.quoted(token)) is not one of the \(kind); a model that counts otherwise needs --tokens"
                )
            }
            guard seen.insert(token).inserted else {
                throw Failure("\(path): \(vocabulary.quoted(number)) is there twice; each row has a token of its own")
            }
            return number
        }
        guard !tokens.isEmpty else {
            throw Failure("\(path): there is no character in it; each row of the decoder has one")
        }
        guard vocabulary.count == tokens.count else {
            throw Failure("\(path): its tokens are not single \(kind)")
        }
        self.vocabulary = vocabulary
    }

    private static func tokens(_ bytes: [UInt8], _ path: String, _ kind: TokenKind) throws -> [[UInt8]] {
        let (data, decoder) = (Data(bytes), JSONDecoder())
        if let list = try? decoder.decode([String].self, from: data) { return list.map { Array($0.utf8) } }
        if let list = try? decoder.decode([UInt8].self, from: data) { return list.map { [$0] } }
        if let rows = try? decoder.decode([String: Int].self, from: data) {
            return try inOrder(rows.map { ($1, $0) }, path)
        }
        if let tokens = try? decoder.decode([String: String].self, from: data) {
            return try inOrder(tokens.map { row, token in (Int(row) ?? -1, token) }, path)
        }
        if kind == .bytes { return bytes.map { [$0] } }
        try TextInput.requireText(bytes, path)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw TextInput.notUTF8(path, bytes) }
        return kind == .characters
            ? text.map { Array(String($0).utf8) } : text.unicodeScalars.map { Array(String($0).utf8) }
    }

    private static func inOrder(_ tokens: [(row: Int, token: String)], _ path: String) throws -> [[UInt8]] {
        let sorted = tokens.sorted { $0.row < $1.row }
        guard sorted.map(\.row) == Array(0..<sorted.count) else {
            throw Failure("\(path): its numbers are not those from 0 to \(sorted.count - 1), each once")
        }
        return sorted.map { Array($0.token.utf8) }
    }

    private static func quoted(_ token: [UInt8]) -> String { "'\(String(decoding: token.prefix(40), as: UTF8.self))'" }
}
