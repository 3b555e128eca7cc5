/// Goes through JSON (RFC 8259) from left to right, told at each place what must come: objects, strings and lists of
/// whole numbers, which is all that a header of safetensors has.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// An object, whose values `member` takes, each with its key.
    ///
    /// - Throws: ``SafeTensors/Fault``, as all below.
    mutating func object(_ member: (inout JSONScanner, String) throws -> Void) throws {
        try list(from: "{", to: "}") { scanner in
            let key = try scanner.string()
            try scanner.expect(":")
            try member(&scanner, key)
        }
    }

    /// A list of numbers of 0 and above, as they are written without sign, point or exponent.
    mutating func wholeNumbers() throws -> [Int] {
        var numbers: [Int] = []
        try list(from: "[", to: "]") { numbers.append(try $0.wholeNumber()) }
        return numbers
    }

    mutating func string() throws -> String {
        skipSpace()
        let start = position
        guard take("\"") else { throw unexpected("a string") }
        var text: [UInt8] = []
        while let byte = peek, byte >= 0x20 {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw SafeTensors.Fault("the string at byte \(start) of its header is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += try escaped()
            default: text.append(byte)
            }
        }
        throw unexpected("the end of the string at byte \(start)")
    }

    /// That nothing but space follows.
    mutating func end() throws {
        skipSpace()
        guard position == bytes.count else { throw unexpected("its end") }
    }

    /// The fault of a key that an object has more than once.
    static func twice(_ key: String) -> SafeTensors.Fault { SafeTensors.Fault("its header has '\(key)' twice") }

    // MARK: Parts

    private mutating func list(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar, _ element: (inout JSONScanner) throws -> Void
    ) throws {
        try expect(opening)
        skipSpace()
        if take(closing) { return }
        repeat {
            try element(&self)
            skipSpace()
        } while take(",")
        try expect(closing)
    }

    private mutating func wholeNumber() throws -> Int {
        skipSpace()
        let start = position
        var number = 0
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            let (tens, tooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else {
                throw SafeTensors.Fault("the number at byte \(start) of its header is too large")
            }
            number = sum
            position += 1
        }
        let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
        guard position > start, !hasLeadingZero else { throw unexpected("a whole number") }
        return number
    }

    /// The UTF-8 of what follows a backslash.
    private mutating func escaped() throws -> [UInt8] {
        defer { position += 1 }
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [bytes[position]]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            // The second half of a character beyond U+FFFF follows as an escape of its own.
            if UTF16.isLeadSurrogate(units[0]), position + 2 < bytes.count, bytes[position + 1] == UInt8(ascii: "\\"),
                bytes[position + 2] == UInt8(ascii: "u")
            {
                position += 2
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw unexpected("a character") }
            return Array(text.utf8)
        default: throw unexpected("an escape of JSON")
        }
    }

    /// The four digits after the u of an escape; ends at the last one.
    private mutating func codeUnit() throws -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            position += 1
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw unexpected("a hexadecimal digit")
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        skipSpace()
        guard take(character) else { throw unexpected("'\(character)'") }
    }

    private func unexpected(_ what: String) -> SafeTensors.Fault {
        SafeTensors.Fault("its header cannot be read: \(what) is missing at byte \(position)")
    }
}
