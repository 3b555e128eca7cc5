import CharRNNFiles
import FoundationEssentials

/// Why a text cannot be used.
public enum TextError: Error, Equatable, CustomStringConvertible {
    /// The file or folder is not there, or not to be read.
    case unreadable(file: String, reason: String)
    /// The file breaks the rules of UTF-8 at this byte.
    case notUTF8(file: String, offset: Int, byte: UInt8)
    /// The file is none of the texts in UTF-8 that it is to be read as.
    case otherFormat(file: String, FileFormat)
    /// No choice of sizes gives every part a batch.
    case tooShort(name: String, characters: Int, needed: Int)
    /// A share of the batches is less than one, and the text is not short: a part of it, "training" or "validation" or
    /// "test", would be empty.
    case emptyPart(part: String, fraction: Double, batches: Int)
    /// A share of the documents of a text is less than one.
    case noDocuments(part: String, fraction: Double, documents: Int)
    /// The shares are not between 0 and 1, or sum to more than 1.
    case fractions(training: Double, validation: Double)

    /// No character occurs so often that it would be a token of its own.
    case allRare(minimumFrequency: Int, highest: Int)

    public var description: String { line }
}

extension TextError: LocalizedError {
    /// What has happened, without what to do about it.
    public var failureReason: String? {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .notUTF8(let file, let offset, let byte):
            "\(file) is not UTF-8: byte 0x\(String(byte, radix: 16)) at offset \(offset)"
        case .otherFormat(let file, let format): "cannot read \(file): it is \(format.name)"
        case .tooShort(let name, let characters, let needed):
            "\(name) has \(Count(characters)) character\(characters == 1 ? "" : "s"); at least \(Count(needed)) are needed to train and "
                + "validate"
        case .emptyPart(let part, let fraction, let batches):
            "the \(part) fraction \(plain(fraction)) of \(Count(batches)) batches is less than one batch"
        case .noDocuments(let part, let fraction, let documents):
            documents == 1
                ? "the separator stands nowhere between two documents, so the text is a single one"
                : "the \(part) fraction \(plain(fraction)) of \(Count(documents)) documents is less than one document"
        case .fractions(let training, let validation):
            "the training fraction \(training) and the validation fraction \(validation) must lie between 0 and 1, "
                + "the first above 0, and not sum to more than 1"
        case .allRare(let minimumFrequency, let highest):
            "no character occurs \(minimumFrequency) times; the most frequent one occurs \(Count(highest)) times"
        }
    }

    /// What to do about it, where more can be said than what has happened.
    public var recoverySuggestion: String? {
        guard case .emptyPart(let part, _, let batches) = self else {
            return conversion.map { "\($0); or read it as bytes" }
        }
        // Rounded up, so that what is advised is enough.
        let enough = (1e4 / Double(batches)).rounded(.up) / 1e4
        return "make it at least \(plain(enough))\(part == "validation" ? " or 0" : ""), or the batches smaller"
    }

    public var errorDescription: String? { description }

    /// How to make UTF-8 of what is not; nil for other errors.
    public var conversion: String? {
        switch self {
        case .notUTF8: "convert it"
        case .otherFormat(_, let format): format.conversion
        default: nil
        }
    }
}

/// A fraction without the noise of 1 − (0.9 + 0.0999), and without an exponent.
private func plain(_ fraction: Double) -> String {
    let digits = fixed(fraction, 10).reversed().drop { $0 == "0" }
    return String(digits.first == "." ? Array(digits.dropFirst().reversed()) : Array(digits.reversed()))
}
