import FoundationEssentials
import Glibc

/// `value` with a fixed number of decimals, as C's %.nf.
func fixed(_ value: Double, _ decimals: Int) -> String { formatted("%.\(decimals)f", value) }

/// `value` as C's %.ne.
func scientific(_ value: Double, _ decimals: Int) -> String { formatted("%.\(decimals)e", value) }

private func formatted(_ pattern: String, _ value: Double) -> String {
    withVaList([value]) { arguments in
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { text in
            _ = vsnprintf(text.baseAddress!, text.count, pattern, arguments)
            return String(cString: text.baseAddress!)
        }
    }
}

/// "12 s", "3 min 20 s", "2 h 5 min".
func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "unknown time" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
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
