/// Makes pieces of whole characters of the bytes of tokens, and holds back what may belong to a string to stop at.
struct TextAssembler {
    private var stops: StopStrings
    private var decoder = UTF8Assembler()
    /// Scalars that are whole, of which the last may be a part of a character that goes on.
    private var tail = ""
    /// The string that was found; nothing may be read after it.
    private(set) var found: String?

    init(stoppingAt stops: [String]) { self.stops = StopStrings(stops) }

    mutating func read(_ bytes: [UInt8]) {
        let (released, found) = stops.read(bytes)
        self.found = found
        tail += decoder.read(released)
    }

    /// Whether so many characters, or more, are whole but not taken yet.
    func has(_ count: Int) -> Bool {
        // None is shorter than a byte, and counting bytes takes no time.
        guard tail.utf8.count + decoder.unfinished.count + stops.held.count >= count else { return false }
        guard !stops.held.isEmpty && found == nil else { return tail.count >= count }
        var decoder = decoder
        return (tail + decoder.read(stops.held)).count >= count
    }

    /// The characters that nothing can change any more.
    mutating func takeWhole() -> String {
        guard !tail.isEmpty else { return "" }
        let last = tail.index(before: tail.endIndex)
        defer { tail = String(tail[last...]) }
        return String(tail[..<last])
    }

    /// All that is left, but the string that was found.
    mutating func takeRest() -> String {
        if found == nil { tail += decoder.read(stops.held) }
        defer { tail = "" }
        return tail + decoder.finish()
    }
}
