import FoundationEssentials

/// A text that has been looked through once: its vocabulary, and the way from its bytes to token numbers.
struct Tokenizer {
    let vocabulary: Vocabulary
    private let source: TextSource
    /// By byte or scalar; empty for ``TokenKind/characters``.
    private let numbers: [Int32]

    /// - Throws: ``TextError/notUTF8(file:offset:byte:)``, ``TextError/unreadable(file:reason:)``.
    init(_ source: TextSource, kind: TokenKind, name: String) throws {
        self.source = source
        switch kind {
        case .bytes:
            let found = try Self.presentBytes(source)
            vocabulary = Vocabulary(kind: .bytes, entries: found.map { [UInt8($0)] })
            numbers = Self.table(of: found, size: 256)
        case .scalars:
            // In ascending order, which is also that of their UTF-8 bytes.
            let found = try Self.presentScalars(source, name: name)
            vocabulary = Vocabulary(
                kind: .scalars, entries: found.map { Array(UTF8.encode(Unicode.Scalar(UInt32($0))!)!) })
            numbers = Self.table(of: found, size: Self.scalarCount)
        case .characters:
            _ = try Self.presentScalars(source, name: name)  // for the error with its offset
            vocabulary = Vocabulary(of: try Self.text(source), kind: .characters)
            numbers = []
        }
    }

    /// All the numbers.
    func tokens() throws -> TokenSequence {
        var result = Data()
        try forEachPart { result.append($0) }
        return TokenSequence(bytes: result, width: TokenSequence.width(vocabularySize: vocabulary.count))
    }

    /// The numbers in order, as ``TokenSequence`` stores them, some at a time.
    func forEachPart(_ body: (Data) throws -> Void) throws {
        switch TokenSequence.width(vocabularySize: vocabulary.count) {
        case 1: try forEachPart(of: UInt8.self, body)
        case 2: try forEachPart(of: UInt16.self, body)
        default: try forEachPart(of: UInt32.self, body)
        }
    }

    private func forEachPart<Number: FixedWidthInteger & BitwiseCopyable>(
        of type: Number.Type, _ body: (Data) throws -> Void
    ) throws {
        guard vocabulary.kind != .characters else {
            // Where a character ends only the standard library knows, from the whole text.
            let tokens = try Self.text(source).map {
                Number(vocabulary.number(of: Array($0.utf8)) ?? 0).littleEndian
            }
            return try body(tokens.withUnsafeBytes { Data($0) })
        }
        try source.forEachBlock { bytes, _ in
            let part = [Number](unsafeUninitializedCapacity: bytes.count) { part, count in
                count = encode(bytes, into: part)
            }
            try body(part.withUnsafeBytes { Data($0) })
        }
    }

    /// Writes the numbers of some bytes of the text, and returns how many there are.
    private func encode<Number: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, into result: UnsafeMutableBufferPointer<Number>
    ) -> Int {
        numbers.withUnsafeBufferPointer { numbers in
            let isScalars = vocabulary.kind == .scalars
            var (i, count) = (0, 0)
            while i < bytes.count {
                var index = Int(bytes[i])
                if isScalars && index >= 0x80, let scalar = Self.scalar(in: bytes, at: &i) {
                    index = Int(scalar)
                } else {
                    i += 1
                }
                // -1 only where the file is being written to, which whoever reads it finds out.
                result.initializeElement(at: count, to: Number(truncatingIfNeeded: numbers[index]).littleEndian)
                count += 1
            }
            return count
        }
    }

    private static func text(_ source: TextSource) throws -> String {
        var data = Data()
        try source.forEachBlock { bytes, _ in data.append(contentsOf: bytes) }
        return String(decoding: data, as: UTF8.self)
    }

    /// By number of a byte or scalar, its place among those found.
    private static func table(of found: [Int], size: Int) -> [Int32] {
        var numbers = [Int32](repeating: -1, count: size)
        for (number, index) in found.enumerated() { numbers[index] = Int32(number) }
        return numbers
    }

    /// The bytes that occur, ascending.
    private static func presentBytes(_ source: TextSource) throws -> [Int] {
        var isPresent = [Bool](repeating: false, count: 256)
        try isPresent.withUnsafeMutableBufferPointer { isPresent in
            try source.forEachBlock { bytes, _ in for byte in bytes { isPresent[Int(byte)] = true } }
        }
        return isPresent.indices.filter { isPresent[$0] }
    }

    private static let scalarCount = 0x110000

    /// The scalars that occur, ascending. A table over all of them costs less than hashing every character.
    private static func presentScalars(_ source: TextSource, name: String) throws -> [Int] {
        var isPresent = [Bool](repeating: false, count: scalarCount)
        try isPresent.withUnsafeMutableBufferPointer { isPresent in
            try source.forEachBlock { bytes, offset in
                var i = 0
                while i < bytes.count {
                    if bytes[i] < 0x80 {
                        isPresent[Int(bytes[i])] = true
                        i += 1
                    } else if let scalar = scalar(in: bytes, at: &i) {
                        isPresent[Int(scalar)] = true
                    } else {
                        throw TextError.notUTF8(file: name, offset: offset + i, byte: bytes[i])
                    }
                }
            }
        }
        return isPresent.indices.filter { isPresent[$0] }
    }

    /// Decodes the scalar at `i` and moves on behind it; nil, at the same place, for what the standard refuses:
    /// overlong forms, surrogates, beyond U+10FFFF, broken sequences.
    @inline(__always)
    private static func scalar(in raw: UnsafeRawBufferPointer, at i: inout Int) -> UInt32? {
        let lead = UInt32(raw[i])
        let (length, smallest): (Int, UInt32) =
            switch lead {
            case 0..<0x80: (1, 0)
            case 0xC2...0xDF: (2, 0x80)
            case 0xE0...0xEF: (3, 0x800)
            case 0xF0...0xF4: (4, 0x10000)
            default: (0, 0)
            }
        guard length > 0 && i + length <= raw.count else { return nil }
        var scalar = length == 1 ? lead : lead & (0x7F >> UInt32(length))
        for next in i + 1..<i + length {
            guard raw[next] & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(raw[next] & 0x3F)
        }
        guard scalar >= smallest && Unicode.Scalar(scalar) != nil else { return nil }
        i += length
        return scalar
    }
}
