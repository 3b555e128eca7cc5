import ArgumentParser
import CharRNN

/// What to do with characters of a text that the model does not know.
enum UnknownChoice: String, CaseIterable, ExpressibleByArgument {
    case error, skip, replace

    static let advice = "leave it out, or choose --unknown skip or --unknown replace"

    /// A space stands for what is replaced, where the model has one.
    func rule(in vocabulary: Vocabulary) -> UnknownCharacters {
        switch self {
        case .error: .error
        case .skip: .skip
        case .replace: .replace(vocabulary.number(of: Array(" ".utf8)) ?? 0)
        }
    }
}
