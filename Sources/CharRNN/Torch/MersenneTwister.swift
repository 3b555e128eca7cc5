/// MT19937 (Matsumoto and Nishimura 1998), the generator of Torch.
package struct MersenneTwister {
    private var state: [UInt32]
    private var position = 624

    package init(seed: UInt32) {
        state = [seed]
        for i in 1..<624 {
            let previous = state[i - 1]
            state.append(1_812_433_253 &* (previous ^ previous >> 30) &+ UInt32(i))
        }
    }

    package mutating func next() -> UInt32 {
        if position == 624 { refill() }
        var y = state[position]
        position += 1
        y ^= y >> 11
        y ^= y << 7 & 0x9D2C_5680
        y ^= y << 15 & 0xEFC6_0000
        return y ^ y >> 18
    }

    /// Torch's uniform number of [low, high), from 32 bits.
    package mutating func uniform(_ low: Double, _ high: Double) -> Double {
        Double(next()) * 0x1p-32 * (high - low) + low
    }

    private mutating func refill() {
        for i in 0..<624 {
            let y = state[i] & 0x8000_0000 | state[(i + 1) % 624] & 0x7FFF_FFFF
            let twist: UInt32 = y & 1 == 1 ? 0x9908_B0DF : 0
            state[i] = state[(i + 397) % 624] ^ y >> 1 ^ twist
        }
        position = 0
    }
}
