import ArgumentParser
import CharRNN

/// What to do with characters of a text that the model does not know.
enum UnknownChoice: String, CaseIterable, ExpressibleByArgument {
    case error, skip, replace

    static let advice = "leave it out, or choose --unknown skip or --unknown replace"

    static let help: ArgumentHelp =
        "What to do with characters that the model does not know: error, skip, replace. To one of --min-frequency none are."

    /// The tokens of a text to read. Tells of how many characters there is another one, or none.
    ///
    /// - Throws: ``Failure``.
    func tokens(of file: String, in vocabulary: Vocabulary, quietly isQuiet: Bool = false) throws -> [Int] {
        do {
            return try tokens(in: vocabulary, quietly: isQuiet) { rule in
                try TextInput.tokens(of: file, in: vocabulary, unknown: rule, quietly: isQuiet)
            }
        } catch let error as VocabularyError {
            throw Failure("\(error) of \(TextInput.name(file)); \(Self.advice)")
        }
    }

    /// The same of a text that is there.
    ///
    /// - Throws: ``Failure``.
    func tokens(ofText text: String, in vocabulary: Vocabulary, quietly isQuiet: Bool) throws -> [Int] {
        do {
            return try tokens(in: vocabulary, quietly: isQuiet) { try vocabulary.encode(text, unknown: $0) }
        } catch let error as VocabularyError {
            throw Failure("\(error); \(Self.advice)")
        }
    }

    /// What is replaced becomes the token that the model has for it, else a space where it has one.
    private func tokens(
        in vocabulary: Vocabulary, quietly isQuiet: Bool, _ read: (UnknownCharacters) throws -> [Int]
    ) throws -> [Int] {
        func tell(_ count: Int, _ fate: String) {
            if count > 0, !isQuiet { Console.note("\(Count(count)) of the characters are \(fate)") }
        }
        // A number that no token has shows what was not known.
        let mark = vocabulary.count
        switch self {
        case .skip:
            let tokens = try read(.replace(mark))
            tell(tokens.count { $0 == mark }, "left out")
            return tokens.filter { $0 != mark }
        case .replace where vocabulary.unknownToken == nil:
            let other = vocabulary.number(of: Array(" ".utf8)) ?? 0
            let tokens = try read(.replace(mark))
            tell(tokens.count { $0 == mark }, "unknown and read as \(vocabulary.quoted(other))")
            return tokens.map { $0 == mark ? other : $0 }
        case .error, .replace:
            let tokens = try read(.error)
            tell(tokens.count { $0 == vocabulary.unknownToken }, "read as the token of unknown ones")
            return tokens
        }
    }
}
