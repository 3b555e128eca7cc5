import FoundationEssentials

/// Turns a file's bytes into a vocabulary and token numbers.
enum Tokenizer {
    static func tokenize(
        _ bytes: Data, kind: TokenKind, name: String
    ) throws -> (vocabulary: Vocabulary, tokens: TokenSequence) {
        switch kind {
        case .bytes: return tokenizeBytes(bytes)
        case .scalars: return try tokenizeScalars(bytes, name: name)
        case .characters: return try tokenizeCharacters(bytes, name: name)
        }
    }

    private static func tokenizeBytes(_ bytes: Data) -> (Vocabulary, TokenSequence) {
        var isPresent = [Bool](repeating: false, count: 256)
        for byte in bytes { isPresent[Int(byte)] = true }
        let vocabulary = Vocabulary(kind: .bytes, entries: (0..<256).filter { isPresent[$0] }.map { [UInt8($0)] })
        let numbers = (0..<256).map { UInt8(truncatingIfNeeded: vocabulary.number(of: [UInt8($0)]) ?? 0) }
        return (vocabulary, TokenSequence(bytes: Data(bytes.map { numbers[Int($0)] }), width: 1))
    }

    private static func tokenizeScalars(_ bytes: Data, name: String) throws -> (Vocabulary, TokenSequence) {
        // A table over all scalars (4 MB) costs less than hashing every character.
        var numbers = [Int32](repeating: -1, count: 0x110000)
        var found: [UInt32] = []
        var count = 0
        try forEachScalar(of: bytes, name: name) { scalar in
            count += 1
            if numbers[Int(scalar)] < 0 {
                numbers[Int(scalar)] = 0
                found.append(scalar)
            }
        }
        found.sort()  // the order of scalars is that of their UTF-8 bytes
        for (number, scalar) in found.enumerated() { numbers[Int(scalar)] = Int32(number) }
        let vocabulary = Vocabulary(
            kind: .scalars, entries: found.map { Array(UTF8.encode(Unicode.Scalar($0)!)!) })
        var tokens = TokenSequenceBuilder(vocabularySize: vocabulary.count, capacity: count)
        try forEachScalar(of: bytes, name: name) { tokens.append(Int(numbers[Int($0)])) }
        return (vocabulary, tokens.finish())
    }

    private static func tokenizeCharacters(_ bytes: Data, name: String) throws -> (Vocabulary, TokenSequence) {
        try forEachScalar(of: bytes, name: name) { _ in }  // for the error with its offset
        let text = String(decoding: bytes, as: UTF8.self)
        let vocabulary = Vocabulary(of: text, kind: .characters)
        var tokens = TokenSequenceBuilder(vocabularySize: vocabulary.count, capacity: bytes.count)
        for token in try vocabulary.encode(text) { tokens.append(token) }
        return (vocabulary, tokens.finish())
    }

    /// Decodes UTF-8, refusing what the standard refuses (overlong forms, surrogates, beyond U+10FFFF).
    private static func forEachScalar(of bytes: Data, name: String, _ body: (UInt32) -> Void) throws {
        try bytes.withUnsafeBytes { raw in
            var i = 0
            while i < raw.count {
                let lead = UInt32(raw[i])
                if lead < 0x80 {
                    body(lead)
                    i += 1
                    continue
                }
                let (length, smallest): (Int, UInt32) =
                    switch lead {
                    case 0xC2...0xDF: (2, 0x80)
                    case 0xE0...0xEF: (3, 0x800)
                    case 0xF0...0xF4: (4, 0x10000)
                    default: (0, 0)
                    }
                var scalar = length == 2 ? lead & 0x1F : length == 3 ? lead & 0x0F : lead & 0x07
                var isValid = length > 0 && i + length <= raw.count
                if isValid {
                    for next in raw[i + 1..<i + length] {
                        isValid = isValid && next & 0xC0 == 0x80
                        scalar = scalar << 6 | UInt32(next & 0x3F)
                    }
                    isValid = isValid && scalar >= smallest && Unicode.Scalar(scalar) != nil
                }
                guard isValid else { throw TextError.notUTF8(file: name, offset: i, byte: raw[i]) }
                body(scalar)
                i += length
            }
        }
    }
}

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
