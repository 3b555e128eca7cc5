import ArgumentParser

/// Line breaks and the like in what is typed.
enum Escapes {
    private static let letters: [Character: Character] = ["n": "\n", "r": "\r", "t": "\t", "\\": "\\"]

    /// What is wrong where another letter stands behind one.
    static let advice = "a backslash begins \\n, \\r, \\t or \\\\"

    /// `text` with these for what they mean.
    ///
    /// - Throws: `ValidationError` for another letter after a backslash, in the words of `option`.
    static func read(_ text: String, of option: String) throws -> String {
        guard let result = read(text) else {
            throw ValidationError("\(option) \(text): with --escapes \(advice).")
        }
        return result
    }

    /// The same; nil for another letter after a backslash.
    static func read(_ text: String) -> String? {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "\\" else {
                result.append(character)
                continue
            }
            guard let next = rest.popFirst(), let meant = letters[next] else { return nil }
            result.append(meant)
        }
        return result
    }

    /// `text` as it is typed with --escapes.
    static func typed(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            letters.first { $0.value.unicodeScalars.first == scalar }.map { "\\\($0.key)" } ?? String(scalar)
        }.joined()
    }
}
