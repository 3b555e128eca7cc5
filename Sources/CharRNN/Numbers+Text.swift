import Glibc

/// `value` with a fixed number of decimals, as C's %.nf.
func fixed(_ value: Double, _ decimals: Int) -> String {
    withVaList([value]) { arguments in
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { text in
            _ = vsnprintf(text.baseAddress!, text.count, "%.\(decimals)f", arguments)
            return String(cString: text.baseAddress!)
        }
    }
}

/// `text` of a stranger, such as a name in a file, fit for a message: what would break the line or command the terminal
/// is escaped, and what is beyond 1000 characters left out.
func onOneLine(_ text: String) -> String {
    let scalars = text.unicodeScalars
    var line = ""
    for scalar in scalars.prefix(1000) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
        default: line.unicodeScalars.append(scalar)
        }
    }
    return scalars.dropFirst(1000).isEmpty ? line : line + "..."
}
