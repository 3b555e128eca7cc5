import FoundationEssentials

/// XXH64 (Yann Collet), a fast 64-bit checksum of bytes: it tells texts and files apart, it is not for secrets.
package func contentHash(_ bytes: some ContiguousBytes) -> UInt64 {
    var hash = ContentHash()
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.value
}

/// The same of all bytes of a plain file; nil for anything else, links included.
package func contentHash(of file: URL) -> UInt64? {
    guard FileStatus(file, followsLinks: false)?.kind == .file else { return nil }
    return (try? PlainFile.mapped(file)).map { contentHash($0) }
}

/// The same of bytes that come in parts.
package struct ContentHash {
    private var lanes: (UInt64, UInt64, UInt64, UInt64)
    private var count = 0
    /// What came last and does not fill the 32 bytes that are taken at a time.
    private var rest: [UInt8] = []

    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    package init() { lanes = (Self.prime1 &+ Self.prime2, Self.prime2, 0, 0 &- Self.prime1) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        count += bytes.count
        var bytes = bytes[...]
        if !rest.isEmpty {
            let missing = bytes.prefix(32 - rest.count)
            rest += missing
            bytes = bytes.dropFirst(missing.count)
            guard rest.count == 32 else { return }
            rest.withUnsafeBytes { takeWhole($0) }
        }
        let whole = bytes.prefix(bytes.count / 32 * 32)
        takeWhole(UnsafeRawBufferPointer(rebasing: whole))
        rest = Array(bytes.dropFirst(whole.count))
    }

    private mutating func takeWhole(_ bytes: UnsafeRawBufferPointer) {
        var (a, b, c, d) = lanes
        for i in stride(from: 0, to: bytes.count, by: 32) {
            a = Self.round(a, Self.word(bytes, i))
            b = Self.round(b, Self.word(bytes, i + 8))
            c = Self.round(c, Self.word(bytes, i + 16))
            d = Self.round(d, Self.word(bytes, i + 24))
        }
        lanes = (a, b, c, d)
    }

    /// Of all bytes so far.
    package var value: UInt64 {
        var hash = Self.prime5
        if count >= 32 {
            let (a, b, c, d) = lanes
            hash = Self.rotate(a, 1) &+ Self.rotate(b, 7) &+ Self.rotate(c, 12) &+ Self.rotate(d, 18)
            for lane in [a, b, c, d] { hash = (hash ^ Self.round(0, lane)) &* Self.prime1 &+ Self.prime4 }
        }
        hash &+= UInt64(count)
        rest.withUnsafeBytes { raw in
            var i = 0
            while i + 8 <= raw.count {
                hash = Self.rotate(hash ^ Self.round(0, Self.word(raw, i)), 27) &* Self.prime1 &+ Self.prime4
                i += 8
            }
            if i + 4 <= raw.count {
                let half = UInt64(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt32.self)))
                hash = Self.rotate(hash ^ half &* Self.prime1, 23) &* Self.prime2 &+ Self.prime3
                i += 4
            }
            while i < raw.count {
                hash = Self.rotate(hash ^ UInt64(raw[i]) &* Self.prime5, 11) &* Self.prime1
                i += 1
            }
        }
        hash = (hash ^ hash >> 33) &* Self.prime2
        hash = (hash ^ hash >> 29) &* Self.prime3
        return hash ^ hash >> 32
    }

    private static func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { x << n | x >> (64 - n) }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    private static func word(_ raw: UnsafeRawBufferPointer, _ i: Int) -> UInt64 {
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
    }
}
