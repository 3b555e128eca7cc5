import ArgumentParser
import CharRNN

/// What to do with characters of a text that the model does not know.
enum UnknownChoice: String, CaseIterable, ExpressibleByArgument {
    case error, skip, replace

    static let advice = "leave it out, or choose --unknown skip or --unknown replace"

    static let help: ArgumentHelp =
        "What to do with characters that the model does not know: error, skip, replace. To one of --min-frequency none are."

    /// What is replaced becomes the token that the model has for it, else a space where it has one.
    func rule(in vocabulary: Vocabulary) -> UnknownCharacters {
        switch self {
        case .error: .error
        case .skip: .skip
        case .replace: .replace(vocabulary.unknownToken ?? vocabulary.number(of: Array(" ".utf8)) ?? 0)
        }
    }

    /// The tokens of a text to read. Tells of how many characters there is another one, or none.
    ///
    /// - Throws: ``Failure``.
    func tokens(of file: String, in vocabulary: Vocabulary) throws -> [Int] {
        // A number that no token has shows what was not known.
        let mark = vocabulary.count
        switch rule(in: vocabulary) {
        case .skip:
            let tokens = try read(file, vocabulary, .replace(mark))
            tell(tokens.count { $0 == mark }, "left out")
            return tokens.filter { $0 != mark }
        case .replace(let other) where vocabulary.unknownToken == nil:
            let tokens = try read(file, vocabulary, .replace(mark))
            tell(tokens.count { $0 == mark }, "unknown and read as \(vocabulary.quoted(other))")
            return tokens.map { $0 == mark ? other : $0 }
        case let rule:
            let tokens = try read(file, vocabulary, rule)
            tell(tokens.count { $0 == vocabulary.unknownToken }, "read as the token of unknown ones")
            return tokens
        }
    }

    private func read(_ file: String, _ vocabulary: Vocabulary, _ rule: UnknownCharacters) throws -> [Int] {
        do { return try TextInput.tokens(of: file, in: vocabulary, unknown: rule) } catch let error as VocabularyError {
            throw Failure("\(error) of \(TextInput.name(file)); \(Self.advice)")
        }
    }

    private func tell(_ count: Int, _ fate: String) {
        if count > 0 { Console.note("\(Count(count)) of the characters are \(fate)") }
    }
}
