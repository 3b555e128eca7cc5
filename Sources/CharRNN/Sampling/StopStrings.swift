/// Looks for the first of some strings in bytes that come one after the other, and holds back those that may be its
/// beginning (Knuth, Morris and Pratt 1977). ``Session/text(limit:stoppingAt:allowing:by:)`` does so for texts; this is for
/// loops that write bytes.
public struct StopStrings {
    private struct Pattern {
        let text: String
        let bytes: [UInt8]
        /// Of each beginning of the bytes, the length of its longest proper beginning that is also its end.
        private let border: [Int]
        /// How many bytes the last ones that came have in common with the beginning.
        private(set) var matched = 0

        init(_ text: String) {
            precondition(!text.isEmpty, "an empty string to stop at")
            self.text = text
            let bytes = Array(text.utf8)
            var (border, length) = ([0], 0)
            for byte in bytes.dropFirst() {
                while length > 0 && bytes[length] != byte { length = border[length - 1] }
                if bytes[length] == byte { length += 1 }
                border.append(length)
            }
            (self.bytes, self.border) = (bytes, border)
        }

        mutating func read(_ byte: UInt8) {
            while matched > 0 && bytes[matched] != byte { matched = border[matched - 1] }
            if bytes[matched] == byte { matched += 1 }
        }
    }

    private var patterns: [Pattern]
    /// What may be the beginning of one of them.
    public private(set) var held: [UInt8] = []

    /// - Parameter texts: none of them empty.
    public init(_ texts: [String]) { patterns = texts.map(Pattern.init) }

    /// The bytes that are certainly before a string to stop at, and that string once it is complete: the one that ends
    /// first, of several the longest. Nothing may be read after it.
    public mutating func read(_ bytes: [UInt8]) -> (released: [UInt8], found: String?) {
        guard !patterns.isEmpty else { return (bytes, nil) }
        for byte in bytes {
            held.append(byte)
            for index in patterns.indices { patterns[index].read(byte) }
            let complete = patterns.filter { $0.matched == $0.bytes.count }
            if let found = complete.max(by: { $0.matched < $1.matched }) {
                return (Array(held.dropLast(found.matched)), found.text)
            }
        }
        let uncertain = patterns.map(\.matched).max()!
        let released = Array(held.dropLast(uncertain))
        held.removeFirst(released.count)
        return (released, nil)
    }
}
