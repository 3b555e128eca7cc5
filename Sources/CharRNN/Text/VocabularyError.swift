import FoundationEssentials

/// Why a text cannot be put into tokens.
public enum VocabularyError: Error, Equatable, CustomStringConvertible {
    /// The text has a character that the vocabulary lacks, so many tokens after its start.
    case unknownCharacter(String, offset: Int)
    /// The same of a byte that is no character by itself, where each byte is a token.
    case unknownByte(UInt8, offset: Int)
    /// Bytes that are no text, for a vocabulary of other tokens than bytes.
    case notUTF8
    /// Two vocabularies that do not fit together, and why.
    case mismatch(String)

    public var description: String {
        switch self {
        case .unknownCharacter(let character, let offset):
            "the model does not know the character \(Vocabulary.quoted(character)) at position \(offset)"
        case .unknownByte(let byte, let offset):
            "the model does not know the byte \(byte) at position \(offset)"
        case .notUTF8: "the model reads UTF-8, which these bytes are not"
        case .mismatch(let reason): reason
        }
    }
}

extension VocabularyError: LocalizedError {
    public var errorDescription: String? { description }
}
