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
}
