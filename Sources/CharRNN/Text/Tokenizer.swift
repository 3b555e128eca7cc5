import CharRNNFiles
import FoundationEssentials

/// A text that has been read once: its vocabulary, its checksum, and the way from its bytes to token numbers.
///
/// A token's number is its place among all tokens of the text, so the numbers need a second reading. Only of
/// ``TokenKind/characters`` the text is kept, because where a character ends only the whole text tells.
struct Tokenizer {
    let vocabulary: Vocabulary
    /// A checksum of all bytes.
    let fingerprint: UInt64
    private let source: TextSource
    private let byteCount: Int
    /// By byte or scalar; empty for ``TokenKind/characters``.
    private let numbers: [Int32]
    /// The whole text where it is needed; else empty.
    private let text: String

    /// - Throws: ``TextError/notUTF8(file:offset:byte:)``, ``TextError/unreadable(file:reason:)``.
    init(_ source: TextSource, kind: TokenKind) throws {
        var hash = ContentHash()
        var data = Data()
        var (byteCount, room) = (0, 1 << 24)
        let found = try Self.present(kind == .bytes ? 256 : Self.scalarCount) { isPresent in
            try source.forEachBlock { bytes, place in
                hash.update(bytes)
                byteCount += bytes.count
                switch kind {
                case .bytes: for byte in bytes { isPresent[Int(byte)] = true }
                case .scalars: try Self.markScalars(in: bytes, at: place, &isPresent)
                case .characters:
                    try Self.markScalars(in: bytes, at: place, &isPresent)  // for the error with its offset
                    // It is held as data and as text, and what is packed may be of any size.
                    if byteCount > room {
                        room = 2 * byteCount
                        try Self.requireMemory(2 * room, for: source.name, or: "count scalars")
                    }
                    data.append(contentsOf: bytes)
                }
            }
        }
        switch kind {
        case .bytes:
            text = ""
            vocabulary = Vocabulary(kind: .bytes, entries: found.map { [UInt8($0)] })
            numbers = Self.table(of: found, size: 256)
        case .scalars:
            text = ""
            // In ascending order, which is also that of their UTF-8 bytes.
            vocabulary = Vocabulary(
                kind: .scalars, entries: found.map { Array(UTF8.encode(Unicode.Scalar(UInt32($0))!)!) })
            numbers = Self.table(of: found, size: Self.scalarCount)
        case .characters:
            text = String(decoding: data, as: UTF8.self)
            data = Data()  // The vocabulary needs room, too.
            vocabulary = Vocabulary(of: text, kind: .characters)
            numbers = []
        }
        self.source = source
        self.byteCount = byteCount
        fingerprint = hash.value
    }

    /// All the numbers.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)`` also where there is no memory for them.
    func tokens() throws -> TokenSequence {
        let width = TokenSequence.width(vocabularySize: vocabulary.count)
        try Self.requireMemory(byteCount * width, for: source.name, or: "make room on the disk for its cache")
        var result = Data(capacity: byteCount * width)
        try forEachBlock { result.append($0) }
        return TokenSequence(bytes: result, width: width)
    }

    private static func requireMemory(_ bytes: Int, for name: String, or advice: String) throws {
        guard HostMemory.hasRoom(for: bytes) else {
            throw TextError.unreadable(
                file: name,
                reason:
                    "the computer cannot give the memory for it, \(ByteCount(bytes)); take a part of it, or \(advice)")
        }
    }

    /// The numbers in order, as ``TokenSequence`` stores them, some at a time.
    func forEachBlock(_ body: (Data) throws -> Void) throws {
        switch TokenSequence.width(vocabularySize: vocabulary.count) {
        case 1: try forEachBlock(of: UInt8.self, body)
        case 2: try forEachBlock(of: UInt16.self, body)
        default: try forEachBlock(of: UInt32.self, body)
        }
    }

    private func forEachBlock<Number: FixedWidthInteger & BitwiseCopyable>(
        of type: Number.Type, _ body: (Data) throws -> Void
    ) throws {
        guard vocabulary.kind != .characters else {
            var read = 0
            let tokens = text.map { character in
                let bytes = Array(character.utf8)
                read += bytes.count
                if read >= 1 << 20 { source.report(&read) }
                return Number(vocabulary.number(of: bytes) ?? 0).littleEndian
            }
            source.report(&read)
            return try body(tokens.withUnsafeBytes { Data($0) })
        }
        try source.forEachBlock { bytes, place in
            let tokens = try [Number](unsafeUninitializedCapacity: bytes.count) { tokens, count in
                count = try encode(bytes, at: place, into: tokens)
            }
            try body(tokens.withUnsafeBytes { Data($0) })
        }
    }

    /// Writes the numbers of some bytes of the text, and returns how many there are.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)`` for a token that was not there at the first reading.
    private func encode<Number: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, at place: TextSource.Place,
        into result: UnsafeMutableBufferPointer<Number>
    ) throws -> Int {
        try numbers.withUnsafeBufferPointer { numbers in
            let isScalars = vocabulary.kind == .scalars
            var (i, count) = (0, 0)
            var lowest: Int32 = 0
            while i < bytes.count {
                var index = Int(bytes[i])
                if isScalars && index >= 0x80, let scalar = Self.scalar(in: bytes, at: &i) {
                    index = Int(scalar)
                } else {
                    i += 1
                }
                let number = numbers[index]
                lowest = min(lowest, number)
                result.initializeElement(at: count, to: Number(truncatingIfNeeded: number).littleEndian)
                count += 1
            }
            guard lowest == 0 else { throw TextSource.hasChanged(place.name) }
            return count
        }
    }

    /// By number of a byte or scalar, its place among those found.
    private static func table(of found: [Int], size: Int) -> [Int32] {
        var numbers = [Int32](repeating: -1, count: size)
        for (number, index) in found.enumerated() { numbers[index] = Int32(number) }
        return numbers
    }

    private static let scalarCount = 0x110000

    /// Which of `count` bytes or scalars `mark` has marked, ascending. A table over all of them costs less than hashing
    /// every character.
    private static func present(
        _ count: Int, _ mark: (inout UnsafeMutableBufferPointer<Bool>) throws -> Void
    ) rethrows -> [Int] {
        var isPresent = [Bool](repeating: false, count: count)
        try isPresent.withUnsafeMutableBufferPointer { try mark(&$0) }
        return isPresent.indices.filter { isPresent[$0] }
    }

    private static func markScalars(
        in bytes: UnsafeRawBufferPointer, at place: TextSource.Place,
        _ isPresent: inout UnsafeMutableBufferPointer<Bool>
    ) throws {
        var i = 0
        while i < bytes.count {
            if bytes[i] < 0x80 {
                isPresent[Int(bytes[i])] = true
                i += 1
            } else if let scalar = scalar(in: bytes, at: &i) {
                isPresent[Int(scalar)] = true
            } else {
                throw TextError.notUTF8(file: place.name, offset: place.offset + i, byte: bytes[i])
            }
        }
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
