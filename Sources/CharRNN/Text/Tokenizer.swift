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

    /// - Throws: ``TextError/notUTF8(file:offset:byte:)``, ``TextError/otherFormat(file:_:)``,
    ///   ``TextError/unreadable(file:reason:)``, `CancellationError` when the task is cancelled.
    init(_ source: TextSource, kind: TokenKind) throws {
        var hash = ContentHash()
        var byteCount = 0
        var data = Data()
        var room = 1 << 24
        // By byte or scalar, which costs less than hashing every character; of each thread that has read some.
        // Reading characters is short beside finding and numbering them, which tell how far they are.
        let tables = try source.forEachBlock([Bool](), isTold: kind != .characters) { bytes in
            hash.update(bytes)
            byteCount += bytes.count
        } work: { bytes, place, isPresent in
            if kind != .bytes, place.offset == 0, let format = FileFormat(beginningWith: bytes) {
                throw TextError.otherFormat(file: place.name, format)
            }
            if isPresent.isEmpty {
                isPresent = Array(repeating: false, count: kind == .bytes ? 256 : Self.scalarCount)
            }
            try isPresent.withUnsafeMutableBufferPointer {
                if kind == .bytes {
                    for byte in bytes { $0[Int(byte)] = true }
                } else {
                    // Of grapheme clusters for the error with its offset.
                    try Self.markScalars(in: bytes, at: place, $0)
                }
            }
        } give: { bytes, _ in
            guard kind == .characters else { return }
            // It is held as data and as text, and what is packed may be of any size.
            if data.count + bytes.count > room {
                room = 2 * (data.count + bytes.count)
                try Self.requireMemory(2 * room, for: source.name, or: "count scalars")
            }
            data.append(contentsOf: bytes)
        }
        let found = (tables.max { $0.count < $1.count } ?? []).indices.filter { index in
            tables.contains { !$0.isEmpty && $0[index] }
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
            var found: Set<[UInt8]> = []
            try Self.forEachCharacter(of: text, in: source) { found.insert($0) }
            vocabulary = Vocabulary(kind: .characters, entries: found)
            numbers = []
        }
        self.source = source
        self.byteCount = byteCount
        fingerprint = hash.value
    }

    /// The bytes of each character of a text, however long it takes; after each megabyte it tells how far it is.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, and what `body` throws.
    private static func forEachCharacter(
        of text: String, in source: TextSource, _ body: ([UInt8]) throws -> Void
    ) throws {
        var read = 0
        for character in text {
            let bytes = Array(character.utf8)
            try body(bytes)
            read += bytes.count
            if read >= TextBlocks.size { try source.report(&read) }
        }
        try source.report(&read)
    }

    /// All the numbers.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)`` also where there is no memory for them, `CancellationError`.
    func tokens() throws -> TokenSequence {
        let width = TokenSequence.width(vocabularySize: vocabulary.count)
        try Self.requireMemory(byteCount * width, for: source.name, or: "make room on the disk for its cache")
        var result = Data(capacity: byteCount * width)
        try forEachBlock { result.append(contentsOf: $0) }
        return TokenSequence(bytes: .memory(result), width: width)
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
    func forEachBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch TokenSequence.width(vocabularySize: vocabulary.count) {
        case 1: try forEachBlock(of: UInt8.self, body)
        case 2: try forEachBlock(of: UInt16.self, body)
        default: try forEachBlock(of: UInt32.self, body)
        }
    }

    private func forEachBlock<Number: FixedWidthInteger & BitwiseCopyable>(
        of type: Number.Type, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard vocabulary.kind != .characters else {
            var block: [Number] = []
            block.reserveCapacity(TextBlocks.size)
            try Self.forEachCharacter(of: text, in: source) { character in
                block.append(Number(vocabulary.number(of: character) ?? 0).littleEndian)
                guard block.count == TextBlocks.size else { return }
                try block.withUnsafeBytes(body)
                block.removeAll(keepingCapacity: true)
            }
            return try block.withUnsafeBytes(body)
        }
        try source.forEachBlock(
            (tokens: [Number](), count: 0),
            work: { bytes, place, own in
                if own.tokens.isEmpty { own.tokens = Array(repeating: 0, count: TextBlocks.size) }
                own.count = try own.tokens.withUnsafeMutableBufferPointer { try encode(bytes, at: place, into: $0) }
            }, give: { _, own in try own.tokens[..<own.count].withUnsafeBytes(body) })
    }

    /// Writes the numbers of some bytes of the text, and returns how many there are.
    ///
    /// - Throws: ``TextError/unreadable(file:reason:)`` for a token that was not there at the first reading.
    private func encode<Number: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, at place: TextBlocks.Place,
        into result: UnsafeMutableBufferPointer<Number>
    ) throws -> Int {
        try numbers.withUnsafeBufferPointer { numbers in
            let isScalars = vocabulary.kind == .scalars
            var (i, count) = (0, 0)
            // Negative as soon as one of the numbers is.
            var all: Int32 = 0
            while i < bytes.count {
                while i + 8 <= bytes.count, !isScalars || Self.areASCII(bytes, i) {
                    for next in 0..<8 {
                        let number = numbers[Int(bytes[i &+ next])]
                        all |= number
                        result[count &+ next] = Number(truncatingIfNeeded: number).littleEndian
                    }
                    i += 8
                    count += 8
                }
                let end = min(i + Self.mixedLength, bytes.count)
                while i < end {
                    var index = Int(bytes[i])
                    if isScalars && index >= 0x80, let scalar = Self.scalar(in: bytes, at: &i) {
                        index = Int(scalar)
                    } else {
                        i += 1
                    }
                    all |= numbers[index]
                    result[count] = Number(truncatingIfNeeded: numbers[index]).littleEndian
                    count += 1
                }
            }
            guard all >= 0 else { throw TextSource.hasChanged(place.name) }
            return count
        }
    }

    /// Where there is something else than ASCII, there is likely to be more of it: so many bytes are read scalar by scalar.
    private static let mixedLength = 64

    /// Whether the eight bytes from `i` on are ASCII, as most are of most texts.
    @inline(__always)
    private static func areASCII(_ bytes: UnsafeRawBufferPointer, _ i: Int) -> Bool {
        bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    }

    /// By number of a byte or scalar, its place among those found.
    private static func table(of found: [Int], size: Int) -> [Int32] {
        var numbers = [Int32](repeating: -1, count: size)
        for (number, index) in found.enumerated() { numbers[index] = Int32(number) }
        return numbers
    }

    private static let scalarCount = 0x110000

    private static func markScalars(
        in bytes: UnsafeRawBufferPointer, at place: TextBlocks.Place,
        _ isPresent: UnsafeMutableBufferPointer<Bool>
    ) throws {
        var i = 0
        while i < bytes.count {
            while i + 8 <= bytes.count, areASCII(bytes, i) {
                for next in 0..<8 { isPresent[Int(bytes[i &+ next])] = true }
                i += 8
            }
            let end = min(i + mixedLength, bytes.count)
            while i < end {
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
    }

    /// Decodes the scalar at `i`, which is none of ASCII, and moves on behind it; nil, at the same place, for what the
    /// standard refuses: overlong forms, surrogates, beyond U+10FFFF, broken sequences.
    @inline(__always)
    private static func scalar(in raw: UnsafeRawBufferPointer, at i: inout Int) -> UInt32? {
        let (lead, left) = (UInt32(raw[i]), raw.count - i)
        /// Six bits; more than that where the byte does not go on with a scalar.
        func bits(_ place: Int) -> UInt32 { UInt32(raw[place]) ^ 0x80 }
        if lead < 0xE0 {
            guard lead >= 0xC2, left >= 2 else { return nil }
            let a = bits(i + 1)
            guard a < 0x40 else { return nil }
            i += 2
            return (lead & 0x1F) << 6 | a
        }
        if lead < 0xF0 {
            guard left >= 3 else { return nil }
            let (a, b) = (bits(i + 1), bits(i + 2))
            let scalar = (lead & 0x0F) << 12 | a << 6 | b
            guard a | b < 0x40, scalar >= 0x800, scalar & 0xF800 != 0xD800 else { return nil }
            i += 3
            return scalar
        }
        guard left >= 4 else { return nil }
        let (a, b, c) = (bits(i + 1), bits(i + 2), bits(i + 3))
        let scalar = (lead & 0x07) << 18 | a << 12 | b << 6 | c
        guard lead < 0xF5, a | b | c < 0x40, 0x10000...0x10FFFF ~= scalar else { return nil }
        i += 4
        return scalar
    }
}
