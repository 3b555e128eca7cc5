import FoundationEssentials

/// Why a text cannot be used.
public enum TextError: Error, Equatable, CustomStringConvertible {
    /// The file or folder is not there, or not to be read.
    case unreadable(file: String, reason: String)
    /// The file breaks the rules of UTF-8 at this byte.
    case notUTF8(file: String, offset: Int, byte: UInt8)
    /// No choice of sizes gives every part a batch.
    case tooShort(name: String, characters: Int, needed: Int)
    /// The shares are not between 0 and 1, or sum to more than 1.
    case fractions(training: Double, validation: Double)

    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .notUTF8(let file, let offset, let byte):
            // A text in UTF-16 begins with either of two bytes that UTF-8 never has.
            "\(file) is not UTF-8: byte 0x\(String(byte, radix: 16)) at offset \(offset); read it as bytes "
                + "(--tokens bytes) or convert it"
                + (offset == 0 && byte >= 0xFE ? " with: iconv -f UTF-16 -t UTF-8 OLD > NEW" : "")
        case .tooShort(let name, let characters, let needed):
            "\(name) has \(characters) characters; at least \(needed) are needed to train and validate"
        case .fractions(let training, let validation):
            "the training fraction \(training) and the validation fraction \(validation) must lie between 0 and 1, "
                + "the first above 0, and not sum to more than 1"
        }
    }
}

extension TextError: LocalizedError {
    public var errorDescription: String? { description }
}
