/// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
/// as 1, 2, 3" (2011), section 3.3.
package enum Philox {
    /// The four words that belong to `counter` under `key`.
    package static func words(counter: [UInt32], key: [UInt32]) -> [UInt32] {
        var x = counter
        var k = key
        for _ in 0..<10 {
            let p = UInt64(0xD251_1F53) * UInt64(x[0])
            let q = UInt64(0xCD9E_8D57) * UInt64(x[2])
            x = [high(q) ^ x[1] ^ k[0], low(q), high(p) ^ x[3] ^ k[1], low(p)]
            // The key schedule is a Weyl sequence: the golden ratio, and the root of 3 less 1.
            k[0] &+= 0x9E37_79B9
            k[1] &+= 0xBB67_AE85
        }
        return x
    }

    private static func low(_ x: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: x) }
    private static func high(_ x: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: x >> 32) }
}

extension Reference {
    /// Which of `count` units are kept.
    package static func keptUnits(
        _ count: Int, probability: Float, seed: UInt64, step: UInt64, layer: UInt32
    ) -> [Bool] {
        let smallestKept = Double(probability) * 4_294_967_296
        func halves(_ x: UInt64) -> [UInt32] { [UInt32(x % 0x1_0000_0000), UInt32(x / 0x1_0000_0000)] }
        return (0..<count).map { i in
            let words = Philox.words(counter: [UInt32(i / 4), layer] + halves(step), key: halves(seed))
            return Double(words[i % 4]) >= smallestKept
        }
    }
}
