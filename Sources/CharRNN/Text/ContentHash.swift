import FoundationEssentials

/// XXH64 (Yann Collet), a fast 64-bit checksum of bytes: it tells texts and files apart, it is not for secrets.
package func contentHash(_ bytes: Data) -> UInt64 {
    let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
    func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { x << n | x >> (64 - n) }
    func round(_ lane: UInt64, _ word: UInt64) -> UInt64 { rotate(lane &+ word &* prime2, 31) &* prime1 }

    return bytes.withUnsafeBytes { raw in
        func word(_ i: Int) -> UInt64 { UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)) }
        var i = 0
        var hash = prime5
        if raw.count >= 32 {
            var (a, b, c, d) = (prime1 &+ prime2, prime2, UInt64(0), 0 &- prime1)
            while i + 32 <= raw.count {
                a = round(a, word(i))
                b = round(b, word(i + 8))
                c = round(c, word(i + 16))
                d = round(d, word(i + 24))
                i += 32
            }
            hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
            for lane in [a, b, c, d] { hash = (hash ^ round(0, lane)) &* prime1 &+ prime4 }
        }
        hash &+= UInt64(raw.count)
        while i + 8 <= raw.count {
            hash = rotate(hash ^ round(0, word(i)), 27) &* prime1 &+ prime4
            i += 8
        }
        if i + 4 <= raw.count {
            let half = UInt64(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt32.self)))
            hash = rotate(hash ^ half &* prime1, 23) &* prime2 &+ prime3
            i += 4
        }
        while i < raw.count {
            hash = rotate(hash ^ UInt64(raw[i]) &* prime5, 11) &* prime1
            i += 1
        }
        hash = (hash ^ hash >> 33) &* prime2
        hash = (hash ^ hash >> 29) &* prime3
        return hash ^ hash >> 32
    }
}
