import CharRNN

/// `word` as a shell takes it for one word, in commands that are printed to be typed. What should not be shown, and what
/// would break the line, is written as its bytes, which bash, zsh, ksh and POSIX since 2024 read.
func shellWord(_ word: String) -> String {
    let isPlain =
        !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:,+=%@".contains($0)) }
    if isPlain { return word }
    if word.unicodeScalars.allSatisfy(\.isShown) {
        return "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    }
    let scalars = word.unicodeScalars.map { scalar in
        if !scalar.isShown { return FileName.bytes(String(scalar)).map { "\\" + octal($0) }.joined() }
        return "'\\".unicodeScalars.contains(scalar) ? "\\\(scalar)" : String(scalar)
    }
    return "$'\(scalars.joined())'"
}

/// The same of a file, where an option may stand as well.
func shellPath(_ path: String) -> String { shellWord(path.hasPrefix("-") ? "./" + path : path) }

/// `text` as a literal of Python.
func pythonLiteral(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar in
        // As os.fsdecode has it, and open takes it.
        if let byte = FileName.byte(scalar) { return "\\udc" + String(byte, radix: 16) }
        if !scalar.isShown { return "\\U" + String(repeating: "0", count: 8 - hex(scalar).count) + hex(scalar) }
        return "\"\\".unicodeScalars.contains(scalar) ? "\\\(scalar)" : String(scalar)
    }
    return "\"\(scalars.joined())\""
}

/// A file as ONNX Runtime takes it in Python; it opens none whose name is not UTF-8.
func pythonFile(_ path: String) -> String {
    let isText = path.unicodeScalars.allSatisfy { FileName.byte($0) == nil }
    return isText ? pythonLiteral(path) : "open(\(pythonLiteral(path)), \"rb\").read()"
}

private func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return String(repeating: "0", count: 3 - digits.count) + digits
}

private func hex(_ scalar: Unicode.Scalar) -> String { String(scalar.value, radix: 16) }
