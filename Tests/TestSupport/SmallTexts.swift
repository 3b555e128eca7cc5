import CharRNN

/// Texts for small trainings.
package enum SmallText {
    /// `count` characters of 7 kinds with a rhythm that is quickly learned.
    package static func rhythm(_ count: Int) -> String {
        String(String(repeating: "abcab dad.\n", count: count / 11 + 1).prefix(count))
    }

    /// An alphabet that small batches see a part of.
    package static let manyLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    /// `count` characters drawn from `alphabet`, the first of which are the alphabet.
    package static func noise(_ count: Int, alphabet: String = "abcdef\n", seed: UInt64 = 1) -> String {
        var generator = SplitMix64(seed: seed)
        let letters = Array(alphabet)
        return String((0..<count).map { $0 < letters.count ? letters[$0] : letters.randomElement(using: &generator)! })
    }
}
