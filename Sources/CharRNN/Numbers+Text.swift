import CharRNNFiles
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

extension Unicode.Scalar {
    /// Whether it may stand in a message as it is. Others break the line, command the terminal, join what stands before
    /// them, or show as nothing.
    var isShown: Bool {
        switch properties.generalCategory {
        case .control, .format, .nonspacingMark, .enclosingMark, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            false
        default: true
        }
    }
}

/// `text` of a stranger, such as a name in a file, fit for a message: what should not be shown is escaped, and what is
/// beyond 1000 characters left out.
func onOneLine(_ text: String) -> String {
    let scalars = text.unicodeScalars
    var line = ""
    for scalar in scalars.prefix(1000) {
        line += scalar.isShown ? String(scalar) : FileName.escaped(scalar)
    }
    return scalars.dropFirst(1000).isEmpty ? line : line + "..."
}
