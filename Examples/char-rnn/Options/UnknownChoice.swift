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
        let rule = rule(in: vocabulary)
        // A number that no token has shows what was not known. An error is left to say which it is.
        let mark = vocabulary.count
        let marked = rule == .skip || rule != .error && vocabulary.unknownToken == nil
        var tokens: [Int]
        do {
            tokens = try TextInput.tokens(of: file, in: vocabulary, unknown: marked ? .replace(mark) : rule)
        } catch let error as VocabularyError {
            throw Failure("\(error) of \(TextInput.name(file)); \(Self.advice)")
        }
        let unknown = marked ? mark : vocabulary.unknownToken
        let count = tokens.count { $0 == unknown }
        var fate = "read as the token of unknown ones"
        switch rule {
        case .skip:
            tokens.removeAll { $0 == unknown }
            fate = "left out"
        case .replace(let other) where marked:
            tokens = tokens.map { $0 == mark ? other : $0 }
            fate = "unknown and read as \(vocabulary.quoted(other))"
        default: break
        }
        if count > 0 { Console.note("\(Count(count)) of the characters are \(fate)") }
        return tokens
    }
}
