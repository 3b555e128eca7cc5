/// Makes text of bytes that come in parts: the parts joined are what `String(decoding:as:)` makes of all bytes.
package struct UTF8Assembler {
    /// The beginning of a scalar, at most 3 bytes.
    private(set) var unfinished: [UInt8] = []

    package init() {}

    /// The scalars that are whole now; broken ones read as U+FFFD.
    package mutating func read(_ bytes: [UInt8]) -> String {
        // Most tokens are one byte, which needs no memory.
        if unfinished.isEmpty && bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
        unfinished += bytes
        let rest = Self.unfinishedCount(unfinished)
        let text = String(decoding: unfinished.dropLast(rest), as: UTF8.self)
        unfinished.removeFirst(unfinished.count - rest)
        return text
    }

    /// U+FFFD for what was not finished.
    package mutating func finish() -> String {
        defer { unfinished = [] }
        return String(decoding: unfinished, as: UTF8.self)
    }

    /// How many bytes at the end may become a scalar with those that follow (the Unicode standard's table 3-7).
    static func unfinishedCount(_ bytes: [UInt8]) -> Int {
        for (index, byte) in bytes.enumerated().reversed().prefix(3) where byte & 0xC0 != 0x80 {
            let count = bytes.count - index
            let length = byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 1
            guard count < length else { return 0 }
            guard count > 1 else { return 1 }
            let second: ClosedRange<UInt8> =
                switch byte {
                case 0xE0: 0xA0...0xBF
                case 0xED: 0x80...0x9F
                case 0xF0: 0x90...0xBF
                case 0xF4: 0x80...0x8F
                default: 0x80...0xBF
                }
            // The others are continuations, or the search would have ended at them.
            return second.contains(bytes[index + 1]) ? count : 0
        }
        return 0
    }
}
