/// A number for each token of a text, such as its place in the line, with which units of a model may go along; see
/// ``Trace/correlations(with:)``.
///
/// The signals that are here know letters, digits and marks. Their value at a token is that once it has been read, as are a
/// ``Trace``'s activations. Of a model of bytes a character counts at its last byte.
public struct TextSignal: Sendable {
    /// What it is called in lists of correlations.
    public let name: String
    /// For some tokens, each given by its text.
    private let compute: @Sendable ([String]) -> [Double]

    /// A signal of the text of each token alone.
    public init(_ name: String, of value: @escaping @Sendable (_ token: String) -> Double) {
        self.init(name) { $0.map(value) }
    }

    /// A signal that has been computed elsewhere, one number for each token.
    public init(_ name: String, values: [Double]) {
        self.init(name) { _ in values }
    }

    private init(_ name: String, _ compute: @escaping @Sendable ([String]) -> [Double]) {
        self.name = name
        self.compute = compute
    }

    /// A signal whose value depends on what came before: `read` is told each token and keeps what it needs.
    private init<Memory: Sendable>(
        _ name: String, _ start: Memory, read: @escaping @Sendable (inout Memory, Character) -> Double
    ) {
        self.init(name) { tokens in
            var (memory, value) = (start, 0.0)
            return tokens.map { token in
                for character in token { value = read(&memory, character) }
                return value
            }
        }
    }

    /// The values for the tokens of a text.
    package func values(of tokens: [Int], in vocabulary: Vocabulary) -> [Double] {
        var assembler = UTF8Assembler()
        let values = compute(tokens.map { assembler.read(vocabulary.bytes(of: $0)) })
        precondition(
            values.count == tokens.count, "\(values.count) values of the signal \(name) for \(tokens.count) tokens")
        return values
    }
}

extension TextSignal {
    /// Characters since the last line break, which itself is 0.
    public static let linePosition = TextSignal("line position", -1) { position, character in
        position = character.isNewline ? 0 : position + 1
        return Double(position)
    }

    /// 1 between double quotation marks, straight or curved; an empty line closes them, so that a mark forgotten somewhere
    /// does not turn all after it around.
    public static let quotes = TextSignal("quotes", (isInside: false, isLineEmpty: true)) { memory, character in
        if character.isNewline {
            if memory.isLineEmpty { memory.isInside = false }
            memory.isLineEmpty = true
        } else {
            memory.isLineEmpty = memory.isLineEmpty && character.isWhitespace
        }
        switch character {
        case "\"": memory.isInside.toggle()
        case "“", "„", "«": memory.isInside = true
        case "”", "»": memory.isInside = false
        default: break
        }
        return memory.isInside ? 1 : 0
    }

    /// How deep it is within round, square and curly brackets.
    public static let brackets = TextSignal("brackets", 0) { depth, character in
        switch character {
        case "(", "[", "{": depth += 1
        case ")", "]", "}": depth = max(0, depth - 1)
        default: break
        }
        return Double(depth)
    }

    /// The spaces and tabs at the beginning of the line, each 1, to the end of the line.
    public static let indentation = TextSignal("indentation", (count: 0, isOver: false)) { memory, character in
        if character.isNewline {
            memory = (0, false)
        } else if !character.isWhitespace {
            memory.isOver = true
        } else if !memory.isOver {
            memory.count += 1
        }
        return Double(memory.count)
    }

    /// 1 from the end of a sentence (., ! or ?, an empty line, or the beginning of the text) to the first letter of the next.
    public static let sentenceStarts = TextSignal("sentence starts", (isWaiting: true, newlines: 0)) {
        memory, character in
        memory.newlines = character.isNewline ? memory.newlines + 1 : 0
        if ".!?".contains(character) || memory.newlines > 1 { memory.isWaiting = true }
        defer { if character.isLetter { memory.isWaiting = false } }
        return memory.isWaiting ? 1 : 0
    }

    /// 1 at letters.
    public static let words = TextSignal("words", ()) { _, character in character.isLetter ? 1 : 0 }

    /// 1 at digits.
    public static let digits = TextSignal("digits", ()) { _, character in character.isNumber ? 1 : 0 }

    /// All that are here.
    public static let all = [linePosition, quotes, brackets, indentation, sentenceStarts, words, digits]
}
